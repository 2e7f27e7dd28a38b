"""Steps of a table as the numbers that a network reads and is asked for, window by window.

Levels, increments and bends are worked out inside a window, as `unrolling` does while it generates:
what is before the window does not exist, but for the pace at its first row. A test holds both to
one another.

Shape letters: `B` windows, `L` rows of a window, `T` steps that are read, `F` fields, `O` fields of
the opening, `X` features and given numbers, `K` symbol fields, `C` static symbols, `R` numbers.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.clock import are_unseen
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.values import ValueCode, clipped

_AGE = 5.0
"""What the logarithm of a row's number is divided by."""


class Windows(NamedTuple):
    """Encoded windows; the fields are those of `nets.fields.StepBatch`."""

    numbers: Float[np.ndarray, "B T X"]
    symbols: Int[np.ndarray, "B T K"]
    context: Int[np.ndarray, "B C"]
    choices: Int[np.ndarray, "B T F"]
    values: Float[np.ndarray, "B T F"]
    counts: Bool[np.ndarray, "B T F"]
    opening_given: Float[np.ndarray, "B G"]
    opening_choices: Int[np.ndarray, "B O"]
    opening_values: Float[np.ndarray, "B O"]
    opening_counts: Bool[np.ndarray, "B O"]
    n_told: Int[np.ndarray, " B"]
    spreads: Float[np.ndarray, "B T F"]
    """Half the distance of neighbouring values, for noise while training."""


class WindowRows(NamedTuple):
    """Rows of some windows; beyond the end of its sequence a window repeats the last one."""

    places: Int[np.ndarray, "B L"]
    there: Bool[np.ndarray, "B L"]
    sequence: Int[np.ndarray, " B"]
    first: Int[np.ndarray, " B"]


def encode_windows(
    codec: SeriesCodec, steps: Steps, first: Int[np.ndarray, " B"], n_rows: int
) -> Windows:
    """Encode the windows that begin at some rows.

    Args:
        codec: Fitted.
        steps: The table.
        first: First row of each window.
        n_rows: Rows of a window; where its sequence ends before, the rest is padding.
    """
    rows = gather_rows(steps, first, n_rows)
    n_read = n_rows if codec.has_end else n_rows - 1
    coded = [
        _coded(code, column, rows, before) for code, column, before in _columns(codec, steps, rows)
    ]
    statics = static_numbers(codec, steps, rows)
    symbols = _symbols(codec, steps, rows)
    numbers = _numbers(codec, steps, rows, coded, statics)[:, :n_read]
    after = slice(1, n_rows)
    there = rows.there[:, after]
    pad = n_read - (n_rows - 1)
    choices = [symbols[..., k] for k in range(symbols.shape[-1])]
    choices += [part.choices for part in coded]
    values = [np.zeros(rows.places.shape)] * symbols.shape[-1] + [part.y for part in coded]
    spreads = [np.zeros(rows.places.shape)] * symbols.shape[-1] + [part.spread for part in coded]
    counts = [np.ones(rows.places.shape, dtype=np.bool_)] * symbols.shape[-1]
    counts += [part.counts for part in coded]
    counted = _stacked(counts, after, pad) & _padded(there[..., None], pad)
    if codec.has_end:
        is_last = rows.places == steps.starts[rows.sequence + 1][:, None] - 1
        is_last &= ~_are_unseen(codec, steps, rows.sequence)[:, None]
        _mark_ends(counted, rows.there, is_last)
        choices[0][:, 1:] = 0
    found = _stacked(choices, after, pad)
    if codec.has_end:
        found[..., 0] = np.where(rows.there & is_last, 1, 0)[:, :n_read]
    opening = _opening(codec, steps, rows, coded, statics)
    given = codec.clock.features(steps.times[rows.first])
    steps.release()
    return Windows(
        numbers=numbers.astype(np.float32),
        symbols=symbols[:, :n_read],
        context=steps.static_symbols[rows.sequence],
        choices=found,
        values=_stacked(values, after, pad).astype(np.float32),
        counts=counted,
        opening_given=given.astype(np.float32),
        opening_choices=opening[0],
        opening_values=opening[1].astype(np.float32),
        opening_counts=opening[2],
        n_told=rows.there.sum(1),
        spreads=_stacked(spreads, after, pad).astype(np.float32),
    )


class _Coded(NamedTuple):
    """One value column of some windows."""

    level: Float[np.ndarray, "B L"]
    features: list[np.ndarray]
    choices: Int[np.ndarray, "B L"]
    y: Float[np.ndarray, "B L"]
    counts: Bool[np.ndarray, "B L"]
    spread: Float[np.ndarray, "B L"]
    pace: Float[np.ndarray, " B"]
    is_missing: Bool[np.ndarray, "B L"]


