"""Sequences that a model goes on with: what was, as wishes for what may come.

Shape letters: `B` sequences side by side, `T` rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.decoding.growing_wishes import Given
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.fitting import take_apart
from serinette.kinds.series.layout_record import ColumnRecord
from serinette.kinds.series.table import Column, Table
from serinette.recipes.series.score import table_again

_WINDOWS = 8
"""Windows at the end of a single series that are read; further back nothing is remembered."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Sequences as they were until now."""

    table: Table
    steps: Steps
    warnings: tuple[str, ...] = ()
    """What of it the model does not know, one sentence each."""

    @property
    def n(self) -> int:
        """How many sequences there are."""
        return self.table.n_sequences

    @property
    def lengths(self) -> Int[np.ndarray, " S"]:
        """Rows of each."""
        return np.diff(self.steps.starts)

    def times(self, which: Int[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """Return the times of the first rows of some sequences."""
        found: Float[np.ndarray, " B"] = self.steps.times[self.steps.starts[which]]
        return found

    def moments(self, which: Int[np.ndarray, " B"]) -> Float[np.ndarray, "B T"]:
        """Return the times of some sequences; NaN after the last row."""
        places, there = self._places(which)
        return np.where(there, self.steps.times[places], np.nan)

    def static_symbols(self, which: Int[np.ndarray, " B"]) -> dict[int, np.ndarray]:
        """Return the static symbols of some sequences by their places."""
        return dict(enumerate(self.steps.static_symbols[which].T))

    def static_cells(
        self, codec: SeriesCodec, which: Int[np.ndarray, " B"]
    ) -> dict[int, np.ndarray]:
        """Return the static numbers of some sequences by their places, counters among them."""
        firsts = self.steps.starts[which]
        columns = [*self.steps.static_numbers[which].T]
        columns += [self.steps.numbers[firsts, k] for k in codec.counters]
        return dict(enumerate(columns))

    def cells(self, codec: SeriesCodec, which: Int[np.ndarray, " B"]) -> dict[int, Given]:
        """Return the values of some sequences by their places.

        A missing cell of a column that never was missing is left to the model.
        """
        places, there = self._places(which)
        found = {}
        for k, (code, column) in enumerate(zip(codec.values, codec.value_places, strict=True)):
            cells = self.steps.numbers[places, column]
            found[k] = Given(cells, there & (code.missing | ~np.isnan(cells)))
        return found

    def symbols(self, which: Int[np.ndarray, " B"]) -> dict[int, np.ndarray]:
        """Return the symbols of some sequences by their places; -1 after the last row."""
        places, there = self._places(which)
        n = self.steps.symbols.shape[1]
        return {k: np.where(there, self.steps.symbols[places, k], -1) for k in range(n)}

    def has_names(self, record: ColumnRecord) -> bool:
        """Say whether what an entity is called was kept: of an identifier it may not be."""
        column = self.table.column(record.name)
        return column.type in ("integer", "real", "datetime") or bool(column.levels)

    def names(self, record: ColumnRecord, which: Int[np.ndarray, " _"]) -> Column:
        """Return an entity's column for rows of some sequences."""
        column = self.table.column(record.name)
        firsts = np.asarray(column.values)[self.table.starts[:-1]]
        return replace(column, values=firsts[which])

    def _places(self, which: Int[np.ndarray, " B"]) -> tuple[np.ndarray, np.ndarray]:
        starts, lengths = self.steps.starts[which], self.lengths[which]
        steps = np.arange(int(lengths.max()))
        there = steps < lengths[:, None]
        return np.where(there, starts[:, None] + steps, starts[:, None]), there


def read_history(artifact: Artifact, codec: SeriesCodec, source: Sequence[Path] | Any) -> History:
    """Read sequences to go on with.

    Args:
        artifact: The model's.
        codec: Of the model.
        source: Files, a data frame or an array of the columns that the model knows.

    Raises:
        DataError: If a column is not there, or a category has a value that was never seen.
    """
    table = table_again(artifact, codec, source)
    if codec.is_single and table.n_rows > _WINDOWS * codec.window:
        table = _last_rows(table, _WINDOWS * codec.window)
    return History(
        table=table, steps=take_apart(codec, table), warnings=tuple(_warnings(codec, table))
    )


def _warnings(codec: SeriesCodec, table: Table) -> Iterator[str]:
    cells = table.numbers(codec.relations.names)
    for sentence, n in codec.relations.violations(cells, table.starts).items():
        yield (
            f"history: {n:,} of its rows break '{sentence}', which held in all that the model has "
            "learnt; they are read as the nearest that keep it"
        )


def _last_rows(table: Table, n: int) -> Table:
    columns = tuple(replace(c, values=np.asarray(c.values)[-n:]) for c in table.columns)
    return replace(table, columns=columns, starts=np.array([0, n], dtype=np.int64))
