"""Hashes of stretches of characters: has this stretch of `n` characters been there before?

A stretch is a polynomial in scrambled code points, modulo 2^64, so that the stretches which a
symbol would complete follow from what is there and the symbol. Stretches that are the same hash
the same; others meet with a chance of 2^-64 each, and then one symbol too many is forbidden.

Reference: Karp and Rabin 1987.

Shape letters: `B` rows, `V` symbols, `L` characters of a history, `N` stretches or characters, `E`
characters of all pieces one after the other.
"""

import numpy as np
from jaxtyping import Bool, Int, UInt64

from serinette.constraints.spelling import HELD, Spelling
from serinette.core.seeds import GOLDEN, mix

_FACTOR = np.uint64(0x9E3779B97F4A7C15 ^ 0x5851F42D4C957F2D | 1)
NOTHING = -1
"""Stands in a history where there is no character yet."""


def powers(n: int) -> UInt64[np.ndarray, " N"]:
    """Return the factor to the powers 0 to `n`."""
    factors = np.full(n + 1, _FACTOR)
    factors[0] = 1
    found: UInt64[np.ndarray, " N"] = np.multiply.accumulate(factors)
    return found


def scrambled(codes: Int[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Return a number for every code point; none for `NOTHING` is any other's."""
    return mix((codes + 2).astype(np.uint64) * GOLDEN)


def gram_hashes(codes: Int[np.ndarray, "B L"], n: int) -> UInt64[np.ndarray, "B N"]:
    """Return the hash of every stretch of `n` characters of every row, from the left."""
    values = scrambled(codes)
    n_grams = max(0, values.shape[1] - n + 1)
    hashes = np.zeros((len(values), n_grams), dtype=np.uint64)
    for place in range(n):
        hashes *= _FACTOR
        hashes += values[:, place : place + n_grams]
    return hashes


def end_hashes(tail: Int[np.ndarray, "B L"]) -> UInt64[np.ndarray, "B N"]:
    """Return the hash of the last 0, 1, ... L characters of every row."""
    n = tail.shape[1]
    terms = scrambled(tail[:, ::-1]) * powers(n)[:n]
    ends = np.zeros((len(tail), n + 1), dtype=np.uint64)
    ends[:, 1:] = terms.cumsum(axis=1, dtype=np.uint64)
    return ends


class PieceGrams:
    """The stretches of `n` characters that each piece of a codec would complete."""

    def __init__(self, n: int, spelling: Spelling) -> None:
        self.n = n
        lengths = spelling.lengths
        begins = lengths.cumsum() - lengths
        self.symbol_of = np.repeat(np.arange(len(lengths)), lengths)  # [E]
        place = np.arange(len(self.symbol_of)) - begins[self.symbol_of]
        is_held = spelling.codes == HELD
        self._held = np.flatnonzero(is_held[begins[self.symbol_of]] & (place < n))
        self._held_power = powers(n)[place[self._held]]
        self._n_before = np.maximum(n - 1 - place, 0)  # characters that stand before the piece
        self._power = powers(n)[n - self._n_before]
        values = np.where(is_held, np.uint64(0), scrambled(spelling.codes))
        self._inside = np.zeros(len(values), dtype=np.uint64)
        for back in range(min(n, int(lengths.max(initial=1))) - 1, -1, -1):
            reaches = place >= back
            self._inside[reaches] *= _FACTOR
            self._inside[reaches] += values[np.flatnonzero(reaches) - back]
        self.longest = int(lengths.max(initial=1))
        self._place = place

    def completed(
        self, tail: Int[np.ndarray, "B L"], held: Int[np.ndarray, "B V"]
    ) -> UInt64[np.ndarray, "B E"]:
        """Return the hash of the stretch that ends at every character of every piece.

        Args:
            tail: The last n - 1 characters of each row.
            held: The character that each symbol would complete, where it was begun before.
        """
        before = end_hashes(tail)[:, self._n_before]
        hashes: UInt64[np.ndarray, "B E"] = before * self._power + self._inside
        if len(self._held):
            codes = held[:, self.symbol_of[self._held]]
            hashes[:, self._held] += scrambled(codes) * self._held_power
        return hashes

    def repeats_itself(self, hashes: UInt64[np.ndarray, "B E"]) -> Bool[np.ndarray, "B E"]:
        """Say where a stretch that a piece completes is one that it completed before."""
        found = np.zeros(hashes.shape, dtype=bool)
        for shift in range(1, self.longest):
            reaches = np.flatnonzero(self._place >= shift)
            found[:, reaches] |= hashes[:, reaches] == hashes[:, reaches - shift]
        return found

    def forbids(self, is_bad: Bool[np.ndarray, "B E"], n_symbols: int) -> Bool[np.ndarray, "B V"]:
        """Say which symbols hold a character where something bad ends."""
        forbidden = np.zeros((len(is_bad), n_symbols), dtype=bool)
        rows, places = np.nonzero(is_bad)
        forbidden[rows, self.symbol_of[places]] = True
        return forbidden


_N_BITS = 16


class HashSets:
    """One set of hashes a row: most of what is not in it is told by one look-up."""

    def __init__(
        self, hashes: UInt64[np.ndarray, "B N"], is_there: Bool[np.ndarray, "B N"]
    ) -> None:
        n_rows = len(hashes)
        self._salt = mix(np.arange(1, n_rows + 1, dtype=np.uint64) * GOLDEN)[:, None]
        self._marks = np.zeros((n_rows, 1 << _N_BITS), dtype=bool)
        rows, places = np.nonzero(is_there)
        self._marks[rows, _mark(hashes[rows, places])] = True
        self._sorted = np.sort((hashes ^ self._salt)[rows, places])

    def contain(self, hashes: UInt64[np.ndarray, "B E"]) -> Bool[np.ndarray, "B E"]:
        """Say which hashes are in the set of their row."""
        found: np.ndarray = self._marks[np.arange(len(hashes))[:, None], _mark(hashes)]
        rows, places = np.nonzero(found)
        wanted = (hashes ^ self._salt)[rows, places]
        found[rows, places] = is_in(self._sorted, wanted)
        return found


def _mark(hashes: UInt64[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
    marks: Int[np.ndarray, "..."] = (hashes >> np.uint64(64 - _N_BITS)).astype(np.int64)
    return marks


def is_in(
    ordered: UInt64[np.ndarray, " N"], wanted: UInt64[np.ndarray, "..."]
) -> Bool[np.ndarray, "..."]:
    """Say which numbers are among the rising `ordered`."""
    if not len(ordered):
        return np.zeros(wanted.shape, dtype=bool)
    places = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    found: Bool[np.ndarray, "..."] = ordered[places] == wanted
    return found
