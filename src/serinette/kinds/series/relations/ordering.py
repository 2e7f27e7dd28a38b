"""Columns that are never above others: Low <= Open, Close <= High.

The column in the middle is drawn as it is; the others by their distance, which is never below 0, to
the greatest column below them or the least above them.

Shape letters: `N` rows, `D` columns, `P` pairs.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from serinette.kinds.series.relations.columns import ColumnRole, Columns

_FEWEST = 30
_CLOSE = 0.5
"""Half the distances must be below this part of the columns' spread, or..."""
_TOGETHER = 0.5
"""...the columns must be correlated above this."""
_CHUNK = 200_000
_MOST_COLUMNS = 200


def find_orderings(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give the columns that are never above others their roles; return sentences."""
    columns = [k for k, role in enumerate(roles) if role.role == "free"]
    if not 2 <= len(columns) <= _MOST_COLUMNS:  # noqa: PLR2004
        return []
    below = _below(data.values[:, columns])
    meant = _closed(below & _meant(data.values[:, columns]))
    groups = _groups(meant)
    sentences = []
    for group in groups:
        sentences += _place(data, roles, [columns[k] for k in group], meant[np.ix_(group, group)])
    return sentences


def _below(values: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, "D D"]:
    """Say of each pair whether the first is never above the second, in any row that has both."""
    n = values.shape[1]
    held = np.ones((n, n), dtype=np.bool_)
    counts = np.zeros((n, n), dtype=np.int64)
    for begin in range(0, len(values), max(1, _CHUNK // n)):
        part = values[begin : begin + max(1, _CHUNK // n)]
        there = ~np.isnan(part)
        with np.errstate(invalid="ignore"):
            for k in range(n):
                held[k] &= ~(part[:, [k]] > part).any(axis=0)
        counts += there.T.astype(np.int64) @ there.astype(np.int64)
    np.fill_diagonal(held, False)
    return held & (counts >= _FEWEST)


def _meant(values: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, "D D"]:
    """Say of each pair whether an ordering would be more than chance."""
    rows = np.linspace(0, len(values) - 1, min(len(values), 20_000)).astype(np.int64)
    sample = values[rows]
    n = sample.shape[1]
    found = np.zeros((n, n), dtype=np.bool_)
    low, high = np.nanmin(values, 0), np.nanmax(values, 0)
    for i in range(n):
        for j in range(n):
            if i == j or not high[i] > low[j]:
                continue  # ranges apart say nothing of a row
            a, b = sample[:, i], sample[:, j]
            both = ~(np.isnan(a) | np.isnan(b))
            a, b = a[both], b[both]
            if len(a) < _FEWEST or a.std() == 0 or b.std() == 0:
                continue
            spread = min(a.std(), b.std())
            is_close = float(np.median(b - a)) < _CLOSE * spread
            found[i, j] = is_close and float(np.corrcoef(a, b)[0, 1]) > _TOGETHER
    return found


def _closed(meant: Bool[np.ndarray, "D D"]) -> Bool[np.ndarray, "D D"]:
    """Add what follows: if a <= b and b <= c then a <= c."""
    while True:
        more = meant | ((meant.astype(np.int64) @ meant.astype(np.int64)) > 0)
        if np.array_equal(more, meant):
            return meant
        meant = more


def _groups(meant: Bool[np.ndarray, "D D"]) -> list[list[int]]:
    """Return the sets of columns that orderings connect."""
    linked = meant | meant.T
    waiting = set(np.flatnonzero(linked.any(axis=1)).tolist())
    groups = []
    while waiting:
        group = {waiting.pop()}
        while True:
            more = {j for i in group for j in np.flatnonzero(linked[i]).tolist()} - group
            if not more:
                break
            group |= more
        waiting -= group
        groups.append(sorted(group))
    return groups


def _place(
    data: Columns, roles: list[ColumnRole], group: Sequence[int], below: Bool[np.ndarray, "P P"]
) -> list[str]:
    n_below, n_above = below.sum(axis=0), below.sum(axis=1)
    order = sorted(range(len(group)), key=lambda k: (abs(int(n_below[k]) - int(n_above[k])), k))
    placed: list[int] = []
    for k in order:
        lower = _nearest([j for j in placed if below[j, k]], below, is_greatest=True)
        upper = _nearest([j for j in placed if below[k, j]], below, is_greatest=False)
        placed.append(k)
        if not lower and not upper:
            continue
        role = "between" if lower and upper else ("above" if lower else "below")
        roles[group[k]] = ColumnRole(
            **{
                **vars(roles[group[k]]),
                "role": role,
                "lower": tuple(group[j] for j in lower),
                "upper": tuple(group[j] for j in upper),
            }
        )
    kept = _transitive(below)
    return [
        f"{data.names[group[i]]} <= {data.names[group[j]]} in every row"
        for i, j in zip(*np.nonzero(kept), strict=True)
    ]


def _nearest(
    columns: Sequence[int], below: Bool[np.ndarray, "P P"], *, is_greatest: bool
) -> list[int]:
    """Leave out what another one of the columns implies."""
    return [
        k
        for k in columns
        if not any(below[k, j] if is_greatest else below[j, k] for j in columns if j != k)
    ]


def _transitive(below: Bool[np.ndarray, "P P"]) -> Bool[np.ndarray, "P P"]:
    """Leave out the pairs that follow from others."""
    through = (below.astype(np.int64) @ below.astype(np.int64)) > 0
    return below & ~through
