"""Time series as the report sees them: plain numbers, cut into pieces, and windows of one length.

A *piece* is what counts as independent: a sequence, or a block of a sequence where there are too
few of them. Windows never cross the border of a piece, so that what is judged by pieces never
meets what it was fitted on, not even in an overlap.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `C` static columns, `D` columns,
`W` windows, `T` steps of a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.errors import DataError

FEWEST_SEQUENCES = 20
"""With fewer sequences than this an interval over them would mean little: they are cut."""
GAP = "time since the row before"
_REGULAR = 1e-6
"""Share of the middle gap by which gaps may differ and still be called equal."""


@dataclass(frozen=True, kw_only=True)
class SeriesColumn:
    """What a column holds."""

    name: str
    is_category: bool = False
    """Whether its values are numbers of levels; a boolean is a category of two."""
    levels: tuple[str, ...] = ()
    """Spellings of the levels; empty: not known."""
    label: str = ""
    """What charts call it, with its unit; empty: its name."""

    @property
    def title(self) -> str:
        """What a reader knows it by."""
        return self.label or self.name


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesSet:
    """Sequences one after another, the rows of each in the order of time."""

    values: Float[np.ndarray, "N D"]
    """NaN is missing; of a category the number of its level."""
    starts: Int[np.ndarray, " S1"]
    """First row of each sequence, and the number of rows; no sequence is empty."""
    columns: tuple[SeriesColumn, ...]
    """One for each column of `values`."""
    times: Float[np.ndarray, " N"] | None = None
    """Seconds; None: rows are evenly spaced, or their times are not known."""
    statics: Float[np.ndarray, "S C"] | None = None
    """What never changes within a sequence; None: nothing is known of it."""
    static_columns: tuple[SeriesColumn, ...] = ()
    """One for each column of `statics`."""

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        if len(self.columns) != self.values.shape[1]:
            raise ValueError(f"{self.values.shape[1]} columns, but {len(self.columns)} names")
        bounds = self.starts[[0, -1]].tolist() if len(self.starts) else []
        if bounds != [0, len(self.values)] or bool((np.diff(self.starts) < 1).any()):
            raise ValueError(f"starts must rise from 0 to {len(self.values)}, got ends {bounds}")

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.values)

    @property
    def n_sequences(self) -> int:
        """How many sequences there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Int[np.ndarray, " S"]:
        """Rows of each sequence."""
        lengths: Int[np.ndarray, " S"] = np.diff(self.starts)
        return lengths

    @property
    def owners(self) -> Int[np.ndarray, " N"]:
        """The sequence of each row."""
        owners: Int[np.ndarray, " N"] = np.repeat(np.arange(self.n_sequences), self.lengths)
        return owners


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """Where windows of one length lie."""

    rows: Int[np.ndarray, "W T"]
    """Rows of the set; a sequence that is too short repeats its last row."""
    is_real: Bool[np.ndarray, "W T"]
    """False where the last row is repeated."""
    owners: Int[np.ndarray, " W"]
    """The sequence of each window."""

    def __len__(self) -> int:
        return len(self.owners)

    def take(self, chosen: Int[np.ndarray, " _"]) -> "Windows":
        """Return some of them."""
        return Windows(
            rows=self.rows[chosen], is_real=self.is_real[chosen], owners=self.owners[chosen]
        )


def windows(series: SeriesSet, length: int, n: int, seed: int) -> Windows:
    """Draw windows, all positions alike.

    Args:
        series: What they are drawn from.
        length: Steps of a window, at least 1. A shorter sequence has one window.
        n: How many are wanted; all positions in order where there are no more.
        seed: Same seed, same windows.
    """
    n_positions = np.maximum(series.lengths - length + 1, 1)
    ends = np.cumsum(n_positions)
    chosen = np.arange(ends[-1])
    if n < len(chosen):
        generator = np.random.default_rng(seed)
        chosen = np.sort(generator.choice(len(chosen), size=n, replace=False))
    owners = np.searchsorted(ends, chosen, side="right")
    return _windows(series, owners, chosen - (ends - n_positions)[owners], length)


def first_windows(series: SeriesSet, length: int) -> Windows:
    """Return the window at the beginning of every sequence."""
    owners = np.arange(series.n_sequences)
    return _windows(series, owners, np.zeros_like(owners), length)


