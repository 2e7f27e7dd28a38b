"""Numbers that come piece by piece: in memory while they are few, else in a scratch file.

The file has no name: it is gone when nobody maps it any more, after a crash too. It lies where
`TMPDIR` says.

Shape letters: `N` numbers.
"""

import mmap
import tempfile
from typing import Any, Final

import numpy as np
from jaxtyping import Shaped

from serinette.core import disk

HELD_BYTES: Final = 16 << 20
"""Numbers up to this size are held in memory."""
_MANY: Final = 10_000


class Spool:
    """An array that grows at its end.

    Args:
        dtype: Of the numbers; what is added is turned into it.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._dtype = dtype
        self._pieces: list[Shaped[np.ndarray, " N"]] = []
        self._blocks: list[Shaped[np.ndarray, " N"]] = []
        self._n = self._n_written = 0
        self._file: Any = None

    def __len__(self) -> int:
        """How many numbers there are."""
        return self._n

    def add(self, values: Shaped[np.ndarray, " N"]) -> None:
        """Add numbers at the end."""
        self._pieces.append(values.astype(self._dtype))
        self._n += len(values)
        if (self._n - self._n_written) * self._dtype.itemsize > HELD_BYTES:
            self._spill()
        elif len(self._pieces) >= _MANY:  # an array takes a hundred bytes besides its numbers
            self._blocks.append(np.concatenate(self._pieces))
            self._pieces = []

    def array(self) -> Shaped[np.ndarray, " N"]:
        """Return all numbers, in memory or mapped; nothing can be added any more."""
        if self._file is None:
            held = [np.zeros(0, dtype=self._dtype), *self._blocks, *self._pieces]
            self._blocks, self._pieces = [], []
            return np.concatenate(held)
        self._spill()
        with self._file as file:
            file.flush()
            return np.memmap(file, self._dtype, "r", 0, (self._n,))

    def _spill(self) -> None:
        """Write what is held; written, not mapped: dirty pages of a map would count as memory."""
        n_bytes = (self._n - self._n_written) * self._dtype.itemsize
        with disk.scratch_explained("written", n_bytes):
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed where it is mapped
            for values in (*self._blocks, *self._pieces):
                self._file.write(values.data)
        self._blocks, self._pieces, self._n_written = [], [], self._n


def release(values: Shaped[np.ndarray, "..."]) -> None:
    """Give back the memory of a mapped array that was looked through; it can still be read."""
    mapped = getattr(values, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
