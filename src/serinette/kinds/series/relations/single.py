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
_MOST_COUNTED = 1_000_000
"""Different values that are counted, for a sentence."""
_DENSE = 0.5
"""A list that fills more than this part of the possible values is a range and no list."""
_FEWEST_RISES = 15
"""A column that changes so often and never falls does not so by chance: once in 2^15 columns."""


def plain_role(data: Columns, k: int) -> ColumnRole:
    """Return a column's range, rounding and grid; a constant is one from the start."""
    decimals = 0 if data.is_integer[k] else data.decimals[k]
    n_there, low, high = 0, np.inf, -np.inf
    for cells in data.cells(k):
        there = cells[~np.isnan(cells)]
        n_there += len(there)
        low = min(low, float(there.min(initial=np.inf)))
        high = max(high, float(there.max(initial=-np.inf)))
    if not n_there:
        return ColumnRole(role="constant", offset=np.nan, decimals=decimals)
    low, high = low + 0.0, high + 0.0
    role = ColumnRole(role="free", decimals=decimals, low=low, high=high)
    n = len(data.values)
    if low == high and n_there == n and n > 1:
        return replace(role, role="constant", offset=low)
    if n_there < FEWEST or not data.counts_as_number(k):
        return role
    role = replace(role, grid=_grid(data, k, role))
    return replace(role, grid_values=_grid_values(data, k, role, n_there))


def sentence(data: Columns, k: int, role: ColumnRole) -> str:
    """Return in words what holds within a column; empty if nothing but rounding and range."""
    name = data.names[k]
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
        known = _known(data, k, _MOST_COUNTED)
        n = f"more than {_MOST_COUNTED:,}" if known is None else f"{len(known):,}"
        return f"{name} is {plus}a multiple of {role.grid:.10g} ({n} values)"
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
        steps = _steps(data, k, is_later) if _may_count(data, roles, k) else None
        if steps is None:
            continue
        n_steps, least, most = steps
        is_strict = least > 0
        roles[k] = replace(
            role,
            role="counter",
            least_step=role.smallest if is_strict else 0.0,
            most_step=most,
            grid_values=(),
        )
        verb = "rises in every row of" if is_strict else "never falls within"
        found[k] = f"{data.names[k]} {verb} a sequence ({n_steps:,} steps)"
    return found


def mark_zeros_(
    roles: list[ColumnRole], left: Sequence[int], reduced: Float[np.ndarray, "N R"]
) -> None:
    """Mark the columns of which what is left is 0 in a row of 20."""
    for place, k in enumerate(left):
        cells = reduced[:, place]
        n = int((~np.isnan(cells)).sum())
        roles[k] = replace(roles[k], is_often_zero=n > 0 and int((cells == 0).sum()) * 20 >= n)


def _grid(data: Columns, k: int, role: ColumnRole) -> float:
    """Return the step of which all distances are multiples, where it is wider than the rounding."""
    if role.decimals is None or (role.high - role.low) * 10.0**role.decimals > 2**53:
        return 0.0
    for blocks in ([_sample(data, k)], data.cells(k)):
        step, known = 0, np.zeros(0)
        for cells in blocks:
            some = np.unique(cells[~np.isnan(cells)])
            distances = np.round((some - role.low) * 10.0**role.decimals)
            step = int(np.gcd.reduce(distances.astype(np.int64), initial=step))
            if len(known) < _FEWEST_STEPS:
                known = np.union1d(known, some[:_FEWEST_STEPS])
            if step == 1:
                return 0.0
        if step <= 1 or len(known) < _FEWEST_STEPS:
            return 0.0
    return step / 10.0**role.decimals


def _grid_values(data: Columns, k: int, role: ColumnRole, n_there: int) -> tuple[float, ...]:
    """Return all values, where they are few, often repeated, and no dense range."""
    sample = _sample(data, k)
    if not _is_short(np.unique(sample), len(sample)):
        return ()
    known = _known(data, k, _MOST_VALUES)
    if known is None or not _is_short(known, n_there):
        return ()
    is_rounded = role.grid or role.decimals is not None
    n_possible = (role.high - role.low) / role.smallest + 1 if is_rounded else np.inf
    return () if len(known) > _DENSE * n_possible else tuple(float(x) for x in known + 0.0)


def _is_short(known: Float[np.ndarray, " _"], n_cells: int) -> bool:
    return 1 < len(known) <= min(_MOST_VALUES, n_cells // _REPEATS)


def _sample(data: Columns, k: int) -> Float[np.ndarray, " _"]:
    """Return the cells of some rows, without missing ones."""
    cells = data.values[sample_rows(len(data.values), _SAMPLED), k]
    found: Float[np.ndarray, " _"] = cells[~np.isnan(cells)]
    return found


def _known(data: Columns, k: int, most: int) -> Float[np.ndarray, " _"] | None:
    """Return the different values of a column in rising order; None: there are more."""
    known = np.zeros(0)
    for cells in data.cells(k):
        known = np.union1d(known, cells[~np.isnan(cells)])
        if len(known) > most:
            return None
    return known


def _may_count(data: Columns, roles: Sequence[ColumnRole], k: int) -> bool:
    return roles[k].role == "free" and data.counts_as_number(k) and len(data.values) >= FEWEST


def _steps(
    data: Columns, k: int, is_later: Bool[np.ndarray, " _"]
) -> tuple[int, float, float] | None:
    """Return how many steps a column that never falls has, the least and the greatest.

    None for any other column.
    """
    n, n_rises, least, most, before = 0, 0, np.inf, -np.inf, np.zeros(0)
    for block in data.blocks():
        cells = np.r_[before, data.values[block, k]]
        with np.errstate(over="ignore"):
            steps = np.diff(cells)[is_later[block.start - len(before) : block.stop - 1]]
        if np.isnan(cells).any() or (steps < 0).any():
            return None
        n, n_rises = n + len(steps), n_rises + int((steps > 0).sum())
        least = min(least, float(steps.min(initial=np.inf)))
        most = max(most, float(steps.max(initial=-np.inf)))
        before = cells[-1:]
    return (n, least, most) if n >= FEWEST and n_rises >= _FEWEST_RISES else None
