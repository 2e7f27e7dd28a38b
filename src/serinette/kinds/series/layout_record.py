"""What a model remembers of a table's columns, so that it can write the same table again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from serinette.core.schema import SymbolField
from serinette.kinds.series.table import Column, ColumnType

Part = Literal["entity", "time", "static symbol", "static number", "symbol", "number", "left out"]


@dataclass(frozen=True, kw_only=True)
class ColumnRecord:
    """One column of the source."""

    name: str
    type: ColumnType
    part: Part
    """What becomes of it."""
    levels: tuple[str, ...] = ()
    decimals: int | None = None
    format: str | None = None
    dtype: str = ""

    @classmethod
    def of(cls, column: Column, part: Part) -> "ColumnRecord":
        """Remember a column; names of entities and what is left out are not kept."""
        is_kept = part not in ("entity", "left out")
        return cls(
            name=column.name,
            type=column.type,
            part=part,
            levels=column.levels if is_kept else (),
            decimals=column.decimals,
            format=column.format,
            dtype=column.dtype,
        )

    def filled(
        self, values: Float[np.ndarray, " N"], levels: tuple[str, ...] | None = None
    ) -> Column:
        """Return the column with other values."""
        return Column(
            name=self.name,
            type=self.type,
            values=values,
            levels=self.levels if levels is None else levels,
            decimals=self.decimals,
            format=self.format,
            dtype=self.dtype,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ColumnRecord":
        """Read plain values back."""
        return cls(**{**plain, "levels": tuple(plain["levels"])})


@dataclass(frozen=True, kw_only=True)
class SymbolCode:
    """A column of few different values: one softmax over those that occur."""

    name: str
    values: tuple[float, ...]
    """The cell's number of each symbol, in rising order."""
    missing: bool = False
    """Whether the last symbol is a missing cell."""

    @property
    def size(self) -> int:
        """How many symbols there are, "missing" among them."""
        return len(self.values) + self.missing

    def field(self) -> SymbolField:
        """Return the field of a step."""
        return SymbolField(name=self.name, size=self.size)

    def symbols(self, cells: Float[np.ndarray, "*B"]) -> Int[np.ndarray, "*B"]:
        """Turn cells into symbols; a value that was never seen becomes the nearest one."""
        values = np.asarray(self.values)
        right = np.clip(np.searchsorted(values, cells), 0, len(values) - 1)
        left = np.maximum(right - 1, 0)
        is_left = np.abs(cells - values[left]) < np.abs(values[right] - cells)
        nearest = np.where(is_left, left, right)
        there = nearest if not self.missing else np.where(np.isnan(cells), self.size - 1, nearest)
        return there.astype(np.int64)

    def cells(self, symbols: Int[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Turn symbols into cells."""
        table = np.asarray((*self.values, np.nan) if self.missing else self.values, dtype=float)
        found: Float[np.ndarray, "*B"] = table[symbols]
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "SymbolCode":
        """Read plain values back."""
        return cls(**{**plain, "values": tuple(plain["values"])})


def fit_symbols(name: str, cells: Float[np.ndarray, " N"]) -> SymbolCode:
    """Learn which values a column takes; at least one cell must not be missing."""
    values = np.unique(cells[~np.isnan(cells)])
    return SymbolCode(
        name=name,
        values=tuple(float(value) for value in values),
        missing=bool(np.isnan(cells).any()),
    )
