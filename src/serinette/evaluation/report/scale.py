"""From data to places on the page, and where an axis has its ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from serinette.core.chart import Axis
from serinette.evaluation.report.numerals import numeral

_PADDING = 0.05
"""Of the data's width, free on both sides."""
_NARROWEST = 1e-9
"""Of the larger end: a range that is narrower is taken for a point."""
_ROUNDING = 1e-9
_MANTISSAS = ((1, 2, 5), (1, 3), (1,))
_FEWEST_TICKS = 3
_PLAIN = (1e-4, 1e5)
"""Ticks outside are written as powers of ten."""
_SUPERSCRIPT = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One axis, fitted to its place."""

    low: float
    high: float
    """Above `low`."""
    start: float
    """Where `low` is drawn."""
    stop: float
    """Where `high` is drawn."""
    is_log: bool = False
    """If so, `low` is above 0."""

    def at(self, value: float) -> float:
        """Return where a value is drawn."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(value) - low) / (high - low)
        return self.start + share * (self.stop - self.start)

    def holds(self, value: float) -> bool:
        """Return whether a value has a place between the ends."""
        return math.isfinite(value) and self.low <= value <= self.high

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def is_drawable(axis: Axis, value: float) -> bool:
    """Return whether an axis has a place for a value, however far it must reach."""
    return math.isfinite(value) and (axis.scale == "linear" or value > 0)


def fitted(axis: Axis, values: Iterable[float], *, start: float, stop: float) -> Scale:
    """Return a scale that holds all values that can be drawn, or the ends that the axis asks for.

    Without anything to draw it runs from 0 to 1, a logarithmic one from 1 to 10.
    """
    is_log = axis.scale == "log"
    low_wanted, high_wanted = (
        end if end is not None and is_drawable(axis, end) else None for end in (axis.low, axis.high)
    )
    wanted = [end for end in (low_wanted, high_wanted) if end is not None]
    drawable = [value for value in values if is_drawable(axis, value)]
    drawable = drawable or wanted or ([1.0, 10.0] if is_log else [0.0, 1.0])
    low, high = _padded(min(drawable), max(drawable), is_log)
    low = low if low_wanted is None else low_wanted
    high = high if high_wanted is None else high_wanted
    if low >= high:
        low, high = _padded(low, low, is_log)
    return Scale(low=low, high=high, start=start, stop=stop, is_log=is_log)


def _padded(low: float, high: float, is_log: bool) -> tuple[float, float]:
    """Widen a range a little, a point a lot; what is not negative stays so."""
    if is_log:
        a, b = math.log10(low), math.log10(high)
        padding = (b - a) * _PADDING if b - a > _NARROWEST else 0.5
        return float(10 ** (a - padding)), float(10 ** (b + padding))
    largest = max(abs(low), abs(high))
    is_point = high - low <= largest * _NARROWEST
    padding = (largest / 2 or 1.0) if is_point else (high - low) * _PADDING
    first = low - padding
    return (0.0 if low >= 0 > first else first), high + padding


def ticks(scale: Scale, most: int = 6) -> list[tuple[float, str]]:
    """Return the values that are marked on an axis, each with its label.

    Args:
        scale: The axis.
        most: How many there may be, at least 5.

    Returns:
        At least two, in rising order, all between the ends.
    """
    if scale.is_log:
        marked = _log_ticks(scale, most)
        if len(marked) >= _FEWEST_TICKS:
            return [(value, _power(value)) for value in marked]
    step = _step((scale.high - scale.low) / most)
    first, last = math.ceil(scale.low / step - _ROUNDING), math.floor(scale.high / step + _ROUNDING)
    values = [k * step for k in range(first, last + 1)]
    if step < _PLAIN[0] or max(map(abs, values)) > _PLAIN[1] * 10:
        return [(value, _power(value)) for value in values]
    n_decimals = max(0, -math.floor(math.log10(step) + _ROUNDING))
    return [(value, numeral(value, n_decimals)) for value in values]


def _step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = float(10.0 ** math.floor(math.log10(least)))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - _ROUNDING))


def _log_ticks(scale: Scale, most: int) -> list[float]:
    """Return the densest round values that are not too many: 1 2 5 10, 1 3 10, 1 10, 1 100."""
    first, last = (math.floor(math.log10(end)) for end in (scale.low, scale.high))
    stride = 1
    for mantissas in _MANTISSAS:
        found = _between(scale, range(first, last + 1), mantissas)
        if len(found) <= most:
            return found
    while len(found) > most:
        stride += 1
        exponents = [k for k in range(first, last + 1) if k % stride == 0]
        found = _between(scale, exponents, (1,))
    return found


def _between(scale: Scale, exponents: Iterable[int], mantissas: tuple[int, ...]) -> list[float]:
    values = [m * 10.0**k for k in exponents for m in mantissas]
    return [v for v in values if scale.low <= v * (1 + _ROUNDING) and v <= scale.high]


def _power(value: float) -> str:
    """Return 0.01, 1, 5,000, or a number times a power of ten."""
    size = abs(value)
    if size == 0:
        return "0"
    exponent = math.floor(math.log10(size) + _ROUNDING)
    if _PLAIN[0] <= size <= _PLAIN[1]:
        return numeral(value, max(0, -exponent))
    mantissa = f"{size / 10.0**exponent:.3g}\u00d7".removeprefix("1\u00d7")
    sign = "\u2212" if value < 0 else ""
    return f"{sign}{mantissa}10{str(exponent).translate(_SUPERSCRIPT)}"
