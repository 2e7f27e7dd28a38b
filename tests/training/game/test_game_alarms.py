import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.training.game.alarms import alarms, react

WELL = {
    "critic_real_accuracy": 0.65,
    "critic_fake_accuracy": 0.6,
    "generator_gradient_norm": 0.4,
    "critic_gradient_norm": 0.9,
    "spread": 0.95,
    "distinct_2_ratio": 0.99,
    "duplicate_share": 0.01,
}


def lines(*metrics):
    return [
        {"update": 100 * k, "seconds": float(k), "phase": "game", "metrics": m, "events": []}
        for k, m in enumerate(metrics)
    ]


def grown(n, **changes):
    """A history that was well, then `n` lines with other figures."""
    return lines(*[WELL] * 9, *[{**WELL, **changes}] * n)


PLANTED = {
    "collapse": [
        {"spread": 0.2},
        {"distinct_2_ratio": 0.85},
        {"duplicate_share": 0.5},
    ],
    "critic has won": [{"critic_real_accuracy": 0.99, "critic_fake_accuracy": 1.0}],
    "explosion": [{"generator_gradient_norm": 40.0}, {"critic_gradient_norm": 900.0}],
}
CASES = [(name, changes) for name, cases in PLANTED.items() for changes in cases]


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_a_planted_fault_is_called_by_its_name_once_three_reports_agree(name, changes):
    (alarm,) = alarms(grown(3, **changes))
    assert alarm.name == name
    assert alarm.text.startswith(f"{name}: ")
    assert alarms(grown(2, **changes)) == ()


def test_the_sentence_holds_the_figures_and_a_remedy():
    (alarm,) = alarms(grown(3, spread=0.2))
    assert alarm.text == (
        "collapse: what is written has 0.20 of the variance of real rows; lower the generator's "
        "rate, or let the critic see rows together (packing)"
    )
    (alarm,) = alarms(grown(3, duplicate_share=0.5))
    assert "50% of what is written stands there more than once" in alarm.text
    (alarm,) = alarms(grown(3, distinct_2_ratio=0.85))
    assert "0.85 of the different pairs of real ones" in alarm.text
    (alarm,) = alarms(grown(3, critic_real_accuracy=0.99, critic_fake_accuracy=1.0))
    assert "99% of real and 100% of written rows" in alarm.text
    (alarm,) = alarms(grown(3, generator_gradient_norm=40.0))
    assert "gradients of the generator went from 0.4 to 40; lower the generator's" in alarm.text


def swinging(n, far):
    sides = [
        {
            **WELL,
            "critic_real_accuracy": 0.5 + far * (-1) ** k / 2,
            "critic_fake_accuracy": 0.5 - far * (-1) ** k / 2,
        }
        for k in range(n)
    ]
    return lines(*[WELL] * 4, *sides)


def test_a_critic_that_changes_sides_again_and_again_is_an_oscillation():
    (alarm,) = alarms(swinging(8, 0.6))
    assert alarm.name == "oscillation"
    assert "within 8 reports the critic changed sides 7 times, by 0.60" in alarm.text
    assert alarms(swinging(8, 0.2)) == ()  # it leans, but not far
    assert alarms(swinging(4, 0.6)) == ()  # too few to tell


def test_a_critic_that_leans_to_one_side_is_none():
    one_sided = {**WELL, "critic_real_accuracy": 0.9, "critic_fake_accuracy": 0.3}
    assert alarms(lines(*[one_sided] * 20)) == ()


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "critic_real_accuracy": st.floats(0.4, 0.9),
                "critic_fake_accuracy": st.floats(0.65, 0.9),
                "generator_gradient_norm": st.floats(0.2, 3),
                "critic_gradient_norm": st.floats(0.2, 3),
                "spread": st.floats(0.6, 1.4),
                "distinct_2_ratio": st.floats(0.92, 1.1),
                "duplicate_share": st.floats(0, 0.19),
            },
        ),
        max_size=20,
    )
)
def test_a_game_in_balance_raises_none_whatever_is_measured(metrics):
    assert alarms(lines(*metrics)) == ()


def test_the_worst_comes_first_and_decides_what_is_done():
    found = alarms(grown(3, spread=0.1, critic_gradient_norm=900.0, critic_real_accuracy=1.0))
    assert [alarm.name for alarm in found] == ["explosion", "collapse"]
    done = react(found, 0)
    assert (done.generator_rate, done.critic_rate, done.noise) == (0.5, 0.5, 0.0)
    assert not done.is_end


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_every_alarm_has_a_reaction_and_the_fifth_ends_the_training(name, changes):
    found = alarms(grown(3, **changes))
    done = react(found, 3)
    assert done.text.startswith(name)
    assert min(done.generator_rate, done.critic_rate) < 1
    assert not done.is_end
    end = react(found, 4)
    assert end.is_end
    assert end.text == f"{name} again: the best weights so far are kept"


def test_an_oscillation_slows_both_players_and_nothing_is_done_without_an_alarm():
    done = react(alarms(swinging(8, 0.6)), 0)
    assert (done.generator_rate, done.critic_rate) == (0.5, 0.5)
    assert react((), 0) is None
