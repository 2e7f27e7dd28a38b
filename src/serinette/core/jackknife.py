"""How far a figure of a whole set could be off, when it is no mean over the set's pieces.

The figure is computed again with a tenth of the documents left out, for each tenth. All these are
of one size, so a figure that depends on the size of the set (distinct n-grams do) is off in all of
them by the same amount, which its spread does not see. A bootstrap would: pieces drawn twice look
like a poorer set.

Reference: Shao and Wu 1989, "A general theory for jackknife variance estimation".

Shape letters: `N` pieces.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from serinette.core.metric import Interval

_PARTS = 10
_FEWEST_PARTS = 2
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""The 97.5 % point of Student's t distribution with 1 to 9 degrees of freedom."""


def parts_of(groups: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """Return the part of each piece, from 0 on: ten parts, or as many as there are groups.

    Args:
        groups: What each piece belongs to; whole groups are in one part.
    """
    different, owners = np.unique(groups, return_inverse=True)
    parts: Int[np.ndarray, " N"] = owners % min(_PARTS, max(1, len(different)))
    return parts


def rows_without_each(parts: Int[np.ndarray, " N"]) -> list[Int[np.ndarray, " _"]]:
    """Return the rows that stay when each part is left out in turn."""
    n_parts = int(parts.max(initial=-1)) + 1
    return [np.flatnonzero(parts != part) for part in range(n_parts)]


def jackknife_interval(value: float, without_each: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a figure.

    Args:
        value: The figure of the whole set.
        without_each: The same figure with each part left out.

    Returns:
        None for fewer than two parts.
    """
    n_parts = len(without_each)
    if n_parts < _FEWEST_PARTS:
        return None
    squares = math.fsum((each - np.mean(without_each)) ** 2 for each in without_each)
    half = _STUDENT[n_parts - 2] * math.sqrt((n_parts - 1) / n_parts * squares)
    return value - half, value + half
