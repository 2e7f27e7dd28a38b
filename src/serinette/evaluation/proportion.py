"""How far a share that was counted could be off."""

import math

from serinette.core.metric import Interval

_Z = 1.959964
"""Standard deviations that hold 95 % of a normal distribution on both sides."""


def wilson_interval(share: float, n: float) -> Interval:
    """Return the 95 % interval of a share; sensible even at none of n and at all of n.

    Args:
        share: What was counted, 0 to 1.
        n: Out of how many independent trials, above 0; an effective number may be a fraction.

    Reference: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    shrink = 1 + _Z**2 / n
    middle = (share + _Z**2 / (2 * n)) / shrink
    reach = _Z * math.sqrt(share * (1 - share) / n + (_Z / (2 * n)) ** 2) / shrink
    return min(share, max(0.0, middle - reach)), max(share, min(1.0, middle + reach))
