"""Where the numbers of a table lie: in memory, or in a file that is mapped into it.

Shape letters: `N` rows.
"""

import mmap
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from serinette.core import disk

HELD_BYTES: Final = 256 << 20
"""Tables up to this size are held in memory."""
_FLOAT: Final = 8


class Store:
    """Columns of float64 that are filled piece by piece."""

    def __init__(self, n_columns: int, n_rows: int, scratch: Path | None) -> None:
        self._shape = (n_columns, n_rows)
        self._held: Float[np.ndarray, "C N"] | None = None
        self._file = None
        if n_columns * n_rows * _FLOAT <= HELD_BYTES:
            self._held = np.full(self._shape, np.nan)
            return
        if scratch is not None:
            disk.ensure_folder(scratch)
        # Without a name: it is gone when nobody maps it any more, after a crash too.
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - closed by `columns`
        os.truncate(self._file.fileno(), n_columns * n_rows * _FLOAT)

    def put(self, column: int, row: int, values: Float[np.ndarray, " N"]) -> None:
        """Write the values of some rows."""
        if self._held is not None:
            self._held[column, row : row + len(values)] = values
            return
        assert self._file is not None  # noqa: S101
        # Written, not mapped: dirty pages of a map would count as memory of this process.
        position = (column * self._shape[1] + row) * _FLOAT
        content = np.ascontiguousarray(values).tobytes()
        with disk.explained(Path("the scratch file"), "written", len(content)):
            os.pwrite(self._file.fileno(), content, position)

    def columns(self) -> list[Float[np.ndarray, " N"]]:
        """Return all columns; nothing can be written any more."""
        n_columns, n_rows = self._shape
        if self._held is not None:
            return list(self._held)
        assert self._file is not None  # noqa: S101
        with self._file as file:
            return [
                np.memmap(file, np.float64, "r", column * n_rows * _FLOAT, (n_rows,))
                for column in range(n_columns)
            ]


def release(values: Float[np.ndarray, " N"]) -> None:
    """Give back the memory of a mapped column that was looked through; it can still be read."""
    mapped = getattr(values, "_mmap", None)
    if isinstance(mapped, mmap.mmap):
        mapped.madvise(mmap.MADV_DONTNEED)
