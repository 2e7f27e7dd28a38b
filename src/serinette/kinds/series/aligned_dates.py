"""Dates whose parts stand at the same places in every cell, taken apart all at once.

Shape letters: `N` cells, `W` characters of a cell, `D` digits, `E` other characters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Int, UInt8

from serinette.kinds.series.spans import WIDEST, Spans

_WIDTHS: Final = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
_TAIL: Final = re.compile(r"(?:\.([0-9]{1,6}))?(Z|\+00:00)?$")
_ZERO: Final = np.uint8(ord("0"))
_MICROS: Final = 6
_FRACTION: Final = ".%f"
_ZONE: Final = "%z"


def aligned_parts(cells: Sequence[str], format_: str) -> dict[str, Int[np.ndarray, " N"]] | None:
    """Return what stands for each letter of a format; None: the cells must be read one by one.

    Args:
        cells: At least one. The first one says how many digits a fraction of a second has, and how
            UTC is written.
        format_: As of `dates.formats_of`. "f" comes back in microseconds, "z" not at all.
    """
    grid = _grid_of(cells[0], format_)
    marks = None if grid is None else _marks(cells, grid.width)
    if grid is None or marks is None:
        return None
    digits = marks[grid.digits_at] - _ZERO  # [D, N]; what is below wraps around
    if (marks[grid.signs_at] != grid.signs[:, None]).any() or digits.max() > 9:  # noqa: PLR2004
        return None
    found: dict[str, np.ndarray] = {}
    at = 0
    for letter, width in grid.widths:
        number = digits[at].astype(np.int64)
        for row in digits[at + 1 : at + width]:
            number = number * 10 + row
        found[letter] = number * 10 ** (_MICROS - width) if letter == "f" else number
        at += width
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Grid:
    """Where the characters of a format stand."""

    width: int
    widths: tuple[tuple[str, int], ...]
    digits_at: Int[np.ndarray, " D"]
    signs_at: Int[np.ndarray, " E"]
    signs: UInt8[np.ndarray, " E"]


def _grid_of(cell: str, format_: str) -> _Grid | None:
    tail = _TAIL.search(cell)
    fraction, zone = (tail[1], tail[2]) if tail is not None else (None, None)
    if _FRACTION in format_ and fraction is None:
        format_ = format_.replace(_FRACTION, "")
    if _ZONE in format_ and zone is not None:
        format_ = format_.replace(_ZONE, zone)
    grid = _grid(format_, len(fraction or ""))
    return grid if grid is not None and grid.width == len(cell) else None


@lru_cache(maxsize=256)
def _grid(format_: str, n_fraction: int) -> _Grid | None:
    letters = re.findall("%(.)", format_)
    known = {**_WIDTHS, "f": n_fraction}
    if not set(letters) <= set(known) or not format_.isascii():
        return None
    drawn = re.sub("%(.)", lambda match: "\0" * known[match[1]], format_)
    marks = np.frombuffer(drawn.encode(), np.uint8)
    signs_at = np.flatnonzero(marks)
    return _Grid(
        width=len(drawn), widths=tuple((letter, known[letter]) for letter in letters),
        digits_at=np.flatnonzero(marks == 0), signs_at=signs_at, signs=marks[signs_at],
    )  # fmt: skip


def _marks(cells: Sequence[str], width: int) -> UInt8[np.ndarray, "W N"] | None:
    """Return the characters of cells that are all so wide; None: some are not."""
    if isinstance(cells, Spans):
        is_wide = cells.widest == width <= WIDEST and bool((cells.widths == width).all())
        return cells.columns if is_wide else None
    text = "\n".join((*cells, ""))
    if len(text) != len(cells) * (width + 1) or not text.isascii():
        return None
    marks = np.frombuffer(text.encode(), np.uint8).reshape(len(cells), width + 1).T
    return marks[:-1] if (marks[-1] == ord("\n")).all() else None
