"""The grapheme alphabet: frequent user-perceived characters are one symbol each.

An emoji with its joiners, a letter with its marks, a syllable of Hangul or of an Indic script is
one step. A rare one is spelt in the characters it is made of, and these, where they are rare too,
in bytes: no text is unknown.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.spelling import Spelling
from serinette.kinds.text.alphabet import FIRST
from serinette.kinds.text.clusters import clusters
from serinette.kinds.text.octet_pieces import N_BYTES, OctetPieces
from serinette.kinds.text.rules import Utf8Rules
from serinette.kinds.text.stream import ByteStreamer

_FEWEST: Final = 2
_LONGEST: Final = 32


class GraphemeAlphabet:
    """The 256 bytes, then clusters by falling frequency.

    Args:
        clusters: Pieces of at least two bytes, once each.
    """

    name = "grapheme"

    def __init__(self, clusters: tuple[str, ...]) -> None:
        self.clusters = clusters
        self._pieces = OctetPieces([cluster.encode() for cluster in clusters])
        self.size = self._pieces.size
        self._symbol_of = {piece: FIRST + N_BYTES + i for i, piece in enumerate(clusters)}

    @classmethod
    def fit(cls, texts: Iterable[str], max_size: int, min_count: int) -> "GraphemeAlphabet":
        """Keep the most frequent clusters; equal counts are ordered by their code points.

        One of several code points must be seen at least twice: one that was seen once teaches
        nothing that its characters do not. ASCII is known as bytes.
        """
        counts = Counter(chain.from_iterable(map(clusters, texts)))
        _add_parts(counts)
        frequent = (
            (-count, cluster)
            for cluster, count in counts.items()
            if count >= (min_count if len(cluster) == 1 else max(_FEWEST, min_count))
            and len(cluster) <= _LONGEST
            and len(cluster.encode("utf-8", "replace")) > 1
        )
        room = max(0, max_size - N_BYTES)
        return cls(tuple(cluster for _, cluster in sorted(frequent)[:room]))

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into symbols."""
        spelt: dict[str, tuple[int, ...]] = {}
        symbols: list[int] = []
        for cluster in clusters(text):
            found = spelt.get(cluster)
            if found is None:
                found = spelt[cluster] = tuple(self._spell(cluster))
            symbols += found
        return np.array(symbols, dtype=np.int32)

    def _spell(self, cluster: str) -> Iterable[int]:
        if cluster in self._symbol_of:
            return (self._symbol_of[cluster],)
        return chain.from_iterable(map(self._spell_character, cluster))

    def _spell_character(self, character: str) -> Iterable[int]:
        known = self._symbol_of.get(character)
        octets = character.encode("utf-8", "replace")
        return (known,) if known is not None else (octet + FIRST for octet in octets)

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
        """Return plain values."""
        return {"clusters": list(self.clusters)}


def _add_parts(counts: Counter[str]) -> None:
    """Count the characters of rare clusters: they are what these are spelt with."""
    rare = [(cluster, n) for cluster, n in counts.items() if n < _FEWEST and len(cluster) > 1]
    for cluster, n in rare:
        for character in cluster:
            counts[character] += n
