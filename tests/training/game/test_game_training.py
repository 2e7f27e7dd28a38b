"""Games on tiny windows: seeds, phases, objectives, alarms, collapse."""

import dataclasses
import json
import time

import numpy as np
import pytest
import torch

from serinette.core.errors import DivergedError
from serinette.nets.critic_config import CriticConfig
from serinette.nets.lstm_gan_config import LstmGanConfig
from serinette.nets.timegan_config import TimeganConfig
from serinette.nets.window_features import FeatureKinds
from serinette.training.game import joint
from serinette.training.game.joint import Run, Task, play
from serinette.training.game.losses import LOSSES
from serinette.training.game.lstm_gan import LstmGanGame, train_lstm_gan
from serinette.training.game.timegan import train_timegan
from serinette.training.game.windows import RealWindows, moments_of, shape_of, shown, spread_of
from serinette.training.latent_course import Watch
from serinette.training.latent_data import LatentData

T = 6
GAN = LstmGanConfig(
    n_steps=T, noise_size=3, step_noise=1, dense_size=5, hidden_size=7, n_layers=1, n_rows=12,
    generator_updates=4, critic_updates=4, game_updates=6,
)  # fmt: skip
CRITIC = CriticConfig(widths=(2, 3), channels=4, dense_size=5)
TIMEGAN = TimeganConfig(
    n_steps=T, hidden_size=5, n_layers=2, step_noise=2, n_rows=12, embedding_updates=4,
    supervision_updates=4, game_updates=4,
)  # fmt: skip


def data_of(n=80, *, is_ragged=False):
    r = np.random.default_rng(0)
    start, slope = r.normal(size=(2, n, 1, 1))
    windows = (start + slope * np.arange(T)[:, None] / T).astype(np.float32)
    flags = (r.random((n, T, 1)) < 0.5).astype(np.float32)
    lengths = r.integers(3, T + 1, n) if is_ragged else None
    return LatentData(windows=np.concatenate([windows, flags], axis=2), lengths=lengths)


KINDS = FeatureKinds(n_values=1, n_flags=1)


def task_of(judge=None, seed=1, **data):
    return Task(data=data_of(**data), kinds=KINDS, seed=seed, judge=judge)


def watch_into(reports):
    return Watch(tell=reports.append, stop=lambda: False)


