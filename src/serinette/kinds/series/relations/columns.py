"""What relations are looked for in, and the role that one column may play.

Shape letters: `N` rows, `D` columns, `S` sequences (`S1` is one more).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

RoleName = Literal[
    "free", "constant", "copy", "affine", "total", "above", "below", "between", "counter"
]
DETERMINED: tuple[RoleName, ...] = ("constant", "copy", "affine", "total")


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Columns of numbers."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "N D"]
    """NaN is missing."""
    starts: Int[np.ndarray, " S1"]
    """First row of each sequence, and the number of rows."""
    decimals: tuple[int | None, ...]
    """Most digits after the point in the source; None: not known."""
    is_integer: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class ColumnRole:
    """How one column comes about."""

    role: RoleName
    lower: tuple[int, ...] = ()
    """Columns that it is never below; of a copy, an affine and a total: what it follows from."""
    upper: tuple[int, ...] = ()
    """Columns that it is never above."""
    factors: tuple[float, ...] = ()
    """Of an affine and a total: what each column is multiplied by."""
    offset: float = 0.0
    """Of a constant its value; of an affine what is added; of a grid its first value."""
    decimals: int | None = None
    grid: float = 0.0
    """All values are `low + k * grid`; 0: no grid."""
    low: float = 0.0
    high: float = 0.0
    """Range in the data."""
    least_step: float = 0.0
    """Of a counter: the least increment."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ColumnRole":
        """Read plain values back."""
        tuples = {name: tuple(plain[name]) for name in ("lower", "upper", "factors")}
        return cls(**{**plain, **tuples})

    def snapped(self, values: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Put values on the grid and round them as the source does."""
        if self.grid:
            values = self.low + np.round((values - self.low) / self.grid) * self.grid
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        return values + 0.0  # no negative zero

    @property
    def smallest(self) -> float:
        """The least distance of two different values."""
        if self.grid:
            return self.grid
        if self.decimals is not None:
            return float(10.0**-self.decimals)
        return max(abs(self.low), abs(self.high), 1e-9) * 1e-9
