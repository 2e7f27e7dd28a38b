"""Numbers as they are set on the page: no more digits than the interval bears."""

import math

from serinette.core.metric import Interval

_MOST_DECIMALS = 6
_SIGNIFICANT = 4
_TWO_DIGITS_BELOW = 3.5
_MINUS = "\u2212"
_THIN_SPACE = "\u202f"
_RANGE_DASH = "\u2013"


def decimals(value: float, interval: Interval | None) -> int:
    """Return how many decimals a value is given with.

    Half the width of the interval is given with two digits where they are below 35, else with
    one: 3.2 within 2.9 to 3.6, 1.653 within 1.641 to 1.665. Without an interval whole numbers
    stay whole and others have four significant digits.

    Returns:
        0 to 6.

    Reference: the rounding rule of the Particle Data Group, "Review of Particle Physics", 5.3.
    """
    half = (interval[1] - interval[0]) / 2 if interval is not None else 0.0
    if half > 0 and math.isfinite(half):
        wanted = -math.floor(math.log10(half / _TWO_DIGITS_BELOW))
    elif not math.isfinite(value) or value == round(value):
        wanted = 0
    else:
        wanted = _SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return min(max(wanted, 0), _MOST_DECIMALS)


def numeral(value: float, n_decimals: int, unit: str = "") -> str:
    """Return a number with a real minus sign and commas; of units only `%` is added."""
    if not math.isfinite(value):
        sign = _MINUS if value < 0 else ""
        return "undefined" if math.isnan(value) else f"{sign}\u221e"
    digits = f"{abs(value):,.{n_decimals}f}"
    is_negative = value < 0 and any(digit in "123456789" for digit in digits)
    percent = f"{_THIN_SPACE}%" if unit == "%" else ""
    return f"{_MINUS if is_negative else ''}{digits}{percent}"


def span(interval: Interval, n_decimals: int) -> str:
    """Return both ends of an interval."""
    low, high = (numeral(end, n_decimals) for end in interval)
    between = " to " if _MINUS in low + high else _RANGE_DASH
    return f"{low}{between}{high}"
