"""Generated poems on a sheet of paper: SVG out of samples."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serinette.kinds.poem.layout import HANZI, MARKS
from serinette.kinds.poem.sheet import SheetPoem, poem_sheet

_LINE: Final = re.compile(rf"([^{MARKS}\s]+)([{MARKS}]*)")
_HANZI: Final = re.compile(rf"[{HANZI}]")


@dataclass(frozen=True, kw_only=True)
class SheetConfig:
    """How a sheet looks, and what stands on it beside the poems."""

    title: str = ""
    """Above every poem; empty for none."""
    acrostic: str = ""
    """Characters to point out, one a line."""
    acrostic_at: str = "first"
    """Where in its line each of them stands: `first`, `last` or a place counted from 1."""
    note: str = ""
    """A colophon in small print."""
    seal: str | None = None
    """One to four characters."""
    paper: str = "xuan"
    """`xuan` (warm, with fibres), `plain` (white, for printing) or `night` (gold on blue)."""
    page: str = "A4"
    """`A4`, `A4-wide`, `A5`, `square`, `phone` or `strip`."""


def sheet_of(poems: Sequence[SheetPoem], config: SheetConfig) -> str:
    """Set poems on one sheet.

    Args:
        poems: One to eight, from `on_sheet`.
        config: Its paper and page.

    Returns:
        An SVG document that stands alone.

    Raises:
        ConfigError: If paper or page is unknown, or the poems do not fit at a legible size.
        DataError: If there are no poems or too many, or something on it is too long.
    """
    return poem_sheet(poems, paper=config.paper, page_size=config.page)


def on_sheet(poem: str, config: SheetConfig) -> SheetPoem:
    """Lay out one poem.

    Args:
        poem: As a sample has it, with marks and rows.
        config: What stands beside it.

    Raises:
        DataError: If something of it is too long, or cannot be drawn.
    """
    found = [match.groups() for match in _LINE.finditer(poem)]
    lines = tuple(line for line, _ in found)
    return SheetPoem(
        title=config.title,
        lines=lines,
        marks=tuple(mark for _, mark in found),
        heads=_heads(lines, config),
        seal=config.seal,
        note=config.note,
    )


def _heads(lines: Sequence[str], config: SheetConfig) -> frozenset[tuple[int, int]]:
    """Return where the acrostic stands, as far as the lines reach."""
    n_heads = len(_HANZI.findall(config.acrostic))
    places = [
        (number, _column(config.acrostic_at, line))
        for number, line in enumerate(lines[:n_heads], start=1)
    ]
    return frozenset((n, k) for n, k in places if k <= len(lines[n - 1]))


def _column(place: str, line: str) -> int:
    return len(line) if place == "last" else 1 if place == "first" else int(place)
