"""A table that is gone through in blocks, in scratch files, gives what one in memory gives."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_tables import fitted, mixed_table, waves

from serinette.core import plain_json
from serinette.kinds.series import store
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.fitting import fit_codec
from serinette.kinds.series.layout import arrange
from serinette.kinds.series.rows import Rows, distinct
from serinette.kinds.series.store import RowStore, Store
from serinette.kinds.series.table import Column, Table


def counted(n=900):
    """One series with a counter that is missing in the part that is held out."""
    r = np.random.default_rng(0)
    total = np.cumsum(r.integers(0, 4, size=n)).astype(float)
    total[310:318] = np.nan
    columns = (
        Column(name="total", type="integer", values=total, decimals=0),
        Column(name="x", type="real", values=r.normal(size=n).round(2), decimals=2),
        Column(name="twice", type="real", values=np.zeros(n), decimals=2),
    )
    columns[2].values[:] = np.round(2 * columns[1].values + 1, 2)
    return Table(columns=columns, starts=np.array([0, n]))


TABLES = {
    "regular": mixed_table(),
    "irregular": mixed_table(seed=1, is_regular=False),
    "one series": waves(),
}


def assert_same(ours, theirs):
    (codec, steps), (other, others) = ours, theirs
    assert plain_json.dump(codec.to_json()) == plain_json.dump(other.to_json())
    for name in ("numbers", "symbols", "times", "starts", "static_symbols", "static_numbers"):
        np.testing.assert_array_equal(getattr(steps, name), getattr(others, name))
    first = steps.starts[:-1][:4]
    for left, right in zip(
        encode_windows(codec, steps, first, 6), encode_windows(other, others, first, 6), strict=True
    ):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("n", [97, 128])
@pytest.mark.parametrize("name", TABLES)
def test_a_codec_fitted_in_blocks_is_the_same(name, n, monkeypatch):
    whole = fitted(TABLES[name], window=6)
    monkeypatch.setattr(store, "HELD_BYTES", 0)
    monkeypatch.setattr(store, "BLOCK_ROWS", n)
    in_blocks = fitted(TABLES[name], window=6)
    assert isinstance(in_blocks[1].numbers, np.memmap)
    assert_same(in_blocks, whole)


@pytest.mark.parametrize("n", [5, 60, 313])
def test_a_counter_goes_on_over_blocks_and_missing_cells(n, monkeypatch):
    table, starts = counted(), np.array([0, 300, 600, 900])
    parts = np.array([0, 2]), starts
    whole = fit_codec(table, SeriesConfig(window=6), *parts)
    assert "twice = 2 * x + 1 (600 rows)" in whole[0].relations.sentences
    assert whole[0].counters
    monkeypatch.setattr(store, "HELD_BYTES", 0)
    monkeypatch.setattr(store, "BLOCK_ROWS", n)
    assert_same(fit_codec(table, SeriesConfig(window=6), *parts), whole)


def test_a_relation_that_fails_in_the_last_block_alone_is_not_claimed(monkeypatch):
    table = counted()
    table.columns[2].values[-1] += 0.5
    monkeypatch.setattr(store, "BLOCK_ROWS", 50)
    codec, _ = fitted(table, window=6)
    assert not any(sentence.startswith("twice =") for sentence in codec.relations.sentences)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.data(), st.integers(1, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_of_sequences_are_the_same_in_blocks(monkeypatch, lengths, data, n):
    starts = np.r_[0, np.cumsum(lengths)]
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, len(lengths) - 1), min_size=1))))
    rows = Rows(sequences=chosen, starts=starts)
    wanted = np.concatenate([np.arange(starts[k], starts[k + 1]) for k in chosen])
    values = np.array(data.draw(st.lists(
        st.sampled_from([0.0, 1.0, 2.5, np.nan]), min_size=int(starts[-1]), max_size=int(starts[-1])
    )))  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(store, "BLOCK_ROWS", n)
        blocks = list(rows.blocks())
        found = distinct(values, rows)
    np.testing.assert_array_equal(np.concatenate([at for at, _ in blocks]), wanted)
    is_first = np.concatenate([first for _, first in blocks])
    np.testing.assert_array_equal(is_first, np.isin(wanted, starts[:-1]))
    there = values[wanted][~np.isnan(values[wanted])]
    np.testing.assert_array_equal(found.values, np.unique(there))
    assert found.n_there == len(there)
    assert found.has_missing is bool(np.isnan(values[wanted]).any())


def test_rows_whose_times_rise_over_all_are_sorted_like_any_others():
    r = np.random.default_rng(0)
    owner, times = r.integers(5, size=200).astype(float), np.sort(r.integers(90, size=200)) * 1.0
    starts, order = arrange([owner], times, 200)
    first = {value: np.flatnonzero(owner == value)[0] for value in range(5)}
    rank = np.array([first[value] for value in owner])
    np.testing.assert_array_equal(order, np.lexsort((times, rank)))
    lengths = [int(np.sum(owner == value)) for value in sorted(first, key=first.get)]
    assert starts.tolist() == [0, *np.cumsum(lengths)]


def test_scratch_files_hold_what_was_put_there(monkeypatch, tmp_path):
    values = np.arange(12.0).reshape(6, 2)
    for held in (0, 1 << 20):
        monkeypatch.setattr(store, "HELD_BYTES", held)
        columns, rows = Store(2, 6, tmp_path), RowStore((6, 2), np.int32, tmp_path)
        for k in range(2):
            columns.put(k, 0, values[:, k])
        rows.add(values[:4])
        rows.add(values[4:])
        np.testing.assert_array_equal(columns.matrix(), values)
        np.testing.assert_array_equal(rows.rows(), values)
        assert list(tmp_path.iterdir()) == []
