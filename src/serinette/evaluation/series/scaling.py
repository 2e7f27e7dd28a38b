"""Columns of all kinds as channels of about the same size, for what compares windows.

A number is centred on its median, divided by its spread, and beyond that its logarithm counts
(asinh): a small error stays visible beside a heavy tail. A category is one channel for each of its
frequent levels. What is missing somewhere has a channel that says where.

Shape letters: `N` rows, `D` columns, `C` channels, `W` windows, `T` steps of a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from serinette.evaluation.series.sets import SeriesSet, Windows

_SPREAD_OF_IQR = 1.349
"""Quartiles of a normal distribution lie this many standard deviations apart."""
_TINY = 1e-12
_FARTHEST = 1e300
_BULK = (0.005, 0.995)
"""What lies outside must not be the measure of all others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Channel:
    """One channel and the column that it comes from."""

    column: int
    kind: str
    """`number`, `level` or `missing`."""
    centre: float = 0.0
    """Median of a number; the level of a level."""
    spread: float = 1.0

    def of(self, values: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Return the channel; a missing value is 0."""
        column = values[:, self.column]
        if self.kind == "missing":
            found = np.isnan(column)
        elif self.kind == "level":
            found = column == self.centre
        else:
            with np.errstate(over="ignore"):
                scaled = np.clip((column - self.centre) / self.spread, -_FARTHEST, _FARTHEST)
            found = np.nan_to_num(np.arcsinh(scaled), nan=0.0)
        channel: Float[np.ndarray, " N"] = found.astype(np.float64)
        return channel


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaler:
    """Channels fitted on the real training set."""

    channels: tuple[Channel, ...]

    @classmethod
    def fit(
        cls, train: SeriesSet, others: Sequence[SeriesSet] = (), *, most_levels: int = 32
    ) -> "Scaler":
        """Find centres, spreads and frequent levels.

        Args:
            train: What they are taken from.
            others: Where else values may be missing, so that a channel says so.
            most_levels: Channels of a category, the most frequent levels first.
        """
        found: list[Channel] = []
        for k, column in enumerate(train.columns):
            known = train.values[:, k][~np.isnan(train.values[:, k])]
            if column.is_category:
                levels, counts = np.unique(known, return_counts=True)
                kept = levels[np.argsort(-counts, kind="stable")[:most_levels]]
                # Of two levels one says all.
                kept = kept[:1] if len(levels) == 2 else kept  # noqa: PLR2004
                found += [Channel(column=k, kind="level", centre=float(one)) for one in kept]
            else:
                centre, spread = _place(known)
                found.append(Channel(column=k, kind="number", centre=centre, spread=spread))
            if any(np.isnan(one.values[:, k]).any() for one in (train, *others)):
                found.append(Channel(column=k, kind="missing"))
        return cls(channels=tuple(found))

    @property
    def n_channels(self) -> int:
        """How many channels there are."""
        return len(self.channels)

    def rows(self, series: SeriesSet) -> Float32[np.ndarray, "N C"]:
        """Return the channels of every row."""
        found: Float32[np.ndarray, "N C"] = np.empty(
            (series.n_rows, self.n_channels), dtype=np.float32
        )
        for k, channel in enumerate(self.channels):
            found[:, k] = channel.of(series.values)
        return found

    def windows(self, series: SeriesSet, drawn: Windows) -> Float32[np.ndarray, "W T C1"]:
        """Return the channels of windows; the last channel is 1 where rows are repeated."""
        return self.stacked(self.rows(series), drawn)

    def stacked(
        self, rows: Float32[np.ndarray, "N C"], drawn: Windows
    ) -> Float32[np.ndarray, "W T C1"]:
        """Return windows of channels that `rows` has returned."""
        padding = (~drawn.is_real[:, :, None]).astype(np.float32)
        return np.concatenate([rows[drawn.rows], padding], axis=2)

    @property
    def numbers(self) -> tuple[tuple[int, int], ...]:
        """Channel and column of every number."""
        return tuple((k, one.column) for k, one in enumerate(self.channels) if one.kind == "number")


def deviation(values: Float[np.ndarray, " _"]) -> float:
    """Return the standard deviation, of numbers so large that their squares are infinite too."""
    size = float(np.abs(values).max(initial=0.0))
    return size * float((values / size).std()) if size > 0 else 0.0


def _place(known: Float[np.ndarray, " _"]) -> tuple[float, float]:
    """Return the middle and the spread; of a column that hardly changes, its standard deviation."""
    if len(known) == 0:
        return 0.0, 1.0
    low, middle, high = (float(one) for one in np.quantile(known, [0.25, 0.5, 0.75]))
    spread = (high - low) / _SPREAD_OF_IQR
    bulk = np.clip(known, *np.quantile(known, _BULK))
    whole = deviation(bulk) or deviation(known)
    if spread <= 0.1 * whole:  # most values are one and the same
        spread = whole
    # Small is what is small beside the values: there are columns in units of 1e-15.
    if spread > _TINY * max(abs(low), abs(middle), abs(high)):
        return middle, spread
    # Of a constant, any other value is far away: its own size is the measure.
    return middle, max(abs(middle) * 1e-3, _TINY)
