"""What relations are looked for in, and the role that one column may play.

Shape letters: `N` rows, `D` columns, `S` sequences (`S1` is one more), `B` cells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series.store import row_blocks

RoleName = Literal[
    "free", "balance", "constant", "copy", "affine", "total", "product", "above", "below",
    "between", "counter",
]  # fmt: skip
"""A `balance` follows from others by the user's equation, but is there where one of them is not."""
DETERMINED: tuple[RoleName, ...] = ("constant", "copy", "affine", "total", "product")
_EXACT = 2.0**53
"""From here on neighbouring numbers are further apart than the decimals that would be rounded."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Columns of numbers."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "N D"]
    """NaN is missing. May be a memory map: all rows are gone through in blocks."""
    starts: Int[np.ndarray, " S1"]
    """First row of each sequence, and the number of rows."""
    decimals: tuple[int | None, ...]
    """Most digits after the point in the source; None: not known."""
    is_integer: tuple[bool, ...]
    is_number: tuple[bool, ...] = ()
    """False: the numbers of a category's levels, of which only equality counts. Empty: all True."""

    def blocks(self) -> Iterator[slice]:
        """Yield all rows a block at a time."""
        return row_blocks(len(self.values), self.values)

    def cells(self, k: int) -> Iterator[Float[np.ndarray, " N"]]:
        """Yield the cells of a column a block at a time."""
        for block in self.blocks():
            yield self.values[block, k]

    def counts_as_number(self, k: int) -> bool:
        """Say whether a column holds numbers and no levels."""
        return self.is_number[k] if self.is_number else True


@dataclass(frozen=True, kw_only=True)
class ColumnRole:
    """How one column comes about."""

    role: RoleName
    lower: tuple[int, ...] = ()
    """Columns that it is never below; of a determined column: what it follows from."""
    upper: tuple[int, ...] = ()
    """Columns that it is never above."""
    factors: tuple[float, ...] = ()
    """Of an affine and a total: what each column is multiplied by."""
    offset: float = 0.0
    """Of a constant its value; of an affine and a total what is added."""
    decimals: int | None = None
    grid: float = 0.0
    """All values are `low + k * grid`; 0: no grid."""
    grid_values: tuple[float, ...] = ()
    """The only values there are, in rising order; empty: no such list."""
    low: float = 0.0
    high: float = 0.0
    """Range in the data. A counter's holds for its first row only, a determined column's not at
    all."""
    least_step: float = 0.0
    """Of a counter: the least increment; above 0 where it rises in every row."""
    most_step: float = 0.0
    """Of a counter: the greatest increment in the data."""
    is_often_zero: bool = False
    """Whether what is left of the column (its distance, its increment) is 0 in a row of 20."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values; what is missing in every row has no offset."""
        return {**asdict(self), "offset": None if np.isnan(self.offset) else self.offset}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ColumnRole":
        """Read plain values back."""
        listed = ("lower", "upper", "factors", "grid_values")
        offset = np.nan if plain["offset"] is None else plain["offset"]
        return cls(**{**plain, "offset": offset, **{name: tuple(plain[name]) for name in listed}})

    def snapped(self, values: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Put values on the grid and round them as the source does; missing ones stay missing."""
        if self.grid_values:
            known = np.asarray(self.grid_values)
            nearest = known[np.searchsorted((known[1:] + known[:-1]) / 2, values)]
            return np.where(np.isnan(values), np.nan, nearest)
        if self.grid:
            values = self.low + np.round((values - self.low) / self.grid) * self.grid
        return values + 0.0 if self.decimals is None else rounded(values, self.decimals)

    def least_from(self, bound: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Return the least possible values that are not below a bound.

        Past the last of `grid_values` it is the last one, which is below.
        """
        near = self.snapped(bound)
        return np.where(near < bound, self._next(near, 1), near)

    def most_up_to(self, bound: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Return the greatest possible values that are not above a bound."""
        near = self.snapped(bound)
        return np.where(near > bound, self._next(near, -1), near)

    def _next(self, near: Float[np.ndarray, "*B"], step: int) -> Float[np.ndarray, "*B"]:
        if self.grid_values:
            known = np.asarray(self.grid_values)
            places = np.clip(np.searchsorted(known, near) + step, 0, len(known) - 1)
            return known[places]
        return self.snapped(near + step * self.smallest)

    @property
    def smallest(self) -> float:
        """The least distance of two different values."""
        if self.grid:
            return self.grid
        if self.decimals is not None:
            return float(10.0**-self.decimals)
        return max(abs(self.low), abs(self.high), 1e-9) * 1e-9

    def holds_all_of(self, other: "ColumnRole") -> bool:
        """Say whether every value of another column is a possible value of this one."""
        if self.grid_values:
            return bool(other.grid_values) and set(other.grid_values) <= set(self.grid_values)
        if self.decimals is None:
            return True  # neither rounded nor on a grid
        if other.grid_values:
            cells = np.asarray(other.grid_values)
            return bool(np.array_equal(self.snapped(cells), cells))
        if other.decimals is None or other.decimals > self.decimals:
            return False
        if not self.grid:
            return True
        steps = np.array([other.smallest, other.low - self.low]) / self.grid
        return bool(np.abs(steps - np.round(steps)).max() < 1e-6)  # noqa: PLR2004


def rounded(values: Float[np.ndarray, "*B"], decimals: int) -> Float[np.ndarray, "*B"]:
    """Return the numbers that are read back after writing values with so many decimals.

    `np.round` overflows at 1e300 and moves numbers whose neighbours are further apart than the
    decimals; those stay as they are here. There is no negative zero.
    """
    scale = 10.0**decimals
    with np.errstate(over="ignore", invalid="ignore"):
        units = values * scale
        return np.where(np.abs(units) < _EXACT, np.rint(units) / scale, values) + 0.0


def sample_rows(n_rows: int, most: int, n_stretches: int = 40) -> Int[np.ndarray, " _"]:
    """Return rows to search in: all, or evenly placed stretches, so that neighbours stay so."""
    if n_rows <= most:
        return np.arange(n_rows)
    length = most // n_stretches
    firsts = np.linspace(0, n_rows - length, n_stretches).astype(np.int64)
    return np.unique(firsts[:, None] + np.arange(length))
