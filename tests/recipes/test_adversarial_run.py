import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import serinette
from serinette.artifact import folder
from serinette.core.config import Layer
from serinette.core.errors import ConfigError, DivergedError
from serinette.recipes.fit import execute, game
from serinette.recipes.requests import TrainRequest
from serinette.recipes.train import train
from serinette.training.events import Evaluated, Note
from serinette.training.game.trainer import GameTrainer

NAMES = ["ann", "bob", "cid", "dora", "emma", "fred", "gil", "hanna", "ida", "jon"]
LINES = [f"{a} {verb} {b}" for a in NAMES for verb in ("saw", "met", "lost") for b in NAMES]
SMALL = {
    "model.hidden_size": 12,
    "model.embedding_size": 6,
    "model.n_layers": 1,
    "training.n_rows": 8,
    "training.window": 16,
    "training.n_evaluations": 2,
    "training.precision": "fp32",
    "training.objective": "adversarial",
    "data.documents": "line",
    "split.validation_share": 0.2,
    "adversarial.updates": 6,
    "adversarial.critic_start": 2,
    "adversarial.n_evaluations": 2,
    "adversarial.n_samples": 40,
    "adversarial.largest_rise": 9.0,
    "adversarial.largest_fall": 0.99,
    "critic.channels": 4,
}


def request_of(tmp_path, lines=LINES, **changes):
    data = tmp_path / "lines.txt"
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    values = {**SMALL, **changes.pop("values", {})}
    settings = {
        "sources": (data,),
        "layers": (Layer(origin="test", values=values),),
        "runs": tmp_path / "runs",
        "updates": 10,
        "seed": 3,
    }
    return TrainRequest(**{**settings, **changes})


def history_of(run):
    return [json.loads(line) for line in (run / "history.jsonl").read_text("utf-8").splitlines()]


def assert_same_model(one, other):
    ours, theirs = folder.load(one).weights(), folder.load(other).weights()
    assert set(ours) == set(theirs)
    for name, weight in theirs.items():
        np.testing.assert_array_equal(ours[name], weight, err_msg=name)


def judged(monkeypatch, figures):
    """Let the criterion of the game's models be these numbers, one after the other."""
    remaining = iter(figures)
    original = game.GameProber.probe

    def probe(self, model, is_sampling):
        probed = original(self, model, is_sampling)
        return replace(probed, metrics={**probed.metrics, "criterion": next(remaining)})

    monkeypatch.setattr(game.GameProber, "probe", probe)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted game, on one thread as every test is."""
    torch.set_num_threads(1)  # a fixture of the module comes before what sets it for a test
    return train(request_of(tmp_path_factory.mktemp("whole"), name="whole"))


def test_a_game_follows_the_likelihood_stage_and_is_told(whole):
    lines = history_of(whole.run)
    assert [(line["phase"], line["update"]) for line in lines] == [
        ("likelihood", 5),
        ("likelihood", 10),
        ("adversarial", 13),
        ("adversarial", 16),
    ]
    for line in lines[2:]:
        assert {"criterion", "frechet", "told_apart", "distinct_2_ratio"} <= set(line["metrics"])
        assert {"validation_nats", "train_nats", "critic_loss"} <= set(line["metrics"])
    told = folder.load(whole.model).training["adversarial"]
    assert told["likelihood_start"] == "../likelihood"
    assert told["start"]["criterion_spread"] >= 0


def test_the_model_of_a_game_writes_without_torch(whole):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import serinette\n"
        "drawn = serinette.load(sys.argv[1]).generate(3, seed=4, max_steps=20)\n"
        "print(*[sample.text for sample in drawn], sep='|')\n"
    )
    command = [sys.executable, "-c", code, str(whole.model)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    here = serinette.load(whole.model).generate(3, seed=4, max_steps=20)
    assert done.stdout.rstrip("\n") == "|".join(sample.text for sample in here)


_STOPPED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import torch
torch.set_num_threads(1)  # as the tests do: a norm is another sum with two
import test_adversarial_run as t
from serinette.training import loop

original = loop.Training._tick
def tick(self):
    original(self)
    if self._trainer.update_count == int(sys.argv[3]) and self._limits.phase == "adversarial":
        os.kill(os.getpid(), getattr(signal, sys.argv[4]))
loop.Training._tick = tick
trained = t.train(t.request_of(Path(sys.argv[1]), name="cut"))
assert (trained.reason, trained.exit_code) == ("interrupted", 143)
assert (trained.model / "manifest.json").exists()
"""


