"""What the verse rules know of each symbol: tones, rhymes, and which symbols are characters.

Shape letters: `V` symbols.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int64, UInt8

LEVEL, OBLIQUE = 1, 2
"""Bits of a symbol's tones: it has a 平 reading, it has a 仄 reading."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Lexicon:
    """The symbols of a poem model with their sounds; all arrays are read only."""

    tones: UInt8[np.ndarray, " V"]
    """Bit 0: has a 平 reading; bit 1: has a 仄 reading; 0: unknown."""

    rhymes: Int64[np.ndarray, " V"]
    """Bit k: one of the 平 readings belongs to the rhyme group `rhyme_names[k]`."""

    rhyme_names: tuple[str, ...]
    """The level-tone rhyme groups, at most 62."""

    is_hanzi: Bool[np.ndarray, " V"]
    """Which symbols are single Chinese characters."""

    symbol_of: Mapping[str, int]
    """The symbol of each character and mark."""

    end: int
    """The symbol that ends a poem."""

    @property
    def n_symbols(self) -> int:
        """How many symbols there are."""
        return len(self.tones)

    @property
    def comma(self) -> int:
        """The symbol of the mark after an odd line."""
        return self.symbol_of["，"]

    @property
    def stop(self) -> int:
        """The symbol of the mark after an even line."""
        return self.symbol_of["。"]

    @cached_property
    def level_rhymes(self) -> Int64[np.ndarray, " V"]:
        """The rhyme groups of characters that have a 平 reading; 0 elsewhere."""
        is_level = self.is_hanzi & ((self.tones & LEVEL) > 0)
        return np.where(is_level, self.rhymes, 0).astype(np.int64)

    def knows(self, character: str) -> bool:
        """Say whether this is a Chinese character that has a symbol."""
        symbol = self.symbol_of.get(character)
        return symbol is not None and bool(self.is_hanzi[symbol])

    def tones_of(self, character: str) -> str:
        """Return `平`, `仄`, `平仄` (both readings exist) or nothing (unknown)."""
        bits = int(self.tones[self.symbol_of[character]])
        return ("平" if bits & LEVEL else "") + ("仄" if bits & OBLIQUE else "")

    def groups_of(self, character: str) -> tuple[str, ...]:
        """Return the names of the level-tone rhyme groups of a character."""
        return self.names(int(self.level_rhymes[self.symbol_of[character]]))

    def names(self, mask: int) -> tuple[str, ...]:
        """Return the names of the rhyme groups in a bit mask."""
        return tuple(name for k, name in enumerate(self.rhyme_names) if mask >> k & 1)
