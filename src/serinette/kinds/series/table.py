"""A table of time series as plain columns: what reading hands on and what generation gives back.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `D` columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.corpus import SourceFile

ColumnType = Literal["real", "integer", "category", "boolean", "datetime", "identifier", "text"]
"""`identifier` and `text` are left out of the model, with a warning."""
SYMBOLIC: Final = ("category", "boolean")
"""Types of which only equality counts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One column, all rows of the table."""

    name: str
    type: ColumnType
    values: Float[np.ndarray, " N"]
    """float64; NaN is missing. A category's is the number of its level, a boolean's 0 or 1, a
    date-time's seconds since 1970-01-01 UTC (of a local time without zone: as if it were UTC).
    Identifiers and texts hold the numbers of their levels too, but may keep none. May be a memory
    map."""
    levels: tuple[str, ...] = ()
    """Spellings of a category (sorted by how often they occur, then by name), and of a boolean as
    (false, true): `("no", "yes")`."""
    decimals: int | None = None
    """Most digits after the point that the source writes, up to 12; None: more, or not written as
    text."""
    format: str | None = None
    """How a date-time is written, for `strftime`; None: ISO 8601."""
    dtype: str = ""
    """What the column was in a data frame (`float32`, `Int64`), so that it goes back as it came."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Sequences one after another; the rows of each in the order of time."""

    columns: tuple[Column, ...]
    """In the order of the source, entity and time columns among them."""
    starts: Int[np.ndarray, " S1"]
    """First row of each sequence, and the number of rows."""
    entity: tuple[str, ...] = ()
    """Columns that together name a sequence; empty: the table is a single one."""
    time: str | None = None
    """The column that orders the rows of a sequence; None: they stand in order."""
    statics: tuple[str, ...] = ()
    """Columns that never change within a sequence (entity columns are not among them)."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Columns that the model does not learn, and why."""
    sources: tuple[SourceFile, ...] = ()
    notes: tuple[str, ...] = ()
    """Decisions that the user should know of, one sentence each."""
    warnings: tuple[str, ...] = ()
    """Decisions that may be wrong, one sentence each."""

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.starts[-1])

    @property
    def n_sequences(self) -> int:
        """How many sequences there are."""
        return len(self.starts) - 1

    def numbers(self, names: Sequence[str]) -> Float[np.ndarray, "N D"]:
        """Return some columns side by side."""
        if not names:
            return np.zeros((self.n_rows, 0))
        return np.stack([np.asarray(self.column(name).values) for name in names], axis=-1)

    def column(self, name: str) -> Column:
        """Return a column by its name; there must be one."""
        return next(column for column in self.columns if column.name == name)

    @property
    def stepwise(self) -> tuple[Column, ...]:
        """The columns that change from row to row and that the model learns, without time."""
        apart = {*self.entity, *self.statics, *self.left_out, self.time}
        return tuple(column for column in self.columns if column.name not in apart)