@pytest.mark.parametrize(
    ("update", "signal", "code"), [("14", "SIGTERM", 0), ("14", "SIGKILL", -9)]
)
def test_a_game_that_was_stopped_goes_on_to_the_bit(tmp_path, whole, update, signal, code):
    arguments = [str(tmp_path), str(Path(__file__).parent), update, signal]
    command = [sys.executable, "-c", _STOPPED, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    resumed = train(TrainRequest(resume="cut", runs=tmp_path / "runs"))
    assert resumed.reason == "plan done"
    assert_same_model(resumed.model, whole.model)
    ours, theirs = history_of(resumed.run), history_of(whole.run)
    assert [line["metrics"] for line in ours] == [line["metrics"] for line in theirs]
    assert [line["phase"] for line in ours] == [line["phase"] for line in theirs]


def test_a_tie_goes_to_the_likelihood_model(tmp_path, monkeypatch):
    original = game.GameProber.probe

    def probe(self, model, is_sampling):
        probed = original(self, model, is_sampling)
        return replace(probed, metrics={**probed.metrics, "criterion": self.start.criterion})

    monkeypatch.setattr(game.GameProber, "probe", probe)
    trained = train(request_of(tmp_path))
    assert_same_model(trained.model, trained.run / "likelihood")
    assert folder.load(trained.model).training["adversarial"]["is_better"] is False


def test_the_best_model_of_the_game_is_kept_if_it_is_better(tmp_path, monkeypatch):
    judged(monkeypatch, [-2.0, -1.0])
    trained = train(request_of(tmp_path))
    artifact = folder.load(trained.model)
    assert artifact.training["adversarial"]["is_better"] is True
    assert artifact.training["best_update"] == 13
    assert artifact.training["adversarial"]["best"]["criterion"] == -2.0
    with pytest.raises(AssertionError):
        assert_same_model(trained.model, trained.run / "likelihood")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"adversarial.largest_rise": 1e-4}, "the likelihood loss of held-out text rose by"),
        ({"adversarial.largest_fall": 1e-4}, "of the different pairs of real ones"),
    ],
)
def test_a_game_that_spoils_the_model_ends_early(tmp_path, values, words):
    spoilt = {
        "adversarial.learning_rate": 0.3,
        "adversarial.anchor": 0.0,
        "adversarial.average_decay": 0.0,
        "adversarial.updates": 12,
        "adversarial.n_evaluations": 6,
    }
    trained = train(request_of(tmp_path, values={**spoilt, **values}))
    assert trained.reason == "early stop"
    last = history_of(trained.run)[-1]
    assert last["update"] < 22
    assert any(words in event for event in last["events"])


def test_too_little_held_out_text_keeps_the_likelihood_model(tmp_path, monkeypatch):
    heard = []
    trained = train(request_of(tmp_path, lines=LINES[:60]), heard.append)
    warnings = [e.text for e in heard if isinstance(e, Note) and e.is_warning]
    assert any("too little held-out text to judge the game by" in text for text in warnings)
    assert_same_model(trained.model, trained.run / "likelihood")
    artifact = folder.load(trained.model)
    assert artifact.training["adversarial"] == {
        "is_better": False,
        "likelihood_start": "../likelihood",
        "criterion": "frechet",
    }


def test_a_game_that_diverges_for_good_leaves_the_better_model(tmp_path, monkeypatch):
    original = GameTrainer.update

    def update(self):
        loss = original(self)
        return loss._replace(nats=math.nan) if self.update_count > 14 else loss

    monkeypatch.setattr(GameTrainer, "update", update)
    with pytest.raises(DivergedError, match=r"diverged 4 times .* --adversarial.learning_rate"):
        train(request_of(tmp_path, name="astray"))
    run = tmp_path / "runs" / "astray"
    artifact = folder.load(run / "model")
    assert artifact.training["reason"] == "diverged"
    assert artifact.history[-1]["update"] == 13


def test_a_crash_between_the_stages_plays_the_same_game(tmp_path, monkeypatch, whole):
    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(execute, "play", crash)
        with pytest.raises(KeyboardInterrupt):
            train(request_of(tmp_path, name="cut"))
    assert not (tmp_path / "runs" / "cut" / "model").exists()
    resumed = train(TrainRequest(resume="cut", runs=tmp_path / "runs"))
    assert_same_model(resumed.model, whole.model)
    assert [line["update"] for line in history_of(resumed.run)] == [5, 10, 13, 16]


def test_windows_of_long_texts_are_played_with_as_well(tmp_path):
    text = " ".join(LINES)
    values = {"data.documents": "file", "adversarial.estimator": "reinforce"}
    heard = []
    trained = train(request_of(tmp_path, lines=[text * 3], values=values), heard.append)
    assert trained.reason == "plan done"
    assert sum(isinstance(event, Evaluated) for event in heard) == 4
    assert serinette.load(trained.model).generate(1, seed=1, max_steps=9)[0].text


def test_settings_that_do_not_go_together_are_refused_before_anything_is_trained(tmp_path):
    values = {"adversarial.estimator": "rollouts", "critic.packing": 2}
    with pytest.raises(ConfigError, match="packing is 2"):
        train(request_of(tmp_path, values=values))
    assert not (tmp_path / "runs").exists()


def test_the_share_of_a_budget_goes_to_the_game():
    likelihood = game.Progressed(seconds=6.0)

    def seconds(deadline, share=0.4, guide=0):
        work = game.GameWork(
            run=None,
            prepared=None,
            game=game.AdversarialConfig(share=share, guide_updates=guide),
            critic=None,
            training=None,
            precision=None,
            start=None,
            limits=game.Limits(train_seconds=6.0, most_updates=9),
            deadline=deadline,
        )
        return game._limits(work, likelihood)

    assert seconds(None).train_seconds is None
    assert seconds(None).most_updates is None
    now = game.time.monotonic()
    assert seconds(now + 100).train_seconds == pytest.approx(10.0)
    assert seconds(now + 100, share=0.5).train_seconds == pytest.approx(12.0)
    assert seconds(now + 100, guide=5).train_seconds == pytest.approx(8.0)
    assert seconds(now + 3).train_seconds == pytest.approx(9.0, abs=0.2)
    assert seconds(now - 3).train_seconds == pytest.approx(7.0)
