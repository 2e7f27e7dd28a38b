import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serinette.core.distributions import (
    categorical_draw,
    categorical_log_prob,
    categorical_log_probs,
)

LOGITS = arrays(np.float32, (3, 7), elements=st.floats(-200, 200, width=32))
UNIFORMS = st.lists(st.floats(0, 1, exclude_max=True), min_size=3, max_size=3).map(np.array)


@given(LOGITS)
def test_probabilities_add_up_to_one(logits):
    log_probs = categorical_log_probs(logits)
    assert log_probs.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=-1), 1, atol=1e-12)


@given(LOGITS, st.floats(-100, 100))
def test_a_constant_added_to_all_logits_changes_nothing(logits, shift):
    logits = logits.astype(np.float64)
    shifted = categorical_log_probs(logits + shift)
    np.testing.assert_allclose(shifted, categorical_log_probs(logits), atol=1e-10)


@given(LOGITS)
def test_the_logits_are_left_alone(logits):
    before = logits.copy()
    categorical_log_probs(logits)
    categorical_draw(logits, np.array([0.0, 0.5, 0.9]))
    np.testing.assert_array_equal(logits, before)


def test_log_prob_picks_one_symbol_a_row():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]))
    found = categorical_log_prob(logits, np.array([0, 2]))
    np.testing.assert_allclose(found, np.log([0.5, 0.75]))
    grid = categorical_log_prob(logits[None, :, :], np.array([[1, 0]]))
    np.testing.assert_allclose(grid, np.log([[0.25, 0.125]]))


def walked(logits, u):
    """Walk along the slices of [0, 1), one symbol after the other, until the one that holds u."""
    weights = [float(np.exp(np.float64(x) - np.float64(max(logits)))) for x in logits]
    target, reached = u * float(np.cumsum(weights)[-1]), 0.0
    for symbol, weight in enumerate(weights):
        reached += weight
        if target < reached:
            return symbol
    raise AssertionError("u is below 1")


@given(LOGITS, UNIFORMS)
def test_a_draw_is_the_slice_that_a_walk_finds(logits, uniforms):
    found = categorical_draw(logits.astype(np.float64), uniforms)
    assert found.tolist() == [walked(row, u) for row, u in zip(logits, uniforms, strict=True)]


@given(arrays(np.float64, (3, 7), elements=st.sampled_from([-np.inf, 0.0, 1.0, -800.0])), UNIFORMS)
def test_what_has_no_probability_is_never_drawn(logits, uniforms):
    logits[:, 4] = 0.0  # at least one symbol is possible
    for u in (uniforms, np.zeros(3), np.full(3, np.nextafter(1, 0))):
        found = categorical_draw(logits, u)
        assert (np.exp(logits[np.arange(3), found] - logits.max(axis=1)) > 0).all()


@pytest.mark.parametrize("u", [0.0, 0.5, 1 - 2**-53])
def test_the_edges_of_the_unit_interval_draw_the_edges_of_what_is_possible(u):
    logits = np.array([[-np.inf, 0.0, 0.0, -np.inf]])
    assert categorical_draw(logits, np.array([u])).tolist() == [1 if u < 0.5 else 2]


def test_draws_are_as_frequent_as_they_are_probable():
    probabilities = np.array([0.5, 0.3, 0.15, 0.05])
    u = (np.arange(2_000) + 0.5) / 2_000
    logits = np.broadcast_to(np.log(probabilities), (2_000, 4)).copy()
    counts = np.bincount(categorical_draw(logits, u), minlength=4)
    np.testing.assert_array_equal(counts, probabilities * 2_000)
