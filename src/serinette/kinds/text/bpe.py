"""The alphabet of byte-pair encoding: bytes, and pieces merged from them; nothing is missing."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import FIRST
from serinette.kinds.text.merge_learning import learn_merges
from serinette.kinds.text.merging import Merger
from serinette.kinds.text.octet_pieces import N_BYTES, SINGLE, OctetPieces
from serinette.kinds.text.rules import Utf8Rules
from serinette.kinds.text.stream import ByteStreamer


class BpeAlphabet:
    """The 256 bytes, then the merged pieces in the order in which they were learnt.

    Args:
        merges: Numbers of the left and the right piece of every pair; bytes have the numbers 0 to
            255, and a pair that makes a new piece gives it the next one.

    Raises:
        ValueError: If a pair names a piece that is not there yet, or comes twice.
    """

    name = "bpe"

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = tuple(merges)
        octets = list(SINGLE)
        number_of = {piece: number for number, piece in enumerate(octets)}
        ways: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, pair in enumerate(self.merges):
            if pair in ways or not all(0 <= number < len(octets) for number in pair):
                raise ValueError(f"merge {rank} is {list(pair)}, which cannot be made")
            piece = octets[pair[0]] + octets[pair[1]]
            if piece not in number_of:
                number_of[piece] = len(octets)
                octets.append(piece)
            ways[pair] = (rank, number_of[piece])
        self._merger = Merger(ways)
        self._pieces = OctetPieces(octets[N_BYTES:])
        self.size = self._pieces.size

    @classmethod
    def fit(cls, texts: Iterable[str], vocabulary_size: int) -> "BpeAlphabet":
        """Learn merges until there are so many pieces, bytes included.

        Raises:
            MissingExtraError: If `tokenizers` is not installed.
        """
        number_of = {piece: number for number, piece in enumerate(SINGLE)}
        merges = []
        for left, right in learn_merges(texts, vocabulary_size):
            merges.append((number_of[left], number_of[right]))
            number_of.setdefault(left + right, len(number_of))
        return cls(merges)

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into symbols: the one way in which its bytes merge."""
        return np.fromiter(self._merger.numbers(text), dtype=np.int32) + np.int32(FIRST)

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text; bytes that are not valid UTF-8 become U+FFFD."""
        return self._pieces.decode(symbols)

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Count the code points that each symbol completes."""
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
        """Return plain values: the pairs by number, which give the pieces too."""
        return {"merges": [list(pair) for pair in self.merges]}
