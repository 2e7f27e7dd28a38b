"""Numbers of many cells at once: digits, a sign, a decimal mark and nothing else.

An integer below 10^15 divided by a power of ten is the float64 nearest to the decimal number, which
is what `float` returns (Clinger 1990): no cell is read differently, only faster.

Shape letters: `N` cells.
"""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from serinette.kinds.series.spans import Spans

_MOST_DIGITS: Final = 15
_WIDEST: Final = _MOST_DIGITS + 2
_POWERS: Final = 10.0 ** np.arange(_MOST_DIGITS + 1)
_ZERO: Final = np.uint8(ord("0"))
_PLUS, _MINUS = ord("+"), ord("-")


class PlainNumbers(NamedTuple):
    """The numbers of a column's plain cells."""

    values: Float[np.ndarray, " N"]
    """NaN in cells that are not plain."""
    is_plain: Bool[np.ndarray, " N"]
    decimals: int
    """Most digits after the decimal mark."""
    loses_zeros: bool
    """Whether some cell begins with a zero that a number would not keep."""


def plain_numbers(cells: Spans, point: str) -> PlainNumbers | None:
    """Read the plain cells of a column; None: they are too wide to be plain.

    Args:
        cells: Of one block.
        point: The decimal mark.
    """
    if point not in cells.found:
        cells.found[point] = _read(cells, point) if 0 < cells.widest <= _WIDEST else None
    found: PlainNumbers | None = cells.found[point]
    return found


def _read(cells: Spans, point: str) -> PlainNumbers:
    columns, n = cells.columns, len(cells)
    is_signed = (columns[0] == _MINUS) | (columns[0] == _PLUS)
    mantissa = np.zeros(n, dtype=np.int64)
    n_points, n_digits, n_after = (np.zeros(n, dtype=np.uint8) for _ in range(3))
    is_zero_first = np.zeros(n, dtype=np.bool_)
    loses_zeros = is_zero_first.copy()
    for column in columns:
        digit = column - _ZERO  # what is below wraps around
        is_digit = digit <= 9  # noqa: PLR2004
        if is_digit.all():
            mantissa *= 10
            mantissa += digit
        else:
            np.multiply(mantissa, 10, out=mantissa, where=is_digit)
            np.add(mantissa, digit, out=mantissa, where=is_digit)
        loses_zeros |= is_zero_first & is_digit & (n_digits == 1) & (n_points == 0)
        is_zero_first |= (n_digits == 0) & (n_points == 0) & (digit == 0)
        n_digits += is_digit
        n_points += column == ord(point)
        n_after += is_digit & (n_points > 0)
    is_plain = (n_digits + n_points + is_signed == cells.widths) & (n_points <= 1)
    is_plain &= (n_digits > 0) & (n_digits <= _MOST_DIGITS)
    n_after[~is_plain] = 0
    values = mantissa / _POWERS[n_after]
    np.negative(values, out=values, where=columns[0] == _MINUS)
    values[~is_plain] = np.nan
    return PlainNumbers(values, is_plain, int(n_after.max()), bool((loses_zeros & is_plain).any()))
