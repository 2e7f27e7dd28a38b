import math

import numpy as np
import pytest
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_probs
from serinette.decoding import forecasts as module
from serinette.decoding.forecasts import N_BINS, SHARPNESS, forecasts
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats

V = 11


@pytest.fixture(scope="module")
def lstm():
    graph = build_step_graph(config(), schema(V), weights(config(), schema(V)))
    return OnnxStepper(graph, schema(V))


def sequences_of(*lengths, seed=1):
    generator = np.random.default_rng(seed)
    return [generator.integers(0, V, n) for n in lengths]


def no_context(sequences):
    return np.zeros((len(sequences), 0), dtype=np.int64)


def all_log_probs(stepper, sequence):
    """The log-probabilities of all symbols at every predicted step, one step at a time."""
    state, rows = stepper.start(np.zeros((1, 0), dtype=np.int64)), []
    for symbol in sequence[:-1]:
        hidden, state = stepper.advance(np.array([[[symbol]]]), state)
        logits = stepper.field(0, hidden, np.empty((1, 1, 0), dtype=np.int64))
        rows.append(categorical_log_probs(logits)[0, 0])
    return np.array(rows).reshape(-1, V)


def bin_of(probability):
    """Two bins for every halving: the mantissa below or above 3/4."""
    mantissa, exponent = math.frexp(np.float32(probability))
    return min(max(2 * (exponent + 13) + 1 + (mantissa >= 0.75), 0), N_BINS - 1)


LENGTHS = {
    "one": (61,),
    "several": (1, 2, 70, 3, 1, 44, 53),
    "more than a batch": tuple(range(1, 20)),
}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_every_count_is_that_of_the_slow_way(lstm, lengths, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_SYMBOLS", 25)
    monkeypatch.setattr(module, "_SLAB_LOGITS", 7 * V)
    sequences = sequences_of(*lengths)
    found = forecasts(lstm, sequences, no_context(sequences))

    log_probs = np.concatenate([all_log_probs(lstm, sequence) for sequence in sequences])
    targets = np.concatenate([sequence[1:] for sequence in sequences])
    shape = (-(-len(targets) // 25), N_BINS)
    n, expected, came = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for place, (row, target) in enumerate(zip(np.exp(log_probs), targets, strict=True)):
        for symbol, probability in enumerate(row):
            cell = place // 25, bin_of(probability)
            n[cell] += 1
            expected[cell] += probability
            came[cell] += symbol == target
    assert np.array_equal(found.n_forecasts, n)
    assert np.array_equal(found.came_true, came)
    np.testing.assert_allclose(found.expected, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.confidence, np.exp(log_probs).max(axis=1), rtol=1e-6)
    assert np.array_equal(found.is_hit, log_probs.argmax(axis=1) == targets)
    for sharpness, nats in zip(SHARPNESS, found.nats_by_sharpness, strict=True):
        sharpened = categorical_log_probs(sharpness * log_probs)
        slow = -sharpened[np.arange(len(targets)), targets].sum()
        assert nats == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_nats_are_those_of_scoring_to_the_bit(lstm, lengths):
    sequences = sequences_of(*lengths)
    found = forecasts(lstm, sequences, no_context(sequences))
    scored = list(sequence_nats(lstm, sequences, no_context(sequences)))
    assert len(found.per_sequence) == len(scored)
    for mine, theirs in zip(found.per_sequence, scored, strict=True):
        assert np.array_equal(mine, theirs)
    at_one = found.nats_by_sharpness[SHARPNESS.index(1.0)]
    assert at_one == pytest.approx(found.nats.sum(), rel=1e-6)


def test_a_sure_forecast_falls_into_the_highest_bin_and_a_hopeless_one_into_the_lowest():
    logits = np.full(V, -200.0)
    logits[3] = 0.0
    found = forecasts(FixedStepper(logits=logits), [np.array([0, 3, 3, 4])], np.zeros((1, 0), int))
    assert found.n_forecasts[0, [0, -1]].tolist() == [30, 3]
    assert found.came_true[0, [0, -1]].tolist() == [1, 2]
    assert found.nats.tolist() == [0.0, 0.0, 200.0]
    assert found.is_hit.tolist() == [True, True, False]


def test_of_equally_likely_symbols_only_the_first_counts_as_the_likeliest():
    found = forecasts(FixedStepper(), [np.array([0, 0, 5, 0])], np.zeros((1, 0), int))
    assert found.is_hit.tolist() == [True, False, True]
    np.testing.assert_allclose(found.confidence, 1 / V)


def test_sequences_that_predict_nothing_are_counted_as_nothing():
    found = forecasts(FixedStepper(), [np.array([0]), np.array([0])], np.zeros((2, 0), int))
    assert found.n_forecasts.shape == (0, N_BINS)
    assert [len(nats) for nats in found.per_sequence] == [0, 0]
