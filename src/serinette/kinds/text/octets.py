"""The byte alphabet: the 256 bytes of UTF-8. Nothing is ever missing."""

from typing import Any

import numpy as np
from jaxtyping import Int, Int32, UInt8

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import END, FIRST, MISSING, REPLACEMENT
from serinette.kinds.text.rules import Utf8Rules
from serinette.kinds.text.stream import ByteStreamer


class ByteAlphabet:
    """Byte `b` is symbol `b + 2`."""

    name = "byte"
    size = FIRST + 256

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into the bytes of its UTF-8."""
        return _bytes_of(text).astype(np.int32) + FIRST

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text; bytes that are not valid UTF-8 become U+FFFD."""
        pieces = np.split(symbols, np.flatnonzero(symbols == MISSING))
        joined = REPLACEMENT.encode().join(
            (piece[piece >= FIRST] - FIRST).astype(np.uint8).tobytes() for piece in pieces
        )
        return joined.decode("utf-8", "replace")

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Count a character at its last byte."""
        data = _bytes_of(text)
        starts = np.append((data & 0xC0) != 0x80, True)  # noqa: PLR2004 - a continuation byte
        return starts[1:].astype(np.int32) if len(data) else np.zeros(0, dtype=np.int32)

    def streamer(self) -> ByteStreamer:
        """Return a streaming decoder that holds back incomplete characters."""
        return ByteStreamer()

    def rules(self) -> Utf8Rules:
        """Return what keeps the bytes valid UTF-8."""
        return Utf8Rules()

    def spelling(self) -> Spelling:
        """Return how each symbol is written."""
        return Spelling(None, END, MISSING, FIRST)

    def to_json(self) -> dict[str, Any]:
        """Return plain values: there is nothing to store."""
        return {}


def _bytes_of(text: str) -> UInt8[np.ndarray, " T"]:
    return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
