"""Byte-pair encoding: which pieces a text is cut into, and how each is merged from bytes.

A text is cut into words (letters with the space before them), runs of up to three digits, runs of
signs and white space; no symbol reaches from one into the next. Letters are all that is neither
white space nor an ASCII digit nor in the blocks of punctuation and symbols, so the cut depends on
no version of Unicode, and marks and joiners stay with their letters.

Reference: Sennrich et al. 2016, arXiv:1508.07909; merges of bytes as in Radford et al. 2019.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

_SIGNS: Final = (
    r"\x00-/:-@\[-`{-\x9f\xa1-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    r"\u2000-\u200b\u200e-\u206f\u2190-\u2bff\u3000-\u3004\u3008-\u3020\ufe10-\ufe1f\ufe30-\ufe6f"
    r"\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f000-\U0001faff"
)
_LETTER: Final = rf"[^\s0-9{_SIGNS}]"
# Pieces have a longest length, so that a text without any space takes no longer than others.
_PIECE: Final = re.compile(
    rf" ?{_LETTER}{{1,48}}(?:['’]{_LETTER}{{1,16}})?"
    r"| ?[0-9]{1,3}"
    rf"| ?(?=\S)[{_SIGNS}](?:(?=\S)[{_SIGNS}\u200c\u200d\ufe0e\ufe0f]){{0,15}}"
    r"|\n{1,8}"
    r"|[^\S\n]{1,32}(?= \S)|[^\S\n]{1,32}"
)
_NEVER: Final = 1 << 60
_MOST_REMEMBERED: Final = 1 << 20


def pieces(text: str) -> Iterator[str]:
    """Yield the pieces of a text; joined they are the text."""
    return (match.group() for match in _PIECE.finditer(text))


class Merger:
    """Merges the bytes of pieces, the earliest learnt pair first.

    Args:
        merges: For every pair of numbers of pieces of bytes, (its rank, what it becomes).
    """

    def __init__(self, merges: Mapping[tuple[int, int], tuple[int, int]]) -> None:
        self._merges = merges
        self._merged: dict[str, tuple[int, ...]] = {}

    def numbers(self, text: str) -> Iterator[int]:
        """Yield the numbers of what a text is merged to; byte `b` is number `b`."""
        merged = self._merged
        for piece in pieces(text):
            found = merged.get(piece)
            if found is None:
                if len(merged) >= _MOST_REMEMBERED:
                    merged.clear()
                found = merged[piece] = self._merge(piece.encode("utf-8", "replace"))
            yield from found

    def _merge(self, octets: bytes) -> tuple[int, ...]:
        numbers = list(octets)
        ranks = [self._rank(*pair) for pair in pairwise(numbers)]
        while ranks and (best := min(ranks)) < _NEVER:
            at = ranks.index(best)
            numbers[at : at + 2] = [self._merges[numbers[at], numbers[at + 1]][1]]
            del ranks[at]
            if at > 0:
                ranks[at - 1] = self._rank(numbers[at - 1], numbers[at])
            if at < len(ranks):
                ranks[at] = self._rank(numbers[at], numbers[at + 1])
        return tuple(numbers)

    def _rank(self, left: int, right: int) -> int:
        found = self._merges.get((left, right))
        return _NEVER if found is None else found[0]
