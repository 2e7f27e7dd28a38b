"""An independent look at written rows: does every relation hold? Nothing of the restoring is used.

Shape letters: `N` rows, `D` columns.
"""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.relations.columns import ColumnRole

if TYPE_CHECKING:
    from serinette.kinds.series.relations.relations import Relations


def count_violations(
    relations: "Relations", values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
) -> dict[str, int]:
    """Count the rows that break each relation; only those that are broken are listed."""
    found: dict[str, int] = {}
    names = relations.names
    for k, role in enumerate(relations.roles):
        for words, broken in _broken(role, values, k, starts, names):
            with np.errstate(invalid="ignore"):
                n = int((broken & ~np.isnan(values[:, k])).sum())
            if n:
                found[f"{names[k]} {words}"] = n
    for rule in relations.rules:
        n = int(rule.is_broken(values, relations.roles).sum())
        if n:
            found[rule.text] = n
    return found


def broken_rows(relations: "Relations", values: Float[np.ndarray, "N D"]) -> Bool[np.ndarray, " N"]:
    """Say which rows break any relation within themselves."""
    found = np.zeros(len(values), dtype=np.bool_)
    alone = np.arange(len(values) + 1)
    for k, role in enumerate(relations.roles):
        for _, broken in _broken(role, values, k, alone, relations.names):
            found |= broken & ~np.isnan(values[:, k])
    for rule in relations.rules:
        found |= rule.is_broken(values, relations.roles)
    return found


def _broken(
    role: ColumnRole,
    values: Float[np.ndarray, "N D"],
    k: int,
    starts: Int[np.ndarray, " _"],
    names: tuple[str, ...],
) -> list[tuple[str, Bool[np.ndarray, " N"]]]:
    cells = values[:, k]
    found: list[tuple[str, np.ndarray]] = []
    with np.errstate(invalid="ignore"):
        if role.decimals is not None:
            found.append((f"has {role.decimals} decimals", np.round(cells, role.decimals) != cells))
        if role.role == "constant":
            found.append(("is constant", cells != role.offset))
        elif role.role == "copy":
            found.append((f"equals {names[role.lower[0]]}", cells != values[:, role.lower[0]]))
        elif role.role in ("affine", "total"):
            total = values[:, list(role.lower)] @ np.array(role.factors) + role.offset
            half = 0.5 * 10.0**-role.decimals if role.decimals is not None else 0.0
            slack = half * (1 + 1e-6) + 1e-9 * (np.abs(total) + 1)
            found.append(("follows from others", np.abs(total - cells) > slack))
        else:
            found += [(f">= {names[j]}", cells < values[:, j]) for j in role.lower]
            found += [(f"<= {names[j]}", cells > values[:, j]) for j in role.upper]
        if role.role == "counter":
            falls = np.diff(cells, prepend=cells[:1]) < (0 if role.least_step == 0 else 1e-300)
            falls[starts[:-1][starts[:-1] < len(cells)]] = False
            found.append(("rises", falls))
    return found
