"""Columns that are never above others: Low <= Open, Close <= High.

A pair counts as ordered where the one is never above the other in any row that has both, and more
than chance speaks for it, in a sample:

- their ranges overlap (that a humidity is below a year says nothing of a row);
- they are correlated above 0.5, and half of their distances are below half of the smaller spread;
- they move together from row to row (correlation of the changes above 0.3), or come as near to each
  other as a bound does (least distance below a 20th of the middle one). Two independent drifts that
  never happen to cross do neither.

The columns in the middle are drawn as they are; the others by their distance, which is never below
0, to the greatest column below them or the least above them.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from serinette.kinds.series.relations.columns import ColumnRole, Columns, RoleName, sample_rows
from serinette.kinds.series.relations.lines import free_columns
from serinette.kinds.series.relations.single import FEWEST

MOST_FOR_ORDERINGS = 200
"""More columns than this are not searched for orderings."""
_SAMPLED = 20_000
_CLOSE = 0.5
_TOGETHER = 0.5
_MOVING = 0.3
_TOUCHING = 0.05


def find_orderings(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give the columns that are never above others their roles; return sentences."""
    columns = free_columns(data, roles)
    if len(columns) < 2 or len(data.values) < FEWEST:  # noqa: PLR2004
        return []
    below = _verified(data, columns, _meant(data.values, columns))
    for group in _groups(below):
        _place(roles, [columns[k] for k in group], below[np.ix_(group, group)])
    through = (below.astype(np.int64) @ below.astype(np.int64)) > 0
    sentences = []
    for i, j in zip(*np.nonzero(below & ~through), strict=True):
        pair = [columns[i], columns[j]]
        n = sum(int((~np.isnan(data.values[b][:, pair]).any(axis=1)).sum()) for b in data.blocks())
        names = data.names[columns[i]], data.names[columns[j]]
        sentences.append(f"{names[0]} <= {names[1]} in every row ({n:,} rows)")
    return sentences


def _meant(values: Float[np.ndarray, "N D"], columns: Sequence[int]) -> Bool[np.ndarray, "_ _"]:
    """Say of each pair whether it is ordered in a sample, and not by chance; add what follows."""
    rows = sample_rows(len(values), _SAMPLED)
    sample = values[rows][:, columns]
    is_next = np.diff(rows) == 1
    n = len(columns)
    found = np.zeros((n, n), dtype=np.bool_)
    for i in range(n):
        with np.errstate(invalid="ignore"):
            is_ever_above = (sample[:, [i]] > sample).any(axis=0)
        for j in np.flatnonzero(~is_ever_above).tolist():
            if i != j:
                found[i, j] = _is_meant(sample[:, i], sample[:, j], is_next)
    while True:  # if a <= b and b <= c then a <= c
        more = found | ((found.astype(np.int64) @ found.astype(np.int64)) > 0)
        if np.array_equal(more, found):
            return found
        found = more


def _is_meant(
    a: Float[np.ndarray, " N"], b: Float[np.ndarray, " N"], is_next: Bool[np.ndarray, " _"]
) -> bool:
    """Say whether more than chance speaks for a <= b; the module says what does."""
    gaps = b - a
    is_there = ~np.isnan(gaps)
    known = gaps[is_there]
    if len(known) < FEWEST or not a[is_there].max() > b[is_there].min():
        return False
    spread = min(float(a[is_there].std()), float(b[is_there].std()))
    middle = float(np.median(known))
    if not middle < _CLOSE * spread or _correlation(a, b) <= _TOGETHER:
        return False
    if float(known.min()) <= _TOUCHING * middle:
        return True
    return _correlation(np.diff(a)[is_next], np.diff(b)[is_next]) > _MOVING


def _correlation(a: Float[np.ndarray, " N"], b: Float[np.ndarray, " N"]) -> float:
    is_there = ~(np.isnan(a) | np.isnan(b))
    a, b = a[is_there], b[is_there]
    if len(a) < FEWEST or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _verified(
    data: Columns, columns: Sequence[int], meant: Bool[np.ndarray, "D D"]
) -> Bool[np.ndarray, "D D"]:
    """Leave the pairs that hold in every row."""
    found: Bool[np.ndarray, "D D"] = (
        meant & ~meant.T
    )  # both ways: equal wherever both are there, but missing apart
    for block in data.blocks():
        rows = data.values[block]
        for i, j in zip(*np.nonzero(found), strict=True):
            with np.errstate(invalid="ignore"):
                found[i, j] = not (rows[:, columns[i]] > rows[:, columns[j]]).any()
    return found


def _groups(below: Bool[np.ndarray, "D D"]) -> list[list[int]]:
    """Return the sets of columns that orderings connect."""
    linked = below | below.T
    waiting = set(np.flatnonzero(linked.any(axis=1)).tolist())
    groups = []
    while waiting:
        group = {min(waiting)}
        while True:
            more = {j for i in group for j in np.flatnonzero(linked[i]).tolist()} - group
            if not more:
                break
            group |= more
        waiting -= group
        groups.append(sorted(group))
    return groups


def _place(roles: list[ColumnRole], group: Sequence[int], below: Bool[np.ndarray, "D D"]) -> None:
    """Give the columns of a group their roles, the middle first.

    A column between others must have a possible value between theirs. Where a coarse one would
    stand between finer ones, or the outer two are not ordered, the group is built from below.
    """
    n_below, n_above = below.sum(axis=0), below.sum(axis=1)
    middle_first = sorted(range(len(group)), key=lambda k: (abs(n_below[k] - n_above[k]), k))
    from_below = sorted(range(len(group)), key=lambda k: (n_below[k], k))
    placed = _placed(roles, group, below, middle_first)
    if placed is None:
        placed = _placed(roles, group, below, from_below)
    for k, role in (placed or {}).items():
        roles[k] = role


def _placed(
    roles: Sequence[ColumnRole],
    group: Sequence[int],
    below: Bool[np.ndarray, "D D"],
    order: Sequence[int],
) -> dict[int, ColumnRole] | None:
    """Return the roles of a group's columns in an order; None: one may be left no value."""
    found: dict[int, ColumnRole] = {}
    for at, k in enumerate(order):
        lower = [j for j in order[:at] if below[j, k]]
        upper = [j for j in order[:at] if below[k, j]]
        of_lower = [found[group[j]] for j in lower]
        of_upper = [found[group[j]] for j in upper]
        role = roles[group[k]]
        if lower and upper:
            is_ordered = bool(below[np.ix_(lower, upper)].all())
            is_finer = all(role.holds_all_of(r) for r in of_lower) or all(
                role.holds_all_of(r) for r in of_upper
            )
            if not (is_ordered and is_finer):
                return None
        name: RoleName = "above" if lower else "below" if upper else "free"
        name = "between" if lower and upper else name
        found[group[k]] = replace(
            _widened(role, of_lower, of_upper),
            role=name,
            lower=tuple(group[j] for j in lower),
            upper=tuple(group[j] for j in upper),
        )
    return found


def _widened(
    role: ColumnRole, lower: Sequence[ColumnRole], upper: Sequence[ColumnRole]
) -> ColumnRole:
    """Return a role whose range reaches those of the columns that bound it.

    It does so already, unless a column was missing where another one had its greatest value.
    """
    high = max([role.high, *(r.high for r in lower)])
    low = min([role.low, *(r.low for r in upper)])
    if (low, high) == (role.low, role.high):
        return role
    role = replace(role, grid=0.0, grid_values=())
    ends = role.most_up_to(np.array([low])), role.least_from(np.array([high]))
    return replace(role, low=float(ends[0][0]), high=float(ends[1][0]))
