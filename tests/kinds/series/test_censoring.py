"""Sequences that end because the data end: found, not learnt as ends, ended there when written."""

import numpy as np
import pytest
from small_tables import fitted, mixed_table

from serinette.kinds.series.clock import are_unseen, fit_clock
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.table import Column, Table

DAY = 86_400.0


def observed(n=200, days=100, seed=0, *, is_regular=False):
    """Sequences that begin within 20 days and would end after 60 on average; the data end at 100.

    Returns:
        The table, and which sequences were cut.
    """
    r = np.random.default_rng(seed)
    times, lengths, is_cut = [], [], []
    for _ in range(n):
        begin = np.floor(20 * r.random()) if is_regular else 20 * r.random()
        ends = begin + r.exponential(60) + 2
        gaps = np.ones(300) if is_regular else r.exponential(size=300) + 1e-3
        moments = begin + np.append(0, np.cumsum(gaps))
        kept = moments[(moments <= ends) & (moments <= days)]
        times.append(kept * DAY + 1.4e9)
        lengths.append(len(kept))
        is_cut.append(ends > days)
    n_rows = sum(lengths)
    owner = np.repeat(np.arange(n), lengths).astype(float)
    columns = (
        Column(name="id", type="identifier", values=owner),
        Column(name="when", type="datetime", values=np.concatenate(times)),
        Column(name="x", type="real", values=r.normal(size=n_rows).round(3), decimals=3),
    )
    starts = np.append(0, np.cumsum(lengths))
    return Table(columns=columns, starts=starts, entity=("id",), time="when"), np.array(is_cut)


def clock_of(table, **options):
    times = table.column("when").values
    return fit_clock(times, table.starts, is_date=True, **options)


@pytest.mark.parametrize("is_regular", [True, False])
def test_where_the_data_end_many_sequences_do(is_regular):
    table, is_cut = observed(is_regular=is_regular)
    times, starts = table.column("when").values, table.starts
    clock = clock_of(table)
    assert clock.until == times.max()
    found = are_unseen(clock, times[starts[:-1]], times[starts[1:] - 1], np.diff(starts) - 1)
    assert clock.unseen_share == pytest.approx(found.mean())
    assert (found == is_cut).mean() > 0.9
    assert clock_of(table, is_censored=False).until is None


@pytest.mark.parametrize("is_regular", [True, False])
def test_ends_that_are_ends_are_left_as_they_are(is_regular):
    table = mixed_table(n_sequences=300, is_regular=is_regular)
    assert clock_of(table).until is None
    assert clock_of(observed(days=2_000)[0]).until is None


def test_an_end_that_nobody_saw_is_not_asked_for():
    table, _ = observed()
    codec, steps = fitted(table)
    assert codec.has_end
    starts, times = steps.starts, steps.times
    longest = int(np.diff(starts).max())
    windows = encode_windows(codec, steps, starts[:-1], longest)
    unseen = are_unseen(codec.clock, times[starts[:-1]], times[starts[1:] - 1], np.diff(starts) - 1)
    ends = ((windows.choices[..., 0] == 1) & windows.counts[..., 0]).sum(1)
    assert np.array_equal(ends, np.where(unseen, 0, 1))
    assert np.array_equal(windows.counts[..., 0].sum(1), np.diff(starts) - unseen)
