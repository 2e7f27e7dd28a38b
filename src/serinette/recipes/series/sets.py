"""Tables as the report sees them: plain numbers of the columns that a model learns."""

import numpy as np
from jaxtyping import Int

from serinette.evaluation.series.sets import SeriesColumn, SeriesSet
from serinette.kinds.series.table import SYMBOLIC, Column, Table


def series_set(
    table: Table, starts: Int[np.ndarray, " _"], chosen: Int[np.ndarray, " _"]
) -> SeriesSet:
    """Return some sequences of a table as plain numbers.

    Args:
        table: Real or written.
        starts: First row of each sequence, and the number of rows.
        chosen: Numbers of the sequences.
    """
    statics = [column for column in table.columns if column.name in table.statics]
    lengths = np.diff(starts)[chosen]
    places = np.repeat(starts[chosen] - np.r_[0, lengths.cumsum()[:-1]], lengths)
    rows = places + np.arange(lengths.sum())
    values = [np.asarray(column.values)[rows].astype(np.float64) for column in table.stepwise]
    facts = [np.asarray(column.values)[starts[chosen]] for column in statics]
    times = None if table.time is None else np.asarray(table.column(table.time).values)[rows]
    return SeriesSet(
        values=np.stack(values, axis=-1),
        starts=np.r_[0, lengths.cumsum()].astype(np.int64),
        columns=tuple(map(_described, table.stepwise)),
        times=times,
        statics=np.stack(facts, axis=-1) if facts else None,
        static_columns=tuple(map(_described, statics)),
    )


def whole_set(table: Table) -> SeriesSet:
    """Return all sequences of a table as plain numbers."""
    return series_set(table, table.starts, np.arange(table.n_sequences))


def _described(column: Column) -> SeriesColumn:
    return SeriesColumn(name=column.name, is_category=column.type in SYMBOLIC, levels=column.levels)
