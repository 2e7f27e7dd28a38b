"""Sets of characters, as sorted intervals of code points.

Promise: union, intersection and complement are exact over all of Unicode, and `contains` answers
for any number of code points at once.

Shape letters: `N` code points.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Int

from serinette.core.errors import ConfigError

UNICODE_END = 0x110000
"""One beyond the last code point."""
LITERAL_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
"""What a letter after a backslash stands for, where it is one character."""
CLASS_LETTERS = "wWdDsS"
"""The letters that name a class of characters after a backslash."""


@dataclass(frozen=True)
class CharSet:
    """An immutable set of code points."""

    bounds: tuple[int, ...] = ()
    """Rising; the set begins at the even places and ends before the odd ones."""

    @classmethod
    def of(cls, characters: str) -> "CharSet":
        """Return the set of some characters."""
        return _joined([(code, code + 1) for code in sorted(set(map(ord, characters)))])

    @classmethod
    def span(cls, first: str, last: str) -> "CharSet":
        """Return all characters from `first` to `last`, both included."""
        return cls((ord(first), ord(last) + 1))

    @property
    def is_empty(self) -> bool:
        """Whether no character is in it."""
        return not self.bounds

    def contains(self, codes: Int[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
        """Say which code points are in the set."""
        places = np.searchsorted(np.array(self.bounds, dtype=np.int64), codes, side="right")
        inside: Bool[np.ndarray, " N"] = places % 2 == 1
        return inside

    def union(self, other: "CharSet") -> "CharSet":
        """Return what is in either."""
        return _combined(self, other, np.logical_or)

    def intersection(self, other: "CharSet") -> "CharSet":
        """Return what is in both."""
        return _combined(self, other, np.logical_and)

    def complement(self) -> "CharSet":
        """Return every other code point."""
        return CharSet(tuple(sorted(set(self.bounds) ^ {0, UNICODE_END})))


EVERYTHING = CharSet((0, UNICODE_END))
LINE_BREAK = CharSet.span("\n", "\n")
IN_LINE = LINE_BREAK.complement()
"""What a dot stands for: everything but a line break."""


def _joined(spans: list[tuple[int, int]]) -> CharSet:
    """Join sorted half-open spans that touch."""
    bounds: list[int] = []
    for begin, end in spans:
        if bounds and bounds[-1] == begin:
            bounds[-1] = end
        else:
            bounds += [begin, end]
    return CharSet(tuple(bounds))


def _combined(
    first: CharSet, second: CharSet, keep: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> CharSet:
    cuts = np.array(sorted({*first.bounds, *second.bounds}), dtype=np.int64)
    inside = keep(first.contains(cuts), second.contains(cuts))
    changes = inside != np.concatenate([[False], inside[:-1]])
    return CharSet(tuple(cuts[changes].tolist()))


@cache
def named_class(letter: str) -> CharSet:
    r"""Return the class that `\w`, `\d` or `\s` means to Python, or the complement of one.

    Args:
        letter: One of `CLASS_LETTERS`; a capital is the complement.
    """
    if letter.isupper():
        return named_class(letter.lower()).complement()
    everything = "".join(map(chr, range(UNICODE_END)))
    return _joined([match.span() for match in re.finditer(rf"\{letter}+", everything)])


def parse_set(text: str, *, place: str, offset: int = 0) -> CharSet:
    r"""Read the text of a set: `a-zA-Z ,.` with ranges and the escapes `\- \\ \n \t \w \d \s`.

    A hyphen at the start or the end stands for itself.

    Args:
        text: What stands between the brackets of a set.
        place: Whose text it is, for the message: `--characters`.
        offset: Added to the positions in messages.

    Raises:
        ConfigError: If a range runs backwards, a class bounds a range or an escape is not known.
    """
    result = CharSet()
    at = 0
    while at < len(text):
        first, after = _read_item(text, at, place, offset)
        if after < len(text) - 1 and text[after] == "-":
            last, after = _read_item(text, after + 1, place, offset)
            first = _range(first, last, f"{place}, position {offset + at + 1}")
        result = result.union(CharSet.of(first) if isinstance(first, str) else first)
        at = after
    return result


def _read_item(text: str, at: int, place: str, offset: int) -> tuple[str | CharSet, int]:
    if text[at] != "\\":
        return text[at], at + 1
    where = f"{place}, position {offset + at + 1}"
    if at + 1 == len(text):
        raise ConfigError(f"{where}: a backslash at the end; write two for a backslash itself")
    return escaped(text[at + 1], where), at + 2


def escaped(letter: str, where: str) -> str | CharSet:
    """Return what a backslash and `letter` stand for: one character or a class.

    Raises:
        ConfigError: If nothing is known of it.
    """
    if letter in LITERAL_ESCAPES:
        return LITERAL_ESCAPES[letter]
    if letter in CLASS_LETTERS:
        return named_class(letter)
    if letter.isalnum():
        raise ConfigError(
            f"{where}: '\\{letter}' is not supported; known are \\n \\t \\r \\w \\W \\d \\D \\s "
            "\\S and a backslash before a sign that stands for itself"
        )
    return letter


def _range(first: str | CharSet, last: str | CharSet, where: str) -> CharSet:
    if isinstance(first, CharSet) or isinstance(last, CharSet):
        raise ConfigError(f"{where}: a class cannot bound a range; write '\\-' for a hyphen itself")
    if first > last:
        raise ConfigError(
            f"{where}: the range {f'{first}-{last}'!r} runs backwards; write {f'{last}-{first}'!r}"
        )
    return CharSet.span(first, last)
