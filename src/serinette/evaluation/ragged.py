"""Rows of different lengths in one array: what the counting metrics work on.

Shape letters: `N` rows, `T` values in all rows together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True, kw_only=True, eq=False)
class Ragged:
    """Rows of integers."""

    values: Int[np.ndarray, " T"]
    """All rows, one after the other; int64, at least 0."""
    starts: Int[np.ndarray, " N_and_1"]
    """Where each row begins, and where the last one ends; int64."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | Int[np.ndarray, " _"]]) -> "Ragged":
        """Lay rows end to end."""
        arrays = [np.asarray(row, dtype=np.int64) for row in rows]
        lengths = [0, *(len(array) for array in arrays)]
        values = np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)
        return cls(values=values, starts=np.cumsum(lengths, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Int[np.ndarray, " N"]:
        """Values in each row."""
        lengths: Int[np.ndarray, " N"] = np.diff(self.starts)
        return lengths

    @property
    def owners(self) -> Int[np.ndarray, " T"]:
        """The row of each value."""
        owners: Int[np.ndarray, " T"] = np.repeat(np.arange(len(self)), self.lengths)
        return owners

    def row(self, i: int) -> Int[np.ndarray, " _"]:
        """Return one row, a view."""
        return self.values[self.starts[i] : self.starts[i + 1]]

    def select(self, rows: Int[np.ndarray, " M"]) -> "Ragged":
        """Return some rows, in the order given; a row may be asked for more than once."""
        return Ragged.of([self.row(int(i)) for i in rows])


class Numbering:
    """Tokens to numbers, the same for all texts of one evaluation; grows as tokens are met."""

    def __init__(self) -> None:
        self._number_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._number_of)

    def fork(self) -> "Numbering":
        """Return a copy that grows on its own: what others meet later changes no number in it."""
        copy = Numbering()
        copy._number_of = dict(self._number_of)
        return copy

    def number(self, rows: Iterable[Sequence[str]]) -> Ragged:
        """Number the tokens of every row; a new token gets the next free number."""
        number_of = self._number_of
        return Ragged.of(
            [number_of.setdefault(token, len(number_of)) for token in row] for row in rows
        )
