"""Random numbers that depend on nothing but (seed, row, position).

Sample 3 of seed 7 is the same whether 4 or 400 samples were asked for, in one batch or in many,
streamed or not. There is no generator to share and no state to save: the k-th number of a row is a
hash of its place.

Reference: SplitMix64, Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".

Shape letters: `B` rows.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt64

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 256


def mix(values: UInt64[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Scramble 64-bit numbers (the SplitMix64 finaliser); a bijection, vectorised."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64[np.ndarray, "..."] = values ^ (values >> np.uint64(31))
    return mixed


def derive(seed: int, *place: int) -> int:
    """Return a 63-bit seed for one place: `derive(seed, update, worker)`.

    Args:
        seed: The user's seed, any integer.
        *place: Whatever tells the place apart: an epoch, an update, a worker.
    """
    state = np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    for part in (len(place), *place):
        state = mix(state + GOLDEN * np.array([part + 1 & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))
    return int(state[0] >> np.uint64(1))


class RowStreams:
    """One independent stream of uniform numbers for every row of a batch.

    Args:
        seed: The user's seed, any integer.
        rows: The absolute number of each row of this batch, not its place in the batch.
    """

    def __init__(self, seed: int, rows: Sequence[int]) -> None:
        self._keys = np.array([derive(seed, row) for row in rows], dtype=np.uint64)
        self._block = np.empty((0, len(self._keys)))
        self._block_start = 0
        self._position = 0

    def take(self) -> Float[np.ndarray, " B"]:
        """Return the next number in [0, 1) of every row."""
        offset = self._position - self._block_start
        if offset >= len(self._block):
            self._block, self._block_start, offset = self._draw_block(), self._position, 0
        self._position += 1
        numbers: Float[np.ndarray, " B"] = self._block[offset]
        return numbers

    def keep(self, rows: Int[np.ndarray, " R"]) -> None:
        """Go on with these rows only; every row keeps its own place in its own stream."""
        self._keys = self._keys[rows]
        self._block = np.ascontiguousarray(self._block[:, rows])

    def _draw_block(self) -> Float[np.ndarray, "_BLOCK B"]:
        places = np.arange(self._position, self._position + _BLOCK, dtype=np.uint64)
        bits = mix(self._keys[None, :] + (places[:, None] + np.uint64(1)) * GOLDEN)
        block: Float[np.ndarray, "_BLOCK B"] = (bits >> np.uint64(11)) * 2.0**-53
        return block
