"""Values that are drawn within bounds: what stands in the row already and may not be crossed.

A column that an ordering bounds, and that moves step by step, is drawn as it moves, from its
density cut off at the bounds: nothing heaps up there, and the likelihood is that of what is drawn.

Shape letters: `B` rows of any array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from serinette.kinds.series.relations import Relations
from serinette.kinds.series.values import ValueCode

FAR: Final = 1e6
"""A bound that is none, in units of y."""


@dataclass(frozen=True, kw_only=True)
class ValueBounds:
    """Which value columns, drawn before it in a row, a value column lies between."""

    lower: tuple[int, ...] = ()
    """Places of those that it is never below."""
    upper: tuple[int, ...] = ()
    """Places of those that it is never above."""

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self.lower or self.upper)

    def cells(
        self, cells: Mapping[int, Float[np.ndarray, "*B"]] | Sequence[Float[np.ndarray, "*B"]]
    ) -> tuple[Float[np.ndarray, "*B"] | None, Float[np.ndarray, "*B"] | None]:
        """Return the least and the greatest cell that may be; NaN or None: there is no bound."""
        least = [cells[k] for k in self.lower]
        most = [cells[k] for k in self.upper]
        return (
            np.fmax.reduce(least) if least else None,
            np.fmin.reduce(most) if most else None,
        )


def bounds_in_y(
    code: ValueCode,
    limits: tuple[Float[np.ndarray, "*B"] | None, Float[np.ndarray, "*B"] | None],
    base: Float[np.ndarray, "*B"],
    *,
    unit: float,
) -> tuple[Float[np.ndarray, "*B"], Float[np.ndarray, "*B"]]:
    """Return the bounds of y.

    Args:
        code: Of the column that is drawn.
        limits: From `ValueBounds.cells`.
        base: The level that y is counted from.
        unit: What 1 of y is, as a level. Where values lie on a grid, noise hides it while training,
            and the bounds give way by as much.
    """
    found = []
    for x, sign in zip(limits, (-1, 1), strict=True):
        if x is None:
            found.append(np.full(base.shape, sign * FAR))
            continue
        kept = np.clip(x, code.low, code.high)
        half = sign * code.spread(kept) * code.unit
        y = np.nan_to_num((code.level(kept) + half - base) / unit, nan=sign * FAR)
        found.append(np.clip(y, -FAR, FAR))
    return found[0], np.maximum(found[1], found[0])


def fit_bounds(relations: Relations, places: Sequence[int]) -> tuple[ValueBounds, ...]:
    """Return the bounds of each value column, by those that stand before it.

    Args:
        relations: That hold in the table.
        places: Which of the relations' numbers each value column stands for.
    """
    at = {relations.left[place]: k for k, place in enumerate(places)}
    found = []
    for k, place in enumerate(places):
        role = relations.roles[relations.left[place]]
        is_itself = role.role == "between"
        lower, upper = (
            tuple(at[j] for j in columns if at.get(j, k) < k and _is_itself(relations, j))
            for columns in (role.lower, role.upper)
        )
        found.append(ValueBounds(lower=lower, upper=upper) if is_itself else ValueBounds())
    return tuple(found) if any(found) else ()


def in_order(relations: Relations, places: Sequence[int]) -> list[int]:
    """Return the numbers of value columns in the order in which a row can be worked out."""
    rank = {k: n for n, k in enumerate(relations.order)}
    return sorted(range(len(places)), key=lambda k: rank[relations.left[places[k]]])


def _is_itself(relations: Relations, column: int) -> bool:
    return relations.roles[column].role in ("free", "between")


def bounds_to_json(bounds: Sequence[ValueBounds]) -> list[dict[str, Any]]:
    """Return plain values."""
    return [{"lower": list(b.lower), "upper": list(b.upper)} for b in bounds]


def bounds_from_json(plain: Sequence[Mapping[str, Any]]) -> tuple[ValueBounds, ...]:
    """Read plain values back."""
    return tuple(ValueBounds(lower=tuple(b["lower"]), upper=tuple(b["upper"])) for b in plain)
