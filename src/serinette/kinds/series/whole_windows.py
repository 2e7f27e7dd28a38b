"""Whole windows as plain numbers, for an engine that writes a window at once.

The features of a row stand in this order: the level of every value column (carried on where a cell
is missing), whether the cell is missing (of columns where one may be), every symbol column as a
one-hot vector, the level of every static number. Beside a window stands its context: the static
symbols as one-hot vectors, and where its first row stands in the calendar.

Shape letters: `N` windows, `T` rows, `F` features, `C` context, `S` sequences, `V` value columns,
`K` static symbols.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from serinette.core.schema import Schema, ValueField
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.encoding import filled_forward, gather_rows, static_numbers
from serinette.kinds.series.values import clipped

_FLAG_WEIGHT = 0.25
"""Of whether a cell is missing: mostly chance, which no window can be told by."""


class WholeWindows(NamedTuple):
    """Windows as an engine learns them."""

    values: Float32[np.ndarray, "N T F"]
    lengths: Int[np.ndarray, " N"]
    context: Float32[np.ndarray, "N C"]


class FeaturePlaces(NamedTuple):
    """Where the parts of a row stand among its features."""

    missing: tuple[int, ...]
    """Which value columns may be missing."""
    flags: slice
    symbols: tuple[slice, ...]
    """One for each symbol column."""
    statics: slice
    n_features: int


def feature_places(codec: SeriesCodec) -> FeaturePlaces:
    """Return where the parts of a row stand; the levels of the value columns are the first ones."""
    missing = tuple(k for k, code in enumerate(codec.values) if code.missing)
    at = len(codec.values) + len(missing)
    flags = slice(len(codec.values), at)
    symbols = []
    for code in codec.symbols:
        symbols.append(slice(at, at + code.size))
        at += code.size
    n_features = at + len(codec.static_values)
    return FeaturePlaces(missing, flags, tuple(symbols), slice(at, n_features), n_features)


def window_schema(codec: SeriesCodec) -> Schema:
    """Return what an engine of whole windows knows of a table."""
    values = [ValueField(name=c.name, parts=1, missing=c.missing) for c in codec.values]
    return Schema(
        fields=(*(code.field() for code in codec.symbols), *values),
        context=tuple(code.field() for code in codec.static_symbols),
        end=1 if codec.has_end else None,
        n_features=feature_places(codec).n_features,
        n_given=codec.clock.n_features,
    )


def rows_of_window(codec: SeriesCodec) -> int:
    """Return the rows of a whole window: no more than the longest sequence has."""
    return codec.window if codec.is_single else min(codec.window, codec.lengths[-1])


def first_rows(codec: SeriesCodec, steps: Steps, sequences: Int[np.ndarray, " S"]) -> np.ndarray:
    """Return where windows may begin: anywhere in a single series, else where sequences do."""
    starts: np.ndarray = steps.starts[sequences]
    if not codec.is_single:
        return starts
    stops = steps.starts[sequences + 1] - codec.window + 1
    places = [np.arange(a, b) for a, b in zip(starts, stops, strict=True)]
    found: np.ndarray = np.concatenate([np.zeros(0, dtype=np.int64), *places])
    return found


def whole_windows(codec: SeriesCodec, steps: Steps, first: Int[np.ndarray, " N"]) -> WholeWindows:
    """Encode the windows that begin at some rows; a shorter sequence ends before its window.

    Args:
        codec: Fitted.
        steps: The table.
        first: First row of each window.
    """
    rows = gather_rows(steps, first, rows_of_window(codec))
    numbers = steps.numbers[rows.places]  # [N, T, R]
    levels, flags = [], []
    for place, code in zip(codec.value_places, codec.values, strict=True):
        level = code.level(numbers[..., place])
        if place in codec.counters:
            level[:, 0] = np.nan  # the first row of a counter is no increment
        levels.append(clipped(filled_forward(level)))
        if code.missing:
            flags.append(np.isnan(level).astype(np.float64))
    symbols = [
        np.eye(code.size)[steps.symbols[rows.places, k]] for k, code in enumerate(codec.symbols)
    ]
    statics = static_numbers(codec, steps, rows)
    facts = [
        np.broadcast_to(
            np.nan_to_num(clipped(code.level(statics[:, k])))[:, None], rows.places.shape
        )
        for k, code in enumerate(codec.static_values)
    ]
    columns = [column[..., None] for column in (*levels, *flags)]
    columns += [*symbols, *(fact[..., None] for fact in facts)]
    return WholeWindows(
        values=np.concatenate(columns, axis=-1).astype(np.float32),
        lengths=rows.there.sum(1),
        context=window_context(codec, steps.static_symbols[rows.sequence], steps.times[rows.first]),
    )


def window_context(
    codec: SeriesCodec, facts: Int[np.ndarray, "N K"], times: Float[np.ndarray, " N"]
) -> Float32[np.ndarray, "N C"]:
    """Return what is known of windows before they are written.

    Args:
        codec: Fitted.
        facts: Static symbols.
        times: Of the first rows, in seconds.
    """
    parts = [np.eye(code.size)[facts[:, k]] for k, code in enumerate(codec.static_symbols)]
    found: Float32[np.ndarray, "N C"] = np.concatenate(
        [*parts, codec.clock.features(times)], axis=1
    ).astype(np.float32)
    return found


def feature_weights(
    codec: SeriesCodec, values: Float32[np.ndarray, "M F"]
) -> Float32[np.ndarray, " F"]:
    """Return how much the error of each feature counts, in variances: a column counts as one.

    Args:
        codec: Fitted.
        values: Rows that are there.
    """
    places = feature_places(codec)
    weights = np.ones(places.n_features)
    weights[places.flags] = _FLAG_WEIGHT
    variances = values.var(axis=0, dtype=np.float64)
    for place in places.symbols:  # else a rare symbol would count as much as a common one
        weights[place] = variances[place] / max(float(variances[place].sum()), 1e-12)
    found: Float32[np.ndarray, " F"] = weights.astype(np.float32)
    return found


def fact_shares(codec: SeriesCodec, facts: Int[np.ndarray, "S K"]) -> Float32[np.ndarray, " P"]:
    """Return how often static symbols stand together, for every combination in rising order."""
    sizes = fact_sizes(codec)
    counts = np.bincount(np.ravel_multi_index(tuple(facts.T), sizes), minlength=math.prod(sizes))
    shares: Float32[np.ndarray, " P"] = (counts / counts.sum()).astype(np.float32)
    return shares


def fact_sizes(codec: SeriesCodec) -> tuple[int, ...]:
    """Return how many symbols each static symbol column has."""
    return tuple(code.size for code in codec.static_symbols)


def missing_cells(
    codec: SeriesCodec, row: Float[np.ndarray, "N F"], u: Float[np.ndarray, "M N"]
) -> Bool[np.ndarray, "N V"]:
    """Draw which cells of a row are missing.

    Args:
        codec: Fitted.
        row: Features as they were written: what stands for a flag is its chance.
        u: In [0, 1), for each column that may be missing.
    """
    places = feature_places(codec)
    found = np.zeros((len(row), len(codec.values)), dtype=np.bool_)
    found[:, list(places.missing)] = row[:, places.flags] > u.T
    return found
