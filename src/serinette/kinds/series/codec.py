"""From the columns of a table to the fields of a step, fitted once on the training part.

Columns that others determine are taken out (`relations`); what is left is a symbol field
(categories, booleans, small grids) or a value field (`values`). A sequence opens with facts about
it and the levels of its first row; each further step draws, in this order: whether the sequence has
ended, how long after the row before it stands (where rows are irregular), its symbols, its values.

Shape letters: `N` rows, `S` sequences, `R` numbers of a row (relations taken out), `K` symbols of a
row, `C` static symbols, `M` static numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from serinette.core.schema import Field, Schema, SymbolField
from serinette.kinds.series.clock import Clock
from serinette.kinds.series.companions import Companion
from serinette.kinds.series.layout_record import ColumnRecord, SymbolCode
from serinette.kinds.series.relations import Relations
from serinette.kinds.series.store import release
from serinette.kinds.series.values import ValueCode

OpeningPart = Literal["static symbol", "static number", "symbol", "level", "pace"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """A table without what determines itself: what is encoded window by window.

    What all rows have may be memory maps.
    """

    numbers: Float[np.ndarray, "N R"]
    symbols: Int[np.ndarray, "N K"]
    times: Float[np.ndarray, " N"]
    """Seconds; 0 where there is no time."""
    starts: Int[np.ndarray, " _"]
    static_symbols: Int[np.ndarray, "S C"]
    static_numbers: Float[np.ndarray, "S M"]

    def release(self) -> None:
        """Give back the memory of mapped rows that were looked at; they can still be read."""
        for array in (self.numbers, self.symbols, self.times):
            release(array)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.times)

    @property
    def n_sequences(self) -> int:
        """How many sequences there are."""
        return len(self.starts) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesCodec:
    """Everything that turns a table into steps and steps into a table; immutable."""

    columns: tuple[ColumnRecord, ...]
    """All columns of the table, in its order."""
    entity: tuple[str, ...]
    time: str | None
    clock: Clock
    relations: Relations
    counters: tuple[int, ...]
    """Which of the relations' numbers hold a level on the first row and increments after it."""
    symbols: tuple[SymbolCode, ...]
    symbol_places: tuple[int | None, ...]
    """Which of the relations' numbers a symbol stands for; None: a column of its own."""
    values: tuple[ValueCode, ...]
    value_places: tuple[int, ...]
    """Which of the relations' numbers a value stands for."""
    companions: tuple[Companion, ...] = ()
    """Value columns whose distance to another is read."""
    gap: ValueCode | None
    """Between two rows, where they are irregular."""
    static_symbols: tuple[SymbolCode, ...]
    static_values: tuple[ValueCode, ...]
    """Static numbers, then where each counter begins."""
    is_single: bool
    """Whether the table is one long sequence: a window may begin anywhere in it."""
    has_end: bool
    """Whether sequences differ in length, so that their end is drawn."""
    lengths: tuple[int, ...]
    """Quantiles of the training sequences' lengths, in rising order."""
    window: int
    """Rows of a training window."""

    @property
    def parallel_values(self) -> tuple[ValueCode, ...]:
        """The value codes of a step in the order in which they are drawn."""
        return (() if self.gap is None else (self.gap,)) + self.values

    def schema(self, parts: int, opening_parts: int) -> Schema:
        """Return the fields for a network.

        Args:
            parts: Logistics of a value of a step.
            opening_parts: Logistics of a value of the opening.
        """
        symbols = [code.field() for code in self.symbols]
        fields: list[Field] = [SymbolField(name="end", size=2)] if self.has_end else []
        fields += symbols
        fields += [code.field(parts) for code in self.parallel_values]
        statics = [code.field() for code in self.static_symbols]
        opening: list[Field] = [
            *statics,
            *(code.opening_fields(opening_parts)[0] for code in self.static_values),
            *symbols,
        ]
        for code in self.values:
            opening += code.opening_fields(opening_parts)
        return Schema(
            fields=tuple(fields),
            context=tuple(statics),
            opening=tuple(opening),
            n_features=self.n_features,
            n_given=self.clock.n_features,
        )

    @property
    def opening_places(self) -> tuple[tuple[OpeningPart, int], ...]:
        """What each field of the opening is, and its place among its like."""
        places: list[tuple[OpeningPart, int]] = []
        places += [("static symbol", k) for k in range(len(self.static_symbols))]
        places += [("static number", k) for k in range(len(self.static_values))]
        places += [("symbol", k) for k in range(len(self.symbols))]
        for k, code in enumerate(self.values):
            parts: tuple[OpeningPart, ...] = ("level", "pace")
            places += [(part, k) for part in parts[: code.n_opening_fields]]
        return tuple(places)

    @property
    def n_features(self) -> int:
        """How many numbers describe a row."""
        n = sum(_n_features(code) for code in self.parallel_values)
        return n + len(self.companions) + len(self.static_values) + (not self.is_single)

    @property
    def moving_level_places(self) -> tuple[int, ...]:
        """Places among the features of the levels of columns that move step by step."""
        places, at = [], 0
        for code in self.parallel_values:
            if code.mode != "level":
                places.append(at)
            at += _n_features(code)
        return tuple(places)

    @property
    def symbol_offset(self) -> int:
        """Place of the first symbol column among the fields of a step."""
        return int(self.has_end)

    @property
    def value_offset(self) -> int:
        """Place of the first value among the fields of a step."""
        return self.symbol_offset + len(self.symbols)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` turns back into this codec."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "entity": list(self.entity),
            "time": self.time,
            "clock": self.clock.to_json(),
            "relations": self.relations.to_json(),
            "counters": list(self.counters),
            "symbols": [code.to_json() for code in self.symbols],
            "symbol_places": list(self.symbol_places),
            "value_places": list(self.value_places),
            "values": [code.to_json() for code in self.values],
            "companions": [companion.to_json() for companion in self.companions],
            "gap": None if self.gap is None else self.gap.to_json(),
            "static_symbols": [code.to_json() for code in self.static_symbols],
            "static_values": [code.to_json() for code in self.static_values],
            "is_single": self.is_single,
            "has_end": self.has_end,
            "lengths": list(self.lengths),
            "window": self.window,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "SeriesCodec":
        """Rebuild a stored codec."""
        return cls(
            columns=tuple(ColumnRecord.from_json(column) for column in plain["columns"]),
            entity=tuple(plain["entity"]),
            time=plain["time"],
            clock=Clock.from_json(plain["clock"]),
            relations=Relations.from_json(plain["relations"]),
            counters=tuple(plain["counters"]),
            symbols=_symbol_codes(plain["symbols"]),
            symbol_places=tuple(plain["symbol_places"]),
            value_places=tuple(plain["value_places"]),
            values=_value_codes(plain["values"]),
            companions=tuple(Companion.from_json(c) for c in plain.get("companions", ())),
            gap=None if plain["gap"] is None else ValueCode.from_json(plain["gap"]),
            static_symbols=_symbol_codes(plain["static_symbols"]),
            static_values=_value_codes(plain["static_values"]),
            is_single=plain["is_single"],
            has_end=plain["has_end"],
            lengths=tuple(plain["lengths"]),
            window=plain["window"],
        )


def _n_features(code: ValueCode) -> int:
    """Level and increment; then bend, missingness, repetition where they mean something."""
    return 2 + (code.mode == "curve") + code.missing + bool(code.atoms)


def _symbol_codes(plain: Sequence[Mapping[str, Any]]) -> tuple[SymbolCode, ...]:
    return tuple(SymbolCode.from_json(code) for code in plain)


def _value_codes(plain: Sequence[dict[str, Any]]) -> tuple[ValueCode, ...]:
    return tuple(ValueCode.from_json(code) for code in plain)
