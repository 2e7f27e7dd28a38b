"""Columns that are copies or straight lines of another one.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from serinette.kinds.series.relations.columns import ColumnRole, Columns, rounded, sample_rows

DISTINCT = 10
"""Different values without which a column is no line, sum or product."""
_SAMPLED = 5_000
_ALIKE = 0.99
"""Correlation below which no line is tried; rounding alone hardly takes ten values there."""
_TOSSED = 0.05
_LARGEST = 1e150
"""A column with a larger number has no relation with others; squares would overflow."""
_DIGITS = (1, 2, 3, 4, 6, 9, 12)


def find_copies(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give copies their roles: equal in every row, missing in the same ones; return sentences."""
    found: list[str] = []
    seen: dict[bytes, int] = {}
    for k in free_columns(data, roles, is_any=True):
        digest = blake2b()
        for cells in data.cells(k):
            digest.update(np.where(np.isnan(cells), np.nan, cells + 0.0).tobytes())
        key = digest.digest()
        if key in seen and len(data.values) > 1:
            source = seen[key]
            roles[k] = replace(roles[k], role="copy", lower=(source,), grid=0.0, grid_values=())
            found.append(f"{data.names[k]} equals {data.names[source]} in every row")
        else:
            seen[key] = k
    return found


def find_lines(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give columns that are lines of another one their roles; return sentences.

    A line must give every value of the column within its rounding, and be missing where it is.
    """
    found: list[str] = []
    free = free_columns(data, roles)
    sample = data.values[sample_rows(len(data.values), _SAMPLED)]
    alike = _alike(sample[:, free])
    for i, j in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        for source, k in ((free[i], free[j]), (free[j], free[i])):
            if roles[source].role != "free" or roles[k].role != "free":
                continue
            fit = _line(sample[:, source], sample[:, k], half_unit(roles[k]))
            if fit is None or not holds(data, k, (source,), (fit[0],), fit[1], roles):
                continue
            roles[k] = determined(roles[k], "affine", (source,), (fit[0],), fit[1])
            found.append(worded(data, roles, k))
            break
    return found


def free_columns(data: Columns, roles: Sequence[ColumnRole], *, is_any: bool = False) -> list[int]:
    """Return the columns of numbers (or any) that no relation is known of."""
    return [
        k
        for k, role in enumerate(roles)
        if role.role == "free"
        and (is_any or (data.counts_as_number(k) and max(-role.low, role.high) < _LARGEST))
    ]


def half_unit(role: ColumnRole) -> float:
    """Return how far rounding may move a column's values."""
    size = max(abs(role.low), abs(role.high))
    if role.decimals is None:
        return 1e-9 * size
    return float(0.5 * 10.0**-role.decimals) * (1 + 1e-6) + 1e-12 * size


def holds(
    data: Columns,
    k: int,
    sources: Sequence[int],
    factors: Sequence[float],
    offset: float,
    roles: Sequence[ColumnRole],
) -> bool:
    """Say whether a column is a sum of others in every row, and missing where one of them is."""

    def total(rows: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        found = np.full(len(rows), offset)
        for factor, j in zip(factors, sources, strict=True):
            found += factor * rows[:, j]
        return found

    return agreement(data, k, total, roles[k]) == "alike"


def agreement(
    data: Columns,
    k: int,
    total: Callable[[Float[np.ndarray, "N D"]], Float[np.ndarray, " N"]],
    role: ColumnRole,
) -> Literal["alike", "agrees", ""]:
    """Say whether a column is what it follows from, rounded, in every row that has both.

    Where the rounding is a toss-up it may have been the other way, in a row of 20.

    Args:
        data: All rows.
        k: The column.
        total: What the column is to follow from, for some rows.
        role: Of the column.

    Returns:
        "alike" if both are also missing in the same rows; empty if they do not agree.
    """
    n, n_other, is_alike, half = 0, 0, True, half_unit(role)
    for block in data.blocks():
        cells, whole = data.values[block, k], total(data.values[block])
        is_alike = is_alike and np.array_equal(np.isnan(cells), np.isnan(whole))
        is_there = ~np.isnan(whole - cells)
        cells, whole = cells[is_there], whole[is_there]
        if float(np.abs(whole - cells).max(initial=0.0)) > half:
            return ""
        n += len(cells)
        if role.decimals is not None:
            n_other += int((rounded(whole, role.decimals) != cells).sum())
    if not n or n_other > _TOSSED * n:
        return ""
    return "alike" if is_alike else "agrees"


def determined(
    role: ColumnRole, name: str, sources: tuple[int, ...], factors: tuple[float, ...], offset: float
) -> ColumnRole:
    """Return the role of a column that follows from others; it needs no grid of its own."""
    return ColumnRole.from_json(
        {
            **role.to_json(), "role": name, "lower": sources, "factors": factors, "offset": offset,
            "grid": 0.0, "grid_values": (),
        }
    )  # fmt: skip


def worded(data: Columns, roles: Sequence[ColumnRole], k: int) -> str:
    """Return a sum in words: `total = net + 2 * tax - 5`."""
    role = roles[k]
    parts = [(f, data.names[j]) for f, j in zip(role.factors, role.lower, strict=True)]
    words = ""
    for factor, name in parts:
        size = "" if abs(factor) == 1 else f"{abs(factor):.10g} * "
        words += f" {'-' if factor < 0 else '+'} {size}{name}"
    if role.offset:
        words += f" {'-' if role.offset < 0 else '+'} {abs(role.offset):.10g}"
    words = words[3:] if words.startswith(" + ") else f"-{words[3:]}"
    return f"{data.names[k]} = {words} ({len(data.values):,} rows)"


def plain_number(value: float, is_good: Callable[[float], bool]) -> float | None:
    """Return the number with the fewest digits near a value that is good; None if none is."""
    for digits in _DIGITS:
        short = float(f"{value:.{digits}g}")
        if is_good(short):
            return short
    return value if is_good(value) else None


def _alike(values: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, "D D"]:
    """Say which pairs are missing together, have enough values, and nearly lie on a line."""
    n = values.shape[1]
    found = np.zeros((n, n), dtype=np.bool_)
    patterns: dict[bytes, list[int]] = {}
    for k in range(n):
        if len(np.unique(values[:, k])) > DISTINCT:
            patterns.setdefault(np.isnan(values[:, k]).tobytes(), []).append(k)
    for columns in patterns.values():
        rows = values[~np.isnan(values[:, columns[0]])][:, columns]
        spread = (rows - rows.mean(0)) / np.maximum(rows.std(0), 1e-300)
        found[np.ix_(columns, columns)] = np.abs(spread.T @ spread) / len(rows) > _ALIKE
    return found


def _line(
    a: Float[np.ndarray, " N"], b: Float[np.ndarray, " N"], half: float
) -> tuple[float, float] | None:
    """Return factor and offset of a line through all points, as plain as rounding allows."""
    is_there = ~(np.isnan(a) | np.isnan(b))
    a, b = a[is_there], b[is_there]
    deviation = a - a.mean()
    slope = float(deviation @ (b - b.mean()) / (deviation @ deviation))

    def spread(factor: float) -> Float[np.ndarray, " N"]:
        return b - factor * a

    factor = plain_number(slope, lambda f: f != 0 and float(np.ptp(spread(f))) <= 2 * half)
    if factor is None:
        return None
    rest = spread(factor)
    middle = (float(rest.min()) + float(rest.max())) / 2
    if float(np.abs(rest).max()) <= half:
        return factor, 0.0
    offset = plain_number(middle, lambda q: float(np.abs(rest - q).max()) <= half)
    return None if offset is None else (factor, offset)
