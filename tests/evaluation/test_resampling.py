import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.principal import principal_axes
from serinette.evaluation.resampling import centred_interval, group_numbers, resampled_counts


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(0, 99))
def test_groups_are_drawn_whole_and_as_many_as_there_are(groups, seed):
    owners = np.array(groups)
    (counts,) = resampled_counts([(owners, len(owners))], 20, seed)
    assert counts[0].tolist() == [1] * len(owners)
    assert len(counts) == (21 if len(set(groups)) > 1 else 1)
    for row in counts[1:]:
        drawn = {group: {row[k] for k in np.flatnonzero(owners == group)} for group in groups}
        assert all(len(times) == 1 for times in drawn.values())
        assert sum(times.pop() for times in drawn.values()) == len(set(groups))


def test_without_groups_every_piece_is_its_own():
    assert group_numbers(None, 3).tolist() == [0, 1, 2]
    assert group_numbers(np.array([7, 3, 7]), 3).tolist() == [1, 0, 1]


def test_the_two_sides_are_drawn_apart_and_the_seed_settles_both():
    sides = [(None, 50), (None, 50)]
    one, other = resampled_counts(sides, 5, 1)
    assert not np.array_equal(one[1:], other[1:])
    again = resampled_counts(sides, 5, 1)
    assert np.array_equal(one, again[0])
    assert np.array_equal(other, again[1])


def test_one_side_of_a_single_group_stops_the_resampling_of_both():
    one, other = resampled_counts([(np.zeros(4, dtype=np.int64), 4), (None, 4)], 5, 0)
    assert len(one) == len(other) == 1
    assert centred_interval(one[:, 0]) is None


def test_the_interval_is_moved_onto_the_figure_and_kept_in_its_range():
    resampled = np.linspace(10, 20, 1001)  # mean 15
    low, high = centred_interval(np.concatenate([[3.0], resampled]), low=0.0)
    assert (low, high) == pytest.approx((0, 3 + 4.75))
    low, high = centred_interval(np.concatenate([[3.0], resampled]), high=5.0)
    assert (low, high) == pytest.approx((3 - 4.75, 5))


def test_the_first_axis_is_the_one_that_varies_most():
    line = np.arange(10, dtype=np.float32)[:, None] * np.array([[3, 4, 0]], dtype=np.float32)
    variances, axes = principal_axes(line)
    assert variances == pytest.approx([np.var(np.arange(10)) * 25, 0, 0], abs=1e-4)
    assert np.abs(axes[:, 0]) == pytest.approx([0.6, 0.8, 0], abs=1e-6)
