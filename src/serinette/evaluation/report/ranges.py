"""A row of a table as a picture: each value with its interval, and what it is held against.

All settings of a figure share one line of numbers; everything shown here also stands in the cells
of the row, so the picture is hidden from screen readers.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Beside
from serinette.evaluation.report.scale import Scale

_WIDTH = 120.0
_MARGIN = 6.0
_ROW = 12
_FEWEST = 2
"""A lone figure has nothing to be compared with."""
_EXAMPLE = Metric(name="", value=0.5, unit="", better="neither", n=1, interval=(0.0, 1.0))


def range_svg(row: Sequence[Metric]) -> str:
    """Draw one row.

    Args:
        row: The figure at every setting, top to bottom.

    Returns:
        One `svg` element, or nothing where there is nothing to compare.
    """
    known = [number for metric in row for number in _numbers(metric)]
    compared = {n for m in row for n in (m.value, m.floor, m.baseline) if n in known}
    if len(compared) < _FEWEST:
        return ""
    scale = Scale(low=min(known), high=max(known), start=_MARGIN, stop=_WIDTH - _MARGIN)
    height = _ROW * len(row)
    rows = "".join(_row(metric, k, scale) for k, metric in enumerate(row))
    return (
        f'<svg class="range" aria-hidden="true" viewBox="0 0 {_WIDTH:.0f} {height}" '
        f'width="{_WIDTH:.0f}" height="{height}">{rows}</svg>'
    )


def signs(beside: Beside) -> str:
    """Explain the pictures in one paragraph.

    Args:
        beside: What floor and baseline are called.
    """
    told = (
        (_EXAMPLE, "a figure within an interval that is made to hold the truth 95 times in 100"),
        (
            replace(_EXAMPLE, value=math.nan, interval=None, floor=0.5),
            f"{beside.real}, measured alike",
        ),
        (
            replace(_EXAMPLE, value=math.nan, interval=None, baseline=0.5),
            f"{beside.baseline}: {beside.baseline_is}",
        ),
    )
    signed = "; ".join(f"{_glyph(metric)} {text}" for metric, text in told)
    return f'<p class="reading">{signed}; n: how many pieces or characters were measured.</p>'


def _glyph(metric: Metric) -> str:
    """Draw one row as small as a word."""
    width = _ROW if metric.interval is None else 2 * _ROW
    scale = Scale(low=0.0, high=1.0, start=0.0, stop=float(width))
    return (
        f'<svg class="range" aria-hidden="true" viewBox="0 0 {width} {_ROW}" '
        f'width="{width}" height="{_ROW}">{_row(metric, 0, scale)}</svg>'
    )


def _numbers(metric: Metric) -> list[float]:
    intervals = [*(metric.interval or ()), *(metric.floor_interval or ())]
    numbers = [metric.value, metric.floor, metric.baseline, *intervals]
    return [number for number in numbers if number is not None and math.isfinite(number)]


def _row(metric: Metric, k: int, scale: Scale) -> str:
    top, middle, bottom = _ROW * k, _ROW * k + _ROW // 2, _ROW * (k + 1)
    parts = [f'<path class="axis" d="M{scale.start:.0f} {middle}H{scale.stop:.0f}"/>']
    if _is_drawable(metric.floor_interval, scale):
        low, high = (scale.at(end) for end in metric.floor_interval or ())
        parts.append(
            f'<path class="floor band" d="M{low:.1f} {top}H{high:.1f}V{bottom}H{low:.1f}z"/>'
        )
    if _is_drawable((metric.floor,), scale):
        x = scale.at(metric.floor or 0.0)
        parts.append(f'<path class="floor" d="M{x:.1f} {top}V{bottom}"/>')
    if _is_drawable((metric.baseline,), scale):
        x = scale.at(metric.baseline or 0.0)
        parts.append(f'<path class="baseline" d="M{x:.1f} {middle}m0-4.5 4 7.5h-8z"/>')
    if _is_drawable(metric.interval, scale):
        low, high = (scale.at(end) for end in metric.interval or ())
        parts.append(f'<path class="interval" d="M{low:.1f} {middle}H{high:.1f}"/>')
    if _is_drawable((metric.value,), scale):
        x = scale.at(metric.value)
        parts.append(f'<circle class="value" cx="{x:.1f}" cy="{middle}" r="3.2"/>')
    return "".join(parts)


def _is_drawable(numbers: Sequence[float | None] | None, scale: Scale) -> bool:
    return numbers is not None and all(n is not None and scale.holds(n) for n in numbers)
