"""Does the table hang together: between columns, over time, in frequency, with static values.

Columns are compared as channels on one scale (few levels of a category as 0 and 1), so that one
heavy tail does not decide a correlation. What is missing is left out pair by pair.

Shape letters: `N` rows, `C` channels, `P` pieces, `K` sums of a statistic, `R` resamples, `L` lags,
`S` sequences, `B` bands of frequency.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.metric import Metric
from serinette.evaluation.series.comparison import Comparison, Side, piece_sums
from serinette.evaluation.series.scaling import Channel, Scaler
from serinette.evaluation.series.sets import SeriesSet, windows

MOST_LAG = 64
_MOST_LEVELS = 6
_MOST_CHANNELS = 40
_MOST_CROSSED = 12
"""Channels of cross-correlations: their number grows with the square."""
_CROSS_LAGS = (1, 2, 4, 8, 16, 32, 64)
_BANDS = 20
_MOST_SPECTRUM = 128
_MOST_SPECTRUM_WINDOWS = 2_000
_FEWEST_PAIRS = 200
_FEWEST_STEPS = 4
_FLATTEST = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Channels:
    """The channels of one set, centred and scaled as the training set."""

    series: SeriesSet
    values: Float[np.ndarray, "N C"]
    """0 where missing."""
    is_known: Bool[np.ndarray, "N C"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dependence:
    """How much columns have to do with one another, on three sides."""

    names: tuple[str, ...]
    correlations: tuple[Float[np.ndarray, "R C C"], ...]
    lags: Int[np.ndarray, " L"]
    autocorrelations: tuple[Float[np.ndarray, "R L C"], ...]
    crossed: tuple[Float[np.ndarray, "R K"], ...]
    """Cross-correlations of the first channels at a few lags."""
    frequencies: Float[np.ndarray, " B"]
    """Middle of each band, in cycles per row; empty: windows are too short."""
    spectra: tuple[Float[np.ndarray, "R B C"], ...] = field(default=())
    """Power in decibels; 0 is the power of white noise of the column's own size."""


def dependence(comparison: Comparison) -> Dependence:
    """Measure all that `dependence_metrics` compares and charts draw."""
    train = comparison.train.series
    fitted = Scaler.fit(comparison.train.whole, most_levels=_MOST_LEVELS).channels
    kept = [channel for channel in fitted if channel.kind != "missing"][:_MOST_CHANNELS]
    means, deviations = _moments(train, kept)
    found = [_channels(side.series, kept, means, deviations) for side in comparison.sides]
    pairs = list(zip(comparison.sides, found, strict=True))
    lags = _lags(comparison)
    frequencies, spectra = _spectra(comparison, found)
    return Dependence(
        names=tuple(_channel_name(train, channel) for channel in kept),
        correlations=tuple(_correlations(*pair) for pair in pairs),
        lags=lags,
        autocorrelations=tuple(_autocorrelations(*pair, lags) for pair in pairs),
        crossed=tuple(_crossed(*pair, lags) for pair in pairs),
        frequencies=frequencies,
        spectra=spectra,
    )


def dependence_metrics(comparison: Comparison, found: Dependence) -> list[Metric]:
    """Compare correlations, autocorrelations, cross-correlations and spectra."""
    metrics = []
    last = int(found.lags[-1]) if len(found.lags) else 0
    n_channels = len(found.names)
    if n_channels > 1:
        upper = np.triu_indices(n_channels, 1)
        flat = [one[:, upper[0], upper[1]] for one in found.correlations]
        metrics.append(_apart(comparison, "correlation", "difference of correlations", flat))
    if len(found.lags):
        flat = [one.reshape(len(one), -1) for one in found.autocorrelations]
        name = f"difference of autocorrelations, lags 1 to {last}"
        metrics.append(_apart(comparison, "acf", name, flat))
        if n_channels > 1:
            name = f"difference of cross-correlations, lags to {last}"
            metrics.append(_apart(comparison, "ccf", name, list(found.crossed)))
    if found.spectra:
        flat = [one.reshape(len(one), -1) for one in found.spectra]
        name = "difference of spectra"
        metrics.append(_apart(comparison, "spectrum", name, flat, unit="decibels"))
    return metrics


