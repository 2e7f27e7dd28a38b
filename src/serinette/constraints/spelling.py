"""How the symbols of a codec are written: what a rule on texts needs to know of it.

Shape letters: `V` symbols, `E` characters of all pieces one after the other.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64

from serinette.constraints.charset import CharSet

UNKNOWN = "\ufffd"
"""What a missing symbol is written as: U+FFFD, the replacement character."""
N_BYTES = 256


@dataclass(frozen=True)
class Spelling:
    """Symbols as text: each a piece of characters, or each one byte of UTF-8."""

    pieces: tuple[str, ...] | None
    """What every symbol is written as, '' for `end` and `missing`; None: symbols are bytes."""
    end: int
    """The symbol after which a sequence is over."""
    missing: int | None = None
    """The symbol of what the codec does not know; it is never allowed."""
    first: int = 0
    """Of bytes: the symbol of byte 0."""

    @property
    def is_bytes(self) -> bool:
        """Whether symbols are bytes."""
        return self.pieces is None

    @property
    def size(self) -> int:
        """How many symbols there are."""
        return self.first + N_BYTES if self.pieces is None else len(self.pieces)

    @cached_property
    def written(self) -> tuple[str, ...]:
        """What every symbol of a codec with pieces adds to a text it is read from."""
        pieces = self.pieces or ()
        return tuple(
            UNKNOWN if symbol == self.missing else "" if symbol == self.end else piece
            for symbol, piece in enumerate(pieces)
        )

    @cached_property
    def lengths(self) -> Int64[np.ndarray, " V"]:
        """How many characters every piece has."""
        return np.array([len(piece) for piece in self.written], dtype=np.int64)

    @cached_property
    def codes(self) -> Int64[np.ndarray, " E"]:
        """The code points of all pieces, one after the other."""
        data = "".join(self.written).encode("utf-32-le", "surrogatepass")
        return np.frombuffer(data, dtype="<u4").astype(np.int64)

    @cached_property
    def known(self) -> CharSet:
        """Every character that can be written."""
        if self.pieces is None:
            return CharSet((0, 0xD800, 0xE000, 0x110000))
        closed = (self.end, self.missing)
        pieces = (piece for i, piece in enumerate(self.pieces) if i not in closed)
        return CharSet.of("".join(pieces))

    def seen(self, text: str) -> str:
        """Return a text as the codec reads it: what it does not know is U+FFFD."""
        if not text:
            return text
        codes = np.array([ord(character) for character in text], dtype=np.int64)
        is_known = self.known.contains(codes).tolist()
        return "".join(
            character if known else UNKNOWN for character, known in zip(text, is_known, strict=True)
        )
