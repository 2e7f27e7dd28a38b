"""An independent look at written rows: does every relation hold? Nothing of the restoring is used.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.relations.columns import ColumnRole
from serinette.kinds.series.relations.rules import SLACK, LinearRule

Broken = Iterator[tuple[str, Bool[np.ndarray, " N"]]]
_EXACT = 2.0**53
_CHUNK = 2_000_000


def breaches(
    names: Sequence[str],
    roles: Sequence[ColumnRole],
    rules: Sequence[LinearRule],
    values: Float[np.ndarray, "N D"],
    starts: Int[np.ndarray, " _"],
) -> Iterator[tuple[str, int, Bool[np.ndarray, " _"]]]:
    """Yield each relation in words, the first of some rows, and which of them break it."""
    chunk = max(1, _CHUNK // max(len(names), 1))
    for begin in range(0, len(values), chunk):
        rows = values[begin : begin + chunk]
        for k, role in enumerate(roles):
            for words, broken in _broken(role, rows, k, names):
                yield f"{names[k]} {words}", begin, broken
        for rule in rules:
            yield rule.text, begin, _breaks(rule, rows)
    for k, role in enumerate(roles):
        if role.role == "counter":
            yield f"{names[k]} rises", 0, _falls(role, values[:, k], starts)


def _broken(
    role: ColumnRole, values: Float[np.ndarray, "N D"], k: int, names: Sequence[str]
) -> Broken:
    cells = values[:, k]
    if role.decimals is not None:
        units = cells * 10.0**role.decimals
        is_small = np.abs(units) < _EXACT
        back = np.round(units[is_small]) / 10.0**role.decimals
        broken = np.zeros(len(cells), dtype=np.bool_)
        broken[is_small] = back != cells[is_small]
        yield f"has {role.decimals} decimals", broken
    if role.role in ("constant", "copy"):
        other = role.offset if role.role == "constant" else values[:, role.lower[0]]
        same = (cells == other) | (np.isnan(cells) & np.isnan(other))
        yield "is constant" if role.role == "constant" else f"equals {names[role.lower[0]]}", ~same
    elif role.role in ("affine", "total", "product"):
        yield "follows from others", _strays(role, values, cells)
    else:
        for j in role.lower:
            yield f">= {names[j]}", cells < values[:, j]
        for j in role.upper:
            yield f"<= {names[j]}", cells > values[:, j]
        yield from _out_of_reach(role, cells)


def _strays(
    role: ColumnRole, values: Float[np.ndarray, "N D"], cells: Float[np.ndarray, " N"]
) -> Bool[np.ndarray, " N"]:
    """Say where a column is further from what it follows from than rounding explains."""
    parts = values[:, list(role.lower)]
    if role.role == "product":
        total, size = parts.prod(axis=1), np.abs(parts).prod(axis=1)
    else:
        total = parts @ np.array(role.factors) + role.offset
        size = np.abs(parts) @ np.abs(role.factors) + abs(role.offset)
    slack = 1e-9 * size
    if role.decimals is not None:
        slack = 0.5 * 10.0**-role.decimals * (1 + 1e-6) + 1e-12 * size
    far = np.abs(total - cells) > slack
    found: Bool[np.ndarray, " N"] = far | (np.isnan(total) != np.isnan(cells))
    return found


def _out_of_reach(role: ColumnRole, cells: Float[np.ndarray, " N"]) -> Broken:
    if role.role != "counter":
        yield f"within {role.low:g} and {role.high:g}", (cells < role.low) | (cells > role.high)
    if role.grid_values:
        yield "is a known value", ~np.isin(cells, role.grid_values) & ~np.isnan(cells)
    elif role.grid:
        steps = (cells - role.low) / role.grid
        yield (
            f"is on a grid of {role.grid:g}",
            np.abs(steps - np.round(steps)) > 1e-6 * (1 + np.abs(steps) * 1e-6),
        )


def _breaks(rule: LinearRule, values: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, " N"]:
    """Say where a rule as the user wrote it does not hold."""
    terms = values[:, list(rule.form.columns)] * np.array(rule.form.factors)
    form = terms.sum(axis=1) + rule.form.offset
    slack = SLACK * (np.abs(terms).sum(axis=1) + abs(rule.form.offset))
    if rule.comparison == ">":
        return np.asarray(form <= slack)
    if rule.comparison == ">=":
        return np.asarray(form < -slack)
    return np.asarray(np.abs(form) > rule.tolerance + slack)


def _falls(
    role: ColumnRole, cells: Float[np.ndarray, " N"], starts: Int[np.ndarray, " _"]
) -> Bool[np.ndarray, " N"]:
    steps = np.diff(cells, prepend=np.nan)
    steps[starts[:-1][starts[:-1] < len(cells)]] = np.nan
    return np.asarray(steps <= 0 if role.least_step > 0 else steps < 0)
