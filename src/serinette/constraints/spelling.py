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
HELD = -2
"""Stands among the code points of a piece for a character whose first bytes came before it."""
_CONTINUATION = range(0x80, 0xC0)
_LONGEST = 4


@dataclass(frozen=True)
class Cut:
    """A string of bytes as characters: what ends one, whole ones, what begins another."""

    head: bytes
    """Continuation bytes of a character that was begun before."""
    text: str
    """Whole characters."""
    tail: bytes
    """The first bytes of a character that goes on behind."""


def cut(octets: bytes) -> Cut:
    """Cut a string of bytes at the borders of its characters; what is no UTF-8 is all head."""
    n_head = next((i for i, octet in enumerate(octets) if octet not in _CONTINUATION), len(octets))
    for n_tail in range(min(_LONGEST, len(octets) - n_head + 1)):
        end = len(octets) - n_tail
        try:
            text = octets[n_head:end].decode()
        except UnicodeDecodeError:
            continue
        return Cut(octets[:n_head], text, octets[end:])
    return Cut(octets, "", b"")


def _cut(piece: object) -> Cut:
    return cut(piece) if isinstance(piece, bytes) else Cut(b"", str(piece), b"")


@dataclass(frozen=True)
class Spelling:
    """Symbols as text: each a piece of characters, or each some bytes of UTF-8."""

    pieces: tuple[str, ...] | tuple[bytes, ...]
    """What every symbol is written as, empty for `end` and `missing`. Bytes may stop within a
    character; then every single byte is a symbol too."""
    end: int
    """The symbol after which a sequence is over."""
    missing: int | None = None
    """The symbol of what the codec does not know; it is never allowed."""

    @cached_property
    def is_bytes(self) -> bool:
        """Whether symbols are bytes."""
        return any(isinstance(piece, bytes) for piece in self.pieces)

    @property
    def size(self) -> int:
        """How many symbols there are."""
        return len(self.pieces)

    @cached_property
    def is_open(self) -> tuple[bool, ...]:
        """Whether each symbol writes something and may be drawn."""
        closed = (self.end, self.missing)
        return tuple(i not in closed and bool(piece) for i, piece in enumerate(self.pieces))

    @cached_property
    def cuts(self) -> tuple[Cut, ...]:
        """What every symbol adds to a text it is read from."""
        return tuple(
            Cut(b"", UNKNOWN if symbol == self.missing else "", b"")
            if symbol in (self.end, self.missing)
            else _cut(piece)
            for symbol, piece in enumerate(self.pieces)
        )

    @cached_property
    def lengths(self) -> Int64[np.ndarray, " V"]:
        """How many characters every piece has or completes."""
        return np.array([len(part.text) + bool(part.head) for part in self.cuts], dtype=np.int64)

    @cached_property
    def codes(self) -> Int64[np.ndarray, " E"]:
        """The code points of all pieces, one after the other; `HELD` for one begun before."""
        held = chr(0xD800)  # no piece of bytes holds a surrogate
        texts = (held * bool(part.head) + part.text for part in self.cuts)
        data = "".join(texts).encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(data, dtype="<u4").astype(np.int64)
        return np.where(codes == ord(held), HELD, codes) if self.is_bytes else codes

    @cached_property
    def known(self) -> CharSet:
        """Every character that can be written."""
        if self.is_bytes:
            return CharSet((0, 0xD800, 0xE000, 0x110000))
        pairs = zip(self.cuts, self.is_open, strict=True)
        return CharSet.of("".join(part.text for part, is_open in pairs if is_open))

    def seen(self, text: str) -> str:
        """Return a text as the codec reads it: what it does not know is U+FFFD."""
        if not text:
            return text
        codes = np.array([ord(character) for character in text], dtype=np.int64)
        is_known = self.known.contains(codes).tolist()
        return "".join(
            character if known else UNKNOWN for character, known in zip(text, is_known, strict=True)
        )
