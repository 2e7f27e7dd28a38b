import numpy as np
import pytest

from serinette.core.jackknife import jackknife_interval, parts_of, rows_without_each


def left_out_rows(groups):
    return rows_without_each(parts_of(groups))


def test_of_a_mean_it_is_students_interval_of_the_means_of_the_parts():
    values = np.random.default_rng(0).normal(size=50)
    rows = left_out_rows(np.arange(50))
    found = jackknife_interval(float(values.mean()), [float(values[r].mean()) for r in rows])
    parts = np.array([values[np.arange(50) % 10 == k].mean() for k in range(10)])
    half = 2.262 * parts.std(ddof=1) / 10**0.5
    assert found == pytest.approx((values.mean() - half, values.mean() + half))


def test_whole_groups_are_left_out_and_every_group_once():
    groups = np.array([5, 5, 9, 9, 9, 2])
    rows = left_out_rows(groups)
    assert [sorted(set(range(6)) - set(r.tolist())) for r in rows] == [[5], [0, 1], [2, 3, 4]]


def test_fewer_than_two_groups_or_parts_have_no_interval():
    assert len(left_out_rows(np.array([3, 3, 3]))) == 1
    assert left_out_rows(np.zeros(0, dtype=np.int64)) == []
    assert jackknife_interval(1.0, [1.0]) is None
    assert jackknife_interval(1.0, []) is None


def test_it_holds_a_figure_that_depends_on_the_size_of_the_set():
    """The share of different numbers falls with the size; that of this size is meant."""
    generator = np.random.default_rng(1)

    def distinct(numbers):
        return len(np.unique(numbers)) / len(numbers)

    def draw():
        return generator.integers(0, 300, 400)

    expected = np.mean([distinct(draw()) for _ in range(400)])
    rows = left_out_rows(np.arange(400))
    n_held = 0
    for _ in range(200):
        numbers = draw()
        low, high = jackknife_interval(distinct(numbers), [distinct(numbers[r]) for r in rows])
        n_held += low <= expected <= high
    assert n_held >= 180
