"""How far a mean could be off: resample the pieces that it was taken over.

Shape letters: `N` pieces.
"""

import numpy as np
from jaxtyping import Float

_RESAMPLES = 1_000
_LEVEL = 0.95
_FEWEST_PIECES = 2


def ratio_interval(
    totals: Float[np.ndarray, " N"], sizes: Float[np.ndarray, " N"], *, seed: int = 0
) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of sum(totals) / sum(sizes).

    The pieces must be nearly independent of one another (documents, long blocks): neighbouring
    characters are not, and an interval over characters would be far too narrow.

    Args:
        totals: What was added up in each piece.
        sizes: How much each piece weighs, above 0.
        seed: Same seed, same interval.

    Returns:
        None for fewer than two pieces.

    Reference: Efron and Tibshirani 1993, chapter 13.
    """
    n_pieces = len(totals)
    if n_pieces < _FEWEST_PIECES:
        return None
    generator = np.random.default_rng(seed)
    ratios = np.empty(_RESAMPLES)
    for k in range(_RESAMPLES):
        chosen = generator.integers(0, n_pieces, n_pieces)
        ratios[k] = totals[chosen].sum() / sizes[chosen].sum()
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return float(low), float(high)
