import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.decoding import penalties
from serinette.decoding.penalties import SymbolCounts

V = 5


@given(st.lists(st.integers(0, V - 1), max_size=20), st.none() | st.integers(1, 6))
def test_counts_agree_with_looking_back(history, window):
    counts = SymbolCounts.nothing(1, V, window)
    for symbol in history:
        counts = counts.add(np.array([symbol]))
    seen = history if window is None else history[-window:]
    assert counts.counts.tolist() == [[seen.count(symbol) for symbol in range(V)]]


def test_counts_select_and_join_rows():
    counts = SymbolCounts.nothing(2, V, 3).add(np.array([1, 2]))
    both = counts.select(np.array([1, 1])).join(counts)
    assert both.counts.argmax(axis=1).tolist() == [2, 2, 1, 2]
    assert both.add(np.array([0, 0, 0, 0])).counts.sum() == 8


def test_penalties_worked_by_hand():
    logits, counts = np.log([[0.5, 0.25, 0.25]]), np.array([[2, 0, 1]])
    repeated = penalties.repetition(logits, counts, 2.0)
    np.testing.assert_allclose(np.exp(repeated), [[0.25, 0.25, 0.0625]])
    np.testing.assert_allclose(penalties.presence(logits, counts, 0.5) - logits, [[-0.5, 0, -0.5]])
    np.testing.assert_allclose(penalties.frequency(logits, counts, 0.5) - logits, [[-1.0, 0, -0.5]])


@pytest.mark.parametrize("constant", [-7.0, 3.0])
def test_a_constant_added_to_all_logits_changes_no_penalty(constant):
    logits, counts = np.array([[1.0, -2.0, 0.5]]), np.array([[1, 1, 0]])
    before = penalties.repetition(logits, counts, 1.3)
    np.testing.assert_allclose(penalties.repetition(logits + constant, counts, 1.3), before)
