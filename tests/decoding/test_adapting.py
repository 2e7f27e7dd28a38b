"""Dynamic evaluation and the neural cache."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_probs
from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.decoding.adapting import AdaptConfig, Follower
from serinette.decoding.neural_cache import CacheConfig, NeuralCache
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.decoding.trainable import TrainableNetwork
from serinette.nets.config import ModelConfig, expected_shapes

V, H = 11, 7
SCHEMA = Schema(fields=(SymbolField(name="character", size=V),), end=0)
CONFIG = ModelConfig(embedding_size=5, hidden_size=H, n_layers=2)
WEIGHTS = {
    name: np.sin(np.arange(np.prod(shape)) + k).astype(np.float32).reshape(shape)
    for k, (name, shape) in enumerate(expected_shapes(CONFIG, SCHEMA).items())
}
NOTHING = np.empty(0, dtype=np.int64)
UNCHANGED = AdaptConfig(rate=0.0, cache=CacheConfig(share=0.0))
LIVELY = AdaptConfig(rate=1e-2, piece=4, cache=CacheConfig(share=0.2, size=9))
TEXT = np.random.default_rng(1).integers(V, size=51)


def follower(config):
    return Follower(TrainableNetwork(CONFIG, SCHEMA, WEIGHTS), config)


def nats(config, symbols):
    return np.concatenate(list(follower(config).read(symbols, NOTHING)))


def test_weights_that_stay_cost_what_the_model_costs():
    stepper = OnnxStepper(build_step_graph(CONFIG, SCHEMA, WEIGHTS), SCHEMA)
    (expected,) = sequence_nats(stepper, [TEXT], np.empty((1, 0), dtype=np.int64))
    np.testing.assert_allclose(nats(UNCHANGED, TEXT), expected, atol=1e-5)


@given(st.integers(1, 49))
def test_nothing_is_predicted_by_what_has_seen_it(place):
    changed = TEXT.copy()
    changed[place + 1 :] = (changed[place + 1 :] + 3) % V
    np.testing.assert_array_equal(nats(LIVELY, TEXT)[:place], nats(LIVELY, changed)[:place])


@pytest.mark.parametrize(
    "config", [replace(LIVELY, rate=0.0), replace(LIVELY, cache=UNCHANGED.cache)]
)
def test_what_comes_again_and_again_grows_cheap(config):
    again = np.tile(np.array([1, 2, 3, 4, 5]), 40)
    found = nats(config, again)
    assert found[-50:].mean() < nats(UNCHANGED, again)[-50:].mean() - 0.5


def test_full_decay_is_nearly_the_trained_model():
    decayed = replace(LIVELY, decay=0.999, cache=UNCHANGED.cache)
    expected = nats(UNCHANGED, TEXT)
    assert np.abs(nats(decayed, TEXT) - expected).max() < 0.01
    assert np.abs(nats(replace(decayed, decay=0.0), TEXT) - expected).max() > 0.1


def test_what_one_sequence_taught_stays_for_the_next():
    one = follower(LIVELY)
    first = np.concatenate(list(one.read(TEXT, NOTHING)))
    second = np.concatenate(list(one.read(TEXT, NOTHING)))
    assert second.mean() < first.mean()


def test_an_empty_sequence_costs_nothing():
    assert list(follower(LIVELY).read(TEXT[:1], NOTHING)) == []


def filled():
    generator = np.random.default_rng(2)
    cache = NeuralCache(CacheConfig(share=0.3, sharpness=5.0, size=20), 6, V)
    for _ in range(3):
        cache.keep(generator.normal(size=(9, 6)).astype(np.float32), generator.integers(V, size=9))
    keys = generator.normal(size=(4, 6)).astype(np.float32)
    return cache, keys, categorical_log_probs(generator.normal(size=(4, V)))


def test_a_cache_mixes_a_distribution_as_the_paper_has_it():
    generator = np.random.default_rng(2)
    cache, keys, log_probs = filled()
    kept = [(generator.normal(size=(9, 6)), generator.integers(V, size=9)) for _ in range(3)]
    rows = np.concatenate([k.astype(np.float32) for k, _ in kept])[-20:]
    symbols = np.concatenate([s for _, s in kept])[-20:]
    for key, own, mixed in zip(keys, log_probs, cache.mixed(keys, log_probs), strict=True):
        told = np.zeros(V)
        for row, symbol in zip(rows, symbols, strict=True):
            cosine = row @ key / np.linalg.norm(row) / np.linalg.norm(key)
            told[symbol] += np.exp(5.0 * cosine)
        expected = 0.7 * np.exp(own) + 0.3 * told / told.sum()
        np.testing.assert_allclose(np.exp(mixed), expected, rtol=1e-5)
        assert np.exp(mixed).sum() == pytest.approx(1)


def test_a_row_of_a_cache_never_depends_on_the_others():
    cache, keys, log_probs = filled()
    together = cache.mixed(keys, log_probs)
    for row in range(len(keys)):
        alone = cache.mixed(keys[row : row + 1], log_probs[row : row + 1])
        np.testing.assert_array_equal(alone[0], together[row])


def test_an_empty_cache_says_nothing():
    log_probs = categorical_log_probs(np.ones((2, V)))
    cache = NeuralCache(CacheConfig(), 6, V)
    assert cache.mixed(np.ones((2, 6), dtype=np.float32), log_probs) is log_probs


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdaptConfig(rate=-1.0), "adapt.rate must be 0 or more, got -1.0"),
        (lambda: AdaptConfig(rate=float("nan")), "adapt.rate must be 0 or more, got nan"),
        (lambda: AdaptConfig(decay=1.0), r"adapt.decay must be in \[0, 1\), got 1.0"),
        (lambda: AdaptConfig(piece=0), "adapt.piece must be at least 1, got 0"),
        (lambda: CacheConfig(share=1.0), r"cache.share must be in \[0, 1\), got 1.0"),
        (lambda: CacheConfig(sharpness=-1.0), r"cache.sharpness must be in \[0, 1000\], got -1.0"),
        (lambda: CacheConfig(size=0), "cache.size must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_what_is_all_but_impossible_is_not_made_impossible():
    cache, keys, log_probs = filled()
    log_probs[:, 3] = -2_000.0
    assert np.isfinite(cache.mixed(keys, log_probs)).all()
    empty = NeuralCache(CacheConfig(share=0.3), 6, V)
    empty.keep(keys, np.zeros(4, dtype=np.int64))
    assert empty.mixed(keys, log_probs)[:, 3] == pytest.approx(np.log(0.7) - 2_000)
