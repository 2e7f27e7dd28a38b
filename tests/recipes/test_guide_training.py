import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from serinette.artifact.folder import load
from serinette.core.config import Layer, resolve
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel, weights_of
from serinette.recipes.fit import game as game_module
from serinette.recipes.fit import guide as guide_module
from serinette.recipes.fit.game import GameWork, _guide, _judge, _Rows, guide_share
from serinette.recipes.fit.probe import Prober
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS, TrainRequest
from serinette.recipes.train import train
from serinette.training.events import Note, silent
from serinette.training.game.config import AdversarialConfig
from serinette.training.gradients import Precision
from serinette.training.loop import Limits
from serinette.training.stops import StopSignal

LETTERS, SHARES = "abcdef", np.array([0.3, 0.25, 0.15, 0.15, 0.1, 0.05])
SETTINGS = {
    "training.window": 12,
    "training.n_rows": 32,
    "training.n_workers": 1,
    "training.seed": 5,
    "adversarial.estimator": "none",
    "adversarial.guide_updates": 40,
    "adversarial.guide_rate": 1e-2,
    "adversarial.guide_noise": 0.1,
    "adversarial.n_samples": 120,
    "critic.channels": 8,
    "critic.dense_size": 8,
    "split.validation_share": 0.4,
    "split.test_share": 0.0,
}


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """A file of letters that know nothing of one another."""
    path = tmp_path_factory.mktemp("letters") / "letters.txt"
    drawn = np.random.default_rng(1).choice(list(LETTERS), size=9000, p=SHARES)
    path.write_text("".join(drawn), encoding="utf-8")
    return path


def work_of(path, *, rare="", **settings):
    """A model that writes what the file holds, letter by letter; of `rare` it writes next to none.

    Returns:
        What a guide is trained with, and the judge.
    """
    values = SETTINGS | {name.replace("__", "."): value for name, value in settings.items()}
    resolved = resolve(GROUPS, [Layer(origin="test", values=values)])
    prepared = prepare("text", [path], resolved, silent)
    config = ModelConfig(embedding_size=4, hidden_size=3, n_layers=1)
    model = SequenceModel(config, prepared.codec.schema, seed=1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.1)  # next to nothing is carried from letter to letter
        model.readout.bias.fill_(-30.0)
        for letter, share in zip(LETTERS, SHARES, strict=True):
            symbol = int(prepared.codec.encode(letter)[0, 0])
            lost = 4.0 if letter == rare else 0.0
            model.readout.bias[symbol] = float(np.log(share)) - lost
    precision = Precision(torch.device("cpu"), False)
    groups = resolved.groups
    work = GameWork(
        run=path.parent,
        prepared=prepared,
        game=groups["adversarial"],
        critic=groups["critic"],
        training=groups["training"],
        precision=precision,
        start=model,
        limits=Limits(),
        deadline=None,
    )
    return work, _judge(work, Prober(prepared, precision, seed=5), _Rows.of(work, 1))


def guided(work, judge, n_updates=None, stop=None):
    """Train the guide, so many updates if that is given; return it and what was told."""
    told = []
    if n_updates is not None:
        work = work._replace(game=replace(work.game, guide_updates=n_updates))
    found = _guide(work, judge, weights_of(work.start), stop or StopSignal(), told.append)
    return found, [event.text for event in told if isinstance(event, Note)]


@pytest.fixture(scope="module")
def planted(letters):
    """A model that never writes b, a quarter of the letters."""
    return work_of(letters, rare="b")


@pytest.fixture(scope="module")
def found(planted):
    return guided(*planted)


