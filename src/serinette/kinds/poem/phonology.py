"""Tones and rhymes of characters, by one of two books.

`pingshui` is the book that regulated verse was judged by for eight centuries; `xinyun` is how the
same characters sound today. A character that can be read in several ways has them all: who checks a
poem lets any of them fit.

Shape letters: `N` characters.
"""

from typing import Final, Literal, get_args

import numpy as np
from jaxtyping import Int64, UInt8

from serinette.core.errors import ConfigError
from serinette.kinds.poem.pingshui import level_rhymes, pingshui_readings
from serinette.kinds.poem.readings import Reading, Tone
from serinette.kinds.poem.script import is_simplified
from serinette.kinds.poem.xinyun import GROUPS, xinyun_readings

Book = Literal["pingshui", "xinyun"]

BOOKS: Final[tuple[Book, ...]] = get_args(Book)
LEVEL_BIT: Final = 1
"""Set in a table of tones where a character may be level, 平."""
OBLIQUE_BIT: Final = 2
"""Set in a table of tones where a character may be oblique, 仄."""
_BITS: Final[dict[Tone, int]] = {"平": LEVEL_BIT, "仄": OBLIQUE_BIT}


class Phonology:
    """One book, asked about one character at a time.

    Promise: a character has a rhyme only if it may be level, for regulated verse rhymes in the
    level tone; every rhyme is one of `names`.

    Raises:
        ConfigError: If there is no such book.
    """

    def __init__(self, book: str = "pingshui", *, is_simplified: bool = False) -> None:
        """Open a book.

        Args:
            book: `pingshui` or `xinyun`.
            is_simplified: Whether it will be asked about a simplified text, so that a character
                is looked up through all its traditional forms, even where it is one itself.
        """
        if book not in BOOKS:
            raise ConfigError(f"rhyme book '{book}' is not known; use {' or '.join(BOOKS)}")
        self.book = book
        self.names = level_rhymes() if book == "pingshui" else GROUPS
        self._is_simplified = is_simplified

    def readings(self, character: str) -> tuple[Reading, ...]:
        """Return all readings of a character; none if the book does not know it."""
        if self.book == "xinyun":
            return xinyun_readings(character)
        return pingshui_readings(character, is_simplified=self._is_simplified)

    def tones(self, character: str) -> frozenset[str]:
        """Return the tones that a character may have: 平, 仄, both, or none if it is not known."""
        return frozenset(reading.tone for reading in self.readings(character))

    def rhymes(self, character: str) -> tuple[str, ...]:
        """Return the names of the level rhymes that a character may have."""
        level = (reading.rhyme for reading in self.readings(character) if reading.tone == "平")
        return tuple(dict.fromkeys(level))


def table_for(
    characters: str, book: str = "pingshui"
) -> tuple[UInt8[np.ndarray, " N"], Int64[np.ndarray, " N"], tuple[str, ...]]:
    """Return tones and rhymes of many characters at once.

    Whether they are simplified is told from all of them together.

    Args:
        characters: One code point after the other; what the book does not know has no bit set.
        book: `pingshui` or `xinyun`.

    Returns:
        Tones, bit 0 for 平 and bit 1 for 仄; level rhymes, bit k for name k; the names.

    Raises:
        ConfigError: If there is no such book.
        MissingExtraError: If the book needs a package that is not installed.
    """
    phonology = Phonology(book, is_simplified=is_simplified(characters))
    place = {name: number for number, name in enumerate(phonology.names)}
    tones = np.zeros(len(characters), dtype=np.uint8)
    rhymes = np.zeros(len(characters), dtype=np.int64)
    for number, character in enumerate(characters):
        for reading in phonology.readings(character):
            tones[number] |= _BITS[reading.tone]
            if reading.tone == "平":
                rhymes[number] |= 1 << place[reading.rhyme]
    return tones, rhymes, phonology.names
