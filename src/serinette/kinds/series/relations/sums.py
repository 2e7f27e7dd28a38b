"""Columns that are sums, differences or products of others.

Shape letters: `N` rows, `D` columns.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float

from serinette.kinds.series.relations.columns import ColumnRole, Columns, sample_rows
from serinette.kinds.series.relations.lines import (
    DISTINCT,
    agreement,
    determined,
    free_columns,
    half_unit,
    holds,
    worded,
)
from serinette.kinds.series.relations.single import FEWEST

_SAMPLED = 5_000
_MOST_TERMS = 4
MOST_FOR_SUMS = 60
"""More columns than this are not searched for sums."""
MOST_FOR_PRODUCTS = 40
_DIGITS = (0, 1, 2)
"""After the point of a factor."""


def find_sums(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give columns that are sums of up to four others their roles; return sentences.

    Columns are looked at one after another: is this one a sum of those before it that are no sums
    themselves? Of the columns of such an equation the one that is left out of the model is the one
    that all others add up to, if there is one: of `tax = total - net` it is the total, so that a
    tax that was never negative stays so.
    """
    free = free_columns(data, roles)
    sample = data.values[sample_rows(len(data.values), _SAMPLED)]
    rows = sample[~np.isnan(sample[:, free]).any(axis=1)]
    found: list[str] = []
    independent: list[int] = []
    for k in free:
        terms = _terms(rows, k, independent, half_unit(roles[k]))
        if terms is None:
            independent.append(k)
            continue
        kept = _keep(data, roles, k, terms)
        if kept is not None:
            independent = [k if j == kept else j for j in independent]
            found.append(worded(data, roles, kept))
        elif not _is_exact(rows, k, independent):
            independent.append(k)  # near the others, but not made of them
    return found


def find_products(data: Columns, roles: list[ColumnRole]) -> list[str]:
    """Give columns that are the product of two others their roles; return sentences."""
    free = free_columns(data, roles)
    few = data.values[sample_rows(len(data.values), 80)]
    many = data.values[sample_rows(len(data.values), _SAMPLED)]
    halves = np.array([half_unit(roles[k]) for k in free])
    found: list[str] = []
    for at, i in enumerate(free):
        for j in free[at:]:
            product = few[:, i] * few[:, j]
            with np.errstate(invalid="ignore"):
                far = np.abs(few[:, free] - product[:, None]) > halves
            for k in [k for k, is_far in zip(free, far.any(axis=0), strict=True) if not is_far]:
                is_free = k not in (i, j) and all(roles[x].role == "free" for x in (i, j, k))
                if not is_free or len(np.unique(many[:, k])) <= DISTINCT:
                    continue
                whole = partial(_product, i=i, j=j)
                if agreement(data, k, whole, roles[k]) == "alike":
                    roles[k] = determined(roles[k], "product", (i, j), (), 0.0)
                    product_of = f"{data.names[i]} * {data.names[j]}"
                    found.append(f"{data.names[k]} = {product_of} ({len(data.values):,} rows)")
    return found


def _product(rows: Float[np.ndarray, "N D"], i: int, j: int) -> Float[np.ndarray, " N"]:
    found: Float[np.ndarray, " N"] = rows[:, i] * rows[:, j]
    return found


def _terms(
    rows: Float[np.ndarray, "N D"], k: int, others: Sequence[int], half: float
) -> dict[int, float] | None:
    """Return what a column is the sum of in the sample, by column; None: of nothing plain."""
    if len(others) < 2 or len(rows) < FEWEST + 2 * len(others):  # noqa: PLR2004
        return None
    if len(np.unique(rows[:, k])) <= DISTINCT:
        return None
    x, y = rows[:, others], rows[:, k]
    weights = _weights(x, y)
    for digits in _DIGITS:
        plain = np.round(weights, digits)
        if not 2 <= (plain != 0).sum() <= _MOST_TERMS:  # noqa: PLR2004
            continue
        if float(np.abs(y - x @ plain).max()) <= half:
            return {j: float(w) for j, w in zip(others, plain, strict=True) if w}
    return None


def _weights(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, " N"]) -> Float[np.ndarray, " D"]:
    """Return the least-squares weights, found with columns of unit spread."""
    spread = np.maximum(x.std(0), 1e-300)
    weights, *_ = np.linalg.lstsq((x - x.mean(0)) / spread, y - y.mean())
    return np.asarray(weights / spread)


def _is_exact(rows: Float[np.ndarray, "N D"], k: int, others: Sequence[int]) -> bool:
    """Say whether a column adds nothing to others; with it their weights would be anything."""
    x, y = rows[:, others], rows[:, k]
    rest = y - y.mean() - (x - x.mean(0)) @ _weights(x, y)
    return float(rest.std()) < 1e-9 * float(y.std())


def _keep(data: Columns, roles: list[ColumnRole], k: int, terms: Mapping[int, float]) -> int | None:
    """Give one column of an equation its role, the best first; None if none can have it."""
    equation = {k: -1.0, **terms}
    places = sorted(equation, key=lambda c: (n_minus(equation, c), c != k, c))
    for c in places:
        factors = {j: -w / equation[c] + 0.0 for j, w in equation.items() if j != c}
        columns = tuple(sorted(factors, key=lambda j: (factors[j] < 0, j)))
        weights = tuple(factors[j] for j in columns)
        if holds(data, c, columns, weights, 0.0, roles):
            roles[c] = determined(roles[c], "total", columns, weights, 0.0)
            return c
    return None


def n_minus(equation: Mapping[int, float], c: int) -> int:
    """Return how many columns are taken away, if one is written as the sum of the others."""
    return sum(w * equation[c] > 0 for j, w in equation.items() if j != c)