def test_what_the_model_never_writes_is_found_and_resampling_comes_nearer(found, planted):
    result, (note,) = found
    facts = result.facts
    assert facts["guide_nats"] < 0.6 < np.log(2)
    assert facts["guided_criterion"] < 0.95 * facts["plain_criterion"]
    assert result.guide.candidates == planted[0].game.candidates == 4
    assert result.guide.window == 12
    assert note.startswith("guide: choosing among 4 candidates brings the frechet from")
    assert "rests" not in note
    codec = planted[0].prepared.codec
    critic = guide_module.RowCritic(result.guide.weights, result.guide.sizes, 12)
    with_b, without = (codec.encode(text)[:, 0] for text in ("abacabadabab", "aaacaaadaaaa"))
    assert critic.word(with_b) > critic.word(without) + 1


@pytest.mark.parametrize("n_workers", [1, 2])
def test_the_same_seed_trains_the_same_guide(planted, n_workers):
    work, judge = planted
    work = work._replace(training=replace(work.training, n_workers=n_workers))
    first, again = (guided(work, judge, 8)[0] for _ in range(2))
    assert again.facts == first.facts
    for name, weight in first.guide.weights.items():
        np.testing.assert_array_equal(again.guide.weights[name], weight)


def test_the_model_is_left_as_it_was(planted):
    work, judge = planted
    before = {name: array.copy() for name, array in weights_of(work.start).items()}
    guided(work, judge, 2)
    for name, array in weights_of(work.start).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_critic_that_cannot_tell_is_not_kept_and_that_is_said(letters):
    result, (note,) = guided(*work_of(letters, adversarial__guide_rate=1e-3), 16)
    assert result.guide is None
    assert result.facts["guide_nats"] > np.log(2) - 2 * result.facts["guide_error"]
    assert note.startswith(
        "no guide: a critic tells held-out rows from written ones no better than"
    )
    assert f"({result.facts['guide_nats']:.3f} ± {result.facts['guide_error']:.3f}" in note


def test_a_guide_that_comes_no_nearer_rests(planted, monkeypatch):
    work, judge = planted
    monkeypatch.setattr(guide_module, "_chosen", lambda critic, sets, seed: sets[0])
    plain = judge.figures_of

    def worse(symbols, mask, calls=[]):  # noqa: B006
        calls.append(1)
        found = plain(symbols, mask)
        return found | {"criterion": found["criterion"] + 9 * (len(calls) == 5)}

    monkeypatch.setattr(judge, "figures_of", worse)
    result, (note,) = guided(work, judge, 8)
    assert result.guide.candidates == 1
    assert note.endswith("; it rests unless --resample asks for it")


def learnt(monkeypatch, measured):
    """Count updates of the guide, whose measurements are given."""
    updates, given = [], iter(measured)
    learn = guide_module.GameTrainer.learn

    def counted(trainer, factor):
        updates.append(factor)
        return learn(trainer, factor)

    monkeypatch.setattr(guide_module.GameTrainer, "learn", counted)
    monkeypatch.setattr(guide_module, "_measured", lambda work, network: (next(given), 0.01))
    return updates


def test_three_measurements_without_a_better_one_end_it(planted, monkeypatch):
    work, judge = planted
    updates = learnt(monkeypatch, [0.6, 0.5, 0.55, 0.52, 0.5, 0.1])
    result, _ = guided(work, judge, 16)
    assert len(updates) == 10  # eight measurements in 16 updates; the fifth is the last
    assert result.facts["guide_nats"] == 0.5
    assert updates[0] == 1
    assert sorted(updates, reverse=True) == updates


def test_its_time_ends_it_at_the_next_update_not_at_the_next_measurement(planted, monkeypatch):
    train_guide = game_module.train_guide
    monkeypatch.setattr(
        game_module,
        "train_guide",
        lambda work, stop, told: train_guide(work._replace(seconds=1e-6), stop, told),
    )
    updates = learnt(monkeypatch, [0.5])
    result, _ = guided(*planted)
    assert len(updates) == 1
    assert result.facts["guide_nats"] == 0.5


