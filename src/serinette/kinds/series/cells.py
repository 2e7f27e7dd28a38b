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

from serinette.kinds.series.digits import plain_numbers
from serinette.kinds.series.spans import Spans

_PLAIN: Final = r"[+-]?(?:[0-9]+{point}?[0-9]*|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
_GROUPED: Final = r"[+-]?[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?:{point}[0-9]*)?"
_WORDS: Final = r"[+-]?(?:inf|infinity|nan)"
_FRACTION: Final = re.compile(r"\.([0-9]+)")
_LOST_ZERO: Final = re.compile(r"^\s*[+-]?0[0-9]", re.MULTILINE)
MOST_DECIMALS: Final = 12
_TRIED: Final = 4


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
        if isinstance(cells, Spans):
            return self._numbers_of_spans(cells)
        if self.decimal == "." and not self._misses_numbers:
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

    @cached_property
    def _misses_numbers(self) -> bool:
        """Whether a number is a spelling of a missing cell, as -999 may be."""
        found = (self.number(spelling) for spelling in self.missing)
        return any(number is not None and number == number for number in found)  # noqa: PLR0124

    def _numbers_of_spans(self, cells: Spans) -> Float[np.ndarray, " N"] | None:
        """The same: what is plain at once, what is odd cell by cell."""
        plain = None if self._misses_numbers else plain_numbers(cells, self.decimal)
        if plain is None:
            return self.numbers(list(cells))
        values = plain.values.copy()
        odd = np.flatnonzero(~plain.is_plain)
        if "" in self.missing:
            odd = odd[cells.widths[odd] > 0]
        if len(odd):
            begin = self.numbers(cells.texts(odd[:_TRIED]))  # words show themselves soon
            found = None if begin is None else self.numbers(cells.texts(odd))
            if found is None:
                return None
            values[odd] = found
        return values

    def _odd(self, cells: Spans) -> tuple[int, bool, Sequence[str]]:
        """Return the decimals and lost zeros of plain cells, and the text of the others."""
        plain = plain_numbers(cells, self.decimal)
        if plain is None:
            return 0, False, list(cells)
        return plain.decimals, plain.loses_zeros, cells.texts(np.flatnonzero(~plain.is_plain))

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
        most_plain = 0
        if isinstance(cells, Spans):
            most_plain, _, cells = self._odd(cells)
        text = "\n".join(cells)
        if self.decimal == ",":
            text = text.replace(".", "").replace(",", ".")
        # An exponent hides how many digits there are; so do the words "inf" and "nan".
        if re.search("[0-9][eE]", text):
            return None
        most = max([most_plain, *map(len, _FRACTION.findall(text))])
        return most if most <= MOST_DECIMALS else None

    def loses_zeros(self, cells: Iterable[str]) -> bool:
        """Whether some cell begins with a zero that a number would not keep: 00712."""
        if not isinstance(cells, Spans):
            return loses_zeros(cells)
        _, is_lost, odd = self._odd(cells)
        return is_lost or loses_zeros(odd)


def loses_zeros(cells: Iterable[str]) -> bool:
    """Whether some cell begins with a zero that a number would not keep: 00712."""
    return _LOST_ZERO.search("\n".join(cells)) is not None
