"""Rules on repetition, which do not look ahead: a row may be left without a symbol.

A row that is may be begun again; how often is up to the decoder.

What is remembered of a row: the last characters or all of them (oldest first, `NOTHING` where
there are none yet), and for bytes, behind them, the bits and missing bytes of a begun character.

Shape letters: `B` rows, `V` symbols, `L` characters that are remembered, `E` characters of all
pieces one after the other.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int, Int64, UInt64

from serinette.constraints.grams import (
    NOTHING,
    HashSets,
    PieceGrams,
    end_hashes,
    gram_hashes,
    is_in,
    powers,
    scrambled,
)
from serinette.constraints.spelling import N_BYTES, Spelling

_Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(hashes [B, E], memory of the same rows) -> which are bad [B, E]."""
_N_PARTIAL = 2
_ROWS_AT_ONCE = 1 << 22
"""Hashes that are worked out at once."""


class CopyBan:
    """Promise: no stretch of more than `most` characters stands in a given text.

    Args:
        text: The training text.
        most: Longest stretch that may be copied, at least 1.
        spelling: How symbols are written.
    """

    may_dead_end = True

    def __init__(self, text: str, most: int, spelling: Spelling) -> None:
        self._history = _History(most + 1, most, spelling)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        hashes = gram_hashes(codes.astype(np.int64)[None, :], most + 1)
        self._known = np.sort(hashes[0])
        self._marks = np.zeros(1 << _MARK_BITS, dtype=bool)
        self._marks[_mark(self._known)] = True

    def start(self, n_rows: int) -> Int64[np.ndarray, "B L"]:
        """Return the memory of rows that have no characters yet."""
        return self._history.start(n_rows)

    def advance(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B L"]:
        """Return the memory after one more symbol."""
        return self._history.advance(state, symbols)

    def allowed(
        self, state: Int[np.ndarray, "B L"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Forbid what would complete too long a copy."""
        return self._history.allowed(state, self._is_known)

    def _is_known(
        self, hashes: UInt64[np.ndarray, "B E"], state: Int[np.ndarray, "B L"]
    ) -> Bool[np.ndarray, "B E"]:
        found: Bool[np.ndarray, "B E"] = self._marks[_mark(hashes)]
        found[found] = is_in(self._known, hashes[found])
        return found


_MARK_BITS = 24


def _mark(hashes: UInt64[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
    marks: Int[np.ndarray, "..."] = (hashes >> np.uint64(64 - _MARK_BITS)).astype(np.int64)
    return marks


class NoRepeat:
    """Promise: no stretch of `n` characters comes twice in a row's text.

    Args:
        n: Length of a stretch, at least 1.
        spelling: How symbols are written.
        most_characters: Longest text, prefix included; a symbol beyond it is not allowed.
    """

    may_dead_end = True

    def __init__(self, n: int, spelling: Spelling, most_characters: int) -> None:
        self._n = n
        self._most = max(most_characters, n)
        self._history = _History(n, self._most, spelling)

    def start(self, n_rows: int) -> Int64[np.ndarray, "B L"]:
        """Return the memory of rows that have no characters yet."""
        return self._history.start(n_rows)

    def advance(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B L"]:
        """Return the memory after one more symbol."""
        return self._history.advance(state, symbols)

    def allowed(
        self, state: Int[np.ndarray, "B L"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Forbid what would repeat a stretch."""
        mask = self._history.allowed(state, self._is_repeated)
        n_free = (state[:, : self._most] == NOTHING).sum(axis=1)
        mask &= self._history.n_added <= n_free[:, None]
        return mask

    def _is_repeated(
        self, hashes: UInt64[np.ndarray, "B E"], state: Int[np.ndarray, "B L"]
    ) -> Bool[np.ndarray, "B E"]:
        text = state[:, : self._most]
        n_used = int((text != NOTHING).sum(axis=1).max(initial=0))
        text = text[:, self._most - n_used :]
        before = gram_hashes(text, self._n)
        is_there = text[:, : before.shape[1]] != NOTHING
        is_old = HashSets(before, is_there).contain(hashes)
        repeated: Bool[np.ndarray, "B E"] = is_old | self._history.repeats_itself(hashes)
        return repeated


class _History:
    """The last characters of each row, and the stretches that a symbol would complete."""

    def __init__(self, n: int, n_kept: int, spelling: Spelling) -> None:
        self._n = n
        self._n_kept = n_kept
        self._spelling = spelling
        self._grams = None if spelling.is_bytes else PieceGrams(n, spelling)
        self.n_added = (
            np.zeros(spelling.size, dtype=np.int64) if spelling.is_bytes else spelling.lengths
        )

    def start(self, n_rows: int) -> Int64[np.ndarray, "B L"]:
        width = self._n_kept + (_N_PARTIAL if self._spelling.is_bytes else 0)
        state = np.full((n_rows, width), NOTHING, dtype=np.int64)
        state[:, self._n_kept :] = 0
        return state

    def advance(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B L"]:
        if self._spelling.is_bytes:
            return self._advance_bytes(state, symbols)
        lengths = self._spelling.lengths
        begins = lengths.cumsum() - lengths
        added = lengths[symbols][:, None]
        # Place k of the new history is place k + added of the old one followed by the piece.
        places = np.arange(self._n_kept) + added
        old = np.take_along_axis(state, np.minimum(places, self._n_kept - 1), axis=1)
        inside = begins[symbols][:, None] + places - self._n_kept
        codes = self._spelling.codes
        piece = codes[np.clip(inside, 0, len(codes) - 1)]
        after: Int64[np.ndarray, "B L"] = np.where(places < self._n_kept, old, piece)
        return after

    def _advance_bytes(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B L"]:
        text, partial = state[:, : self._n_kept], state[:, self._n_kept :]
        code, to_go = _after_bytes(partial, symbols[:, None] - self._spelling.first)
        code, to_go = code[:, 0], to_go[:, 0]
        is_octet = symbols >= self._spelling.first
        completes = is_octet & (to_go == 0)
        after = state.copy()
        after[completes, : self._n_kept - 1] = text[completes, 1:]
        after[completes, self._n_kept - 1] = code[completes]
        after[is_octet, self._n_kept] = np.where(to_go == 0, 0, code)[is_octet]
        after[is_octet, self._n_kept + 1] = to_go[is_octet]
        return after

    def allowed(self, state: Int[np.ndarray, "B L"], is_bad: _Judge) -> Bool[np.ndarray, "B V"]:
        """Forbid the symbols that complete a stretch which `is_bad` names."""
        n_hashes = N_BYTES if self._grams is None else len(self._grams.symbol_of)
        chunk = max(1, _ROWS_AT_ONCE // n_hashes)
        masks = [
            self._judged(state[begin : begin + chunk], is_bad)
            for begin in range(0, len(state), chunk)
        ]
        mask = np.concatenate([*masks, np.ones((0, self._spelling.size), dtype=bool)])
        if self._spelling.missing is not None:
            mask[:, self._spelling.missing] = False
        return mask

    def _judged(self, state: Int[np.ndarray, "B L"], is_bad: _Judge) -> Bool[np.ndarray, "B V"]:
        tail = state[:, self._n_kept - (self._n - 1) : self._n_kept]
        size = self._spelling.size
        if self._grams is not None:
            hashes = self._grams.completed(tail)
            return ~self._grams.forbids(is_bad(hashes, state), size)
        octets = np.arange(N_BYTES)[None, :]
        code, to_go = _after_bytes(state[:, self._n_kept :], octets)
        hashes = end_hashes(tail)[:, -1:] * powers(1)[1] + scrambled(code)
        mask = np.ones((len(state), size), dtype=bool)
        mask[:, self._spelling.first :] = ~(is_bad(hashes, state) & (to_go == 0))
        return mask

    def repeats_itself(self, hashes: UInt64[np.ndarray, "B E"]) -> Bool[np.ndarray, "B E"]:
        """Say where a piece completes a stretch twice."""
        if self._grams is None:
            return np.zeros(hashes.shape, dtype=bool)
        return self._grams.repeats_itself(hashes)


_LEADS = ((0xF0, 0x07, 3), (0xE0, 0x0F, 2), (0xC0, 0x1F, 1), (0x00, 0x7F, 0))
"""(lowest lead byte, the bits of it that count, continuation bytes that follow)."""


def _after_bytes(
    partial: Int[np.ndarray, "B 2"], octets: Int[np.ndarray, "#B V"]
) -> tuple[Int64[np.ndarray, "B V"], Int64[np.ndarray, "B V"]]:
    """Return the bits of the character after one more byte, and how many bytes it still needs."""
    lowest = [octets >= lead for lead, _, _ in _LEADS]
    begun = np.select(lowest, [octets & bits for _, bits, _ in _LEADS], 0)
    needed = np.select(lowest, [np.full_like(octets, n) for _, _, n in _LEADS], 0)
    bits, to_go = partial[:, :1], partial[:, 1:]
    code = np.where(to_go > 0, bits * 64 + (octets & 0x3F), begun)
    left = np.where(to_go > 0, to_go - 1, needed)
    return code.astype(np.int64), left.astype(np.int64)
