"""The character alphabet: one symbol for every code point seen often enough in the train part."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import END, FIRST, MISSING, REPLACEMENT
from serinette.kinds.text.stream import PieceStreamer

_BLOCK = 1 << 20


class CharacterAlphabet:
    """Code points and symbols by table look-up: tens of millions of characters a second.

    Args:
        characters: Every known character once, in the order of their symbols.
    """

    name = "character"

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.size = FIRST + len(characters)
        self._pieces = ("", REPLACEMENT, *characters)
        codes = _code_points(characters)
        # One place beyond the highest known code point, where all higher ones are looked up.
        self._symbol_of = np.full(codes.max(initial=0) + 2, MISSING, dtype=np.int32)
        self._symbol_of[codes] = np.arange(FIRST, self.size, dtype=np.int32)
        self._code_of = np.concatenate([[0, ord(REPLACEMENT)], codes]).astype("<u4")

    @classmethod
    def fit(cls, texts: Iterable[str], max_size: int, min_count: int) -> "CharacterAlphabet":
        """Keep the most frequent characters; equal counts are ordered by code point."""
        counts = count_characters(texts)
        kept = np.flatnonzero(counts >= min_count)
        by_frequency = kept[np.argsort(-counts[kept], kind="stable")][:max_size]
        return cls("".join(map(chr, by_frequency.tolist())))

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into symbols; an unknown character becomes `missing`."""
        symbols = np.empty(len(text), dtype=np.int32)
        # In blocks, so that the four bytes a character of UTF-32 never exist for the whole text.
        for start in range(0, len(text), _BLOCK):
            codes = _code_points(text[start : start + _BLOCK])
            places = np.minimum(codes, len(self._symbol_of) - 1)
            np.take(self._symbol_of, places, out=symbols[start : start + len(codes)])
        return symbols

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text."""
        codes = self._code_of[symbols[symbols != END]]
        return bytes(codes.data).decode("utf-32-le")

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Every symbol is one character."""
        return np.ones(len(text), dtype=np.int32)

    def streamer(self) -> PieceStreamer:
        """Return a streaming decoder; every symbol is complete at once."""
        return PieceStreamer(self._pieces)

    def rules(self) -> None:
        """Every sequence of characters is text."""
        return

    def spelling(self) -> Spelling:
        """Return how each symbol is written."""
        return Spelling(("", "", *self.characters), END, MISSING)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"characters": self.characters}


def count_characters(texts: Iterable[str]) -> Int[np.ndarray, " U"]:
    """Count every code point, up to the highest that is there."""
    counts = np.zeros(1, dtype=np.int64)
    for block in _blocks(texts):
        found = np.bincount(_code_points(block), minlength=len(counts))
        found[: len(counts)] += counts
        counts = found
    return counts


def _blocks(texts: Iterable[str]) -> Iterator[str]:
    """Join short texts and cut long ones: counting costs a full table a block."""
    waiting: list[str] = []
    n_waiting = 0
    for text in texts:
        for start in range(0, len(text), _BLOCK):
            waiting.append(text[start : start + _BLOCK])
            n_waiting += len(waiting[-1])
            if n_waiting >= _BLOCK:
                yield "".join(waiting)
                waiting, n_waiting = [], 0
    yield "".join(waiting)


def _code_points(text: str) -> Int[np.ndarray, " T"]:
    # Signed, so that the numbers index an array without a copy to another type.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<i4")
