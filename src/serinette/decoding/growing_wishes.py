"""What is settled before sequences are drawn: their beginnings, their facts, given cells.

Shape letters: `B` rows side by side.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64


class Given(NamedTuple):
    """Cells of one value column that are settled."""

    cells: Float[np.ndarray, "B _"]
    """NaN, where it is given, is a missing cell."""
    there: Bool[np.ndarray, "B _"]
    """Which of them are given; the others are drawn."""

    def at(self, t: int) -> tuple[Float[np.ndarray, " B"], Bool[np.ndarray, " B"]]:
        """Return the cells of a row, and which are given; beyond the last row none is."""
        if t >= self.cells.shape[1]:
            return np.full(len(self.cells), np.nan), np.zeros(len(self.cells), dtype=np.bool_)
        return self.cells[:, t], self.there[:, t]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wishes:
    """What is settled before anything is drawn."""

    times: Float[np.ndarray, " B"]
    """Of the first rows."""
    n_rows: Int[np.ndarray, " B"]
    """Rows of each sequence at most, at least 1."""
    n_told: Int[np.ndarray, " B"]
    """Rows that were there before: a history, which is read and not written; 0: none."""
    ends: bool = True
    """Whether a sequence may end before."""
    temperature: float = 1.0
    opening: dict[int, Int[np.ndarray, " B"]] = field(default_factory=dict)
    """Static symbols by their places."""
    static_cells: dict[int, Float[np.ndarray, " B"]] = field(default_factory=dict)
    """Static numbers by their places."""
    cells: dict[int, Given] = field(default_factory=dict)
    """Value columns by their places."""
    symbols: dict[int, Int[np.ndarray, "B _"]] = field(default_factory=dict)
    """Symbol columns by their places; -1 is drawn."""
    moments: Float[np.ndarray, "B _"] | None = None
    """Times of rows, in seconds; NaN is drawn, or follows from the row before."""
    until: float | None = None
    """Time after which no row stands, in seconds; None: none."""
    opening_keys: UInt64[np.ndarray, " B"] | None = None
    """Streams that the openings are drawn from, so that sequences may begin alike; None: their
    own."""

    def moment(self, t: int) -> Float[np.ndarray, " B"]:
        """Return the times of a row, NaN where they are not settled."""
        if self.moments is None or t >= self.moments.shape[1]:
            return np.full(len(self.times), np.nan)
        return self.moments[:, t]

    def symbol(self, place: int, t: int) -> Int[np.ndarray, " B"]:
        """Return the symbols of a row in a column, -1 where they are not settled."""
        given = self.symbols.get(place)
        if given is None or t >= given.shape[1]:
            return np.full(len(self.times), -1)
        return given[:, t]
