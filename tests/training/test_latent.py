import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import DataError, DivergedError
from serinette.core.seeds import stream_key
from serinette.decoding.latent_decoder import LatentDecoder, lengths_of, normal_noise
from serinette.nets.latent import Decoded, model_of
from serinette.nets.latent_config import LatentConfig
from serinette.training import latent_course, latent_game
from serinette.training.latent import latent_loss, train_latent
from serinette.training.latent_autoencoder import end_loss
from serinette.training.latent_course import Course, rate
from serinette.training.latent_data import Batch, LatentData, whole

CONFIG = LatentConfig(
    hidden_size=11, latent_size=5, generator_size=13, critic_size=17, n_blocks=2,
    ae_updates=100, gan_updates=100, n_rows=16, n_latents=32,
)  # fmt: skip
QUICK = {"gan_updates": 150, "generator_rate": 3e-3, "critic_rate": 6e-3, "average_decay": 0.95}
T = 9


def lines(n, seed, *, slope=0.1):
    """Straight lines of two features: two numbers decide a window."""
    start, rise = np.random.default_rng(seed).normal(size=(2, n, 1))
    line = start + slope * rise * np.arange(T)
    return np.stack([line, 5 - line], axis=2).astype(np.float32)


def noise_for(n):
    keys = np.array([stream_key(1, row) for row in range(n)], dtype=np.uint64)
    return normal_noise(keys, CONFIG.latent_size)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_training_is_decided_by_the_seed():
    config = dataclasses.replace(CONFIG, ae_updates=7, gan_updates=5)
    data = LatentData(windows=lines(40, 0))
    first, same, other = (train_latent(data, config, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["generator.out.weight"], other["generator.out.weight"])
    assert not np.array_equal(first["decoder.out.weight"], other["decoder.out.weight"])


def test_lines_are_learnt_and_written():
    told = []
    config = dataclasses.replace(CONFIG, ae_updates=200, **QUICK)
    weights = train_latent(LatentData(windows=lines(300, 0)), config, seed=0, tell=told.append)
    held_out = LatentData(windows=lines(200, 1))
    before = train_latent(held_out, CONFIG, seed=0, stop=lambda: True)
    trained, untrained = (latent_loss(w, CONFIG, held_out, seed=5) for w in (weights, before))
    assert trained.rmse < 0.2
    assert untrained.rmse > 0.7
    assert trained.distance < 0.3
    assert untrained.distance > 0.5
    written = LatentDecoder(weights, config).draw(noise_for(200), np.zeros((200, 0), np.float32), T)
    assert np.abs(written.values.sum(axis=2) - 5).mean() < 0.5
    assert written.values.std(axis=0).min() > 0.5
    assert [p.phase for p in told] == ["autoencoder"] * 2 + ["game"]
    assert told[1].metrics["rmse"] < told[0].metrics["rmse"]
    assert 0.5 < told[-1].metrics["spread"] < 1.5


def test_context_decides_what_is_written():
    side = np.repeat(np.array([[-1.0], [1.0]], dtype=np.float32), 100, axis=0)
    windows = (lines(200, 0, slope=0.01) * 0.1 + 3 * side[:, :, None]).astype(np.float32)
    data = LatentData(windows=windows, context=side)
    config = dataclasses.replace(CONFIG, **QUICK)
    weights = train_latent(data, config, seed=0)
    values = LatentDecoder(weights, config).draw(noise_for(200), side, T).values[:, :, 0]
    assert (values[:100] < 0).mean() > 0.95
    assert (values[100:] > 0).mean() > 0.95


def test_ends_are_learnt():
    lengths = np.random.default_rng(2).integers(2, T + 1, size=300)
    windows = np.where(np.arange(T) < lengths[:, None], 1.0, 77.0)[..., None].astype(np.float32)
    windows[:, :, 0] += (lengths[:, None] / T).astype(np.float32)
    data = LatentData(windows=windows, lengths=lengths)
    config = dataclasses.replace(CONFIG, end_weight=1.0, ae_updates=250, gan_updates=1)
    weights = train_latent(data, config, seed=0)
    loss = latent_loss(weights, config, data, seed=1)
    assert loss.end_nats < 0.2
    assert loss.rmse < 0.2  # what stands beyond the end has not been learnt
    drawn = LatentDecoder(weights, config).draw(noise_for(50), np.zeros((50, 0), np.float32), T)
    assert len(set(lengths_of(drawn.end_chances, np.full(50, 0.5)))) > 1


def test_a_full_window_does_not_say_that_its_sequence_ends():
    batch = Batch(torch.zeros(2, 3, 1), torch.tensor([3, 2]), torch.zeros(2, 0))
    logits = torch.tensor([[-50.0, -50.0, 9.0], [-50.0, 50.0, 9.0]])
    assert float(end_loss(Decoded(batch.windows, logits), batch)) == pytest.approx(0, abs=1e-6)
    assert float(end_loss(Decoded(batch.windows, -logits), batch)) == pytest.approx(50)


def test_weights_choose_what_is_learnt():
    windows = np.random.default_rng(3).normal(size=(200, 1, 2)).repeat(T, axis=1)
    windows = windows.astype(np.float32)
    only = LatentData(windows=windows, weights=np.array([1, 0], dtype=np.float32))
    config = dataclasses.replace(CONFIG, latent_size=1, gan_updates=1, learning_rate=1e-2)
    model = model_of(train_latent(only, config, seed=0), config)
    everything = whole(only)
    with torch.no_grad():
        latents = model.encode(everything.windows, everything.lengths)
        decoded = model.decode(latents, everything.context, T).values.numpy()
    first, second = np.sqrt(((decoded - windows) ** 2).mean(axis=(0, 1)))
    assert first < 0.5
    assert second > 0.8


def test_a_stop_ends_with_what_has_been_reached():
    asked = iter([False] * 3 + [True] * 9)
    data = LatentData(windows=lines(40, 0))
    weights = train_latent(data, CONFIG, seed=0, stop=lambda: next(asked))
    at_once = train_latent(data, CONFIG, seed=0, stop=lambda: True)
    assert not np.array_equal(weights["decoder.out.weight"], at_once["decoder.out.weight"])
    assert np.array_equal(weights["generator.out.weight"], at_once["generator.out.weight"])
    drawn = LatentDecoder(weights, CONFIG).draw(noise_for(3), np.zeros((3, 0), np.float32), T)
    assert np.isfinite(drawn.values).all()


def test_seconds_are_shared_between_the_parts(monkeypatch):
    clock = iter(range(100_000))
    monkeypatch.setattr(latent_course.time, "monotonic", lambda: float(next(clock)))
    counted = {"autoencoder": 0, "game": 0}
    monkeypatch.setattr(latent_game, "EVERY", 1)
    monkeypatch.setattr("serinette.training.latent_autoencoder.EVERY", 1)

    def tell(progress):
        counted[progress.phase] += 1

    config = dataclasses.replace(CONFIG, ae_share=0.6)
    train_latent(LatentData(windows=lines(40, 0)), config, seed=0, seconds=50.0, tell=tell)
    assert counted == {"autoencoder": 29, "game": 19}


def test_a_collapse_is_told_once(monkeypatch):
    monkeypatch.setattr(latent_game, "COLLAPSED", 1e9)
    monkeypatch.setattr(latent_game, "EVERY", 5)
    told = []
    config = dataclasses.replace(CONFIG, ae_updates=1, gan_updates=30)
    train_latent(LatentData(windows=lines(40, 0)), config, seed=0, tell=told.append)
    warnings = [p.warning for p in told if p.warning]
    assert len(warnings) == 1
    assert "of the variance of real ones: the generator repeats itself" in warnings[0]
    assert [p.share > 0.2 for p in told if p.warning] == [True]
    assert told[0].warning is None


def test_a_training_that_diverges_says_where():
    config = dataclasses.replace(CONFIG, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"autoencoder, update \d+: (loss|gradient_norm) is"):
        train_latent(LatentData(windows=lines(40, 0)), config, seed=0)
    config = dataclasses.replace(CONFIG, ae_updates=1, critic_rate=1e30)
    with pytest.raises(DivergedError, match=r"game, update \d+: \w+ is .*; lower latent.critic_r"):
        train_latent(LatentData(windows=lines(40, 0)), config, seed=0)


def test_the_distance_of_a_single_point_is_worked_out_by_hand():
    data = LatentData(windows=lines(400, 0))
    weights = train_latent(data, CONFIG, seed=0, stop=lambda: True)
    still = {name: 0 * weights[name] for name in ("generator.out.weight", "generator.out.bias")}
    found = latent_loss(weights | still, CONFIG, data, seed=0)
    # Projections of standardised latents have variance 1; the mean of |x| is at most that.
    assert 0.5 < found.distance <= 1
    far = {"generator.out.bias": still["generator.out.bias"] + 1000}
    far_found = latent_loss(weights | still | far, CONFIG, data, seed=0)
    # |sum of a random direction of 5 numbers| has mean sqrt(5) E|cos| = 0.84 in five dimensions
    assert far_found.distance == pytest.approx(1000 * 0.84, rel=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": np.zeros((3, 0, 1), np.float32)}, r"of shape \(3, 0, 1\) hold nothing"),
        ({"lengths": np.array([1, 0, 2])}, r"a length is 0; it must be in \[1, 4\]"),
        ({"lengths": np.array([1, 5, 2])}, r"a length is 5; it must be in \[1, 4\]"),
        ({"context": np.full((3, 1), np.nan, np.float32)}, r"context\[0, 0\] is nan; only finite"),
    ],
)  # fmt: skip
def test_wrong_data_is_named_with_its_value(change, message):
    with pytest.raises(DataError, match=message):
        LatentData(**{"windows": np.zeros((3, 4, 1), np.float32), **change})


@given(st.floats(0, 1), st.floats(0, 0.9))
def test_the_rate_is_a_share_of_the_largest(share, warm_up):
    assert 1e-3 <= rate(share, warm_up) <= 1


@given(st.integers(1, 50))
def test_a_course_of_updates_ends_after_them(n):
    course = Course(n, None)
    assert course.share(n - 1) < 1 == course.share(n)
