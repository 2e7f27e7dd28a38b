"""Do sequences stay what they were: their last quarter against their first.

What is written one step after another may wander off, and does so unseen by anything that looks at
short windows. Real sequences change too (a season, a growth), so that theirs is the measure.

Shape letters: `N` rows, `P` pieces, `K` bins, `R` resamples.
"""

import numpy as np
from jaxtyping import Float, Int

from serinette.core.metric import Metric
from serinette.evaluation.series.comparison import Comparison, histograms
from serinette.evaluation.series.scaling import Scaler
from serinette.evaluation.series.sets import SeriesSet

_FEWEST_ROWS = 8
_N_BINS = 64
_MOST_LEVELS = 6
_FARTHEST = 6.0
"""Bins end here, in scaled units; what lies beyond falls in the last one."""


def quarters(series: SeriesSet) -> Int[np.ndarray, " N"]:
    """Return 0 for rows of a sequence's first quarter, 1 for its last, -1 for all others."""
    places = np.arange(series.n_rows) - np.repeat(series.starts[:-1], series.lengths)
    lengths = np.repeat(series.lengths, series.lengths)
    quarter = lengths // 4
    found = np.full(series.n_rows, -1)
    found[places < quarter] = 0
    found[places >= lengths - quarter] = 1
    found[lengths < _FEWEST_ROWS] = -1
    return found


def drift_metrics(comparison: Comparison) -> list[Metric]:
    """Measure drift of the generated sequences beside that of real ones; empty if all are short."""
    scaler = Scaler.fit(comparison.train.whole, most_levels=_MOST_LEVELS)
    apart = []
    trend = []
    for side in comparison.sides:
        # Pieces of a long run would each begin anew: the run is looked at as a whole.
        is_long = comparison.is_cut and _is_long(comparison)
        series = side.whole if is_long else side.series
        counts = np.ones((1, series.n_sequences)) if is_long else side.counts
        found = _halves(series, scaler, counts)
        if found is None:
            return []
        shares, middles = found
        cumulated = np.cumsum(shares, axis=-1)  # [R, 2, C, K]
        width = 2 * _FARTHEST / _N_BINS
        apart.append((np.abs(cumulated[:, 1] - cumulated[:, 0]).sum(axis=-1) * width).mean(axis=1))
        means = shares @ middles
        trend.append(means[:, 1] - means[:, 0])
    real = np.maximum(apart[0], apart[1])
    off, off_floor = (np.abs(trend[k] - trend[1]).mean(axis=1) for k in (2, 0))
    unit = "standard deviations"
    note = "Distance of the first quarter's values from the last one's, mean over columns."
    return [
        comparison.of_figures(
            "drift", "first quarter against last quarter", apart[2], real, unit=unit, note=note
        ),
        comparison.of_figures("trend", "difference of trends", off, off_floor, unit=unit),
    ]


def _is_long(comparison: Comparison) -> bool:
    generated = comparison.generated
    return bool(np.median(generated.whole.lengths) >= 2 * np.median(generated.series.lengths))


def _halves(
    series: SeriesSet, scaler: Scaler, counts: Float[np.ndarray, "R P"]
) -> tuple[Float[np.ndarray, "R 2 C K"], Float[np.ndarray, " K"]] | None:
    """Return the shares of the bins in first and last quarters, and the middle of each bin."""
    of = quarters(series)
    if not (of >= 0).any():
        return None
    rows = scaler.rows(series)
    edges = np.linspace(-_FARTHEST, _FARTHEST, _N_BINS + 1)
    bins = np.clip(np.searchsorted(edges, rows) - 1, 0, _N_BINS - 1)
    n_channels = rows.shape[1]
    parts = []
    for half in (0, 1):
        inside = of == half
        owners = np.repeat(series.owners[inside], n_channels)
        places = (bins[inside] + np.arange(n_channels) * _N_BINS).ravel()
        sums = histograms(owners, places, series.n_sequences, n_channels * _N_BINS)
        totals = (counts @ sums).reshape(len(counts), n_channels, _N_BINS)
        parts.append(totals / np.maximum(totals.sum(axis=-1, keepdims=True), 1e-12))
    return np.stack(parts, axis=1), (edges[1:] + edges[:-1]) / 2
