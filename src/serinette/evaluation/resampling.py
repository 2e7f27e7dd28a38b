"""Bootstrap of figures that compare two sets of pieces and are no means.

Shape letters: `N` pieces of a side, `R` the pieces themselves and their resamples.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from serinette.core.metric import Interval
from serinette.core.seeds import derive

_LEVEL = 0.95
_FEWEST_GROUPS = 2


def group_numbers(groups: Int[np.ndarray, " N"] | None, n_pieces: int) -> Int[np.ndarray, " N"]:
    """Number the groups from 0 on; without groups every piece is its own."""
    if groups is None:
        return np.arange(n_pieces)
    numbers: Int[np.ndarray, " N"] = np.unique(groups, return_inverse=True)[1]
    return numbers


def resampled_counts(
    sides: Sequence[tuple[Int[np.ndarray, " _"] | None, int]], n_resamples: int, seed: int
) -> list[Float[np.ndarray, "R _"]]:
    """Say how often each piece of each side is in each resample.

    Groups are drawn whole, with replacement. Row 0 is no resample: every piece once.

    Args:
        sides: The group of each piece, or None where every piece is its own; how many pieces.
        n_resamples: How many resamples. None are made if a side has fewer than two groups.
        seed: Same seed, same resamples.
    """
    owners_of = [group_numbers(groups, n_pieces) for groups, n_pieces in sides]
    group_counts = [int(owners.max()) + 1 for owners in owners_of]
    n_made = n_resamples if min(group_counts) >= _FEWEST_GROUPS else 0
    counts = []
    for side, (owners, n_groups) in enumerate(zip(owners_of, group_counts, strict=True)):
        generator = np.random.default_rng(derive(seed, side))
        drawn = generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_made)
        counts.append(np.vstack([np.ones(len(owners)), drawn[:, owners]]))
    return counts


def centred_interval(
    figures: Float[np.ndarray, " R"], *, low: float = -np.inf, high: float = np.inf
) -> Interval | None:
    """Return the 95 % interval of a figure whose resamples are all off in one direction.

    Pieces drawn twice make every resample look less like the other side than the pieces themselves
    do, so the plain percentiles may not even hold the figure. Their spread is of use, their middle
    is not: it is moved onto the figure. The interval is rather too wide: with 400 and 1,000
    captions a side 1.2 to 1.6 times for samples, up to 2.7 times for real against real.

    Args:
        figures: Of the pieces themselves, then of each resample.
        low: The least possible value.
        high: The greatest possible value.

    Returns:
        None if there are no resamples.
    """
    itself, resampled = figures[0], figures[1:]
    if len(resampled) == 0:
        return None
    tail = (1 - _LEVEL) / 2
    ends = itself + np.quantile(resampled, [tail, 1 - tail]) - resampled.mean()
    first, last = np.clip(ends, low, high)
    return float(first), float(last)
