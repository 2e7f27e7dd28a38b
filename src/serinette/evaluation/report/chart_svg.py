"""A chart as inline SVG. Its colours are classes, so that the page can be light or dark.

The letters have the size of the page's own small print as long as the picture is shown at its
width; a page draws every chart twice, for wide and for narrow screens, and shows one.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from serinette.core.chart import Chart, Line
from serinette.evaluation.report.labels import Box, Place, placed, text_width, wrapped
from serinette.evaluation.report.markup import plain_words
from serinette.evaluation.report.numerals import decimals, numeral
from serinette.evaluation.report.scale import Scale, fitted, is_drawable, ticks

WIDE = 660.0
"""Units across, for a screen of a computer and for paper."""
NARROW = 328.0
"""Units across, for a telephone."""

_SIZE = 12.0
_LEADING = 17.0
_INDENT = 34.0
"""Of the names in the legend, and the gap after them."""
_FIRST_SHAPE = {"model": 0, "other": 1, "floor": 2, "baseline": 3, "ideal": 4}
_SHAPES = (
    '<circle cx="{x}" cy="{y}" r="4"/>',
    '<path d="M{x} {y}m0-5.2 5.2 5.2-5.2 5.2-5.2-5.2z"/>',
    '<path d="M{x} {y}m-3.9-3.9h7.8v7.8h-7.8z"/>',
    '<path d="M{x} {y}m0-5 4.8 8.4h-9.6z"/>',
    '<path d="M{x} {y}m-4-4 8 8m0-8-8 8"/>',
)
_N_TINTS = 4
"""Colours and dashes that tell apart the lines of one role."""
_MOST_MARKERS = 40
"""A joined line of more points is drawn without markers."""


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What tells a line from the others."""

    style: str
    """Its classes."""
    shape: str
    """Its marker, to be filled with x and y."""

    def marker(self, x: float, y: float) -> str:
        """Return its marker at a place."""
        return self.shape.format(x=f"{x:.1f}", y=f"{y:.1f}")


