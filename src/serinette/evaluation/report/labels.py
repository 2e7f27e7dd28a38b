"""Words beside points: each where it hides the least."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_EM_SHARES = {
    "ijl|!.,:;'() ": 0.32,
    "frtI[]-": 0.42,
    "mwMW%@": 0.94,
    "\u2190\u2191\u2192\u2193": 1.0,
}
"""Widths of characters in the widest of the common sans serifs, as shares of the size."""
_EM_SHARE = {character: share for row, share in _EM_SHARES.items() for character in row}
_CAPITAL, _OTHER, _WIDE = 0.68, 0.6, 1.0
_GAP = 7.0
_CROWDED = 1_000.0
_ON_A_MARKER = 100.0
_STEP = 5.0
"""Between the points of a line that a label should not cover."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Return whether two rectangles share more than a border."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, place: Place) -> bool:
        """Return whether a point lies inside."""
        return self.left < place[0] < self.right and self.top < place[1] < self.bottom

    def moved_into(self, frame: "Box") -> "Box":
        """Return the rectangle shifted so that it sticks out of the frame nowhere, if it can."""
        across = max(frame.left - self.left, 0.0) + min(frame.right - self.right, 0.0)
        down = max(frame.top - self.top, 0.0) + min(frame.bottom - self.bottom, 0.0)
        return Box(self.left + across, self.top + down, self.right + across, self.bottom + down)


def text_width(text: str, size: float) -> float:
    """Estimate how wide a text is set, in the unit of `size`; rather too wide than too narrow."""
    return size * sum(map(_share, text))


def _share(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return _EM_SHARE.get(character, _CAPITAL if character.isupper() else _OTHER)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text into lines; a word that is wider than a line stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def placed(
    named: Sequence[tuple[Place, str]],
    *,
    markers: Sequence[Place],
    curves: Sequence[Sequence[Place]],
    frame: Box,
    size: float,
) -> list[Box]:
    """Find a place for every label.

    One after the other, each takes the place around its point that covers the fewest labels, then
    markers, then stretches of line, and sticks out of the frame nowhere.

    Args:
        named: Points with their labels.
        markers: All points that are drawn.
        curves: The corners of all lines.
        frame: What the labels must stay in.
        size: Of the letters.
    """
    dots = [Box(x - 4, y - 4, x + 4, y + 4) for x, y in markers]
    covered = [place for curve in curves for place in _along(curve)]
    boxes: list[Box] = []
    for point, text in named:
        choices = [box.moved_into(frame) for box in _around(point, text_width(text, size), size)]
        costs = [
            _CROWDED * sum(box.overlaps(other) for other in boxes)
            + _ON_A_MARKER * sum(box.overlaps(dot) for dot in dots)
            + sum(box.holds(place) for place in covered)
            for box in choices
        ]
        boxes.append(choices[costs.index(min(costs))])
    return boxes


def _around(point: Place, width: float, size: float) -> list[Box]:
    """Return boxes around a point, best first: eight close by, then eight further off, twice."""
    x, y = point
    height = size * 1.15
    boxes = []
    for gap in (_GAP, 2 * _GAP, 3 * _GAP):
        right, left, middle = x + gap, x - gap - width, x - width / 2
        above, level, below = y - gap - height, y - height / 2, y + gap
        corners = [
            (right, level), (left, level), (middle, above), (middle, below),
            (right, above), (right, below), (left, above), (left, below),
        ]  # fmt: skip
        boxes += [Box(a, b, a + width, b + height) for a, b in corners]
    return boxes


def _along(curve: Sequence[Place]) -> list[Place]:
    """Return points on a line, close enough together that no label slips between them."""
    places = list(curve[:1])
    for (x, y), (to_x, to_y) in pairwise(curve):
        n = max(1, round(max(abs(to_x - x), abs(to_y - y)) / _STEP))
        places += [(x + (to_x - x) * k / n, y + (to_y - y) * k / n) for k in range(1, n + 1)]
    return places
