"""Where the numbers of a table lie: in memory, or in a file that is mapped into it.

Whoever goes through all rows does so in blocks and gives the mapped pages back after each: they
would count as memory of this process.

Shape letters: `C` columns, `N` rows, `R` numbers of a row.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Shaped

from serinette.core import disk
from serinette.core.spool import release

__all__ = ["BLOCK_ROWS", "HELD_BYTES", "RowStore", "Store", "release", "row_blocks"]

HELD_BYTES: Final = 128 << 20
"""Numbers up to this size are held in memory."""
BLOCK_ROWS: Final = 1_000_000
"""Rows that are looked at at a time."""
_FLOAT: Final = 8


class Store:
    """Columns of float64 that are filled piece by piece."""

    def __init__(self, n_columns: int, n_rows: int, scratch: Path | None) -> None:
        self._shape = (n_columns, n_rows)
        self._held: Float[np.ndarray, "C N"] | None = None
        self._file = None
        n_bytes = n_columns * n_rows * _FLOAT
        if n_bytes <= HELD_BYTES:
            self._held = np.full(self._shape, np.nan)
        else:
            self._file = _scratch_file(n_bytes, scratch)

    def put(self, column: int, row: int, values: Float[np.ndarray, " N"]) -> None:
        """Write the values of some rows."""
        if self._held is not None:
            self._held[column, row : row + len(values)] = values
        else:
            _write(self._file, values, (column * self._shape[1] + row) * _FLOAT)

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

    def matrix(self) -> Float[np.ndarray, "N C"]:
        """Return the columns side by side; nothing can be written any more."""
        if self._held is not None:
            return np.ascontiguousarray(self._held.T)
        assert self._file is not None  # noqa: S101
        with self._file as file:
            return np.memmap(file, np.float64, "r", 0, self._shape).T


class RowStore:
    """Rows of numbers of one type that are filled from the first to the last."""

    def __init__(self, shape: tuple[int, int], dtype: Any, scratch: Path | None) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._held: Shaped[np.ndarray, "N R"] | None = None
        self._file = None
        self._row = 0
        n_bytes = shape[0] * shape[1] * self._dtype.itemsize
        if n_bytes <= HELD_BYTES:
            self._held = np.zeros(shape, dtype=self._dtype)
        else:
            self._file = _scratch_file(n_bytes, scratch)

    def add(self, rows: Shaped[np.ndarray, "N R"]) -> None:
        """Write the next rows."""
        if self._held is not None:
            self._held[self._row : self._row + len(rows)] = rows
        else:
            position = self._row * self._shape[1] * self._dtype.itemsize
            _write(self._file, rows.astype(self._dtype, copy=False), position)
        self._row += len(rows)

    def rows(self) -> Shaped[np.ndarray, "N R"]:
        """Return all rows; nothing can be written any more."""
        if self._held is not None:
            return self._held
        assert self._file is not None  # noqa: S101
        with self._file as file:
            return np.memmap(file, self._dtype, "r", 0, self._shape)


def row_blocks(n_rows: int, *arrays: np.ndarray) -> Iterator[slice]:
    """Yield the rows a block at a time; give back the memory of mapped arrays after each."""
    for begin in range(0, n_rows, BLOCK_ROWS):
        yield slice(begin, min(begin + BLOCK_ROWS, n_rows))
        for array in arrays:
            release(array)


def _scratch_file(n_bytes: int, scratch: Path | None) -> Any:
    if scratch is not None:
        disk.ensure_folder(scratch)
    # Without a name: it is gone when nobody maps it any more, after a crash too.
    file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - closed where it is mapped
    os.truncate(file.fileno(), n_bytes)
    return file


def _write(file: Any, values: Shaped[np.ndarray, "..."], position: int) -> None:
    # Written, not mapped: dirty pages of a map would count as memory of this process.
    content = np.ascontiguousarray(values).tobytes()
    with disk.explained(Path("the scratch file"), "written", len(content)):
        os.pwrite(file.fileno(), content, position)
