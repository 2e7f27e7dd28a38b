"""Rows of many sequences, one after another: what was drawn becomes cells, and what is read next.

The network is always fed with what was kept: a drawn value is rounded, clipped and put right by the
relations first.

Shape letters: `B` rows side by side, `F` fields of a step, `O` fields of the opening, `X` features
and given numbers, `K` symbol fields, `C` static symbols, `R` numbers, `D` columns of numbers.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.encoding import age_feature, features_of
from serinette.kinds.series.values import ValueCode, clipped


@dataclass
class _Track:
    """Where one value column stands in every row."""

    level: Float[np.ndarray, " B"]
    change: Float[np.ndarray, " B"]
    features: list[np.ndarray] = field(default_factory=list)


class Unrolling:
    """Sequences that grow row by row.

    Args:
        codec: Of the model.
        times: Of the first rows, in seconds.
    """

    def __init__(self, codec: SeriesCodec, times: Float[np.ndarray, " B"]) -> None:
        self._codec = codec
        n = len(times)
        self.times = times
        self.n_rows = 0
        """Rows of each sequence so far."""
        self.cells: Float[np.ndarray, "B D"] = np.zeros((n, 0))
        """Numbers of the present row, relations kept."""
        self.symbols: Int[np.ndarray, "B K"] = np.zeros((n, len(codec.symbols)), dtype=np.int64)
        self.static_symbols: Int[np.ndarray, "B C"] = np.zeros((n, 0), dtype=np.int64)
        self.static_cells: Float[np.ndarray, "B M"] = np.zeros((n, 0))
        self._restorer: Any = codec.relations.restorer(n)
        self._tracks = [_Track(np.zeros(n), np.zeros(n)) for _ in codec.values]
        self._gap = _Track(np.zeros(n), np.zeros(n))

    def open(self, choices: Int[np.ndarray, "B O"], values: Float[np.ndarray, "B O"]) -> None:
        """Begin every sequence with the fields of the opening."""
        codec = self._codec
        n_symbols = len(codec.static_symbols)
        self.static_symbols = choices[:, :n_symbols]
        at = n_symbols
        statics = []
        for code in codec.static_values:
            statics.append(code.value(_opened(code, choices[:, at], values[:, at])))
            at += 1
        self.static_cells = np.stack(statics, axis=-1) if statics else np.zeros((len(choices), 0))
        self.symbols = choices[:, at : at + len(codec.symbols)]
        at += len(codec.symbols)
        levels: list[np.ndarray] = []
        paces: list[np.ndarray] = []
        for code in codec.values:
            pace = np.zeros(len(choices))
            if not code.has_opening:
                levels.append(np.full(len(choices), np.nan))
            else:
                levels.append(_opened(code, choices[:, at], values[:, at]))
                at += 1
                if code.mode == "curve":
                    pace = values[:, at] * code.pace
                    at += 1
            paces.append(pace)
        kept = self._settle(levels)
        self.n_rows = 1
        for track, code, level, pace in zip(self._tracks, codec.values, kept, paces, strict=True):
            is_missing = np.isnan(level)
            track.level = np.nan_to_num(level)
            track.change = pace
            is_atom = self._atom(code, track.level / code.unit, is_missing, is_first=True)
            track.features = features_of(
                code, track.level, pace, np.zeros(len(pace)), is_missing, is_atom
            )
        if codec.gap is not None:
            n = len(choices)
            still, none = np.zeros(n), np.zeros(n, dtype=np.bool_)
            missing = np.ones(n, dtype=np.bool_)
            self._gap.features = features_of(codec.gap, still, still, still, missing, none)

    def push(self, choices: Int[np.ndarray, "B F"], values: Float[np.ndarray, "B F"]) -> None:
        """Add a row: the fields of a step, `end` among them where there is one."""
        codec = self._codec
        self.symbols = choices[:, codec.symbol_offset : codec.value_offset]
        at = codec.value_offset
        if codec.clock.is_known_ahead:
            self.times = codec.clock.after(self.times)
        if codec.gap is not None:
            self._push_gap(codec.gap, choices[:, at], values[:, at])
            at += 1
        wished = [
            self._wished(code, track, choices[:, at + k], values[:, at + k])
            for k, (code, track) in enumerate(zip(codec.values, self._tracks, strict=True))
        ]
        kept = self._settle(wished)
        for code, track, level in zip(codec.values, self._tracks, kept, strict=True):
            self._advance(code, track, level)
        self.n_rows += 1

    def place(self, k: int, cells: Float[np.ndarray, " B"]) -> tuple[np.ndarray, np.ndarray]:
        """Return choice and value that put the k-th value column's next row at some cells."""
        return self._placed(self._codec.values[k], self._tracks[k], cells)

    def _placed(
        self, code: ValueCode, track: _Track, cells: Float[np.ndarray, " B"]
    ) -> tuple[np.ndarray, np.ndarray]:
        level = code.level(cells)
        is_missing = np.isnan(level)
        y = (np.where(is_missing, track.level, level) - self._base(code, track)) / code.unit
        choices = code.choose(y, is_missing)
        return choices, np.where(choices == code.n_atoms, y, 0.0)

    def place_gap(self, moments: Float[np.ndarray, " B"]) -> tuple[np.ndarray, np.ndarray]:
        """Return choice and value of the gap that put the next row at some times."""
        gap = self._codec.gap
        if gap is None:
            raise ValueError("rows are regular: there is no gap to be placed")
        return self._placed(gap, self._gap, moments - self.times)

    def move(self, moments: Float[np.ndarray, " B"]) -> None:
        """Put the present row at some times; NaN: where it is."""
        self.times = np.where(np.isnan(moments), self.times, moments)

    def is_first_bend(self, k: int) -> bool:
        """Say whether the next value of a column is settled by its opening's pace."""
        is_whole = not self._codec.is_single
        return is_whole and self._codec.values[k].mode == "curve" and self.n_rows == 1

    def numbers(self) -> Float[np.ndarray, "B X"]:
        """Return what the network reads of the present row, and what is given of the next."""
        codec = self._codec
        parts = list(self._gap.features) if codec.gap is not None else []
        parts += [feature for track in self._tracks for feature in track.features]
        for c in codec.companions:
            parts.append(c.feature(self._tracks[c.column].level, self._tracks[c.other].level))
        for k, code in enumerate(codec.static_values):
            parts.append(np.nan_to_num(clipped(code.level(self.static_cells[:, k]))))
        if not codec.is_single:
            parts.append(age_feature(np.full(len(self.times), self.n_rows - 1), codec.lengths[-1]))
        features = np.stack(parts, axis=-1) if parts else np.zeros((len(self.times), 0))
        clock = codec.clock
        times = clock.after(self.times) if clock.is_known_ahead else self.times
        return np.concatenate([features, clock.features(times)], axis=-1)

    def read_symbols(self) -> Int[np.ndarray, "B K"]:
        """Return the symbol fields of the present row, `end` among them."""
        if not self._codec.has_end:
            return self.symbols
        return np.concatenate([np.zeros((len(self.times), 1), dtype=np.int64), self.symbols], 1)

    def _settle(self, levels: list[np.ndarray]) -> list[np.ndarray]:
        """Turn wished levels into cells that keep every relation; return the levels of those."""
        codec = self._codec
        reduced = np.full((len(self.times), len(codec.relations.reduced_names)), np.nan)
        for place, code, level in zip(codec.value_places, codec.values, levels, strict=True):
            reduced[:, place] = code.value(level)
        for at, grid, symbols in zip(
            codec.symbol_places, codec.symbols, self.symbols.T, strict=True
        ):
            if at is not None:
                reduced[:, at] = grid.cells(symbols)
        is_first = self.n_rows == 0 and len(codec.counters) > 0
        if is_first:
            begin = self.static_cells.shape[1] - len(codec.counters)
            reduced[:, list(codec.counters)] = self.static_cells[:, begin:]
        self.cells = self._restorer.push(reduced)
        kept = self._restorer.reduced
        levels = [
            code.level(kept[:, place])
            for place, code in zip(codec.value_places, codec.values, strict=True)
        ]
        if is_first:
            for k, place in enumerate(codec.value_places):
                if place in codec.counters:
                    levels[k] = np.full(len(self.times), np.nan)
        return levels

    @staticmethod
    def _base(code: ValueCode, track: _Track) -> Float[np.ndarray, " B"]:
        if code.mode == "level":
            return np.zeros(len(track.level))
        return track.level if code.mode == "increment" else track.level + track.change

    def _wished(
        self, code: ValueCode, track: _Track, choices: np.ndarray, values: np.ndarray
    ) -> Float[np.ndarray, " B"]:
        y = _y(code, choices, values)
        return self._base(code, track) + code.unit * y  # NaN where it is missing

    def _advance(self, code: ValueCode, track: _Track, level: np.ndarray) -> None:
        is_missing = np.isnan(level)
        filled = np.where(is_missing, track.level, level)
        change = filled - track.level
        bend = change - track.change
        y = {"level": filled, "increment": change, "curve": bend}[code.mode] / code.unit
        is_atom = self._atom(code, y, is_missing)
        track.features = features_of(code, filled, change, bend, is_missing, is_atom)
        track.level, track.change = filled, change

    @staticmethod
    def _atom(
        code: ValueCode, y: np.ndarray, is_missing: np.ndarray, *, is_first: bool = False
    ) -> Bool[np.ndarray, " B"]:
        """Say where y is an atom; in the first row of increments and bends y is 0."""
        if is_first and code.mode != "level":
            y = np.zeros(len(y))
        choices = code.choose(y, is_missing)
        found: Bool[np.ndarray, " B"] = (choices != code.n_atoms) & ~is_missing
        return found

    def _push_gap(self, code: ValueCode, choices: np.ndarray, values: np.ndarray) -> None:
        level = self._wished(code, self._gap, choices, values)
        cells = np.maximum(np.nan_to_num(code.value(level)), 0.0)
        self.times = self.times + cells
        self._advance(code, self._gap, code.level(cells))


def _y(code: ValueCode, choices: np.ndarray, values: np.ndarray) -> Float[np.ndarray, " B"]:
    """Return y of a step; NaN is missing."""
    table = np.asarray((*code.atoms, *((np.nan,) if code.missing else ()), 0.0))
    y: Float[np.ndarray, " B"] = np.where(choices < code.n_atoms, table[choices], values)
    return y


def _opened(code: ValueCode, choices: np.ndarray, values: np.ndarray) -> Float[np.ndarray, " B"]:
    """Return the level that the opening draws; NaN is missing."""
    if code.mode == "level":
        y = _y(code, choices, values)
        found: Float[np.ndarray, " B"] = np.where(choices < code.n_atoms, y * code.unit, values)
        return found
    is_missing = code.missing & (choices == 0)
    return np.where(is_missing, np.nan, values)
