import numpy as np
import pytest

from serinette.explaining.context import WINDOWS, WindowSize, context_costs, reach_of

LN2 = np.log(2)


def test_each_window_measures_all_its_context_lengths():
    excess = np.tile(1.0 / np.arange(1, 19), (6, 1)) * LN2
    found = context_costs(WindowSize(18, 6, (1, 2, 16)), excess, np.arange(6))
    assert [(cost.context, cost.n) for cost in found] == [(1, 6), (2, 6), (16, 18)]
    assert [cost.excess for cost in found] == pytest.approx(
        [1, 0.5, np.mean([1 / 16, 1 / 17, 1 / 18])]
    )
    assert found[0].interval == pytest.approx((1, 1))


def test_windows_are_long_enough_for_what_they_measure():
    for size in WINDOWS:
        assert max(size.contexts) + max(size.contexts) // 8 <= size.n_steps


def test_the_reach_counts_back_from_the_last_symbol():
    lengths = np.array([[0, 0, 1, 1, 2.0], [0, 0, 3, 3, 6]])
    found = reach_of(lengths)
    assert found.shares == pytest.approx((0.5, 0.25, 0.25, 0, 0))
    assert (found.half, found.most, found.n) == (1, 3, 2)
    assert found.to_json()["half"] == 1


def test_a_prediction_without_any_gradient_counts_as_nothing():
    found = reach_of(np.array([[0.0, 0, 0], [0, 1, 1]]))
    assert found.shares == pytest.approx((0.25, 0.25, 0))
