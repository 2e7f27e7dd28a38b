"""What was found in each of many pieces, and the rate with its interval that follows from it.

Shape letters: `N` pieces.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from serinette.core.bootstrap import ratio_interval

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """What was found in each piece, and among how many."""

    totals: Float[np.ndarray, " N"]
    sizes: Float[np.ndarray, " N"]

    def mean(
        self, groups: Int[np.ndarray, " N"] | None, seed: int
    ) -> tuple[float | None, Interval | None]:
        """Return sum(totals) / sum(sizes) and its interval; pieces of size 0 say nothing."""
        says = self.sizes > 0
        if not says.any():
            return None, None
        totals, sizes = self.totals[says], self.sizes[says]
        owners = None if groups is None else groups[says]
        return float(totals.sum() / sizes.sum()), ratio_interval(totals, sizes, owners, seed=seed)
