"""Cells of a text file: which are missing, and which are numbers.

Shape letters: `N` cells.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from jaxtyping import Float

_PLAIN: Final = r"[+-]?(?:[0-9]+{point}?[0-9]*|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
_GROUPED: Final = r"[+-]?[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?:{point}[0-9]*)?"
_WORDS: Final = r"[+-]?(?:inf|infinity|nan)"
_FRACTION: Final = re.compile(r"\.([0-9]+)")
_LOST_ZERO: Final = re.compile(r"^\s*[+-]?0[0-9]", re.MULTILINE)
MOST_DECIMALS: Final = 12


@dataclass(frozen=True)
class Numerals:
    """How numbers are spelt."""

    decimal: str = "."
    missing: frozenset[str] = frozenset({""})
    """Spellings of a missing cell, without spaces around."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        point = re.escape(self.decimal)
        group = "[ '\u00a0\u202f" + ("," if self.decimal == "." else ".") + "]"
        plain, grouped = _PLAIN.format(point=point), _GROUPED.format(point=point, group=group)
        return re.compile(rf"\s*(?:{plain}|{grouped}|{_WORDS})\s*", re.IGNORECASE)

    def is_missing(self, cell: str) -> bool:
        """Whether a cell is one of the spellings of nothing, spaces around it or not."""
        return cell.strip() in self.missing

    def number(self, cell: str) -> float | None:
        """Return the number that a cell spells, or None."""
        return float(self._plain(cell)) if self._pattern.fullmatch(cell) else None

    def numbers(self, cells: Sequence[str]) -> Float[np.ndarray, " N"] | None:
        """Return the numbers of cells, NaN for missing ones; None: some cell is no number."""
        if self.decimal == ".":
            try:
                return self._floats(cells)
            except ValueError:
                pass
        found: list[float] = []
        for cell in cells:
            if self.is_missing(cell):
                found.append(np.nan)
            elif self._pattern.fullmatch(cell):
                found.append(float(self._plain(cell)))
            else:
                return None
        return np.array(found)

    def _floats(self, cells: Sequence[str]) -> Float[np.ndarray, " N"]:
        missing = self.missing
        if "_" in "".join(cells):  # Python reads 1_000 as a number; nobody's table means that
            raise ValueError
        try:
            return np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            filled = ("nan" if cell in missing else cell for cell in cells)
            return np.fromiter(map(float, filled), np.float64, len(cells))

    def _plain(self, cell: str) -> str:
        kept = re.sub(r"[\s'\u00a0\u202f]", "", cell)
        if self.decimal == ",":
            return kept.replace(".", "").replace(",", ".")
        return kept.replace(",", "")

    def decimals(self, cells: Iterable[str]) -> int | None:
        """Return the most digits after the decimal mark; None: more than 12, or an exponent."""
        text = "\n".join(cells)
        if self.decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        # An exponent hides how many digits there are; so do the words "inf" and "nan".
        if re.search("[0-9][eE]", text):
            return None
        most = max(map(len, _FRACTION.findall(text)), default=0)
        return most if most <= MOST_DECIMALS else None


def loses_zeros(cells: Iterable[str]) -> bool:
    """Whether some cell begins with a zero that a number would not keep: 00712."""
    return _LOST_ZERO.search("\n".join(cells)) is not None
