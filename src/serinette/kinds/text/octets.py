"""The byte alphabet: the 256 bytes of UTF-8. Nothing is ever missing."""

from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import FIRST
from serinette.kinds.text.octet_pieces import OctetPieces, bytes_of
from serinette.kinds.text.rules import Utf8Rules
from serinette.kinds.text.stream import ByteStreamer


class ByteAlphabet:
    """Byte `b` is symbol `b + 2`."""

    name = "byte"

    def __init__(self) -> None:
        self._pieces = OctetPieces()
        self.size = self._pieces.size

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into the bytes of its UTF-8."""
        return bytes_of(text).astype(np.int32) + FIRST

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text; bytes that are not valid UTF-8 become U+FFFD."""
        return self._pieces.decode(symbols)

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Count a character at its last byte."""
        return self._pieces.step_lengths(text, self.encode(text))

    def streamer(self) -> ByteStreamer:
        """Return a streaming decoder that holds back incomplete characters."""
        return self._pieces.streamer()

    def rules(self) -> Utf8Rules:
        """Return what keeps the bytes valid UTF-8."""
        return self._pieces.rules()

    def spelling(self) -> Spelling:
        """Return how each symbol is written."""
        return self._pieces.spelling()

    def to_json(self) -> dict[str, Any]:
        """Return plain values: there is nothing to store."""
        return {}
