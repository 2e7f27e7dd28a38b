"""The word alphabet: frequent words are one symbol, every other piece is spelt in characters.

A text is cut into pieces that together are the whole text, so nothing is lost: a run of letters
and digits or a single sign, each with the space before it; line breaks; other white space. A
character of a script that is written without spaces is a piece of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import END, FIRST, MISSING, REPLACEMENT
from serinette.kinds.text.characters import CharacterAlphabet
from serinette.kinds.text.stream import PieceStreamer

_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W{_UNSPACED}\U00020000-\U0003ffff]"
_PIECE = re.compile(rf" ?{_LETTER}+(?:['’]{_LETTER}+)*| ?[^\s]|\n+|\s")
_FEWEST = 2
_LONGEST = 64


class WordAlphabet:
    """Characters first, then words, each by falling frequency; then what was added later.

    Args:
        characters: Every known character once.
        words: Pieces of at least two characters, once each.
        added: Characters and words that a later training brought, once each.
    """

    name = "word"

    def __init__(
        self, characters: str, words: tuple[str, ...], added: tuple[str, ...] = ()
    ) -> None:
        self.characters = characters
        self.words = words
        self.added = added
        self._pieces = ("", REPLACEMENT, *characters, *words, *added)
        self.size = len(self._pieces)
        self._lengths = np.array([len(piece) for piece in self._pieces], dtype=np.int32)
        self._symbol_of = {piece: i for i, piece in enumerate(self._pieces) if i >= FIRST}

    @classmethod
    def fit(cls, texts: Iterable[str], max_size: int, min_count: int) -> "WordAlphabet":
        """Keep all characters, then the most frequent words that still find room.

        A word must be seen at least twice: one that was seen once teaches nothing that its
        characters do not. The texts are read twice.
        """
        characters = CharacterAlphabet.fit(texts, max_size, min_count).characters
        counts = Counter(chain.from_iterable(map(_pieces, texts)))
        known = set(characters)
        frequent = (
            (-count, word)
            for word, count in counts.items()
            if count >= max(_FEWEST, min_count)
            and 1 < len(word) <= _LONGEST
            and known.issuperset(word)
        )
        room = max_size - len(characters)
        return cls(characters, tuple(word for _, word in sorted(frequent)[:room]))

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into symbols; an unknown character becomes `missing`."""
        spelt: dict[str, tuple[int, ...]] = {}
        symbols = chain.from_iterable(map(partial(self._spell, spelt), _pieces(text)))
        return np.fromiter(symbols, dtype=np.int32)

    def _spell(self, spelt: dict[str, tuple[int, ...]], piece: str) -> tuple[int, ...]:
        """Look a piece up, or spell it; what was spelt once is remembered."""
        symbols = spelt.get(piece)
        if symbols is None:
            whole = self._symbol_of.get(piece)
            symbols = (whole,) if whole is not None else self._spell_characters(piece)
            spelt[piece] = symbols
        return symbols

    def _spell_characters(self, piece: str) -> tuple[int, ...]:
        return tuple(self._symbol_of.get(character, MISSING) for character in piece)

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text."""
        return "".join(self._pieces[symbol] for symbol in symbols.tolist() if symbol != END)

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Count the characters of each piece."""
        found: Int32[np.ndarray, " T"] = self._lengths[self.encode(text)]
        return found

    def streamer(self) -> PieceStreamer:
        """Return a streaming decoder; every symbol is complete at once."""
        return PieceStreamer(self._pieces)

    def rules(self) -> None:
        """Every sequence of words and characters is text."""
        return

    def spelling(self) -> Spelling:
        """Return how each symbol is written."""
        return Spelling(("", "", *self._pieces[FIRST:]), END, MISSING)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {"characters": self.characters, "words": list(self.words)}
        return plain | {"added": list(self.added)} if self.added else plain


def _pieces(text: str) -> Iterator[str]:
    # One piece at a time: a list of all of them would take ten times the memory of the text.
    return (match.group() for match in _PIECE.finditer(text))
