"""How far a mean could be off: resample the pieces that it was taken over.

What is resampled must be nearly independent: documents, long blocks. Neighbouring characters are
not, nor are the sentences of one document; an interval over those would be far too narrow. Where
pieces belong together, `groups` numbers what they belong to, and whole groups are resampled.

Percentile intervals, 95 %. With fewer than about twenty groups they are somewhat too narrow.

Reference: Efron and Tibshirani 1993, chapters 8 and 13.

Shape letters: `N` pieces.
"""

import numpy as np
from jaxtyping import Float, Int

from serinette.core.metric import Interval

_RESAMPLES = 1_000
_LEVEL = 0.95
_FEWEST_GROUPS = 2
_DRAWS_AT_ONCE = 1 << 17
"""Small enough that the drawn places stay in the cache."""


def ratio_interval(
    totals: Float[np.ndarray, " N"],
    sizes: Float[np.ndarray, " N"],
    groups: Int[np.ndarray, " N"] | None = None,
    *,
    seed: int = 0,
) -> Interval | None:
    """Return the interval of sum(totals) / sum(sizes).

    Args:
        totals: What was added up in each piece.
        sizes: How much each piece weighs, above 0.
        groups: What each piece belongs to, any numbers; None: every piece is its own group.
        seed: Same seed, same interval.

    Returns:
        None for fewer than two groups.
    """
    if groups is not None:
        _, owners = np.unique(groups, return_inverse=True)
        totals, sizes = (np.bincount(owners, weights=column) for column in (totals, sizes))
    n_groups = len(totals)
    if n_groups < _FEWEST_GROUPS:
        return None
    generator = np.random.default_rng(seed)
    n_rows = max(1, _DRAWS_AT_ONCE // n_groups)
    blocks = []
    for first in range(0, _RESAMPLES, n_rows):
        drawn = generator.integers(0, n_groups, (min(n_rows, _RESAMPLES - first), n_groups))
        blocks.append(totals[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(np.concatenate(blocks), [tail, 1 - tail])
    return float(low), float(high)


def mean_interval(
    values: Float[np.ndarray, " N"], groups: Int[np.ndarray, " N"] | None = None, *, seed: int = 0
) -> Interval | None:
    """Return the interval of the mean of `values`; see `ratio_interval`."""
    return ratio_interval(values, np.ones(len(values)), groups, seed=seed)
