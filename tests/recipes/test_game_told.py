"""What a training with a game tells while it goes on, and leaves behind."""

import pytest

from serinette.artifact import folder
from serinette.artifact.runs import summarise
from serinette.core.config import Layer
from serinette.recipes.api import load
from serinette.recipes.api import train as model_train
from serinette.recipes.game_words import kept_words
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import plan_only, train
from serinette.training.events import Evaluated, Note, Planned

TEXT = "".join(f"line {k} of a song that goes on and on\n" for k in range(300))
SMALL = {
    "data.documents": "line",
    "split.validation_share": 0.2,
    "model.hidden_size": 12,
    "model.embedding_size": 6,
    "training.objective": "adversarial",
    "training.n_rows": 4,
    "training.window": 16,
    "training.n_evaluations": 2,
    "training.precision": "fp32",
    "adversarial.estimator": "mediator",
    "adversarial.updates": 4,
    "adversarial.n_evaluations": 2,
    "adversarial.n_samples": 30,
    "adversarial.critic_start": 1,
    "adversarial.guide_updates": 0,
}


def request_of(place):
    data = place / "song.txt"
    data.write_text(TEXT, encoding="utf-8")
    layer = Layer(origin="test", values=SMALL)
    return TrainRequest(sources=(data,), layers=(layer,), runs=place / "runs", updates=6)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A training, and all that it told."""
    heard = []
    trained = train(request_of(tmp_path_factory.mktemp("told")), heard.append)
    return trained, heard


def test_the_game_is_told_with_what_it_is_judged_by(told):
    _, heard = told
    plans = [event for event in heard if isinstance(event, Planned)]
    assert [plan.game is None for plan in plans] == [True, False]
    game = plans[1].game
    assert game.measure == "Fréchet distance"
    assert game.line == pytest.approx(game.start - 2 * game.spread)
    after = heard[heard.index(plans[1]) :]
    played = [event for event in after if isinstance(event, Evaluated)]
    assert played
    assert all("criterion" in event.metrics for event in played)
    notes = [event.text for event in heard if isinstance(event, Note)]
    assert any("4 updates against a mediator" in text for text in notes)


def test_which_model_is_kept_is_told_and_stays_in_the_model_its_card_and_the_run(told):
    trained, heard = told
    artifact = folder.load(trained.model)
    words = kept_words(artifact.training["adversarial"])
    assert words.split(":")[0] in ("the likelihood model is kept", "the game's model is kept")
    assert words in [event.text for event in heard if isinstance(event, Note)]
    assert f"An adversarial stage followed the likelihood stage; {words}." in artifact.card
    assert summarise(trained.run).game["best"]["criterion"] > 0
    assert load(trained.run / "likelihood").generate(1, seed=1)


def test_a_dry_run_counts_the_game_in(tmp_path):
    request = request_of(tmp_path)
    dry = plan_only(request)
    assert any(sentence.startswith("game: 4 updates") for sentence in dry.summary)
    assert not (tmp_path / "runs").exists()


class AskedError(Exception):
    """Carries what a training was asked for."""


@pytest.mark.parametrize(
    ("source", "key"),
    [(["a text"], "training.objective"), ("table.csv", "engine.objective")],
)
def test_the_objective_of_a_call_is_a_setting_of_its_kind(monkeypatch, source, key):
    def stop(request, listener):
        raise AskedError(request)

    monkeypatch.setattr("serinette.recipes.api.run_training", stop)
    with pytest.raises(AskedError) as asked:
        model_train(source, objective="adversarial", preset="cot", budget=60.0)
    request = asked.value.args[0]
    assert request.layers[0].values == {key: "adversarial"}
    assert (request.preset, request.budget_seconds) == ("cot", 60)
