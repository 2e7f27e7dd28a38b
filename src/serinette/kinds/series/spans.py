"""Cells as places in a block of bytes: what the bulk reading of regular text files works on.

A block all of whose lines have the same number of fields needs no parser: its fields end at
delimiters and line ends, if quotation marks stand around whole fields only and none of these holds
a delimiter or a line end. Whatever else a block holds is left to `csv`.

Shape letters: `N` rows, `W` bytes of the widest cell, `L` different spellings.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, overload

import numpy as np
from jaxtyping import Int, UInt8, UInt64

from serinette.kinds.series.dialect import Dialect

FEWEST_ROWS: Final = 64
"""Shorter blocks are read faster cell by cell."""
WIDEST: Final = 64
"""Bytes of a cell; a column with longer ones is read cell by cell."""
_WORD: Final = 8
_TRIED: Final = 2_000
_FEW: Final = 256
_LINE_END, _RETURN = ord("\n"), ord("\r")
_MASKS: Final = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], dtype=np.uint64)
_MIXING: Final = np.uint64(0x9E3779B97F4A7C15)


class Spellings(NamedTuple):
    """The different cells of a column, in the order in which they first occur."""

    words: list[str]
    codes: Int[np.ndarray, " N"]
    """Which of them each row holds."""
    first: Int[np.ndarray, " L"]
    """Row in which each occurs first."""
    counts: Int[np.ndarray, " L"]


class Spans(Sequence[str]):
    """The cells of one column of a block; they become text where somebody asks for it."""

    def __init__(
        self, block: bytes, starts: Int[np.ndarray, " N"], widths: Int[np.ndarray, " N"]
    ) -> None:
        self._block, self._starts, self.widths = block, starts, widths
        self.widest = int(widths.max())
        self.found: dict[str, Any] = {}
        """What others have worked out of these cells."""

    def __len__(self) -> int:
        """How many cells there are."""
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return the text of one cell, or of some."""
        if isinstance(at, slice):
            return self.texts(np.arange(len(self))[at])
        return self.texts([at])[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the text of every cell."""
        return iter(self.texts(np.arange(len(self))))

    def texts(self, rows: Sequence[int] | Int[np.ndarray, " _"]) -> list[str]:
        """Return the text of some cells."""
        block = self._block
        starts = self._starts[rows]
        pairs = zip(starts.tolist(), (starts + self.widths[rows]).tolist(), strict=True)
        return [block[start:stop].decode("utf-8") for start, stop in pairs]

    @cached_property
    def words(self) -> list[UInt64[np.ndarray, " N"]]:
        """The bytes of each cell in machine words, zeros after its end; at most 64 bytes."""
        size = len(self._block) - _WORD + 1
        at_any = np.ndarray((size,), np.dtype("<u8"), self._block, strides=(1,))
        found = []
        for start in range(0, max(self.widest, 1), _WORD):
            n_there = np.clip(self.widths - start, 0, _WORD)
            found.append(at_any[self._starts + start] & _MASKS[n_there])
        return found

    @cached_property
    def columns(self) -> UInt8[np.ndarray, "W N"]:
        """The bytes of the cells, zeros after their ends."""
        rows = np.stack(self.words, axis=1).view(np.uint8)[:, : self.widest]
        return np.ascontiguousarray(rows.T)

    @cached_property
    def spellings(self) -> Spellings:
        """The different cells."""
        if self.widest > WIDEST:
            return spellings_of(list(self))
        is_head = np.ones(len(self), dtype=np.bool_)
        is_head[1:] = False
        for word in self.words:
            is_head[1:] |= word[1:] != word[:-1]
        heads = np.flatnonzero(is_head)
        key = self.words[0][heads]
        for word in self.words[1:]:
            key = (key ^ (key >> np.uint64(29))) * _MIXING + word[heads]
        codes, first = _numbered(key)
        if any((w[heads] != w[heads][first][codes]).any() for w in self.words[1:]):
            return spellings_of(list(self))  # two cells of one key
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        of_rows = np.repeat(rank[codes], np.diff(np.append(heads, len(self))))
        first = heads[first[order]]
        return Spellings(self.texts(first), of_rows, first, np.bincount(of_rows))


def _numbered(
    keys: UInt64[np.ndarray, " N"],
) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, " L"]]:
    """Return which of the different keys each one is, and where each of those stands first."""
    known = np.unique(keys[:_TRIED])
    if len(known) <= _FEW:
        codes = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        if np.array_equal(known[codes], keys):
            first = np.empty(len(known), dtype=np.int64)
            first[codes[::-1]] = np.arange(len(keys))[::-1]  # the last one that is put there stays
            return codes, first
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return codes, first


def spellings_of(cells: Sequence[str]) -> Spellings:
    """Return the different ones of some cells."""
    if isinstance(cells, Spans):
        return cells.spellings
    place: dict[str, int] = {}
    codes = np.fromiter((place.setdefault(c, len(place)) for c in cells), np.int64, len(cells))
    first = np.full(len(place), len(cells), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(cells)))
    return Spellings(list(place), codes, first, np.bincount(codes, minlength=len(place)))


def counted(cells: Sequence[str]) -> Mapping[str, int] | Sequence[str]:
    """Return how often each spelling occurs, where it is known without looking; else the cells."""
    if not isinstance(cells, Spans):
        return cells
    return dict(zip(cells.spellings.words, cells.spellings.counts.tolist(), strict=True))


def regular_columns(block: bytes, n_columns: int, dialect: Dialect) -> list[Spans] | None:
    """Cut a block of whole lines of UTF-8 into columns; None: `csv` must read it.

    Args:
        block: Each line with its end, but perhaps the last.
        n_columns: Fields of every line.
        dialect: Of the file.
    """
    block = block if block.endswith(b"\n") else block + b"\n"
    delimiter, quote = dialect.delimiter.encode(), dialect.quote.encode()
    if len(delimiter) != 1 or b"\0" in block or not _is_plain(block, dialect):
        return None
    padded = block + bytes(WIDEST + _WORD)
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((text == delimiter[0]) | (text == _LINE_END))
    n_rows = len(ends) // n_columns
    last = ends[n_columns - 1 :: n_columns]
    is_regular = n_rows * n_columns == len(ends) and n_rows >= FEWEST_ROWS
    if not is_regular or (text[last] != _LINE_END).any() or block.count(b"\n") != n_rows:
        return None
    starts = np.append(0, ends[:-1] + 1)
    widths = ends - starts
    if b"\r" in block:
        if block.count(b"\r") != n_rows or (text[last - 1] != _RETURN).any():
            return None
        widths[n_columns - 1 :: n_columns] -= 1
    if quote in block:
        is_quoted = (text[starts] == quote[0]) & (text[starts + widths - 1] == quote[0])
        is_quoted &= widths > 1
        if block.count(quote) != 2 * np.count_nonzero(is_quoted):
            return None
        starts, widths = starts + is_quoted, widths - 2 * is_quoted
    if widths.max() > csv.field_size_limit() or (n_columns == 1 and not widths.all()):
        return None  # `csv` refuses long fields, and an empty line is no row
    by_column = zip(
        np.ascontiguousarray(starts.reshape(n_rows, n_columns).T),
        np.ascontiguousarray(widths.reshape(n_rows, n_columns).T),
        strict=True,
    )
    return [Spans(padded, *place) for place in by_column]


def _is_plain(block: bytes, dialect: Dialect) -> bool:
    """Whether no space is to be skipped, and all bytes are UTF-8."""
    space = f"{dialect.delimiter} ".encode()
    if dialect.skips_space and (
        dialect.delimiter == " " or space in block or b"\n " in block or block.startswith(b" ")
    ):
        return False
    try:
        return block.isascii() or bool(block.decode("utf-8"))
    except UnicodeDecodeError:
        return False
