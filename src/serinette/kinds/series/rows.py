"""The rows of some sequences, a block at a time, and what is found in all of them.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `B` rows of a block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.store import release, row_blocks


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows of the sequences of one part of a table."""

    sequences: Int[np.ndarray, " S"]
    """Their numbers."""
    starts: Int[np.ndarray, " S1"]
    """Of all sequences of the table."""

    @cached_property
    def starts_within(self) -> Int[np.ndarray, " _"]:
        """First row of each sequence among these rows, and how many rows there are."""
        lengths = np.diff(self.starts)[self.sequences]
        found: Int[np.ndarray, " _"] = np.r_[0, lengths.cumsum()].astype(np.int64)
        return found

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.starts_within[-1])

    def at(self, places: Int[np.ndarray, " B"]) -> Int[np.ndarray, " B"]:
        """Return where some of these rows stand in the table."""
        of = np.searchsorted(self.starts_within, places, side="right") - 1
        found: Int[np.ndarray, " B"] = (
            places - self.starts_within[of] + self.starts[self.sequences[of]]
        )
        return found

    def blocks(
        self, *arrays: np.ndarray
    ) -> Iterator[tuple[Int[np.ndarray, " B"], Bool[np.ndarray, " B"]]]:
        """Yield rows of the table, and which of them begin a sequence.

        Args:
            arrays: What the rows are looked up in; mapped ones are released after each block.
        """
        firsts = self.starts_within[:-1]
        for block in row_blocks(self.n_rows, *arrays):
            places = np.arange(block.start, block.stop)
            is_first = np.zeros(len(places), dtype=np.bool_)
            within = slice(*np.searchsorted(firsts, (block.start, block.stop)))
            is_first[firsts[within] - block.start] = True
            yield self.at(places), is_first


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """The different values of a column in some rows."""

    values: Float[np.ndarray, " _"]
    """In rising order, without missing ones."""
    n_there: int
    """Cells that are not missing."""
    has_missing: bool
    n_soon: int
    """Different values among the first cells."""

    @property
    def cells(self) -> Float[np.ndarray, " _"]:
        """One cell of each value, and a missing one if there is any."""
        return np.append(self.values, [np.nan] * self.has_missing)


def distinct(
    values: Float[np.ndarray, " N"],
    rows: Rows,
    *,
    most: int | None = None,
    n_first: int = 0,
    skips_firsts: bool = False,
) -> Distinct | None:
    """Return the different values of a column.

    Args:
        values: All rows of the table.
        rows: Those that count.
        most: More than so many are not counted: None is returned.
        n_first: How many cells `n_soon` is about.
        skips_firsts: Whether first rows of sequences do not count.
    """
    known = np.zeros(0)
    n_there, n_soon, has_missing = 0, 0, False
    for at, is_first in rows.blocks(values):
        cells = values[at[~is_first] if skips_firsts else at]
        there = cells[~np.isnan(cells)]
        known = np.union1d(known, there)
        if n_there < n_first:
            n_soon = len(known) if n_there else len(np.unique(there[:n_first]))
        if most is not None and len(known) > most:
            release(values)
            return None
        n_there += len(there)
        has_missing = has_missing or len(there) < len(cells)
    return Distinct(values=known, n_there=n_there, has_missing=has_missing, n_soon=n_soon)
