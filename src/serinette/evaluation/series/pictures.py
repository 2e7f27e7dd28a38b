"""Pictures of real and generated series that a person would rather look at than at figures.

Shape letters: `N` rows, `D` columns, `T` steps, `W` windows, `K` bins, `C` channels.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from serinette.core.chart import Axis, Chart, Line, Role
from serinette.core.seeds import derive
from serinette.evaluation.principal import principal_axes
from serinette.evaluation.series.comparison import Comparison
from serinette.evaluation.series.dependence import Dependence
from serinette.evaluation.series.marginals import Spread
from serinette.evaluation.series.sets import SeriesSet, windows

MOST_COLUMNS = 6
_MOST_CURVES = 3
_MOST_STEPS = 200
_FEWEST_AT_STEP = 5
_MOST_POINTS = 250
_N_BINS = 60
_SIDES: tuple[tuple[int, str, Role], ...] = ((1, "held-out", "floor"), (2, "generated", "model"))
_ALL_SIDES: tuple[tuple[int, str, Role], ...] = ((0, "training", "other"), *_SIDES)
_PLACE = 41


def fans(comparison: Comparison) -> tuple[Chart, ...]:
    """Draw the middle and the bands of the first numbers, real and generated, along time."""
    return tuple(_fan(comparison, column) for column in _first_numbers(comparison))


def stretches(comparison: Comparison) -> tuple[Chart, ...]:
    """Draw one real and one generated stretch of the first numbers, as they are."""
    found = []
    for column in _first_numbers(comparison)[:_MOST_CURVES]:
        lines = []
        for k, name, role in _SIDES:
            series = comparison.sides[k].series
            # Of the middle length: neither a scrap nor an exception.
            order = np.argsort(series.lengths, kind="stable")
            start, stop = series.starts[order[len(order) // 2] :][:2]
            values = series.values[start : min(stop, start + _MOST_STEPS), column]
            lines.append(_line(name, np.arange(len(values)), values, role))
        title = comparison.train.series.columns[column].title
        found.append(
            _chart(f"One stretch of {title}", "step", title, lines, "One of each; no average.")
        )
    return tuple(found)


def densities(spreads: Sequence[Spread]) -> tuple[Chart, ...]:
    """Draw the densities of the first numbers over one another."""
    found = []
    for spread in spreads[:MOST_COLUMNS]:
        real = spread.totals[0][0] + spread.totals[1][0]
        low, high = _bulk(spread.edges, real)
        if not high > low:
            continue
        middles = low + (np.arange(_N_BINS) + 0.5) * (high - low) / _N_BINS
        lines = [
            _line(name, middles, _density(spread, k, low, high), role)
            for k, name, role in _ALL_SIDES
        ]
        note = "From the 0.5th to the 99.5th percentile of real series."
        found.append(_chart(f"Values of {spread.name}", spread.name, "density", lines, note))
    return tuple(found)


def autocorrelation_charts(found: Dependence) -> tuple[Chart, ...]:
    """Draw the autocorrelations of the first channels."""
    if not len(found.lags):
        return ()
    return tuple(
        _chart(
            f"Autocorrelation of {name}",
            "lag, rows",
            "correlation",
            [
                _line(side, found.lags, found.autocorrelations[k][0, :, channel], role)
                for k, side, role in _ALL_SIDES
            ],
        )
        for channel, name in enumerate(found.names[:_MOST_CURVES])
    )


def spectrum_charts(found: Dependence) -> tuple[Chart, ...]:
    """Draw the spectra of the first channels."""
    if not found.spectra:
        return ()
    return tuple(
        _chart(
            f"Spectrum of {name}",
            "cycles per row",
            "power, decibels",
            [
                _line(side, found.frequencies, found.spectra[k][0, :, channel], role)
                for k, side, role in _ALL_SIDES
            ],
        )
        for channel, name in enumerate(found.names[:_MOST_CURVES])
    )


def correlation_chart(found: Dependence) -> tuple[Chart, ...]:
    """Draw every pair of columns as a point: its real correlation against its generated one."""
    first, second = np.triu_indices(len(found.names), 1)
    if not len(first):
        return ()
    real, generated, train = (found.correlations[k][0][first, second] for k in (1, 2, 0))
    order = np.argsort(-np.abs(generated - real), kind="stable")
    named = set(order[:3][np.abs(generated - real)[order[:3]] > 0.1].tolist())  # noqa: PLR2004
    labels = tuple(
        f"{found.names[i]} and {found.names[j]}" if k in named else ""
        for k, (i, j) in enumerate(zip(first, second, strict=True))
    )
    lines = [
        Line(name="equal", points=((-1.0, -1.0), (1.0, 1.0)), role="ideal"),
        _line("training", real, train, "other", is_joined=False),
        Line(
            name="generated",
            points=_points(real, generated),
            is_joined=False,
            labels=labels if named else (),
        ),
    ]
    note = "Each point is a pair of columns; on the line they are as in held-out series."
    x, y = (
        Axis(label=f"{of} correlation", low=-1.0, high=1.0)
        for of in ("held-out", "generated or training")
    )
    return (Chart(title="Correlations of columns", x=x, y=y, lines=tuple(lines), note=note),)


def window_chart(comparison: Comparison) -> Chart:
    """Draw windows as points along the two directions in which real ones vary most."""
    drawn = [
        windows(side.stretches, comparison.window, _MOST_POINTS, derive(comparison.seed, _PLACE, k))
        for k, side in enumerate(comparison.sides)
    ]
    flat = [
        comparison.scaler.windows(side.stretches, one).reshape(len(one), -1)
        for side, one in zip(comparison.sides, drawn, strict=True)
    ]
    seen = [one - flat[0].mean(axis=0) for one in flat]
    _, axes = principal_axes(flat[0])
    lines = [
        Line(name=name, points=_points(*(seen[k] @ axes[:, :2]).T), role=role, is_joined=False)
        for k, name, role in _SIDES
    ]
    note = (
        f"Windows of {comparison.window} rows along the two directions in which training windows "
        "vary most: the clouds should cover one another."
    )
    return _chart("Windows seen from above", "first component", "second component", lines, note)


def _first_numbers(comparison: Comparison) -> list[int]:
    columns = comparison.train.series.columns
    numbers = [k for k, column in enumerate(columns) if not column.is_category]
    return numbers[:MOST_COLUMNS]


def _fan(comparison: Comparison, column: int) -> Chart:
    lines = []
    for (k, name, role), (share, is_named) in product(_SIDES, ((0.9, True), (0.5, False))):
        series = comparison.sides[k].series
        steps, ends = _bands(series, column, share)
        middle = ends[:, 1]
        lines.append(
            Line(
                name=f"{name}: median, 50 % and 90 % of sequences" if is_named else "",
                points=_points(steps, middle),
                role=role,
                band=_points(ends[:, 0], ends[:, 2]),
            )
        )
    title = comparison.train.series.columns[column].title
    return _chart(f"{title} along time", "step", title, lines)


def _bands(
    series: SeriesSet, column: int, share: float
) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, "T 3"]]:
    """Return the quantiles of all sequences at each step where there are enough of them."""
    tail = (1 - share) / 2
    steps, ends = [], []
    longest = min(int(series.lengths.max()), _MOST_STEPS)
    for step in range(longest):
        reach = series.starts[:-1][series.lengths > step] + step
        values = series.values[reach, column]
        values = values[~np.isnan(values)]
        if len(values) >= min(_FEWEST_AT_STEP, series.n_sequences):
            steps.append(step)
            ends.append(np.quantile(values, [tail, 0.5, 1 - tail]))
    return np.array(steps, dtype=np.int64), np.array(ends).reshape(-1, 3)


def _bulk(edges: Float[np.ndarray, " K"], totals: Float[np.ndarray, " K"]) -> tuple[float, float]:
    cumulated = np.cumsum(totals) / totals.sum()
    places = np.searchsorted(cumulated, [0.005, 0.995])
    low, high = edges[np.minimum(places, len(edges) - 1)]
    return float(low), float(high)


def _density(spread: Spread, side: int, low: float, high: float) -> Float[np.ndarray, " K"]:
    """Return the density on even bins: a bin of values spreads evenly up to the next one."""
    shares = spread.totals[side][0] / max(float(spread.totals[side][0].sum()), 1.0)
    cumulated = np.concatenate([[0.0], np.cumsum(shares)])
    width = (high - low) / _N_BINS
    ends = np.append(spread.edges, spread.edges[-1] + width)
    borders = np.interp(low + np.arange(_N_BINS + 1) * width, ends, cumulated)
    raw = np.diff(borders) / width
    kernel = np.exp(-0.5 * np.square(np.arange(-4, 5) / 1.5))
    padded = np.pad(raw, 4, mode="edge")
    smooth: Float[np.ndarray, " K"] = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return smooth


def _line(name: str, x: np.ndarray, y: np.ndarray, role: Role, *, is_joined: bool = True) -> Line:
    return Line(name=name, points=_points(x, y), role=role, is_joined=is_joined)


def _points(x: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return points of six digits: more is not seen, and makes a report large."""
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return tuple((_short(float(one)), _short(float(other))) for one, other in pairs)


def _short(value: float) -> float:
    return float(f"{value:.6g}") if math.isfinite(value) else math.nan


def _chart(title: str, x: str, y: str, lines: Sequence[Line], note: str = "") -> Chart:
    return Chart(title=title, x=Axis(label=x), y=Axis(label=y), lines=tuple(lines), note=note)
