import pytest

from serinette.core.config import Layer, resolve
from serinette.core.errors import ConfigError
from serinette.recipes.game_words import check_game, kept_words, plan_words
from serinette.recipes.requests import GROUPS, groups_of

GAME = {"training.objective": "adversarial"}
START = {"criterion": 0.836, "criterion_spread": 0.054}


def settings(values, origin="notes.toml", written=None):
    return resolve(GROUPS, [Layer(origin=origin, values=values, written=written or {})])


def test_a_setting_of_a_game_is_refused_where_none_is_played():
    filed = settings({"adversarial.share": 0.3})
    with pytest.raises(ConfigError, match=r"adversarial\.share = 0\.3 means .*--objective adv"):
        check_game(filed)
    written = {"critic.channels": "--critic.channels"}
    asked = settings({"critic.channels": 64}, "command line", written)
    with pytest.raises(ConfigError, match=r"--critic\.channels: critic\.channels = 64 means"):
        check_game(asked)


def test_a_file_of_all_settings_at_their_defaults_is_no_wish_for_a_game():
    check_game(settings({"adversarial.share": 0.4, "critic.channels": 64}))
    check_game(settings({**GAME, "adversarial.share": 0.3}))
    check_game(resolve(groups_of("series"), []))


def test_a_mediator_is_no_critic_but_the_guide_is_one():
    wished = {**GAME, "adversarial.estimator": "mediator", "critic.network": "lstm"}
    check_game(settings(wished))
    alone = settings({**wished, "adversarial.guide_updates": 0})
    with pytest.raises(ConfigError, match=r"critic\.network = lstm, but a mediator is no critic"):
        check_game(alone)
    check_game(settings({**wished, "adversarial.estimator": "reinforce"}))


def test_a_plan_says_how_the_time_is_split_and_what_the_game_is():
    assert plan_words(settings({})) == ()
    values = {"adversarial.updates": 120, "adversarial.share": 0.25}
    split, game, judge = plan_words(settings(GAME | values, "plan"))
    assert split == (
        "adversarial: 75% of the time goes to likelihood, 25% to the adversarial stage"
    )
    assert game == (
        "game: about 120 updates against a critic by its word on every step (REINFORCE, after "
        "ScratchGAN)"
    )
    assert "10 times by the Fréchet distance" in judge


def test_a_plan_of_given_lengths_says_them():
    wished = {
        "adversarial.updates": 120,
        "adversarial.estimator": "rollouts",
        "adversarial.critic_steps": 5,
        "adversarial.guide_updates": 1500,
    }
    first, game, _, guide = plan_words(settings(GAME | wished))
    assert first == "adversarial: a game follows likelihood"
    assert game == (
        "game: 120 updates against a critic by its word on 4 continuations of every prefix "
        "(SeqGAN), 5 steps of it for one"
    )
    assert "up to 1,500 updates; it chooses among 4 candidates" in guide
    alone = plan_words(settings(GAME | wished | {"adversarial.estimator": "none"}))
    assert alone == (first, guide)


def test_which_model_is_kept_is_said_with_the_figures():
    won = {"is_better": True, "start": START, "best": {"criterion": 0.61}}
    assert kept_words(won) == (
        "the game's model is kept: its Fréchet distance on held-out text is 0.61, the likelihood "
        "model's 0.836 ± 0.054"
    )
    lost = {**won, "is_better": False, "best": {"criterion": 0.8}, "criterion": "classifier"}
    assert kept_words(lost) == (
        "the likelihood model is kept: the game's best share told apart on held-out text is 0.8, "
        "and had to come below 0.728 to beat the likelihood model's 0.836 ± 0.054 beyond chance"
    )
    assert "too little held-out text" in kept_words({"is_better": False})
    assert "no model of the game was measured" in kept_words({"is_better": False, "start": START})
