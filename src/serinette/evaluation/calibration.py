"""Whether a model is as sure as it is right: of all it calls 30 % likely, 30 % should come.

The counts come from one pass over held-out text (`decoding.forecasts`), kept for each block of
1,000 consecutive symbols: neighbouring symbols are not independent, so intervals compare blocks.

Reference: Naeini et al. 2015 (expected calibration error); Guo et al. 2017, arXiv:1706.04599
(reliability curve, temperature); Kish 1965 (effective sample size).

Shape letters: `N` symbols, `K` blocks, `S` bins of probability, `D` of them not
empty, `G` sharpnesses.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.chart import Axis, Chart, Line, Role
from serinette.core.metric import Interval
from serinette.evaluation.proportion import wilson_interval
from serinette.evaluation.resampling import centred_interval, resampled_counts

BLOCK_SYMBOLS = 1_000
_MOST_BLOCKS = 500
"""Of a long text, neighbouring blocks are joined before they are resampled."""
_RESAMPLES = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Tally:
    """Forecasts by block and bin of probability, and what became of them."""

    n_forecasts: Int[np.ndarray, "K S"]
    expected: Float[np.ndarray, "K S"]
    """Their probabilities added up: how many should come true."""
    came_true: Int[np.ndarray, "K S"]


@dataclass(frozen=True, kw_only=True)
class ReliabilityPoint:
    """One bin of a reliability curve."""

    forecast: float
    """Mean probability of the forecasts in the bin, 0 to 1."""
    observed: float
    """Share of them that came true, 0 to 1."""
    interval: Interval
    """95 % of `observed`."""
    n: int
    """Forecasts in the bin."""


@dataclass(frozen=True, kw_only=True)
class CalibrationError:
    """Expected calibration error of the likeliest symbol."""

    value: float
    """0: as sure as right; 1: as wrong as can be."""
    interval: Interval | None
    """95 %; None for fewer than two blocks."""
    n: int
    """Symbols."""


@dataclass(frozen=True, kw_only=True)
class FittedTemperature:
    """The softmax temperature that predicts best."""

    temperature: float
    """Above 1: the model was too sure."""
    saved_nats: float
    """What it saves against temperature 1, in all."""
    is_at_edge: bool
    """Whether the best lies at the edge of what was tried, or beyond."""


def top_tally(
    confidence: Float[np.ndarray, " N"],
    is_hit: Bool[np.ndarray, " N"],
    *,
    n_bins: int = 15,
) -> Tally:
    """Sort the likeliest symbol of every step into bins of equal mass.

    Args:
        confidence: Its probability at each step, 0 to 1, in the order of the text.
        is_hit: Whether it came.
        n_bins: Bins that hold equally many steps, as far as equal probabilities allow: those share
            a bin, so some bins may be empty.
    """
    inner = np.arange(1, n_bins) * len(confidence) // n_bins
    edges = np.sort(confidence)[inner] if len(confidence) else np.zeros(0)
    bins = np.searchsorted(edges, confidence, side="right")
    blocks = np.arange(len(confidence)) // BLOCK_SYMBOLS
    cells = blocks * n_bins + bins
    shape = (-(-len(confidence) // BLOCK_SYMBOLS), n_bins)

    def table(weights: np.ndarray) -> Float[np.ndarray, "K S"]:
        sums = np.bincount(cells, weights, minlength=shape[0] * n_bins)
        return sums.astype(np.float64).reshape(shape)  # of nothing it makes integers

    return Tally(
        n_forecasts=table(np.ones(len(cells))).astype(np.int64),
        expected=table(confidence),
        came_true=table(is_hit.astype(np.float64)).astype(np.int64),
    )


def expected_calibration_error(top: Tally, *, seed: int = 0) -> CalibrationError:
    """Return how far confidence and accuracy lie apart, averaged over bins by their mass.

    A sum of absolute values is never negative, so even a perfect model scores above 0: with n
    symbols in a bin of accuracy a by about sqrt(2 a (1 - a) / (pi n)), which 15 bins of 1,000
    symbols make .012. Compare figures of the same number of symbols only. The bootstrap repeats
    that bias; its interval is centred on the figure.

    Args:
        top: From `top_tally`, at least one symbol.
        seed: Of the bootstrap.
    """
    gaps, sizes = _joined(top.came_true - top.expected), _joined(top.n_forecasts)
    (weights,) = resampled_counts([(None, len(gaps))], _RESAMPLES, seed)
    errors = np.abs(weights @ gaps).sum(axis=1) / (weights @ sizes).sum(axis=1)
    return CalibrationError(
        value=float(errors[0]),
        interval=centred_interval(errors, low=0.0, high=1.0),
        n=int(sizes.sum()),
    )


def reliability(tally: Tally) -> tuple[ReliabilityPoint, ...]:
    """Return the points of a reliability curve, by rising probability; empty bins have none.

    The intervals are Wilson's, with as many independent forecasts as the scatter between blocks
    allows; where one block holds a whole bin, its forecasts are taken as independent.

    Args:
        tally: All symbols at every step, or the likeliest only.
    """
    n_forecasts = tally.n_forecasts.sum(axis=0)
    bins = np.flatnonzero(n_forecasts)
    sizes = n_forecasts[bins]
    forecast = tally.expected.sum(axis=0)[bins] / sizes
    observed = tally.came_true.sum(axis=0)[bins] / sizes
    effective = _effective_sizes(tally, bins, observed)
    return tuple(
        ReliabilityPoint(
            forecast=float(forecast[k]),
            observed=float(observed[k]),
            interval=wilson_interval(float(observed[k]), float(effective[k])),
            n=int(sizes[k]),
        )
        for k in range(len(bins))
    )


def reliability_chart(every: Tally, top: Tally) -> Chart:
    """Draw the reliability curve of all symbols and of the likeliest one.

    Args:
        every: All symbols at every step; it reaches down to the rarest.
        top: From `top_tally`.
    """
    curves = (
        _line("every symbol", "model", reliability(every)),
        _line("the likeliest symbol", "other", reliability(top)),
    )
    low = min((x for line in curves for x, _ in line.points), default=0.1)
    diagonal = Line(name="as sure as right", role="ideal", points=((low, low), (1.0, 1.0)))
    return Chart(
        title="Is the model as sure as it is right?",
        x=Axis(label="probability that the model gave", scale="log"),
        y=Axis(label="share that came true", scale="log"),
        lines=(*curves, diagonal),
        note="Below the diagonal the model was too sure, above it not sure enough. "
        "Bands: 95 %. A bin of which nothing came true has no place on the axis.",
    )


def fitted_temperature(
    sharpness: Float[np.ndarray, " G"], nats: Float[np.ndarray, " G"]
) -> FittedTemperature:
    """Find the best temperature between those that were tried.

    The nats are convex in the sharpness (1 / temperature). A parabola through the best of those
    tried and its two neighbours has its lowest point within 1 % of the exact place when
    they lie 1/8 apart (measured up to temperature 1.6).

    Args:
        sharpness: At least three, rising and evenly spaced; 1 among them.
        nats: Of the same text at each.
    """
    best = int(np.argmin(nats))
    at_one = float(nats[np.flatnonzero(sharpness == 1)[0]])
    if best in (0, len(nats) - 1):
        return FittedTemperature(
            temperature=float(1 / sharpness[best]),
            saved_nats=at_one - float(nats[best]),
            is_at_edge=True,
        )
    left, middle, right = nats[best - 1 : best + 2]
    bend = left - 2 * middle + right
    offset = (left - right) / (2 * bend) if bend > 0 else 0.0
    lowest = middle - (left - right) * offset / 4
    spacing = sharpness[best] - sharpness[best - 1]
    return FittedTemperature(
        temperature=float(1 / (sharpness[best] + offset * spacing)),
        saved_nats=at_one - float(lowest),
        is_at_edge=False,
    )


def _effective_sizes(
    tally: Tally, bins: Int[np.ndarray, " D"], observed: Float[np.ndarray, " D"]
) -> Float[np.ndarray, " D"]:
    """Say how many independent forecasts would scatter as much as the blocks do; at most all."""
    sizes = tally.n_forecasts[:, bins]  # [K, D]
    totals = sizes.sum(axis=0)
    deviations = tally.came_true[:, bins] - observed * sizes
    n_blocks = (sizes > 0).sum(axis=0)
    scatter = (deviations**2).sum(axis=0) * n_blocks / np.maximum(n_blocks - 1, 1) / totals**2
    independent = observed * (1 - observed) / totals
    effect = np.divide(scatter, independent, out=np.ones(len(bins)), where=independent > 0)
    effective: Float[np.ndarray, " D"] = totals / np.maximum(effect, 1.0)
    return effective


def _joined(table: np.ndarray) -> np.ndarray:
    """Add neighbouring blocks up until at most `_MOST_BLOCKS` are left."""
    at_once = -(-len(table) // _MOST_BLOCKS)
    joined: np.ndarray = np.add.reduceat(table, np.arange(0, len(table), at_once), axis=0)
    return joined


def _line(name: str, role: Role, points: tuple[ReliabilityPoint, ...]) -> Line:
    shown = [point for point in points if point.observed > 0]
    return Line(
        name=name,
        role=role,
        points=tuple((point.forecast, point.observed) for point in shown),
        # Zero has no place on a logarithmic axis; half a forecast come true is as good as none.
        band=tuple((max(point.interval[0], 0.5 / point.n), point.interval[1]) for point in shown),
    )
