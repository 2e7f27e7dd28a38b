"""Rules on repetition, which do not look ahead: a row may be left without a symbol.

A row that is may be begun again; how often is up to the decoder.

What is remembered of a row: the last characters or all of them (oldest first, `NOTHING` where
there are none yet), and behind them the bits and missing bytes of a character that bytes begin.

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
    gram_hashes,
    is_in,
)
from serinette.constraints.spelling import HELD, Spelling

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
        self._n = most + 1
        self._history = _History(self._n, most, spelling)
        self._known = np.sort(_hashes(text, self._n))
        self._marks = np.zeros(1 << _MARK_BITS, dtype=bool)
        self._marks[_mark(self._known)] = True

    def broken_in(self, text: str) -> str | None:
        """Return the first stretch of a text that is forbidden; None: it keeps the promise."""
        hashes = _hashes(text, self._n)
        found = np.flatnonzero(is_in(self._known, hashes))
        return None if len(found) == 0 else text[found[0] : found[0] + self._n]

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


def _hashes(text: str, n: int) -> UInt64[np.ndarray, " N"]:
    """Return the hash of every stretch of `n` characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    found: UInt64[np.ndarray, " N"] = gram_hashes(codes.astype(np.int64)[None, :], n)[0]
    return found


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

    def broken_in(self, text: str) -> str | None:
        """Return the first stretch of a text that comes again; None: it keeps the promise."""
        hashes = _hashes(text, self._n)
        _, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        again = first[counts > 1]
        return None if len(again) == 0 else text[again.min() : again.min() + self._n]

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
        self._grams = PieceGrams(n, spelling)
        self.n_added = spelling.lengths
        self._begins = spelling.lengths.cumsum() - spelling.lengths
        heads, tails = ([*map(_begun, ends)] for ends in _ends(spelling))
        self._n_head = np.array([len(part.head) for part in spelling.cuts], dtype=np.int64)
        self._head_bits = np.array([bits for bits, _ in heads], dtype=np.int64)
        self._tail = np.array(tails, dtype=np.int64)  # [V, 2]
        # Where no symbol ends a begun character, what one would end need not be worked out.
        self._asked = np.arange(spelling.size if self._n_head.any() else 1)[None, :]

    def start(self, n_rows: int) -> Int64[np.ndarray, "B L"]:
        state = np.full((n_rows, self._n_kept + _N_PARTIAL), NOTHING, dtype=np.int64)
        state[:, self._n_kept :] = 0
        return state

    def advance(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B L"]:
        held, to_go = self._held(state, symbols[:, None])
        held, to_go = held[:, 0], to_go[:, 0]
        n_head, codes = self._n_head[symbols], self._spelling.codes
        # A head that does not complete its character adds none.
        n_open = ((n_head > 0) & (to_go != 0)).astype(np.int64)
        begins = self._begins[symbols] + n_open
        added = self.n_added[symbols] - n_open
        # Place k of the new history is place k + added of the old one followed by the piece.
        places = np.arange(self._n_kept) + added[:, None]
        old = np.take_along_axis(state, np.minimum(places, self._n_kept - 1), axis=1)
        inside = begins[:, None] + places - self._n_kept
        piece = codes[np.clip(inside, 0, len(codes) - 1)]
        after = np.empty_like(state)
        after[:, : self._n_kept] = np.where(
            places < self._n_kept, old, np.where(piece == HELD, held[:, None], piece)
        )
        goes_on = (n_open > 0) & (to_go > 0)
        partial = np.stack([held, to_go], axis=1)
        after[:, self._n_kept :] = np.where(goes_on[:, None], partial, self._tail[symbols])
        return after

    def _held(
        self, state: Int[np.ndarray, "B L"], symbols: Int[np.ndarray, "#B V"]
    ) -> tuple[Int64[np.ndarray, "B V"], Int64[np.ndarray, "B V"]]:
        """Return the bits of a begun character after the heads of symbols, and bytes to go."""
        bits, to_go = state[:, self._n_kept, None], state[:, self._n_kept + 1, None]
        n_head = np.minimum(self._n_head[symbols], _LONGEST_HEAD)
        held = (bits << (_BITS * n_head)) | self._head_bits[symbols]
        return held.astype(np.int64), (to_go - self._n_head[symbols]).astype(np.int64)

    def allowed(self, state: Int[np.ndarray, "B L"], is_bad: _Judge) -> Bool[np.ndarray, "B V"]:
        """Forbid the symbols that complete a stretch which `is_bad` names."""
        chunk = max(1, _ROWS_AT_ONCE // max(1, len(self._grams.symbol_of)))
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
        held, to_go = self._held(state, self._asked)
        hashes = self._grams.completed(tail, held)
        forbidden = self._grams.forbids(is_bad(hashes, state), self._spelling.size)
        mask: Bool[np.ndarray, "B V"] = ~(forbidden & ((self._n_head == 0) | (to_go == 0)))
        return mask

    def repeats_itself(self, hashes: UInt64[np.ndarray, "B E"]) -> Bool[np.ndarray, "B E"]:
        """Say where a piece completes a stretch twice."""
        return self._grams.repeats_itself(hashes)


_BITS = 6
_LONGEST_HEAD = 3
_LEADS = ((0xF0, 0x07, 3), (0xE0, 0x0F, 2), (0xC0, 0x1F, 1), (0x80, 0x3F, 0), (0x00, 0x7F, 0))
"""(lowest byte, the bits of it that count, continuation bytes that follow)."""


def _ends(spelling: Spelling) -> tuple[list[bytes], list[bytes]]:
    """Return what every symbol ends of a character, and what it begins of one."""
    heads = [part.head[:_LONGEST_HEAD] for part in spelling.cuts]
    return heads, [part.tail for part in spelling.cuts]


def _begun(octets: bytes) -> tuple[int, int]:
    """Return the bits of some bytes of one character, and how many more it needs."""
    bits = needed = 0
    for octet in octets:
        _, counting, n_behind = next(lead for lead in _LEADS if octet >= lead[0])
        bits = bits << _BITS | octet & counting
        needed = n_behind or max(0, needed - 1)
    return bits, needed
