"""Columns that go close beside another: how far they are apart is a feature of its own.

Opening and closing price differ by a hundredth of what either differs over the years. From their
levels alone a network would have to take the difference of two large numbers; here it reads it, in
units of its own spread.

Shape letters: `B` rows of any array, `N` rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.kinds.series.values import ValueCode, clipped

_CLOSE = 0.3
"""The spread of the distance, in that of the levels, below which columns are companions."""
_FEWEST = 50
MOST_BEFORE = 32
"""Columns that are looked at for each one."""


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A value column and the one before it that it stays closest to."""

    column: int
    """Its place among the value columns."""
    other: int
    """The other's place, a lower one."""
    center: float
    """Mean distance of the levels."""
    scale: float
    """Spread of the distance, above 0."""

    def feature(
        self, level: Float[np.ndarray, "*B"], other: Float[np.ndarray, "*B"]
    ) -> Float[np.ndarray, "*B"]:
        """Return how far they are apart, about N(0, 1)."""
        return clipped((level - other - self.center) / self.scale)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Companion":
        """Read plain values back."""
        return cls(**plain)


def fit_companions(
    codes: Sequence[ValueCode], cells: Sequence[Float[np.ndarray, " N"]]
) -> tuple[Companion, ...]:
    """Find for each column that moves step by step the closest of those just before it.

    Args:
        codes: Of the value columns.
        cells: Of each of them, the same rows; NaN is missing.
    """
    found: list[Companion] = []
    moving = [k for k, code in enumerate(codes) if code.mode != "level" and code.has_opening]
    levels = {k: codes[k].level(cells[k]) for k in moving}
    for at, k in enumerate(moving):
        before = moving[max(0, at - MOST_BEFORE) : at]
        near = [pair for j in before if (pair := _pair(k, j, levels)) is not None]
        if near:
            found.append(min(near, key=lambda pair: pair.scale))
    return tuple(found)


def _pair(k: int, j: int, levels: Mapping[int, Float[np.ndarray, " N"]]) -> Companion | None:
    apart = levels[k] - levels[j]
    apart = apart[~np.isnan(apart)]
    if len(apart) < _FEWEST:
        return None
    center, scale = float(apart.mean()), float(apart.std())
    if not 0 < scale < _CLOSE:
        return None
    return Companion(column=k, other=j, center=center, scale=scale)