def gather_rows(steps: Steps, first: Int[np.ndarray, " B"], n: int) -> WindowRows:
    """Return where the rows of windows of `n` rows stand that begin at `first`."""
    sequence = np.searchsorted(steps.starts, first, side="right") - 1
    stop = steps.starts[sequence + 1]
    places = first[:, None] + np.arange(n)
    there = places < stop[:, None]
    return WindowRows(np.minimum(places, stop[:, None] - 1), there, sequence, first)


def _columns(
    codec: SeriesCodec, steps: Steps, rows: WindowRows
) -> list[tuple[ValueCode, np.ndarray, np.ndarray]]:
    """Return code, cells and the cells of the row before, for each value column."""
    is_within = rows.first > steps.starts[rows.sequence]
    before = np.maximum(rows.first - 1, 0)
    found: list[tuple[ValueCode, np.ndarray, np.ndarray]] = []
    if codec.gap is not None:
        times = steps.times[rows.places]
        cells = np.diff(times, axis=1, prepend=times[:, :1])
        cells[:, 0] = np.nan
        found.append((codec.gap, cells, np.full(len(before), np.nan)))
    numbers = steps.numbers[rows.places]  # [B, L, R]
    lookback = np.where(is_within[:, None], steps.numbers[before], np.nan)
    for k, code in zip(codec.value_places, codec.values, strict=True):
        cells = numbers[..., k]
        if k in codec.counters:
            cells = cells.copy()
            cells[:, 0] = np.nan
        found.append((code, cells, lookback[:, k]))
    return found


def _coded(
    code: ValueCode,
    cells: Float[np.ndarray, "B L"],
    rows: WindowRows,
    before: Float[np.ndarray, " B"],
) -> _Coded:
    level = code.level(cells)
    is_missing = np.isnan(level)
    filled = filled_forward(level)
    change = np.diff(filled, axis=1, prepend=filled[:, :1])
    pace = np.zeros(len(cells))
    counts = np.ones(cells.shape, dtype=np.bool_)
    if code.mode == "curve":
        known = ~np.isnan(before) & ~is_missing[:, 0]
        pace = np.where(known, filled[:, 0] - np.nan_to_num(code.level(before)), 0.0)
        if cells.shape[1] > 1:
            pace = np.where(known, pace, change[:, 1])
            counts[:, 1] = known
        change[:, 0] = pace
    bend = np.diff(change, axis=1, prepend=change[:, :1])
    y = {"level": filled, "increment": change, "curve": bend}[code.mode] / code.unit
    choices = code.choose(y, is_missing)
    is_value = choices == code.n_atoms
    features = features_of(code, filled, change, bend, is_missing, ~is_value & ~is_missing)
    return _Coded(
        level=filled,
        features=features,
        choices=choices,
        y=np.where(is_value, y, 0.0),
        counts=counts & ((~is_missing) | code.missing),
        spread=np.where(is_value, code.spread(cells), 0.0),
        pace=pace,
        is_missing=is_missing,
    )


def features_of(
    code: ValueCode,
    level: Float[np.ndarray, "*B"],
    change: Float[np.ndarray, "*B"],
    bend: Float[np.ndarray, "*B"],
    is_missing: Bool[np.ndarray, "*B"],
    is_atom: Bool[np.ndarray, "*B"],
) -> list[Float[np.ndarray, "*B"]]:
    """Return what the network reads of a value column, in the order of the features."""
    found = [clipped(level), clipped(change / code.pace)]
    if code.mode == "curve":
        found.append(clipped(bend / code.unit))
    if code.missing:
        found.append(is_missing.astype(np.float64))
    if code.atoms:
        found.append(is_atom.astype(np.float64))
    return found


def filled_forward(level: Float[np.ndarray, "B L"]) -> Float[np.ndarray, "B L"]:
    """Carry the last known level on over missing cells; 0 where there is none yet."""
    places = np.where(np.isnan(level), 0, np.arange(level.shape[1]))
    carried = np.take_along_axis(level, np.maximum.accumulate(places, axis=1), axis=1)
    found: Float[np.ndarray, "B L"] = np.nan_to_num(carried)
    return found


def age_feature(age: Int[np.ndarray, "*B"], longest: int) -> Float[np.ndarray, "*B"]:
    """Return how far a sequence has come, as a feature; beyond the longest one it stands still."""
    grown: Float[np.ndarray, "*B"] = np.log1p(np.minimum(age, max(longest - 1, 0))) / _AGE
    return grown


def static_numbers(codec: SeriesCodec, steps: Steps, rows: WindowRows) -> Float[np.ndarray, "B M"]:
    """Return the static numbers of the windows' sequences, then where counters begin."""
    counted = steps.numbers[rows.first][:, list(codec.counters)]
    joined: Float[np.ndarray, "B M"] = np.concatenate(
        [steps.static_numbers[rows.sequence], counted], axis=1
    )
    return joined