SILENT = Watch(tell=lambda progress: None, stop=lambda: False)
TRAININGS = {
    "lstm-gan": lambda task, watch: train_lstm_gan(task, GAN, CRITIC, watch),
    "timegan": lambda task, watch: train_timegan(task, TIMEGAN, watch),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_seed_decides_every_bit_and_another_seed_other_ones(name):
    train = TRAININGS[name]
    first = train(task_of(), SILENT)
    torch.manual_seed(77)
    again, other = train(task_of(), SILENT), train(task_of(seed=2), SILENT)
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert any(not np.array_equal(first[key], other[key]) for key in first if "lstm" in key)


@pytest.mark.parametrize("name", TRAININGS)
def test_all_phases_report_and_a_stop_ends_them(name, monkeypatch):
    for module in ("joint", "lstm_gan", "timegan"):
        monkeypatch.setattr(f"serinette.training.game.{module}.EVERY", 1)
    reports = []
    TRAININGS[name](task_of(is_ragged=True), watch_into(reports))
    phases = {
        "lstm-gan": ["generator", "critic", "game"],
        "timegan": ["embedding", "supervision", "game"],
    }
    assert list(dict.fromkeys(report.phase for report in reports)) == phases[name]
    asked = iter([False] * 3 + [True] * 99)
    cut = []
    TRAININGS[name](task_of(), Watch(tell=cut.append, stop=lambda: next(asked)))
    assert len(cut) == 3


@pytest.mark.parametrize("objective", LOSSES)
@pytest.mark.parametrize("network", ["cnn", "lstm"])
def test_every_objective_plays_with_every_critic(objective, network):
    config = dataclasses.replace(
        GAN, objective=objective, gradient_penalty=1.0, r1=1.0, feature_matching=1.0, moments=1.0,
        l1=1e-4, l2=1e-4, optimiser="rmsprop", critic_steps=2,
    )  # fmt: skip
    critic = CriticConfig(
        network=network, channels=3, hidden_size=4, dense_size=3, spectral_norm=True, dropout=0.1,
        minibatch_spread=True, packing=2,
    )  # fmt: skip
    game = LstmGanGame(task_of(is_ragged=True), config, critic)
    found = game.round(0.5)
    assert all(np.isfinite(value) for value in found.values())
    assert 0 <= found["critic_real_accuracy"] <= 1


def test_the_generator_alone_comes_nearer_to_the_moments_and_stops_when_it_does_not(monkeypatch):
    monkeypatch.setattr("serinette.training.game.lstm_gan.EVERY", 10)
    config = dataclasses.replace(GAN, generator_rate=1e-2, n_rows=80)
    game = LstmGanGame(task_of(), config, CRITIC)
    first = np.mean([game.match_moments()["moments"] for _ in range(10)])
    for _ in range(150):
        game.match_moments()
    assert np.mean([game.match_moments()["moments"] for _ in range(10)]) < 0.6 * first
    still = dataclasses.replace(GAN, generator_rate=1e-9, generator_updates=5_000, game_updates=1)
    reports = []
    train_lstm_gan(task_of(), still, CRITIC, watch_into(reports))
    alone = [report.update for report in reports if report.phase == "generator"]
    assert alone[-1] < 200


def test_the_critic_alone_stops_before_it_is_certain():
    config = dataclasses.replace(
        GAN, critic_updates=2_000, critic_rate=1e-2, generator_updates=0, game_updates=1, r1=0.0
    )
    reports = []
    train_lstm_gan(task_of(), config, CRITIC, watch_into(reports))
    last = [report for report in reports if report.phase == "critic"][-1]
    assert last.update < 2_000
    assert last.metrics["critic_accuracy"] > 0.6


class Planted:
    """A game that shows what is planted, and keeps what is done about it."""

    name = "planted"

    def __init__(self, spread=1.0, broken_at=None):
        self._spread, self._broken_at = spread, broken_at
        self.done, self.n_rounds = [], 0

    def round(self, share):
        self.n_rounds += 1
        loss = float("nan") if self.n_rounds == self._broken_at else 0.5
        return {"critic_loss": loss, "critic_real_accuracy": 0.6, "critic_fake_accuracy": 0.6}

    def spread(self):
        return self._spread

    def weights(self):
        return {"n": np.array(self.n_rounds)}

    def react_(self, reaction):
        self.done.append(reaction)

    def parts(self):
        return {}

    def facts(self):
        return {}

    def restore_(self, facts):
        pass


def played(game, n_updates, reports=None, judge=None):
    run = Run(game, task_of(judge), watch_into([] if reports is None else reports))
    play(game, run, n_updates, None)
    return run.ledger


def test_a_collapse_is_told_acted_upon_and_ends_the_game_the_fifth_time(monkeypatch):
    monkeypatch.setattr(joint, "EVERY", 1)
    game, reports = Planted(spread=0.1), []
    played(game, 1_000, reports)
    warnings = [report.warning for report in reports if report.warning]
    assert len(warnings) == len(game.done) == 5
    assert "0.10 of the variance" in warnings[0]
    assert "the generator's rate is halved" in warnings[0]
    assert game.done[-1].is_end
    assert game.n_rounds < 300


def test_a_game_that_goes_well_is_left_alone(monkeypatch):
    monkeypatch.setattr(joint, "EVERY", 1)
    game, reports = Planted(), []
    played(game, 200, reports)
    assert (game.n_rounds, game.done) == (200, [])
    assert not any(report.warning for report in reports)


def test_the_weights_that_are_told_apart_least_are_kept(monkeypatch):
    monkeypatch.setattr(joint, "EVERY", 1)
    best = played(Planted(), 100, judge=lambda w: abs(float(w["n"]) - 61) / 100)
    assert abs(int(best.weights["n"]) - 61) <= 3
    assert best.best_update == int(best.weights["n"])


def test_a_game_that_diverges_keeps_the_best_or_says_so(monkeypatch):
    monkeypatch.setattr(joint, "EVERY", 1)
    reports = []
    best = played(Planted(broken_at=60), 100, reports, judge=lambda w: 0.1)
    assert best.weights is not None
    assert reports[-1].warning.startswith("diverged: update ")
    with pytest.raises(DivergedError, match="engine planted, game, update 3: critic_loss is nan"):
        played(Planted(broken_at=3), 100)


class Cut:
    """Stops a training before its n-th update and holds what it kept."""

    def __init__(self, n):
        self._left, self.kept = n, None
        self.watch = Watch(tell=lambda progress: None, stop=self.stop)

    def stop(self):
        self._left -= 1
        return self._left < 0

    def keep(self, arrays, facts):
        self.kept = arrays, json.loads(json.dumps(facts))


@pytest.mark.parametrize("optimiser", ["adam", "rmsprop"])
@pytest.mark.parametrize("n", [2, 6, 11])
def test_a_game_that_was_stopped_goes_on_to_the_bit(n, optimiser, monkeypatch):
    monkeypatch.setattr(joint, "EVERY", 1)
    config = dataclasses.replace(GAN, optimiser=optimiser)
    critic = dataclasses.replace(CRITIC, dropout=0.2, spectral_norm=True)

    def judge(weights):
        return float(np.abs(weights["out.weight"]).mean())

    def train(watch, **kept):
        task = dataclasses.replace(task_of(judge), **kept)
        return train_lstm_gan(task, config, critic, watch)

    _goes_on(train, n)


@pytest.mark.parametrize("n", [2, 6, 10])
def test_timegan_goes_on_to_the_bit(n):
    config = dataclasses.replace(TIMEGAN, average_decay=0.9, noise=0.1)

    def train(watch, **kept):
        return train_timegan(dataclasses.replace(task_of(is_ragged=True), **kept), config, watch)

    _goes_on(train, n)


def _goes_on(train, n):
    whole = train(SILENT)
    cut = Cut(n)
    first = train(cut.watch, keep=cut.keep)
    second = train(SILENT, kept=cut.kept)
    assert any(not np.array_equal(whole[key], first[key]) for key in whole)
    for key in whole:
        assert np.array_equal(whole[key], second[key]), key


def test_what_a_phase_does_not_need_is_left_for_the_game():
    task = dataclasses.replace(task_of(), seconds=100.0)
    assert task.part(0.1) == pytest.approx(10.0)
    assert task_of().part(0.1) is None
    run = Run(Planted(), task, SILENT)
    run.ledger.elapsed = 4.0
    run.ledger.end("generator")
    assert run.left() == pytest.approx(96.0)
    run.ledger.elapsed = 99.0
    run.ledger.end("critic")
    assert run.left() == pytest.approx(5.0)
    assert Run(Planted(), task_of(), SILENT).left() is None


def test_seconds_end_every_phase_and_updates_do_not_count():
    config = dataclasses.replace(GAN, generator_updates=1, critic_updates=1, critic_until=1.0)
    reports = []
    task = dataclasses.replace(task_of(), seconds=0.5)
    begun = time.monotonic()
    train_lstm_gan(task, config, CRITIC, watch_into(reports))
    assert 0.4 < time.monotonic() - begun < 20


def test_what_the_critic_is_shown_says_where_sequences_end():
    data = data_of(is_ragged=True)
    game = LstmGanGame(task_of(is_ragged=True), GAN, CRITIC)
    real = RealWindows(data, KINDS, game._writer.features)
    random = torch.Generator().manual_seed(0)
    windows, context = real.some(9, random)
    seen = shown(windows, context, 0.0, random, has_end=True)
    assert torch.equal(seen.rows[:, :, -1], windows.alive)
    assert (windows.rows[windows.alive == 0] == 0).all()
    assert set(windows.rows[..., 1].unique().tolist()) == {0.0, 1.0}  # flags stay as they are
    noisy = shown(windows, context, 0.5, random, has_end=True)
    assert torch.equal(noisy.rows[:, :, -1], windows.alive)
    assert 0.3 < float((noisy.rows[..., :2] - windows.rows).std()) < 0.7
    assert moments_of(windows).shape == (9, T * 2 + (T - 1) * 2 + T)
    assert shape_of(data, KINDS).has_end
    assert spread_of(windows._replace(rows=windows.rows[:1].expand(9, -1, -1)), real) == 0