@dataclass(frozen=True, kw_only=True)
class _Series:
    """One line, ready to draw."""

    line: Line
    look: _Look
    runs: list[list[int]]
    """Numbers of the points that can be drawn; each run is joined."""
    places: dict[int, Place]
    """Where they are drawn."""

    @property
    def has_markers(self) -> bool:
        """Whether every point is marked."""
        if _is_bare(self.line):
            return False
        is_sparse = len(self.places) <= _MOST_MARKERS
        return is_sparse or not self.line.is_joined or bool(self.line.labels)


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Where things are on the picture."""

    width: float
    plot: Box
    x: Scale
    y: Scale


def chart_svg(chart: Chart, *, width: float = WIDE, name: str = "chart") -> str:
    """Draw a chart.

    Points that are not finite, not above 0 on a logarithmic axis, or beyond the ends that an axis
    asks for are left out, and the picture says how many; a line is interrupted there.

    Args:
        chart: What to draw; without points the axes stay empty and say so.
        width: Units across; letters are 12 units high.
        name: What its ids begin with; unique on the page.

    Returns:
        One `svg` element.
    """
    legend, legend_bottom = _legend(chart, width)
    frame = _frame(chart, width, legend_bottom)
    series = _series(chart, frame)
    n_left_out = sum(len(line.points) for line in chart.lines) - sum(len(s.places) for s in series)
    below, height = _below(chart, frame, n_left_out)
    parts = [
        f'<svg class="chart" role="img" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" aria-labelledby="{name}-title {name}-desc">',
        f'<title id="{name}-title">{plain_words(chart.title)}</title>',
        f'<desc id="{name}-desc">{plain_words(_told(chart, n_left_out))}</desc>',
        legend,
        *_axes(chart, frame),
        *(_bands(one, frame) for one in series),
        *(_strokes(one) for one in series),
        *(_markers(one) for one in series),
        *_point_labels(series, frame),
        below,
        "</svg>",
    ]
    return "".join(parts)


def _frame(chart: Chart, width: float, top: float) -> _Frame:
    """Lay out the picture; how far the plot is indented depends on the labels of y."""
    columns: tuple[list[float], list[float]] = ([], [])
    for line in chart.lines:
        for i in _drawable(chart, line):
            x, y = line.points[i]
            columns[0].append(x)
            columns[1].extend((y, *(line.band[i] if _has_band(line) else ())))
    plot_top = top + _LEADING * len(wrapped(chart.y.label, _SIZE, width)) + 12
    bottom = plot_top + min(max(width * 0.52, 230.0), 330.0)
    y_scale = fitted(chart.y, columns[1], start=bottom, stop=plot_top)
    left = max(text_width(label, _SIZE) for _, label in ticks(y_scale)) + 10
    right = width - 16.0
    x_scale = fitted(chart.x, columns[0], start=left, stop=right)
    plot = Box(left, plot_top, right, bottom)
    return _Frame(width=width, plot=plot, x=x_scale, y=y_scale)


def _drawable(chart: Chart, line: Line) -> list[int]:
    """Return the numbers of the points that both axes have a place for."""
    return [
        i
        for i, (x, y) in enumerate(line.points)
        if is_drawable(chart.x, x) and is_drawable(chart.y, y)
    ]


def _has_band(line: Line) -> bool:
    return len(line.band) == len(line.points)


def _series(chart: Chart, frame: _Frame) -> list[_Series]:
    """Give every line its looks and its points their places."""
    found = []
    for line, look in zip(chart.lines, _looks(chart.lines), strict=True):
        places = {
            i: (frame.x.at(x), frame.y.at(y))
            for i, (x, y) in enumerate(line.points)
            if frame.x.holds(x) and frame.y.holds(y)
        }
        # Numbers that follow one another differ from their rank by the same amount.
        runs = groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
        joined = [[number for _, number in run] for _, run in runs]
        found.append(_Series(line=line, look=look, runs=joined, places=places))
    return found


def _looks(lines: Sequence[Line]) -> Iterator[_Look]:
    """Yield the colour of the role, its tint and dashes changing from line to line."""
    seen: Counter[str] = Counter()
    for line in lines:
        k = seen[line.role]
        seen[line.role] += 1
        tint = f"series {line.role}-{k % _N_TINTS} dash-{k % _N_TINTS}"
        shape = _SHAPES[(_FIRST_SHAPE[line.role] + k // _N_TINTS) % len(_SHAPES)]
        yield _Look(style=f"{tint} hollow" if k % 2 else tint, shape=shape)


def _legend(chart: Chart, width: float) -> tuple[str, float]:
    """Return the names of the lines with their marks, and where they end."""
    parts, x, y = [], 0.0, _SIZE + 2
    for line, look in zip(chart.lines, _looks(chart.lines), strict=True):
        rows = wrapped(line.name, _SIZE, width - _INDENT)
        if not rows:
            continue
        extent = _INDENT + max(text_width(row, _SIZE) for row in rows)
        if x > 0 and x + extent > width:
            x, y = 0.0, y + _LEADING
        stroke = f'<path class="stroke" d="M{x:.1f} {y - 4:.1f}h24"/>' if line.is_joined else ""
        marker = "" if _is_bare(line) else look.marker(x + 12, y - 4)
        parts.append(f'<g class="{look.style}">{stroke}{marker}</g>')
        parts.append(_text(x + 30, y, rows))
        y += _LEADING * (len(rows) - 1)
        x += extent + 12
    return "".join(parts), (y + _LEADING if parts else 4.0)


def _is_bare(line: Line) -> bool:
    """Return whether a line has no markers: it is not made of measurements."""
    return line.role == "ideal" and line.is_joined


def _axes(chart: Chart, frame: _Frame) -> Iterator[str]:
    plot = frame.plot
    for value, label in ticks(frame.y):
        y = frame.y.at(value)
        yield f'<path class="grid" d="M{plot.left:.1f} {y:.1f}H{plot.right:.1f}"/>'
        yield _text(plot.left - 8, y + 4, [label], "tick end")
    yield f'<path class="axis" d="M{plot.left:.1f} {plot.bottom:.1f}H{plot.right:.1f}"/>'
    widest = max(text_width(label, _SIZE) for _, label in ticks(frame.x))
    most = max(5, min(8, int((plot.right - plot.left) / (widest + 18))))
    for value, label in ticks(frame.x, most):
        x = frame.x.at(value)
        yield f'<path class="axis" d="M{x:.1f} {plot.bottom:.1f}v5"/>'
        yield _text(x, plot.bottom + 18, [label], "tick middle")
    rows = wrapped(chart.y.label, _SIZE, frame.width)
    yield _text(0.0, plot.top - 12 - _LEADING * (len(rows) - 1), rows, "label")
    if not any(line.points for line in chart.lines):
        middle = (plot.left + plot.right) / 2
        yield _text(middle, (plot.top + plot.bottom) / 2, ["nothing to show"], "label middle")


def _below(chart: Chart, frame: _Frame, n_left_out: int) -> tuple[str, float]:
    """Return what stands under the plot, and the height of the picture."""
    y = frame.plot.bottom + 37
    rows = wrapped(chart.x.label, _SIZE, frame.width)
    parts = [_text(frame.plot.right, y, rows, "label end")]
    y += _LEADING * (len(rows) - 1)
    if n_left_out:
        rows = wrapped(_left_out(n_left_out), _SIZE, frame.width)
        parts.append(_text(0.0, y + _LEADING + 3, rows, "label"))
        y += _LEADING * len(rows) + 3
    return "".join(parts), y + 6


def _left_out(n: int) -> str:
    verb = "point is" if n == 1 else "points are"
    return f"{n} {verb} left out: not a number, or beyond the axes."


def _bands(one: _Series, frame: _Frame) -> str:
    """Draw the intervals: a ribbon along a line, a bar through a single point."""
    band = one.line.band
    if not _has_band(one.line):
        return ""
    inside = frame.y.low, frame.y.high
    ends = {
        i: tuple(frame.y.at(min(max(end, inside[0]), inside[1])) for end in band[i])
        for i in one.places
        if not any(map(math.isnan, band[i]))
    }
    parts = []
    for run in one.runs:
        known = [i for i in run if i in ends]
        if one.line.is_joined and len(known) > 1:
            there = [(one.places[i][0], ends[i][0]) for i in known]
            back = [(one.places[i][0], ends[i][1]) for i in reversed(known)]
            parts.append(f'<path class="band" d="{_path([*there, *back])}z"/>')
        elif known:
            bars = (f"M{one.places[i][0]:.1f} {ends[i][0]:.1f}V{ends[i][1]:.1f}" for i in known)
            parts.append(f'<path class="bar" d="{"".join(bars)}"/>')
    return f'<g class="{one.look.style}">{"".join(parts)}</g>'


def _strokes(one: _Series) -> str:
    if not one.line.is_joined:
        return ""
    paths = [_path([one.places[i] for i in run]) for run in one.runs if len(run) > 1]
    if not paths:
        return ""
    return f'<g class="{one.look.style}"><path class="stroke" d="{"".join(paths)}"/></g>'


def _markers(one: _Series) -> str:
    if not one.has_markers:
        return ""
    marks = dict.fromkeys(one.look.marker(*place) for place in one.places.values())
    return f'<g class="{one.look.style}">{"".join(marks)}</g>'


def _point_labels(series: Sequence[_Series], frame: _Frame) -> Iterator[str]:
    named = [
        (one.places[i], label)
        for one in series
        for i, label in enumerate(one.line.labels)
        if label and i in one.places
    ]
    boxes = placed(
        named,
        markers=[place for one in series if one.has_markers for place in one.places.values()],
        curves=[
            [one.places[i] for i in run] for one in series if one.line.is_joined for run in one.runs
        ],
        frame=Box(frame.plot.left + 2, frame.plot.top, frame.width, frame.plot.bottom - 2),
        size=_SIZE,
    )
    for (_, label), box in zip(named, boxes, strict=True):
        yield _text((box.left + box.right) / 2, box.bottom - 3, [label], "point middle")


def _path(places: Sequence[Place]) -> str:
    """Return a path; steps that are too small to see are left out, the last one is not."""
    kept = [places[0]]
    for place in places[1:-1]:
        if max(abs(place[0] - kept[-1][0]), abs(place[1] - kept[-1][1])) >= 1:
            kept.append(place)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in [*kept, *places[1:][-1:]])


def _text(x: float, y: float, rows: Sequence[str], style: str = "") -> str:
    spans = "".join(
        f'<text class="{style}" x="{x:.1f}" y="{y + _LEADING * k:.1f}">{plain_words(row)}</text>'
        for k, row in enumerate(rows)
    )
    return spans.replace(' class=""', "")


def _told(chart: Chart, n_left_out: int) -> str:
    """Say in words what the picture shows."""
    axes = f"Across: {chart.x.label}; upwards: {chart.y.label}."
    lines = [_line_told(line) for line in chart.lines]
    left_out = [_left_out(n_left_out)] if n_left_out else []
    return " ".join([axes, *(lines or ["There is nothing to show."]), *left_out])


def _line_told(line: Line) -> str:
    if not line.points:
        return f"{line.name}: no points."
    ends = [
        f"({', '.join(numeral(value, decimals(value, None)) for value in point)})"
        for point in (line.points[0], line.points[-1])
    ]
    if len(line.points) == 1:
        return f"{line.name}: one point at {ends[0]}."
    return f"{line.name}: {len(line.points)} points from {ends[0]} to {ends[1]}."
