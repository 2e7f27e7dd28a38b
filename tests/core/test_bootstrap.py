import numpy as np
import pytest

from serinette.core.bootstrap import mean_interval, ratio_interval


def slow_interval(totals, sizes, seed):
    """One resample at a time."""
    generator = np.random.default_rng(seed)
    ratios = []
    for _ in range(1000):
        drawn = generator.integers(0, len(totals), len(totals))
        ratios.append(sum(totals[i] for i in drawn) / sum(sizes[i] for i in drawn))
    return tuple(np.quantile(ratios, [0.025, 0.975]))


def test_the_interval_is_seeded_holds_the_mean_and_narrows():
    totals = np.random.default_rng(0).normal(20, 3, 400)
    low, high = ratio_interval(totals, np.full(400, 10.0))
    assert low < totals.mean() / 10 < high
    assert (low, high) == ratio_interval(totals, np.full(400, 10.0), seed=0)
    few_low, few_high = ratio_interval(totals[:25], np.full(25, 10.0))
    assert high - low < few_high - few_low


@pytest.mark.parametrize("n_pieces", [7, 200])
def test_blocks_of_resamples_are_those_of_one_at_a_time(n_pieces):
    generator = np.random.default_rng(1)
    totals, sizes = generator.uniform(0, 9, n_pieces), generator.uniform(1, 3, n_pieces)
    assert ratio_interval(totals, sizes, seed=5) == pytest.approx(slow_interval(totals, sizes, 5))


@pytest.mark.parametrize("n_pieces", [200, 100_000])
def test_the_interval_is_as_wide_as_theory_says(n_pieces):
    values = np.random.default_rng(2).normal(0, 1, n_pieces)
    low, high = mean_interval(values)
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(n_pieces), rel=0.12)
    assert low < values.mean() < high


def test_pieces_of_one_group_are_drawn_together():
    values = np.array([0.0, 1.0, 0.0, 1.0, 4.0, 5.0])
    groups = np.array([-3, 8, -3, 8, 8, -3])
    totals, sizes = np.array([5.0, 6.0]), np.array([3.0, 3.0])
    assert mean_interval(values, groups, seed=4) == ratio_interval(totals, sizes, seed=4)


def test_copies_of_a_piece_in_its_group_never_narrow_the_interval():
    values = np.random.default_rng(3).normal(0, 1, 30)
    copied, groups = np.repeat(values, 50), np.repeat(np.arange(30), 50)
    assert mean_interval(copied, groups) == pytest.approx(mean_interval(values))
    low, high = mean_interval(copied)
    wide_low, wide_high = mean_interval(values)
    assert high - low < (wide_high - wide_low) / 5


def test_fewer_than_two_groups_have_no_interval():
    one = np.ones(1)
    assert mean_interval(np.zeros(0)) is None
    assert ratio_interval(one, one) is None
    assert mean_interval(np.arange(9.0), np.zeros(9, dtype=np.int64)) is None
