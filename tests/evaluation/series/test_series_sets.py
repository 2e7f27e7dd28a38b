from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import DataError
from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.scaling import Scaler
from serinette.evaluation.series.sets import (
    GAP,
    SeriesColumn,
    SeriesSet,
    blocks,
    checked,
    first_windows,
    gaps,
    thinned,
    windows,
    with_gaps,
)

lengths_of = st.lists(st.integers(1, 9), min_size=1, max_size=7)
seeds = st.integers(0, 2**32)


def counted(lengths, **more):
    """Rows hold their own number, so that every window can be read."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = np.arange(starts[-1], dtype=float)[:, None]
    return SeriesSet(values=values, starts=starts, columns=(SeriesColumn(name="a"),), **more)


@settings(max_examples=30)
@given(lengths_of, st.integers(1, 5), seeds)
def test_all_windows_are_drawn_when_as_many_are_wanted(lengths, length, seed):
    series = counted(lengths)
    found = windows(series, length, 1_000, seed)
    expected = [
        [min(row, stop - 1) for row in range(first, first + length)]
        for start, stop in pairwise(series.starts)
        for first in range(start, max(start + 1, stop - length + 1))
    ]
    assert found.rows.tolist() == expected
    assert (series.owners[found.rows] == found.owners[:, None]).all()


@settings(max_examples=30)
@given(lengths_of, st.integers(1, 5), st.integers(1, 6), seeds)
def test_fewer_windows_are_different_ones_and_the_same_for_one_seed(lengths, length, n, seed):
    series = counted(lengths)
    everything = windows(series, length, 1_000, 0).rows.tolist()
    found = windows(series, length, n, seed)
    assert len(found) == min(n, len(everything))
    assert len(set(map(tuple, found.rows.tolist()))) == len(found)
    assert all(row in everything for row in found.rows.tolist())
    assert found.rows.tolist() == windows(series, length, n, seed).rows.tolist()


def test_every_position_is_drawn_equally_often():
    series = counted([5, 3, 1])
    drawn = [int(windows(series, 2, 1, seed).rows[0, 0]) for seed in range(420)]
    hits = np.bincount(drawn, minlength=9)
    assert (hits[[4, 7]] == 0).all()
    assert (np.abs(hits[[0, 1, 2, 3, 5, 6, 8]] - 60) < 30).all()


def test_a_short_sequence_repeats_its_last_row_and_says_so():
    found = first_windows(counted([2, 4]), 3)
    assert found.rows.tolist() == [[0, 1, 1], [2, 3, 4]]
    assert found.is_real.tolist() == [[True, True, False], [True] * 3]
    series = counted([2, 4])
    assert Scaler.fit(series).windows(series, found)[:, :, -1].tolist() == [[0, 0, 1], [0, 0, 0]]


@settings(max_examples=30)
@given(lengths_of, st.integers(1, 5))
def test_blocks_keep_every_row_and_never_cross_sequences(lengths, length):
    series = counted(lengths, statics=np.arange(len(lengths), dtype=float)[:, None])
    cut = blocks(series, length)
    assert cut.values is series.values
    assert set(series.starts) <= set(cut.starts)
    assert (cut.statics[:, 0] == series.owners[cut.starts[:-1]]).all()
    assert all(length // 2 <= n < 2 * length or n in lengths for n in cut.lengths)


def test_thinning_keeps_whole_sequences_in_order():
    series = counted([2, 3, 1, 4], statics=np.array([[0.0], [1.0], [2.0], [3.0]]))
    found = thinned(series, 2, 5)
    chosen = found.statics[:, 0].astype(int).tolist()
    assert chosen == sorted(chosen)
    rows = [row for k in chosen for row in range(*series.starts[k : k + 2])]
    assert found.values[:, 0].tolist() == rows
    assert thinned(series, 4, 5) is series


def test_gaps_become_a_column_only_where_they_differ():
    even = counted([3, 2], times=np.array([0.0, 5, 10, 3, 8]))
    odd = counted([3, 2], times=np.array([0.0, 5, 11, 3, 8]))
    assert gaps(odd).tolist() == [5, 5, 6, 5, 5]
    assert with_gaps((even, even)) == (even, even)
    found = with_gaps((even, odd))[1]
    assert found.columns[-1].name == GAP
    assert found.values[:, -1].tolist() == [5, 5, 6, 5, 5]
    assert with_gaps((odd, counted([5])))[0] is odd


def test_sets_that_cannot_be_compared_are_refused_by_name():
    good = counted([3])
    with pytest.raises(DataError, match="generated set: 1 rows; at least 2"):
        checked((("training", good), ("generated", counted([1]))))
    other = SeriesSet(values=good.values, starts=good.starts, columns=(SeriesColumn(name="b"),))
    with pytest.raises(DataError, match=r"generated set: columns \['b'\], training set: \['a'\]"):
        checked((("training", good), ("generated", other)))


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 columns, but 1 names"):
        SeriesSet(values=np.zeros((3, 2)), starts=np.array([0, 3]),
                  columns=(SeriesColumn(name="a"),))  # fmt: skip
    with pytest.raises(ValueError, match="starts must rise from 0 to 3"):
        SeriesSet(values=np.zeros((3, 1)), starts=np.array([0, 2]),
                  columns=(SeriesColumn(name="a"),))  # fmt: skip


def test_the_scaler_keeps_order_and_gives_levels_and_holes_channels_of_their_own():
    values = np.array([[1.0, 0], [2, 1], [np.nan, 2], [4, 2], [1e9, 2], [3, np.nan]])
    columns = (SeriesColumn(name="x"), SeriesColumn(name="c", is_category=True))
    series = SeriesSet(values=values, starts=np.array([0, 6]), columns=columns)
    scaler = Scaler.fit(series, most_levels=2)
    kinds = [(one.column, one.kind) for one in scaler.channels]
    assert kinds == [(0, "number"), (0, "missing"), (1, "level"), (1, "level"), (1, "missing")]
    rows = scaler.rows(series)
    assert (np.diff(rows[[0, 1, 5, 3, 4], 0]) > 0).all()
    assert rows[2, 0] == 0
    assert rows[:, 1].tolist() == [0, 0, 1, 0, 0, 0]
    assert rows[:, 2].tolist() == [0, 0, 1, 1, 1, 0]


def test_a_boolean_needs_one_channel_and_a_constant_does_not_blow_up():
    columns = (SeriesColumn(name="b", is_category=True), SeriesColumn(name="c"))
    values = np.array([[0.0, 7], [1, 7], [1, 7]])
    series = SeriesSet(values=values, starts=np.array([0, 3]), columns=columns)
    scaler = Scaler.fit(series)
    assert scaler.n_channels == 2
    assert np.isfinite(scaler.rows(series)).all()


def test_one_value_far_out_is_not_the_measure_of_all_others():
    values = np.random.default_rng(0).normal(size=(360, 1))
    tame = replace(counted([360]), values=values)
    wild = replace(tame, values=np.where(np.arange(360)[:, None] == 5, 1e300, values))
    spreads = [Scaler.fit(series).channels[0].spread for series in (tame, wild)]
    assert spreads[1] == pytest.approx(spreads[0], rel=0.05)
    assert np.isfinite(Scaler.fit(tame).rows(wild)).all()


def test_few_sequences_are_cut_and_many_are_not():
    long, many = counted([900]), counted([30] * 25)
    cut = compare(long, long, many, seed=0, window=10)
    assert cut.is_cut
    assert set(cut.train.series.lengths) == {30}
    assert min(cut.train.stretches.lengths) >= 20
    whole = compare(many, many, counted([30] * 60), seed=0, window=10)
    assert not whole.is_cut
    assert whole.generated.series.n_sequences == 25
