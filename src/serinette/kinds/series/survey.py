"""What the cells of one column have shown, gathered chunk by chunk in bounded memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float

from serinette.kinds.series.cells import Numerals, loses_zeros
from serinette.kinds.series.dates import formats_of, read_dates

LARGEST: Final = 1e300
"""Larger numbers overflow as soon as two are multiplied."""
_EXACT: Final = 2.0**53
_ENOUGH_WORDS: Final = 1000
_WORDS_SHARE: Final = 0.02


@dataclass(kw_only=True)
class Survey:
    """Facts about one column of text cells."""

    name: str
    numerals: Numerals
    most_levels: int
    n_rows: int = 0
    n_missing: int = 0
    n_numbers: int = 0
    n_words: int = 0
    """Cells that are neither missing nor numbers."""
    n_letters: int = 0
    """Characters of all words together."""
    first_word: tuple[int, str] | None = None
    """Row and spelling."""
    first_huge: tuple[int, str] | None = None
    """The first infinity, or number beyond 1e300."""
    first_fraction: tuple[int, str] | None = None
    low: float = np.inf
    high: float = -np.inf
    decimals: int | None = 0
    has_lost_zeros: bool = False
    is_repeated: bool = False
    """Whether a spelling was seen twice, in one chunk or while all were kept."""
    counts: Counter[str] | None = field(default_factory=Counter)
    """How often each spelling occurs; None: there are more than `most_levels`."""
    formats: tuple[str, ...] | None = None
    """Formats of dates that fit all words so far; None: no word yet."""
    first_undated: tuple[int, str] | None = None
    """The first word that fits no format that all words before it fit."""

    @property
    def n_cells(self) -> int:
        """Cells that are not missing."""
        return self.n_rows - self.n_missing

    @property
    def is_integral(self) -> bool:
        """Whether every number is whole."""
        return self.first_fraction is None

    @property
    def is_exact(self) -> bool:
        """Whether a float64 holds every whole number."""
        return max(abs(self.low), abs(self.high)) <= _EXACT

    def add(self, cells: Sequence[str]) -> None:
        """Take in the cells of the next rows."""
        self._count(cells)
        numbers = None if self._is_wordy else self.numerals.numbers(cells)
        if numbers is None:
            self._add_mixed(cells)
        else:
            self._add_numbers(numbers, cells, self.n_rows)
        self.n_rows += len(cells)

    @property
    def _is_wordy(self) -> bool:
        return self.n_words > max(_ENOUGH_WORDS, _WORDS_SHARE * self.n_rows)

    def _count(self, cells: Sequence[str]) -> None:
        if self.counts is None:
            return
        self.counts.update(cells)
        if len(self.counts) > self.most_levels + len(self.numerals.missing):
            self.is_repeated = self.is_repeated or self.counts.most_common(1)[0][1] > 1
            self.counts = None

    def _add_numbers(
        self,
        numbers: Float[np.ndarray, " _"],
        cells: Sequence[str],
        row: int,
    ) -> None:
        there = numbers[~np.isnan(numbers)]
        self.n_missing += len(numbers) - len(there)
        self.n_numbers += len(there)
        if not len(there):
            return
        self.low, self.high = min(self.low, float(there.min())), max(self.high, float(there.max()))
        if self.first_huge is None and max(-self.low, self.high) > LARGEST:
            at = int(np.flatnonzero(np.abs(numbers) > LARGEST)[0])
            self.first_huge = row + at, cells[at]
        if self.first_fraction is None:
            is_broken = ~np.isnan(numbers) & (numbers != np.floor(numbers))
            at = int(np.argmax(is_broken))
            self.first_fraction = (row + at, cells[at]) if is_broken[at] else None
        if self.decimals is not None:
            found = self.numerals.decimals(cells)
            self.decimals = None if found is None else max(found, self.decimals)
        self.has_lost_zeros = self.has_lost_zeros or loses_zeros(cells)

    def _add_mixed(self, cells: Sequence[str]) -> None:
        words: list[str] = []
        rows: list[int] = []
        for at, cell in enumerate(cells):
            if self.numerals.is_missing(cell):
                self.n_missing += 1
            elif not self._is_wordy and (number := self.numerals.number(cell)) is not None:
                self._add_numbers(np.array([number]), (cell,), self.n_rows + at)
            else:
                self.first_word = self.first_word or (self.n_rows + at, cell)
                words.append(cell)
                rows.append(self.n_rows + at)
        if not words:
            return
        self.n_words += len(words)
        self.n_letters += sum(map(len, words))
        self.is_repeated = self.is_repeated or len(set(words)) < len(words)
        if self.formats is None:
            self.formats = formats_of(words[0].strip())
        if self.formats:
            plain = [word.strip() for word in words]
            left = tuple(f for f in self.formats if read_dates(plain, f) is not None)
            if not left:
                at = _first_undated(plain, self.formats)
                self.first_undated = rows[at], words[at]
            self.formats = left


def _first_undated(words: Sequence[str], formats: Sequence[str]) -> int:
    """Return which word is the first that no format fits which fits all before it."""
    for at, word in enumerate(words):
        formats = [format_ for format_ in formats if read_dates([word], format_) is not None]
        if not formats:
            return at
    raise AssertionError