def test_a_measurement_that_is_no_number_is_never_the_best(planted, monkeypatch):
    work, judge = planted
    learnt(monkeypatch, [np.nan, 0.5, np.nan, np.nan, np.nan])
    result, _ = guided(work, judge, 8)
    assert result.facts["guide_nats"] == 0.5
    learnt(monkeypatch, [np.nan] * 8)
    result, notes = guided(work, judge, 8)
    assert (result.guide, result.facts) == (None, {})
    assert notes == ["no guide: its loss was not finite"]


def test_a_stop_ends_it_without_a_guide(planted):
    stop = StopSignal()
    stop.ask()
    result, notes = guided(*planted, stop=stop)
    assert (result.guide, result.facts, notes) == (None, {}, [])


def test_a_bounded_critic_says_at_generation_what_was_measured(planted):
    work, judge = planted
    sizes = replace(work.critic, network="lstm", spectral_norm=True, packing=2)
    result, _ = guided(work._replace(critic=sizes), judge, 3)
    assert (result.guide.sizes.network, result.guide.sizes.packing) == ("cnn", 1)
    critic = guide_module.RowCritic(result.guide.weights, result.guide.sizes, 12)
    losses = []
    written = judge.written(work.start, guide_module.derive(5, 4))
    for (symbols, mask), sign in (((judge.rows.symbols, judge.rows.mask), -1), (written, 1)):
        for row, kept in zip(symbols, mask, strict=True):
            losses.append(np.logaddexp(0, sign * critic.word(row[kept])))
    assert np.mean(losses) == pytest.approx(result.facts["guide_nats"], abs=1e-4)


def test_the_time_of_the_guide_is_the_games_where_there_is_none():
    game = AdversarialConfig(share=0.5, guide_share=0.4, estimator="reinforce")
    assert guide_share(game) == pytest.approx(0.2)
    assert guide_share(replace(game, estimator="none")) == 0.5
    assert guide_share(replace(game, guide_updates=0)) == 0


TINY = {
    "training.objective": "adversarial",
    "training.precision": "fp32",
    "training.n_rows": 8,
    "model.hidden_size": 8,
    "model.embedding_size": 4,
    "data.codec": "word",
    "data.documents": "line",
    "adversarial.estimator": "none",
    "adversarial.guide_updates": 40,
    "adversarial.guide_rate": 2e-2,
    "adversarial.guide_noise": 0.1,
    "adversarial.n_samples": 60,
    "split.validation_share": 0.15,
    "critic.channels": 4,
    "critic.dense_size": 4,
}


@pytest.mark.slow
def test_a_training_stopped_in_the_guide_goes_on_to_it(tmp_path):
    generator = np.random.default_rng(2)
    lines = {"the " + " the ".join(generator.choice(list("abcdefgh"), 4)) for _ in range(900)}
    (tmp_path / "lines.txt").write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    request = TrainRequest(
        sources=(tmp_path / "lines.txt",),
        layers=(Layer(origin="test", values=TINY),),
        runs=tmp_path / "runs",
        name="cut",
        updates=3,
    )

    def stopping(event):
        if isinstance(event, Note) and event.text.startswith("the game begins"):
            os.kill(os.getpid(), signal.SIGINT)

    cut = train(request, stopping)
    assert (cut.reason, cut.exit_code) == ("interrupted", 130)
    assert load(cut.model).guide() is None
    resumed = train(TrainRequest(resume="cut", runs=tmp_path / "runs"), silent)
    assert (resumed.reason, resumed.exit_code) == ("plan done", 0)
    whole = train(replace(request, name="whole"), silent)
    ours, theirs = load(resumed.model), load(whole.model)
    assert theirs.training["adversarial"]["guide"]["guide_nats"] < 0.6
    assert ours.training["adversarial"]["guide"] == theirs.training["adversarial"]["guide"]
    assert ours.guide().sizes == theirs.guide().sizes
    for name, weight in theirs.guide().weights.items():
        np.testing.assert_array_equal(ours.guide().weights[name], weight)
    assert theirs.guide().window is None