def _windows(
    series: SeriesSet, owners: Int[np.ndarray, " W"], offsets: Int[np.ndarray, " W"], length: int
) -> Windows:
    rows = (series.starts[owners] + offsets)[:, None] + np.arange(length)
    last = series.starts[owners + 1][:, None] - 1
    return Windows(rows=np.minimum(rows, last), is_real=rows <= last, owners=owners)


def blocks(series: SeriesSet, length: int) -> SeriesSet:
    """Cut every sequence into blocks; a rest shorter than half a block stays with the one before.

    Args:
        series: What is cut. Its static values are repeated for every block.
        length: Rows of a block, at least 1.
    """
    n_blocks = np.maximum((series.lengths + length // 2) // length, 1)
    owners = np.repeat(np.arange(series.n_sequences), n_blocks)
    first = np.cumsum(n_blocks) - n_blocks
    starts = series.starts[owners] + (np.arange(len(owners)) - first[owners]) * length
    statics = None if series.statics is None else series.statics[owners]
    return replace(series, starts=np.append(starts, series.n_rows), statics=statics)


def thinned(series: SeriesSet, n: int, seed: int) -> SeriesSet:
    """Return `n` of the sequences, drawn without replacement, in their order; all if no more."""
    if n >= series.n_sequences:
        return series
    chosen = np.sort(np.random.default_rng(seed).permutation(series.n_sequences)[:n])
    rows = np.concatenate([np.arange(*series.starts[k : k + 2]) for k in chosen])
    return replace(
        series,
        values=series.values[rows],
        starts=np.concatenate([[0], np.cumsum(series.lengths[chosen])]),
        times=None if series.times is None else series.times[rows],
        statics=None if series.statics is None else series.statics[chosen],
    )


def gaps(series: SeriesSet) -> Float[np.ndarray, " N"] | None:
    """Return the seconds since the row before; a first row has the gap after it.

    A row that is alone in its sequence has the middle one of all gaps, so that it tells nothing.
    """
    if series.times is None:
        return None
    found: Float[np.ndarray, " N"] = np.zeros(series.n_rows)
    found[1:] = np.diff(series.times)
    first = series.starts[:-1]
    has_next = series.lengths > 1
    within = np.delete(found, first)
    found[first] = np.median(within) if len(within) else 0.0
    found[first[has_next]] = found[first[has_next] + 1]
    return found


def with_gaps(sets: Sequence[SeriesSet]) -> tuple[SeriesSet, ...]:
    """Make the gaps in time a column of all sets, where any of them has gaps that differ."""
    found = [gaps(series) for series in sets]
    known = [column for column in found if column is not None]
    if len(known) < len(found) or all(_is_even(column) for column in known):
        return tuple(sets)
    return tuple(_with_gaps(series, values) for series, values in zip(sets, known, strict=True))


def with_gap_column(series: SeriesSet) -> SeriesSet:
    """Make the gaps in time a column, whatever they are; 0 where no times are known."""
    found = gaps(series)
    return _with_gaps(series, np.zeros(series.n_rows) if found is None else found)


def has_uneven_gaps(series: SeriesSet) -> bool:
    """Say whether times are known, and the gaps between them differ."""
    found = gaps(series)
    return found is not None and not _is_even(found)


def _with_gaps(series: SeriesSet, values: Float[np.ndarray, " N"]) -> SeriesSet:
    column = SeriesColumn(name=GAP, label=f"{GAP} (s)")
    return replace(
        series,
        values=np.column_stack([series.values, values]),
        columns=(*series.columns, column),
    )


def checked(named: Sequence[tuple[str, SeriesSet]]) -> None:
    """Refuse sets that nothing could be measured on.

    Raises:
        DataError: If a set has fewer than two rows, no columns, or other columns than the first.
    """
    first_name, first = named[0]
    wanted = [column.name for column in first.columns]
    for name, series in named:
        if series.n_rows < 2:  # noqa: PLR2004
            raise DataError(
                f"{name} set: {series.n_rows} rows; at least 2 are needed to compare series"
            )
        held = [column.name for column in series.columns]
        if held != wanted or not held:
            raise DataError(
                f"{name} set: columns {held}, {first_name} set: {wanted}; compare sets of the "
                "same columns in the same order"
            )


def _is_even(values: Float[np.ndarray, " N"]) -> bool:
    middle = float(np.median(values))
    return bool(np.all(np.abs(values - middle) <= _REGULAR * max(abs(middle), 1e-9)))