def _symbols(codec: SeriesCodec, steps: Steps, rows: WindowRows) -> Int[np.ndarray, "B L K"]:
    symbols: Int[np.ndarray, "B L K"] = steps.symbols[rows.places].astype(np.int64)
    if not codec.has_end:
        return symbols
    joined: Int[np.ndarray, "B L K"] = np.concatenate(
        [np.zeros_like(rows.places)[..., None], symbols], axis=-1
    )
    return joined


def _numbers(
    codec: SeriesCodec,
    steps: Steps,
    rows: WindowRows,
    coded: list[_Coded],
    statics: Float[np.ndarray, "B M"],
) -> Float[np.ndarray, "B L X"]:
    shape = rows.places.shape
    parts = [feature for part in coded for feature in part.features]
    levels = [part.level for part in coded[int(codec.gap is not None) :]]
    parts += [c.feature(levels[c.column], levels[c.other]) for c in codec.companions]
    for k, code in enumerate(codec.static_values):
        level = np.nan_to_num(clipped(code.level(statics[:, k])))
        parts.append(np.broadcast_to(level[:, None], shape))
    if not codec.is_single:
        age = rows.places - steps.starts[rows.sequence][:, None]
        parts.append(age_feature(age, codec.lengths[-1]))
    features = np.stack(parts, axis=-1) if parts else np.zeros((*shape, 0))
    times = steps.times[rows.places]
    if codec.clock.is_known_ahead:
        flat = codec.clock.after(times.ravel()).reshape(shape)
        times = flat
    return np.concatenate([features, codec.clock.features(times)], axis=-1)


def _opening(
    codec: SeriesCodec,
    steps: Steps,
    rows: WindowRows,
    coded: list[_Coded],
    statics: Float[np.ndarray, "B M"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return choices, values and counts of the fields of the opening."""
    n = len(rows.first)
    always = np.ones(n, dtype=np.bool_)
    none = np.zeros(n)
    columns = [(symbol, none, always) for symbol in steps.static_symbols[rows.sequence].T]
    columns += [
        opened(code, code.level(statics[:, k])) for k, code in enumerate(codec.static_values)
    ]
    columns += [(symbol.astype(np.int64), none, always) for symbol in steps.symbols[rows.first].T]
    skipped = int(codec.gap is not None)
    for code, part in zip(codec.values, coded[skipped:], strict=True):
        if not code.has_opening:
            continue
        level = np.where(part.is_missing[:, 0], np.nan, part.level[:, 0])
        columns.append(opened(code, level))
        if code.mode == "curve":
            no_atom = np.zeros(n, dtype=np.int64)
            columns.append((no_atom, part.pace / code.pace, ~part.is_missing[:, 0]))
    if not columns:
        return np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0)), np.zeros((n, 0), dtype=np.bool_)
    return (
        np.stack([column[0] for column in columns], axis=-1).astype(np.int64),
        np.stack([column[1] for column in columns], axis=-1),
        np.stack([column[2] for column in columns], axis=-1),
    )


def opened(
    code: ValueCode, level: Float[np.ndarray, " B"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return choice and value that open a column at some levels, and whether they count."""
    is_missing = np.isnan(level)
    n_atoms = (len(code.atoms) if code.mode == "level" else 0) + code.missing
    choices = np.full(level.shape, n_atoms, dtype=np.int64)
    y = np.nan_to_num(level)
    if code.mode == "level":
        choices = code.choose(y / code.unit, is_missing)
    elif code.missing:
        choices[is_missing] = n_atoms - 1
    values = np.where(choices == n_atoms, y, 0.0)
    return choices, values, (~is_missing) | code.missing


def _stacked(columns: list[np.ndarray], after: slice, pad: int) -> np.ndarray:
    return _padded(np.stack([column[:, after] for column in columns], axis=-1), pad)


def _padded(array: np.ndarray, pad: int) -> np.ndarray:
    return np.pad(array, ((0, 0), (0, pad), (0, 0))) if pad else array


def _are_unseen(
    codec: SeriesCodec, steps: Steps, sequence: Int[np.ndarray, " B"]
) -> Bool[np.ndarray, " B"]:
    """Say of sequences whether nobody saw their ends."""
    first, last = steps.starts[sequence], steps.starts[sequence + 1] - 1
    return are_unseen(codec.clock, steps.times[first], steps.times[last], last - first)


def _mark_ends(
    counted: Bool[np.ndarray, "B T F"],
    there: Bool[np.ndarray, "B L"],
    is_last: Bool[np.ndarray, "B L"],
) -> None:
    """Let the end count wherever a row is read whose successor, or whose end, is known."""
    n_read = counted.shape[1]
    has_next = np.zeros_like(there)
    has_next[:, :-1] = there[:, 1:]
    counted[..., 0] = (there & (has_next | is_last))[:, :n_read]
