"""Tables of words for a terminal, a file or a person's eye. Wide characters take two columns."""

import unicodedata
from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; figures are pushed to the right.

    Args:
        rows: All of the same length; the first may be a head.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(columns_of(cell) for cell in column) for column in columns]
    is_figure = [all(_is_figure(cell) for cell in column[1:]) for column in columns]
    lines = []
    for row in rows:
        cells = [
            _padded(cell, width, to_right=right)
            for cell, width, right in zip(row, widths, is_figure, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def columns_of(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _padded(cell: str, width: int, *, to_right: bool) -> str:
    space = " " * (width - columns_of(cell))
    return space + cell if to_right else cell + space


def _is_figure(cell: str) -> bool:
    return not cell or cell.lstrip("+-")[:1].isdigit()
