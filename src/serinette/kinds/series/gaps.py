"""The times between neighbouring rows of sequences, a block of rows at a time.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `G` gaps of a block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series import store
from serinette.kinds.series.store import row_blocks

_N_STRETCHES = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Gaps:
    """Of a table whose rows rise within a sequence."""

    times: Float[np.ndarray, " N"]
    starts: Int[np.ndarray, " S1"]
    """First row of each sequence, and the number of rows."""

    def pairs(self) -> Iterator[tuple[Float[np.ndarray, " G"], Float[np.ndarray, " G"]]]:
        """Yield the times before and after gaps."""
        for block in row_blocks(len(self.times) - 1, self.times):
            yield self._pairs_of(block)

    def blocks(self) -> Iterator[Float[np.ndarray, " G"]]:
        """Yield the gaps."""
        for before, after in self.pairs():
            yield after - before

    @cached_property
    def n(self) -> int:
        """How many gaps there are."""
        return max(len(self.times) - 1, 0) - int(np.count_nonzero(self._is_first[1:]))

    @cached_property
    def typical(self) -> float:
        """The median; of a table of many rows, that of evenly placed stretches. 0: no gaps."""
        return float(np.median(self.some)) if len(self.some) else 0.0

    @cached_property
    def some(self) -> Float[np.ndarray, " G"]:
        """All gaps; of a table of many rows, those of evenly placed stretches."""
        n = len(self.times) - 1
        length = store.BLOCK_ROWS // _N_STRETCHES
        if n <= store.BLOCK_ROWS or not length:
            return np.concatenate([np.zeros(0), *self.blocks()])
        firsts = np.linspace(0, n - length, _N_STRETCHES).astype(np.int64).tolist()
        pairs = [self._pairs_of(slice(first, first + length)) for first in firsts]
        store.release(self.times)
        return np.concatenate([after - before for before, after in pairs])

    @cached_property
    def span(self) -> float:
        """From the earliest time to the latest; at least one row is needed."""
        ends = [
            (float(self.times[block].min()), float(self.times[block].max()))
            for block in row_blocks(len(self.times), self.times)
        ]
        return max(high for _, high in ends) - min(low for low, _ in ends)

    def all_near(self, step: float, tolerance: float) -> bool:
        """Say whether every gap is a step, but for a part of it."""
        return all(bool(np.all(np.abs(gaps - step) <= tolerance * step)) for gaps in self.blocks())

    @cached_property
    def _is_first(self) -> Bool[np.ndarray, " N"]:
        is_first = np.zeros(len(self.times), dtype=np.bool_)
        is_first[self.starts[:-1]] = True
        return is_first

    def _pairs_of(self, block: slice) -> tuple[np.ndarray, np.ndarray]:
        within = ~self._is_first[block.start + 1 : block.stop + 1]
        times = np.asarray(self.times[block.start : block.stop + 1])
        return times[:-1][within], times[1:][within]
