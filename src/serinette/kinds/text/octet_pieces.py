"""Symbols that are bytes of UTF-8: the 256 single ones, and longer pieces behind them.

Whatever a codec puts into its longer pieces, every text can be written and none is unknown.

Shape letters: `T` time, `I` symbols of a text.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Int, Int32, UInt8

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import END, FIRST, MISSING, REPLACEMENT
from serinette.kinds.text.rules import Utf8Rules
from serinette.kinds.text.stream import ByteStreamer

N_BYTES: Final = 256
SINGLE: Final = tuple(bytes([octet]) for octet in range(N_BYTES))


class OctetPieces:
    """Byte `b` is symbol `b + 2`; the longer pieces follow.

    Args:
        longer: Pieces of at least two bytes, once each.
    """

    def __init__(self, longer: Sequence[bytes] = ()) -> None:
        self._octets = (b"", REPLACEMENT.encode(), *SINGLE, *longer)
        self._lengths = np.array([0, 0, *map(len, self._octets[FIRST:])], dtype=np.int64)
        self.size = len(self._octets)

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text; bytes that are not valid UTF-8 become U+FFFD."""
        joined = b"".join([self._octets[symbol] for symbol in symbols.tolist()])
        return joined.decode("utf-8", "replace")

    def step_lengths(self, text: str, symbols: Int[np.ndarray, " I"]) -> Int32[np.ndarray, " I"]:
        """Count each character of a text at the symbol that holds its last byte."""
        data = bytes_of(text)
        is_start = np.append((data & 0xC0) != 0x80, True)  # noqa: PLR2004 - continuation bytes
        n_complete = np.cumsum(is_start)[self._lengths[symbols].cumsum()] - 1
        lengths: Int32[np.ndarray, " I"] = np.diff(n_complete, prepend=0).astype(np.int32)
        return lengths

    def streamer(self) -> ByteStreamer:
        """Return a streaming decoder that holds back incomplete characters."""
        return ByteStreamer(self._octets)

    def rules(self) -> Utf8Rules:
        """Return what keeps the bytes valid UTF-8."""
        return Utf8Rules(self._octets)

    def spelling(self) -> Spelling:
        """Return how each symbol is written."""
        return Spelling((b"", b"", *self._octets[FIRST:]), END, MISSING)


def bytes_of(text: str) -> UInt8[np.ndarray, " T"]:
    """Return the bytes of the UTF-8 of a text."""
    return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