def static_metric(comparison: Comparison) -> Metric | None:
    """Compare what static values say of a sequence's mean; None without static columns."""
    sets = [side.series for side in comparison.sides]
    if any(one.statics is None or not one.static_columns for one in sets):
        return None
    kept = [
        channel
        for channel in Scaler.fit(comparison.train.whole, most_levels=_MOST_LEVELS).channels
        if channel.kind != "missing"
    ][:_MOST_CHANNELS]
    levels = _static_levels(sets)
    figures = [_static_strengths(side, kept, levels) for side in comparison.sides]
    note = "How much of the sequences' means a static column explains (eta, 0 to 1)."
    name = "difference of what static columns explain"
    return _apart(comparison, "statics", name, figures, note=note)


def _apart(
    comparison: Comparison,
    key: str,
    name: str,
    sides: Sequence[Float[np.ndarray, "R K"]],
    **told: str,
) -> Metric:
    figures, floor = (np.abs(sides[k] - sides[1]).mean(axis=1) for k in (2, 0))
    return comparison.of_figures(key, name, figures, floor, **told)


def _channel_name(series: SeriesSet, channel: Channel) -> str:
    column = series.columns[channel.column]
    if channel.kind != "level":
        return column.title
    number = int(channel.centre)
    level = column.levels[number] if 0 <= number < len(column.levels) else str(number)
    return f"{column.title} = {level}"


def _moments(
    train: SeriesSet, kept: Sequence[Channel]
) -> tuple[Float[np.ndarray, " C"], Float[np.ndarray, " C"]]:
    """Return mean and standard deviation of every channel; 1 for a constant."""
    is_known = ~np.isnan(train.values[:, [channel.column for channel in kept]])
    values = np.stack([channel.of(train.values) for channel in kept], axis=1)
    counts = np.maximum(is_known.sum(axis=0), 1)
    means = np.where(is_known, values, 0.0).sum(axis=0) / counts
    squares = np.where(is_known, np.square(values - means), 0.0).sum(axis=0) / counts
    deviations = np.sqrt(squares)
    return means, np.where(deviations > _FLATTEST, deviations, 1.0)


def _channels(
    series: SeriesSet,
    kept: Sequence[Channel],
    means: Float[np.ndarray, " C"],
    deviations: Float[np.ndarray, " C"],
) -> Channels:
    is_known = ~np.isnan(series.values[:, [channel.column for channel in kept]])
    raw = np.stack([channel.of(series.values) for channel in kept], axis=1)
    values = np.where(is_known, (raw - means) / deviations, 0.0)
    return Channels(series=series, values=values, is_known=is_known)


