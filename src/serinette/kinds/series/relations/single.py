"""What holds within one column: range, rounding, grid, constancy, a level that never falls.

Shape letters: `N` rows, `S` sequences (`S1` is one more).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from serinette.kinds.series.relations.columns import ColumnRole, Columns, sample_rows

FEWEST = 30
"""Rows without which nothing but constants and copies is looked for."""
_SAMPLED = 20_000
_FEWEST_STEPS = 10
"""Different values that a grid needs: three numbers are all even once in four times."""
_MOST_VALUES = 256
_REPEATS = 10
"""Rows for each of a short list of values, on the average."""
_DENSE = 0.5
"""A list that fills more than this part of the possible values is a range and no list."""
_FEWEST_RISES = 15
"""A column that changes so often and never falls does not so by chance: once in 2^15 columns."""


def plain_role(data: Columns, k: int) -> ColumnRole:
    """Return a column's range, rounding and grid; a constant is one from the start."""
    cells = data.values[:, k]
    there = cells[~np.isnan(cells)]
    decimals = 0 if data.is_integer[k] else data.decimals[k]
    if not len(there):
        return ColumnRole(role="constant", offset=np.nan, decimals=decimals)
    low, high = float(there.min()) + 0.0, float(there.max()) + 0.0
    role = ColumnRole(role="free", decimals=decimals, low=low, high=high)
    if low == high and len(there) == len(cells) and len(cells) > 1:
        return replace(role, role="constant", offset=low)
    if len(there) < FEWEST or not data.counts_as_number(k):
        return role
    role = replace(role, grid=_grid(there, role))
    return replace(role, grid_values=_grid_values(there, role))


def sentence(name: str, role: ColumnRole, cells: Float[np.ndarray, " N"]) -> str:
    """Return in words what holds within a column; empty if nothing but rounding and range."""
    if role.role == "constant":
        is_missing = np.isnan(role.offset)
        return f"{name} is {'missing' if is_missing else f'{role.offset:.10g}'} in every row"
    if role.grid_values:
        return f"{name} takes {len(role.grid_values)} values only"
    if role.grid == 1 and role.low == round(role.low):
        return f"{name} is a whole number"
    if role.grid:
        first = role.low - role.grid * np.floor(role.low / role.grid + 1e-9)
        plus = f"{first:.10g} plus " if first > role.grid * 1e-6 else ""
        n = len(np.unique(cells[~np.isnan(cells)]))
        return f"{name} is {plus}a multiple of {role.grid:.10g} ({n:,} values)"
    return ""


def find_counters(data: Columns, roles: list[ColumnRole]) -> dict[int, str]:
    """Give the columns that never fall within a sequence their roles; return sentences by column.

    A column that is ever missing is none, nor one that rises fewer than 15 times. One that rises in
    every row of the data will do so in every row that is written.
    """
    is_later = np.ones(max(len(data.values) - 1, 0), dtype=np.bool_)
    firsts = data.starts[:-1]
    is_later[firsts[(firsts > 0) & (firsts < len(data.values))] - 1] = False
    found: dict[int, str] = {}
    for k, role in enumerate(roles):
        steps = _steps(data.values[:, k], is_later) if _may_count(data, roles, k) else None
        if steps is None:
            continue
        is_strict = float(steps.min()) > 0
        roles[k] = replace(
            role,
            role="counter",
            least_step=role.smallest if is_strict else 0.0,
            most_step=float(steps.max()),
            grid_values=(),
        )
        verb = "rises in every row of" if is_strict else "never falls within"
        found[k] = f"{data.names[k]} {verb} a sequence ({len(steps):,} steps)"
    return found


def mark_zeros_(
    roles: list[ColumnRole], left: Sequence[int], reduced: Float[np.ndarray, "N R"]
) -> None:
    """Mark the columns of which what is left is 0 in a row of 20."""
    for place, k in enumerate(left):
        cells = reduced[:, place]
        n = int((~np.isnan(cells)).sum())
        roles[k] = replace(roles[k], is_often_zero=n > 0 and int((cells == 0).sum()) * 20 >= n)


def _grid(there: Float[np.ndarray, " N"], role: ColumnRole) -> float:
    """Return the step of which all distances are multiples, where it is wider than the rounding."""
    if role.decimals is None or (role.high - role.low) * 10.0**role.decimals > 2**53:
        return 0.0
    for cells in (there[sample_rows(len(there), _SAMPLED)], there):
        known = np.unique(cells)
        distances = np.round((known - role.low) * 10.0**role.decimals)
        step = int(np.gcd.reduce(distances.astype(np.int64)))
        if step <= 1 or len(known) < _FEWEST_STEPS:
            return 0.0
    return step / 10.0**role.decimals


def _grid_values(there: Float[np.ndarray, " N"], role: ColumnRole) -> tuple[float, ...]:
    """Return all values, where they are few, often repeated, and no dense range."""
    for cells in (there[sample_rows(len(there), _SAMPLED)], there):
        known = np.unique(cells)
        if not 1 < len(known) <= min(_MOST_VALUES, len(cells) // _REPEATS):
            return ()
    is_rounded = role.grid or role.decimals is not None
    n_possible = (role.high - role.low) / role.smallest + 1 if is_rounded else np.inf
    return () if len(known) > _DENSE * n_possible else tuple(float(x) for x in known + 0.0)


def _may_count(data: Columns, roles: Sequence[ColumnRole], k: int) -> bool:
    return roles[k].role == "free" and data.counts_as_number(k) and len(data.values) >= FEWEST


def _steps(
    cells: Float[np.ndarray, " N"], is_later: Bool[np.ndarray, " _"]
) -> Float[np.ndarray, " _"] | None:
    """Return the steps of a column that never falls; None for any other."""
    with np.errstate(over="ignore"):
        steps: Float[np.ndarray, " _"] = np.diff(cells)[is_later]
    if len(steps) < FEWEST or np.isnan(cells).any() or steps.min() < 0:
        return None
    return steps if int((steps > 0).sum()) >= _FEWEST_RISES else None
