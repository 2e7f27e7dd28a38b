"""Sequences of a table as the report's measures see them.

Shape letters: `_` sequences, and one more where they begin.
"""

import numpy as np
from jaxtyping import Int

from serinette.evaluation.series.sets import SeriesColumn, SeriesSet
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.table import Column, Table

_SYMBOLIC = ("category", "boolean")


def series_set(
    codec: SeriesCodec, table: Table, starts: Int[np.ndarray, " _"], chosen: Int[np.ndarray, " _"]
) -> SeriesSet:
    """Return some sequences of a table as plain numbers.

    Args:
        codec: Which knows the columns.
        table: Real or written.
        starts: First row of each sequence, and the number of rows.
        chosen: Numbers of the sequences.
    """
    stepwise = [r.name for r in codec.columns if r.part in ("number", "symbol")]
    statics = [r.name for r in codec.columns if r.part.startswith("static")]
    lengths = np.diff(starts)[chosen]
    places = np.repeat(starts[chosen] - np.r_[0, lengths.cumsum()[:-1]], lengths)
    rows = places + np.arange(lengths.sum())
    values = [np.asarray(table.column(name).values, dtype=np.float64)[rows] for name in stepwise]
    facts = [np.asarray(table.column(name).values)[starts[chosen]] for name in statics]
    times = None if codec.time is None else np.asarray(table.column(codec.time).values)[rows]
    return SeriesSet(
        values=np.stack(values, axis=-1),
        starts=np.r_[0, lengths.cumsum()].astype(np.int64),
        columns=tuple(_described(table.column(name)) for name in stepwise),
        times=times,
        statics=np.stack(facts, axis=-1) if facts else None,
        static_columns=tuple(_described(table.column(name)) for name in statics),
    )


def _described(column: Column) -> SeriesColumn:
    return SeriesColumn(
        name=column.name, is_category=column.type in _SYMBOLIC, levels=column.levels
    )
