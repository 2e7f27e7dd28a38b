"""How well numbers tell two classes apart: the area under the ROC curve.

It is the chance that a number of one class lies above one of the other: 0.5 tells nothing, 1 all.

Reference: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.

Shape letters: `N` places, `K` columns, `M` traits.
"""

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from serinette.core.jackknife import jackknife_interval, parts_of, rows_without_each
from serinette.core.metric import Interval

_COLUMNS_AT_ONCE = 256


def area(values: Float[np.ndarray, " N"], is_so: Bool[np.ndarray, " N"]) -> float:
    """Return the area under the curve; equal values count half. Both classes must be there."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    n_so = int(is_so.sum())
    return float((ranks[is_so].sum() - n_so * (n_so + 1) / 2) / (n_so * (len(is_so) - n_so)))


def area_interval(
    values: Float[np.ndarray, " N"], is_so: Bool[np.ndarray, " N"], blocks: Int[np.ndarray, " N"]
) -> Interval | None:
    """Return the 95 % interval of the area, or None where one cannot be given.

    Args:
        values: What tells the classes apart.
        is_so: The class of each place.
        blocks: Stretch of each place: neighbours are not independent, so whole ones are left out.
    """
    rows = [kept for kept in rows_without_each(parts_of(blocks)) if _has_both(is_so[kept])]
    whole = area(values, is_so)
    found = jackknife_interval(whole, [area(values[kept], is_so[kept]) for kept in rows])
    return None if found is None else (max(0.0, found[0]), min(1.0, found[1]))


def areas(
    columns: Float32[np.ndarray, "N K"], is_so: Bool[np.ndarray, "N M"]
) -> Float[np.ndarray, "M K"]:
    """Return the area of every column for every trait.

    Equal values are ranked as they stand, which is near enough to choose a column by.
    """
    n, n_columns = columns.shape
    numbered = is_so.T.astype(np.float64)
    sums = np.empty((len(numbered), n_columns))
    for first in range(0, n_columns, _COLUMNS_AT_ONCE):
        part = columns[:, first : first + _COLUMNS_AT_ONCE]
        ranks = np.empty(part.shape)
        np.put_along_axis(ranks, part.argsort(axis=0), np.arange(1.0, n + 1)[:, None], axis=0)
        sums[:, first : first + _COLUMNS_AT_ONCE] = numbered @ ranks
    n_so = is_so.sum(0)[:, None]
    found: Float[np.ndarray, "M K"] = (sums - n_so * (n_so + 1) / 2) / (n_so * (n - n_so))
    return found


def _has_both(is_so: Bool[np.ndarray, " N"]) -> bool:
    return bool(is_so.any() and not is_so.all())
