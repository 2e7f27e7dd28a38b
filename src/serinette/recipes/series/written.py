"""Drawn sequences as tables of the source's columns.

Shape letters: `B` sequences side by side, `T` rows, `N` rows of a table.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.decoding.growing import Grown
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.layout_record import ColumnRecord
from serinette.kinds.series.table import Column, Table

if TYPE_CHECKING:
    from serinette.recipes.series.history import History


def joined(tables: Sequence[Table]) -> Table:
    """Put tables of one model one after another."""
    first = tables[0]
    columns = [_joined_column(tables, k) for k in range(len(first.columns))]
    shifts = np.cumsum([0] + [t.n_rows for t in tables[:-1]])
    starts = [t.starts[:-1] + shift for t, shift in zip(tables, shifts, strict=True)]
    end = int(shifts[-1]) + tables[-1].n_rows
    return Table(
        columns=tuple(columns),
        starts=np.concatenate([*starts, [end]]).astype(np.int64),
        entity=first.entity,
        time=first.time,
        statics=first.statics,
    )


def _joined_column(tables: Sequence[Table], k: int) -> Column:
    """Put one column of some tables end to end; names of sequences are numbered on."""
    column = tables[0].columns[k]
    parts = [np.asarray(table.columns[k].values) for table in tables]
    levels = column.levels
    if any(table.columns[k].levels != levels for table in tables):
        shifts = np.cumsum([0] + [len(table.columns[k].levels) for table in tables[:-1]])
        parts = [part + shift for part, shift in zip(parts, shifts, strict=True)]
        levels = tuple(level for table in tables for level in table.columns[k].levels)
    return replace(column, values=np.concatenate(parts), levels=levels)


def as_table(
    codec: SeriesCodec,
    grown: Grown,
    first: int = 0,
    *,
    n_each: int = 1,
    history: "History | None" = None,
) -> Table:
    """Lay drawn sequences end to end, as a table of the source's columns.

    Args:
        codec: Of the model.
        grown: Drawn sequences.
        first: Number of the first one, for the names of the sequences.
        n_each: How many sequences are written in all, or go on with each one of a history: more
            than one need a number.
        history: What they go on with.
    """
    written = _Written(codec, grown, first, n_each, history)
    columns = [written.column(record) for record in codec.columns if record.part != "left out"]
    entity = codec.entity
    if written.are_many:
        columns.insert(0, _sequence_column(written.owner, first, [c.name for c in columns]))
        entity = (columns[0].name,)
    return Table(
        columns=tuple(columns),
        starts=np.r_[0, written.lengths.cumsum()].astype(np.int64),
        entity=entity,
        time=codec.time,
        statics=tuple(r.name for r in codec.columns if r.part.startswith("static")),
    )


class _Written:
    """The columns of drawn sequences."""

    def __init__(
        self,
        codec: SeriesCodec,
        grown: Grown,
        first: int,
        n_each: int,
        history: "History | None",
    ) -> None:
        self._codec, self._grown, self._first = codec, grown, first
        steps = np.arange(grown.cells.shape[1])
        is_drawn = (steps < grown.lengths[:, None]) & (steps >= grown.n_told[:, None])
        self._there: Bool[np.ndarray, "B T"] = is_drawn
        self.lengths: Int[np.ndarray, " B"] = grown.lengths - grown.n_told
        """Rows of each sequence that are written."""
        self.owner: Int[np.ndarray, " N"] = np.repeat(np.arange(len(self.lengths)), self.lengths)
        """The sequence of each of these rows."""
        self._symbols = {code.name: k for k, code in enumerate(codec.symbols)}
        self._facts = {code.name: k for k, code in enumerate(codec.static_symbols)}
        self._values = {code.name: k for k, code in enumerate(codec.static_values)}
        numbers = [record.name for record in codec.columns if record.part == "number"]
        self._numbers = {name: k for k, name in enumerate(numbers)}
        self._history, self._n_each = history, n_each

    @property
    def are_many(self) -> bool:
        """Whether a column must tell sequences apart that have no names, or the same."""
        return self._n_each > 1 and (self._codec.is_single or self._history is not None)

    def column(self, record: ColumnRecord) -> Column:
        """Return one column of the source, filled."""
        codec, grown, name = self._codec, self._grown, record.name
        match record.part:
            case "number":
                return record.filled(grown.cells[self._there][:, self._numbers[name]])
            case "symbol":
                k = self._symbols[name]
                drawn = codec.symbols[k].cells(grown.symbols[self._there][:, k])
                return record.filled(drawn)
            case "time":
                return record.filled(grown.times[self._there])
            case "static symbol":
                k = self._facts[name]
                facts = codec.static_symbols[k].cells(grown.static_symbols[:, k])
                return record.filled(facts[self.owner])
            case "static number":
                facts = _rounded(record, grown.static_cells[:, self._values[name]])
                return record.filled(facts[self.owner])
        return self._entity(record)

    def _entity(self, record: ColumnRecord) -> Column:
        """Return the names of a history, or new ones."""
        past = self._history
        if past is not None and past.has_names(record):
            return past.names(record, (self._first + self.owner) // self._n_each)
        return _names(record, self.owner, self._first, len(self._grown.lengths))


def _rounded(record: ColumnRecord, cells: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
    if record.type == "integer":
        return np.round(cells)
    return cells if record.decimals is None else np.round(cells, record.decimals)


def _names(record: ColumnRecord, owner: Int[np.ndarray, " N"], first: int, n: int) -> Column:
    """Return new names: no name of the data is ever written."""
    if record.type in ("integer", "real"):
        return record.filled((owner + first).astype(np.float64))
    levels = tuple(f"{record.name}-{first + k}" for k in range(n))
    return record.filled(owner.astype(np.float64), levels)


def _sequence_column(owner: Int[np.ndarray, " N"], first: int, taken: Sequence[str]) -> Column:
    name = "sequence"
    while name in taken:
        name += "_"
    return Column(name=name, type="integer", values=(owner + first).astype(np.float64), decimals=0)
