"""The two pictures of how far back a network looks, as SVG without colours of its own."""

import math
from collections.abc import Sequence

from serinette.explaining.context import ContextCost, Reach

_HEIGHT = 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 14, 12, 40
_TICKS = 4


class _Frame:
    """Where numbers lie on the paper."""

    def __init__(self, width: int, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.width = width
        self._x, self._y = x, y

    def x(self, value: float) -> float:
        low, high = self._x
        share = (value - low) / (high - low or 1)
        return round(_LEFT + share * (self.width - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        low, high = self._y
        share = (value - low) / (high - low or 1)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def context_chart(costs: Sequence[ContextCost], full_bits: float, unit: str, width: int) -> str:
    """Draw bits a symbol over the length of the context, with a line where all of it is there."""
    bits = [full_bits + cost.excess for cost in costs]
    ends = [cost.interval or (cost.excess, cost.excess) for cost in costs]
    top = max(full_bits + high for _, high in ends)
    low = min(full_bits, *(full_bits + low for low, _ in ends))
    logs = [math.log2(cost.context) for cost in costs]
    frame = _Frame(width, (logs[0], logs[-1]), (low, top))
    points = [(frame.x(x), frame.y(y)) for x, y in zip(logs, bits, strict=True)]
    upper = [(frame.x(x), frame.y(full_bits + e[1])) for x, e in zip(logs, ends, strict=True)]
    lower = [(frame.x(x), frame.y(full_bits + e[0])) for x, e in zip(logs, ends, strict=True)]
    parts = _grid(frame, _nice(low, top))
    parts += [
        f'<path class="band" d="{_line([*upper, *reversed(lower)])}Z"/>',
        f'<path class="ideal" d="M{_LEFT} {frame.y(full_bits)}H{width - _RIGHT}"/>',
        f'<path class="line" d="{_line(points)}"/>',
        *(f'<circle class="dot" cx="{x}" cy="{y}" r="3"/>' for x, y in points),
    ]
    octaves = range(math.ceil(logs[0]), math.floor(logs[-1]) + 1)
    parts += [_tick(frame.x(float(k)), f"{1 << k}") for k in octaves[:: 1 if width > 400 else 2]]  # noqa: PLR2004
    parts.append(_caption(width, f"{unit}s of context"))
    return _svg(width, f"Bits a {unit} by the length of the context", parts)


def reach_chart(reach: Reach, unit: str, width: int) -> str:
    """Draw the share of the gradient by how long ago a symbol was read."""
    shares = reach.shares
    most = 100 * max(shares)
    frame = _Frame(width, (0.0, float(len(shares))), (0.0, most))
    thick = max(1.0, (width - _LEFT - _RIGHT) / len(shares) - 1)
    base = frame.y(0.0)
    parts = _grid(frame, _nice(0.0, most))
    tops = [frame.y(100 * share) for share in shares]
    parts += [
        f'<rect class="column" x="{frame.x(float(k))}" y="{top}" width="{thick:.1f}" '
        f'height="{round(base - top, 1)}"/>'
        for k, top in enumerate(tops)
    ]
    parts += [_tick(frame.x(float(k)), str(k)) for k in range(0, len(shares) + 1, 20)]
    parts.append(_caption(width, f"{unit}s back; per cent of the gradient"))
    return _svg(width, f"Share of the gradient by {unit}s back", parts)


def _grid(frame: _Frame, values: Sequence[float]) -> list[str]:
    return [
        f'<path class="grid" d="M{_LEFT} {frame.y(v)}H{frame.width - _RIGHT}"/>'
        f'<text x="{_LEFT - 6}" y="{frame.y(v) + 4}" text-anchor="end">{v:g}</text>'
        for v in values
    ]


def _nice(low: float, high: float) -> list[float]:
    """Return round numbers between two ends."""
    raw = (high - low) / _TICKS or 1.0
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _tick(x: float, text: str) -> str:
    return f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 17}" text-anchor="middle">{text}</text>'


def _caption(width: int, text: str) -> str:
    return f'<text x="{(width + _LEFT) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">{text}</text>'


def _svg(width: int, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{title}">'
        f"{''.join(parts)}</svg>"
    )
