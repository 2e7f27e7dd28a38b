"""What the cells of one column have shown, gathered chunk by chunk in bounded memory.

Shape letters: `N` cells of a chunk, `L` different ones among them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.dates import (
    formats_of,
    read_aligned,
    read_dates,
    with_optional_times,
)
from serinette.kinds.series.spans import Spans, Spellings, counted, spellings_of

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
    """Most different spellings that are kept..."""
    most_fractions: int | None = None
    """...and, unless None, while all cells are numbers and not all of them whole."""
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
        if numbers is not None:
            self._add_numbers(numbers, cells, range(self.n_rows, self.n_rows + len(cells)))
        elif not self._add_aligned_dates(cells):
            self._add_mixed(spellings_of(cells))
        self.n_rows += len(cells)

    @property
    def _is_wordy(self) -> bool:
        return self.n_words > max(_ENOUGH_WORDS, _WORDS_SHARE * self.n_rows)

    def _count(self, cells: Sequence[str]) -> None:
        if self.counts is None:
            return
        self.counts.update(counted(cells))
        is_real = self.first_fraction is not None and not self.n_words
        if is_real and self.most_fractions is not None:
            self.most_levels = min(self.most_levels, self.most_fractions)
        if len(self.counts) > self.most_levels + len(self.numerals.missing):
            self.is_repeated = self.is_repeated or self.counts.most_common(1)[0][1] > 1
            self.counts = None

    def _add_numbers(
        self, numbers: Float[np.ndarray, " _"], cells: Sequence[str], rows: Sequence[int]
    ) -> None:
        is_there = ~np.isnan(numbers)
        there = numbers[is_there]
        self.n_missing += len(numbers) - len(there)
        self.n_numbers += len(there)
        if not len(there):
            return
        self.low, self.high = min(self.low, float(there.min())), max(self.high, float(there.max()))
        if self.first_huge is None and max(-self.low, self.high) > LARGEST:
            at = int(np.flatnonzero(np.abs(numbers) > LARGEST)[0])
            self.first_huge = rows[at], cells[at]
        if self.first_fraction is None:
            is_broken = is_there & (numbers != np.floor(numbers))
            at = int(np.argmax(is_broken))
            self.first_fraction = (rows[at], cells[at]) if is_broken[at] else None
        if self.decimals is not None:
            found = self.numerals.decimals(cells)
            self.decimals = None if found is None else max(found, self.decimals)
        self.has_lost_zeros = self.has_lost_zeros or self.numerals.loses_zeros(cells)

    def _add_aligned_dates(self, cells: Sequence[str]) -> bool:
        """Take in cells that all are dates of one width; return whether they are."""
        numerals = self.numerals
        if not (self.formats and isinstance(cells, Spans)) or numerals.number(cells[0]) is not None:
            return False
        found = [(format_, read_aligned(cells, format_)) for format_ in self.formats]
        left = tuple(format_ for format_, seconds in found if seconds is not None)
        if not left or any(read_dates([m], f) is not None for m in numerals.missing for f in left):
            return False
        self.n_words += len(cells)
        self.n_letters += int(cells.widths.sum())
        if not self.is_repeated:
            seconds = next(seconds for _, seconds in found if seconds is not None)
            self.is_repeated = len(np.unique(seconds)) < len(cells)
        self.first_word = self.first_word or (self.n_rows, cells[0])
        self.formats = left
        return True

    def _add_mixed(self, spellings: Spellings) -> None:
        """Take in cells of which each different one is looked at once."""
        words, codes, first, counts = spellings
        is_missing = np.array([self.numerals.is_missing(word) for word in words])
        self.n_missing += int(counts[is_missing].sum())
        is_word = ~is_missing
        if not self._is_wordy:
            found = [
                None if none else self.numerals.number(word)
                for word, none in zip(words, is_missing.tolist(), strict=True)
            ]
            is_number = np.array([number is not None for number in found])
            self._add_some_numbers(words, codes, is_number, found)
            is_word &= ~is_number
        places = np.flatnonzero(is_word)
        if len(places):
            self._add_words([words[k] for k in places], counts[places], self.n_rows + first[places])

    def _add_some_numbers(
        self,
        words: Sequence[str],
        codes: Int[np.ndarray, " N"],
        is_number: Bool[np.ndarray, " L"],
        found: Sequence[float | None],
    ) -> None:
        rows = np.flatnonzero(is_number[codes])
        values = np.array([np.nan if number is None else number for number in found])[codes[rows]]
        cells = [words[k] for k in codes[rows].tolist()]
        self._add_numbers(values, cells, (self.n_rows + rows).tolist())

    def _add_words(
        self,
        words: Sequence[str],
        counts: Int[np.ndarray, " L"],
        first: Int[np.ndarray, " L"],
    ) -> None:
        self.first_word = self.first_word or (int(first[0]), words[0])
        self.n_words += int(counts.sum())
        self.n_letters += int(np.dot(counts, [len(word) for word in words]))
        self.is_repeated = self.is_repeated or bool((counts > 1).any())
        if self.formats is None:
            self.formats = formats_of(words[0].strip())
        if self.formats:
            plain = [word.strip() for word in words]
            wider = with_optional_times(self.formats)
            left = _fitting(plain, self.formats) or _fitting(plain, wider)
            if not left:
                at = _first_undated(plain, (*self.formats, *wider))
                self.first_undated = int(first[at]), words[at]
            self.formats = left


def _fitting(words: Sequence[str], formats: Sequence[str]) -> tuple[str, ...]:
    return tuple(format_ for format_ in formats if read_dates(words, format_) is not None)


def _first_undated(words: Sequence[str], formats: Sequence[str]) -> int:
    """Return which word is the first that no format fits which fits all before it."""
    for at, word in enumerate(words):
        formats = [format_ for format_ in formats if read_dates([word], format_) is not None]
        if not formats:
            return at
    raise AssertionError