def _lags(comparison: Comparison) -> Int[np.ndarray, " L"]:
    """Return the lags at which every side has enough pairs of rows."""
    lags = np.arange(1, MOST_LAG + 1)
    pairs = [
        np.maximum(side.series.lengths[:, None] - lags, 0).sum(axis=0) for side in comparison.sides
    ]
    fewest = np.minimum.reduce(pairs)
    wanted = min(_FEWEST_PAIRS, min(side.series.n_rows for side in comparison.sides) // 2)
    enough: Int[np.ndarray, " L"] = lags[fewest >= max(wanted, 2)]
    return enough


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pairs:
    """Totals over pairs of rows `lag` apart in which both values are known."""

    products: Float[np.ndarray, "R K"]
    firsts: Float[np.ndarray, "R K"]
    """Of the earlier values. They stand in the pairs only: their mean is not the column's."""
    seconds: Float[np.ndarray, "R K"]
    counts: Float[np.ndarray, "R K"]


def _pairs(side: Side, found: Channels, lag: int) -> _Pairs:
    """Add up pairs of a channel with itself."""
    n = found.series.n_rows
    is_within = found.series.owners[: n - lag] == found.series.owners[lag:]
    known = found.is_known[: n - lag] & found.is_known[lag:] & is_within[:, None]
    first, second = found.values[: n - lag], found.values[lag:]
    blank = np.zeros((lag, known.shape[1]))
    totals = [
        side.totals(piece_sums(found.series, np.vstack([np.where(known, rows, 0.0), blank])))
        for rows in (first * second, first, second, 1.0)
    ]
    return _Pairs(products=totals[0], firsts=totals[1], seconds=totals[2], counts=totals[3])


def _crossed_pairs(side: Side, found: Channels, lag: int, n_crossed: int) -> _Pairs:
    """Add up pairs of every channel with every other, the second one later by `lag`."""
    sums = np.zeros((4, found.series.n_sequences, n_crossed, n_crossed))
    values = found.values[:, :n_crossed]
    known = found.is_known[:, :n_crossed].astype(np.float64)
    for k, (first, last) in enumerate(pairwise(found.series.starts.tolist())):
        if last - first > lag:
            early, late = slice(first, last - lag), slice(first + lag, last)
            sums[0, k] = values[early].T @ values[late]
            sums[1, k] = values[early].T @ known[late]
            sums[2, k] = known[early].T @ values[late]
            sums[3, k] = known[early].T @ known[late]
    totals = [side.totals(one.reshape(len(one), n_crossed * n_crossed)) for one in sums]
    return _Pairs(products=totals[0], firsts=totals[1], seconds=totals[2], counts=totals[3])


def _level(side: Side, found: Channels) -> tuple[Float[np.ndarray, "R C"], ...]:
    """Return mean and standard deviation of each channel in each resample."""
    counts = np.maximum(
        side.totals(piece_sums(found.series, found.is_known.astype(np.float64))), 1.0
    )
    means = side.totals(piece_sums(found.series, found.values)) / counts
    squares = side.totals(piece_sums(found.series, np.square(found.values))) / counts
    deviations = np.sqrt(np.maximum(squares - np.square(means), 0.0))
    return means, np.where(deviations > _FLATTEST, deviations, np.inf)


def _normed(
    pairs: _Pairs,
    means: tuple[Float[np.ndarray, "R K"], Float[np.ndarray, "R K"]],
    deviations: tuple[Float[np.ndarray, "R K"], Float[np.ndarray, "R K"]],
) -> Float[np.ndarray, "R K"]:
    """Return correlations; of a constant they are 0.

    What is averaged is (first - its mean) (second - its mean). The product of the means alone may
    not be taken off: where sequences have a course, rows that have a partner lie elsewhere than
    all rows, and real series would be 0.15 apart from real ones.
    """
    totals = (
        pairs.products
        - means[1] * pairs.firsts
        - means[0] * pairs.seconds
        + means[0] * means[1] * pairs.counts
    )
    together = totals / np.maximum(pairs.counts, 1.0)
    correlations = np.clip(together / deviations[0] / deviations[1], -1.0, 1.0)
    normed: Float[np.ndarray, "R K"] = np.where(pairs.counts > 0, correlations, 0.0)
    return normed


def _autocorrelations(
    side: Side, found: Channels, lags: Int[np.ndarray, " L"]
) -> Float[np.ndarray, "R L C"]:
    means, deviations = _level(side, found)
    curves: list[Float[np.ndarray, "R C"]] = [
        _normed(_pairs(side, found, int(lag)), (means, means), (deviations, deviations))
        for lag in lags
    ]
    blank = np.zeros((len(means), 0, means.shape[1]))
    stacked: Float[np.ndarray, "R L C"] = np.stack(curves, axis=1) if curves else blank
    return stacked


def _crossing(side: Side, found: Channels, lag: int, n_crossed: int) -> Float[np.ndarray, "R K"]:
    means, deviations = (one[:, :n_crossed] for one in _level(side, found))
    first = [np.repeat(one, n_crossed, axis=1) for one in (means, deviations)]
    second = [np.tile(one, n_crossed) for one in (means, deviations)]
    pairs = _crossed_pairs(side, found, lag, n_crossed)
    return _normed(pairs, (first[0], second[0]), (first[1], second[1]))


def _correlations(side: Side, found: Channels) -> Float[np.ndarray, "R C C"]:
    n_channels = found.values.shape[1]
    flat = _crossing(side, found, 0, n_channels)
    correlations: Float[np.ndarray, "R C C"] = flat.reshape(len(flat), n_channels, n_channels)
    return correlations


def _crossed(side: Side, found: Channels, lags: Int[np.ndarray, " L"]) -> Float[np.ndarray, "R K"]:
    n_crossed = min(_MOST_CROSSED, found.values.shape[1])
    is_apart = ~np.eye(n_crossed, dtype=bool).ravel()
    measured = [lag for lag in _CROSS_LAGS if lag in lags]
    parts = [_crossing(side, found, lag, n_crossed)[:, is_apart] for lag in measured]
    blank = np.zeros((len(side.counts), 0))
    crossed: Float[np.ndarray, "R K"] = np.hstack(parts) if parts else blank
    return crossed


def _spectra(
    comparison: Comparison, found: Sequence[Channels]
) -> tuple[Float[np.ndarray, " B"], tuple[Float[np.ndarray, "R B C"], ...]]:
    """Return the log power in bands of equal width, of windows with a Hann taper."""
    middle = min(int(np.median(side.series.lengths)) for side in comparison.sides)
    length = min(middle, _MOST_SPECTRUM)
    if length < _FEWEST_STEPS:
        return np.empty(0), ()
    n_frequencies = length // 2
    n_bands = min(_BANDS, n_frequencies)
    bands = np.arange(n_frequencies) * n_bands // n_frequencies
    frequencies = (np.arange(n_frequencies) + 1) / length
    middles = np.bincount(bands, weights=frequencies) / np.bincount(bands)
    sides = tuple(
        _spectrum(side, channels, length, bands)
        for side, channels in zip(comparison.sides, found, strict=True)
    )
    return middles, sides


def _spectrum(
    side: Side, found: Channels, length: int, bands: Int[np.ndarray, " F"]
) -> Float[np.ndarray, "R B C"]:
    drawn = windows(found.series, length, _MOST_SPECTRUM_WINDOWS, 0)
    drawn = drawn.take(np.flatnonzero(drawn.is_real.all(axis=1)))
    taper = np.hanning(length + 2)[1:-1]
    n_bands, n_channels = int(bands[-1]) + 1, found.values.shape[1]
    sums = np.zeros((found.series.n_sequences, n_bands * n_channels))
    tries = np.bincount(drawn.owners, minlength=found.series.n_sequences).astype(np.float64)
    widths = np.bincount(bands)[:, None]
    for channel in range(n_channels):
        pieces = found.values[drawn.rows, channel]
        pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * taper
        power = np.square(np.abs(np.fft.rfft(pieces, axis=1)))[:, 1 : len(bands) + 1]
        power /= np.square(taper).sum()
        edges = np.searchsorted(bands, np.arange(n_bands))
        banded = np.add.reduceat(power, edges, axis=1) / widths[:, 0]
        for band in range(n_bands):
            sums[:, band * n_channels + channel] = np.bincount(
                drawn.owners, weights=banded[:, band], minlength=len(sums)
            )
    means = side.totals(sums) / np.maximum(side.totals(tries[:, None]), 1.0)
    decibels: Float[np.ndarray, "R B C"] = (10 * np.log10(means + _FLATTEST)).reshape(
        len(means), n_bands, n_channels
    )
    return decibels


def _static_levels(sets: Sequence[SeriesSet]) -> list[Float[np.ndarray, " _"]]:
    """Return the values by which sequences are grouped; of a number, its fifths."""
    first = sets[0]
    assert first.statics is not None  # noqa: S101 - the caller has checked
    found = []
    for k, column in enumerate(first.static_columns):
        known = first.statics[:, k][~np.isnan(first.statics[:, k])]
        is_few = column.is_category or len(np.unique(known)) <= _MOST_LEVELS
        cuts = known if is_few else np.quantile(known, [0.0, 0.2, 0.4, 0.6, 0.8])
        found.append(np.unique(cuts))
    return found


def _static_strengths(
    side: Side, kept: Sequence[Channel], levels: Sequence[Float[np.ndarray, " _"]]
) -> Float[np.ndarray, "R K"]:
    """Return eta of every static column and channel: the share of deviation between groups."""
    series = side.series
    assert series.statics is not None  # noqa: S101 - the caller has checked
    values = np.stack([channel.of(series.values) for channel in kept], axis=1)
    means = piece_sums(series, values) / series.lengths[:, None]
    totals = side.counts.sum(axis=1, keepdims=True)
    overall = side.totals(means) / totals
    variance = np.maximum(side.totals(np.square(means)) / totals - np.square(overall), 0.0)
    strengths = []
    for k, cuts in enumerate(levels):
        column = series.statics[:, k]
        groups = np.where(np.isnan(column), 0, np.searchsorted(cuts, column, side="right"))
        between = np.zeros_like(overall)
        for group in np.unique(groups):
            inside = (groups == group).astype(np.float64)[:, None]
            n = side.totals(inside)
            mean = side.totals(inside * means) / np.maximum(n, 1.0)
            between += n / totals * np.square(mean - overall)
        strengths.append(np.sqrt(np.clip(between / np.maximum(variance, 1e-12), 0.0, 1.0)))
    return np.hstack(strengths)
