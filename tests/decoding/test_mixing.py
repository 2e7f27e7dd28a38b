import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_probs
from serinette.decoding.checks import check_causality
from serinette.decoding.mixing import Guest, MixedStepper
from serinette.decoding.onnx_stepper import OnnxStepper

BYS = ("probabilities", "logits")
N = 6
"""Symbols of the host: 0 end, 1 missing, then four letters."""
logits_of = st.lists(st.floats(-8, 8), min_size=N, max_size=N)


def guest(stepper, weight, symbol_of=None):
    """A guest that knows `symbol_of`; by default all of the host's symbols."""
    n_host = stepper.schema.fields[0].size if symbol_of is None else len(symbol_of)
    of = np.arange(n_host) if symbol_of is None else np.array(symbol_of)
    is_extra = np.ones(stepper.schema.fields[0].size, dtype=bool)
    is_extra[of] = is_extra[1] = False
    return Guest(
        stepper=stepper,
        weight=weight,
        symbol_of=of,
        is_lacking=of == 1,
        is_extra=is_extra,
        host_missing=1,
    )


def lstm(seed):
    graph = build_step_graph(config(), schema(), weights(config(), schema(), seed))
    return OnnxStepper(graph, schema())


def predictions(stepper, steps):
    hidden, _ = stepper.advance(steps, stepper.start(np.zeros((len(steps), 0), dtype=np.int64)))
    return stepper.field(0, hidden, np.empty((*steps.shape[:2], 0), dtype=np.int64))


STEPS = np.random.default_rng(0).integers(0, 11, (3, 20, 1))


@pytest.mark.parametrize("by", BYS)
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.3, 0.5, 0.999, 1.0])
def test_a_model_mixed_with_itself_is_left_as_it_is_to_the_bit(by, weight):
    host = lstm(0)
    mixed = MixedStepper(host, [guest(lstm(0), weight), guest(lstm(0), (1 - weight) / 3)], by)
    assert np.array_equal(predictions(mixed, STEPS), predictions(host, STEPS))


@pytest.mark.parametrize("by", BYS)
def test_a_weight_of_nothing_leaves_the_host_as_it_is_to_the_bit(by):
    host = lstm(0)
    mixed = MixedStepper(host, [guest(lstm(1), 0.0)], by)
    assert np.array_equal(predictions(mixed, STEPS), predictions(host, STEPS))


@pytest.mark.parametrize("by", BYS)
def test_the_whole_weight_gives_the_guest(by):
    mixed = predictions(MixedStepper(lstm(0), [guest(lstm(1), 1.0)], by), STEPS)
    alone = predictions(lstm(1), STEPS)
    np.testing.assert_allclose(
        categorical_log_probs(mixed), categorical_log_probs(alone), rtol=1e-5, atol=1e-6
    )


@given(logits_of, logits_of, st.floats(0, 1))
def test_the_mean_is_arithmetic_or_geometric(ours, theirs, weight):
    host, other = FixedStepper(schema(N), ours), FixedStepper(schema(N), theirs)
    p, q = (np.exp(categorical_log_probs(np.array(x, dtype=np.float32))) for x in (ours, theirs))
    steps = np.zeros((1, 1, 1), dtype=np.int64)
    for by, expected in (
        ("probabilities", (1 - weight) * p + weight * q),
        ("logits", p ** (1 - weight) * q**weight),
    ):
        mixed = predictions(MixedStepper(host, [guest(other, weight)], by), steps)[0, 0]
        found = np.exp(categorical_log_probs(mixed))
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-4, atol=1e-9)


@given(logits_of, st.permutations(range(2, N)), st.integers(0, 4))
def test_a_guest_of_other_symbols_still_predicts_a_distribution(theirs, order, n_known):
    """Host letters that it knows, in any order; the rest it lacks, and what it has besides."""
    symbol_of = [0, 1, *(s if k < n_known else 1 for k, s in enumerate(order))]
    one = guest(FixedStepper(schema(N), theirs), 0.5, symbol_of)
    logits = np.array(theirs, dtype=np.float32)[None, None]
    found = np.exp(one.log_probs(logits))[0, 0]
    own = np.exp(categorical_log_probs(logits))[0, 0]
    assert found.sum() == pytest.approx(1)
    n_lacking = 1 + symbol_of[2:].count(1)
    for symbol, theirs_ in enumerate(symbol_of):
        if theirs_ != 1:
            assert found[symbol] == pytest.approx(own[theirs_])
        elif symbol != 1:
            assert found[symbol] == pytest.approx(own[1] / n_lacking)
    extra = sum(own[s] for s in range(2, N) if s not in symbol_of)
    assert found[1] == pytest.approx(own[1] / n_lacking + extra)


def test_a_guest_reads_the_text_in_its_own_symbols():
    """Its first two letters are swapped: mixed in wholly, it predicts as if it had read them so."""
    swapped = [0, 1, 3, 2, *range(4, 11)]
    mixed = predictions(
        MixedStepper(lstm(0), [guest(lstm(1), 1.0, swapped)], "probabilities"), STEPS
    )
    theirs = predictions(lstm(1), np.array(swapped)[STEPS])[..., swapped]
    np.testing.assert_allclose(
        categorical_log_probs(mixed), categorical_log_probs(theirs), rtol=1e-5, atol=1e-6
    )


def test_a_mixture_is_a_stepper_that_never_looks_ahead_and_whose_rows_are_alone():
    mixed = MixedStepper(lstm(0), [guest(lstm(1), 0.4), guest(lstm(2), 0.2)], "probabilities")
    check_causality(mixed)
    together = predictions(mixed, STEPS)
    for row in range(len(STEPS)):
        assert np.array_equal(predictions(mixed, STEPS[row : row + 1])[0], together[row])
    state = mixed.start(np.zeros((3, 0), dtype=np.int64))
    logits = []
    for t in range(20):
        hidden, state = mixed.advance(STEPS[:, t : t + 1], state)
        logits.append(mixed.field(0, hidden, np.empty((3, 1, 0), dtype=np.int64)))
    assert np.array_equal(np.concatenate(logits, axis=1), together)
    assert state.select(np.array([2, 0])).join(state).n_rows == 5


def test_labels_are_told_to_a_guest_in_its_own_symbols():
    one = guest(FixedStepper(), 0.5)
    told = Guest(**{**vars(one), "contexts": ((1, np.array([0, 5, 4])), (None, np.array([0])))})
    assert told.read_context(np.array([[7, 2], [7, 0]])).tolist() == [[4, 0], [0, 0]]
    assert one.read_context(np.array([[2], [0]])).shape == (2, 0)
