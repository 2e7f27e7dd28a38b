"""Do single values look right: their distribution, their holes, their steps, and whole sequences.

Distributions are compared on bins: every value where there are few, else quantiles of all sets
together. Tests hold Wasserstein distances to 3 % of exact, Kolmogorov-Smirnov to .012.

Reference: statistics over steps and over sequences follow the idea of SDMetrics' inter-row
metrics (MSAS).

Shape letters: `N` rows, `D` columns, `P` pieces, `K` bins, `R` resamples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from serinette.core.metric import Metric
from serinette.evaluation.series.comparison import Comparison, Side, histograms, piece_sums
from serinette.evaluation.series.scaling import deviation
from serinette.evaluation.series.sets import FEWEST_SEQUENCES, GAP, SeriesSet

_MOST_BINS = 256
_TAIL = np.array([0.0005, 0.001, 0.002, 0.005])
"""Quantiles beside the even ones: a few values far out are to be seen."""
Values = Callable[[SeriesSet], tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]]
"""Values of one column and the piece of each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """The values of one column on common bins, for all three sides."""

    name: str
    edges: Float[np.ndarray, " K"]
    """The least value of each bin."""
    totals: tuple[Float[np.ndarray, "R K"], ...]
    """How often each bin is hit: training, held-out, generated."""
    deviation: float
    """Standard deviation in the training set."""

    def wasserstein(self, one: int, other: int) -> Float[np.ndarray, " R"]:
        """Return the area between the distributions, in standard deviations."""
        area = np.abs(self._cumulated(one) - self._cumulated(other))[:, :-1] @ np.diff(self.edges)
        distance: Float[np.ndarray, " R"] = area / self.deviation
        return distance

    def furthest(self, one: int, other: int) -> Float[np.ndarray, " R"]:
        """Return the greatest difference of the distributions (Kolmogorov-Smirnov)."""
        apart = np.abs(self._cumulated(one) - self._cumulated(other))
        furthest: Float[np.ndarray, " R"] = apart.max(axis=1)
        return furthest

    def variation(self, one: int, other: int) -> Float[np.ndarray, " R"]:
        """Return half of what the shares of all bins differ by (total variation)."""
        apart = np.abs(self._shares(one) - self._shares(other))
        variation: Float[np.ndarray, " R"] = apart.sum(axis=1) / 2
        return variation

    def _shares(self, side: int) -> Float[np.ndarray, "R K"]:
        totals = self.totals[side]
        shares: Float[np.ndarray, "R K"] = totals / np.maximum(
            totals.sum(axis=1, keepdims=True), 1e-12
        )
        return shares

    def _cumulated(self, side: int) -> Float[np.ndarray, "R K"]:
        return np.cumsum(self._shares(side), axis=1)


def spread(comparison: Comparison, name: str, values: Values) -> Spread | None:
    """Put values of the three sides on common bins; None where a side has none."""
    found = [values(side.series) for side in comparison.sides]
    if not all(len(one) for one, _ in found):
        return None
    edges = _edges([one for one, _ in found])
    width = deviation(found[0][0])
    totals = tuple(
        side.totals(_histogram(side, edges, *pair))
        for side, pair in zip(comparison.sides, found, strict=True)
    )
    scale = width if width > 0 else max(abs(float(found[0][0][0])), 1e-12)
    return Spread(name=name, edges=edges, totals=totals, deviation=scale)


def marginal_metrics(comparison: Comparison) -> list[Metric]:
    """Compare the values of every column, the mean over columns and the worst one named."""
    columns = comparison.train.series.columns
    numbers = _spreads(comparison, _column, is_category=False)
    levels = _spreads(comparison, _column, is_category=True)
    found = []
    if numbers:
        found += [
            _worst_named(comparison, "w1", "distance of values (Wasserstein)", numbers,
                         Spread.wasserstein, unit="standard deviations"),
            _worst_named(comparison, "ks", "greatest difference of distributions (KS)", numbers,
                         Spread.furthest),
        ]  # fmt: skip
    if levels:
        name = "share of categories that differs (total variation)"
        found.append(_worst_named(comparison, "tv", name, levels, Spread.variation))
    gap = [one for one in numbers if one.name == GAP]
    if gap:
        name = "distance of gaps in time (KS)"
        found.append(_worst_named(comparison, "gaps", name, gap, Spread.furthest))
    return [*found, _missing(comparison, [column.title for column in columns])]


def row_metrics(comparison: Comparison) -> list[Metric]:
    """Compare what happens from row to row, and what sequences as a whole look like."""
    found = []
    steps = _spreads(comparison, _steps, is_category=False)
    if steps:
        name = "distance of step sizes (KS)"
        found.append(_worst_named(comparison, "steps", name, steps, Spread.furthest))
    found.append(
        comparison.metric(
            "repeats",
            "difference in repeated values",
            _repeats,
            _mean_of_rates(len(comparison.train.series.columns)),
            unit="%",
            note="How often a value equals the one before it, mean over columns.",
        )
    )
    for key, reduce in (("min", np.minimum), ("mean", np.add), ("max", np.maximum)):
        ends = _spreads(comparison, _extremes(reduce), is_category=False)
        if ends:
            word = {"min": "least", "mean": "mean", "max": "greatest"}[key]
            name = f"distance of each sequence's {word} value (KS)"
            found.append(_worst_named(comparison, f"sequence_{key}", name, ends, Spread.furthest))
    return found


def length_metric(comparison: Comparison) -> Metric | None:
    """Compare the lengths of sequences; None where there are too few of them."""
    if comparison.is_cut or comparison.generated.whole.n_sequences < FEWEST_SEQUENCES:
        return None
    lengths = spread(
        comparison,
        "length",
        lambda s: (s.lengths.astype(np.float64), np.arange(s.n_sequences)),
    )
    assert lengths is not None  # noqa: S101 - every set has sequences
    return _worst_named(
        comparison, "lengths", "distance of lengths (KS)", [lengths], Spread.furthest
    )


def fact_metric(comparison: Comparison) -> Metric | None:
    """Compare the columns that never change within a sequence; None: there are none."""
    if comparison.is_cut:
        return None
    numbers, levels = (_fact_spreads(comparison, is_category=kind) for kind in (False, True))
    if not numbers and not levels:
        return None

    def distance(one: Spread, first: int, second: int) -> Float[np.ndarray, " R"]:
        is_number = any(one is number for number in numbers)
        return one.furthest(first, second) if is_number else one.variation(first, second)

    name = "distance of facts about sequences (KS; of categories total variation)"
    return _worst_named(comparison, "facts", name, [*numbers, *levels], distance)


def _fact_spreads(comparison: Comparison, *, is_category: bool) -> list[Spread]:
    if any(side.series.statics is None for side in comparison.sides):
        return []
    found = (
        spread(comparison, column.title, _fact(k))
        for k, column in enumerate(comparison.train.series.static_columns)
        if column.is_category == is_category
    )
    return [one for one in found if one is not None]


def column_spreads(comparison: Comparison) -> list[Spread]:
    """Return the distributions of all numbers, for charts."""
    return _spreads(comparison, _column, is_category=False)


def _spreads(
    comparison: Comparison, of: Callable[[int], Values], *, is_category: bool
) -> list[Spread]:
    found = (
        spread(comparison, column.title if column.name != GAP else GAP, of(k))
        for k, column in enumerate(comparison.train.series.columns)
        if column.is_category == is_category
    )
    return [one for one in found if one is not None]


def _worst_named(
    comparison: Comparison,
    key: str,
    name: str,
    spreads: Sequence[Spread],
    distance: Callable[[Spread, int, int], Float[np.ndarray, " R"]],
    unit: str = "",
) -> Metric:
    """Return the mean over columns; the note names the column that is furthest off."""
    figures = np.stack([distance(one, 2, 1) for one in spreads])  # [D, R]
    floor = np.stack([distance(one, 0, 1) for one in spreads])
    worst = int(figures[:, 0].argmax())
    note = (
        f"Mean of {len(spreads)} columns; furthest off: {spreads[worst].name}, "
        f"{figures[worst, 0]:.3g} (real: {floor[worst, 0]:.3g})."
        if len(spreads) > 1
        else ""
    )
    return comparison.of_figures(
        key, name, figures.mean(axis=0), floor.mean(axis=0), unit=unit, note=note
    )


def _column(k: int) -> Values:
    def values(series: SeriesSet) -> tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]:
        return _known(series.values[:, k], series.owners)

    return values


def _fact(k: int) -> Values:
    def values(series: SeriesSet) -> tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]:
        facts = (
            np.full(series.n_sequences, np.nan) if series.statics is None else series.statics[:, k]
        )
        return _known(facts, np.arange(series.n_sequences))

    return values


def _steps(k: int) -> Values:
    def values(series: SeriesSet) -> tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]:
        steps = np.abs(np.diff(series.values[:, k], prepend=np.nan))
        steps[series.starts[:-1]] = np.nan
        return _known(steps, series.owners)

    return values


def _extremes(reduce: np.ufunc) -> Callable[[int], Values]:
    """Return the least, greatest or mean value of every piece."""
    blank = np.inf if reduce is np.minimum else -np.inf if reduce is np.maximum else 0.0

    def of(k: int) -> Values:
        def values(series: SeriesSet) -> tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]:
            column = series.values[:, k]
            is_known = ~np.isnan(column)
            first = series.starts[:-1]
            counts = np.add.reduceat(is_known.astype(np.int64), first)
            found = reduce.reduceat(np.where(is_known, column, blank), first)
            found = found / np.maximum(counts, 1) if reduce is np.add else found
            return _known(np.where(counts > 0, found, np.nan), np.arange(series.n_sequences))

        return values

    return of


def _known(
    values: Float[np.ndarray, " N"], owners: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " M"], Int[np.ndarray, " M"]]:
    is_known = ~np.isnan(values)
    return values[is_known], owners[is_known]


def _edges(sides: Sequence[Float[np.ndarray, " _"]]) -> Float[np.ndarray, " K"]:
    """Return the least value of each bin; every side has the same say where they lie."""
    distinct = np.unique(np.concatenate([np.unique(side) for side in sides]))
    if len(distinct) <= _MOST_BINS:
        return distinct
    shares = np.linspace(0, 1, _MOST_BINS // len(sides) + 1)
    shares = np.concatenate([_TAIL, shares, 1 - _TAIL])
    return np.unique(np.concatenate([np.quantile(side, shares) for side in sides]))


def _histogram(
    side: Side,
    edges: Float[np.ndarray, " K"],
    values: Float[np.ndarray, " M"],
    owners: Int[np.ndarray, " M"],
) -> Float[np.ndarray, "P K"]:
    bins = np.searchsorted(edges, values, side="right") - 1
    return histograms(owners, np.maximum(bins, 0), side.series.n_sequences, len(edges))


def _missing(comparison: Comparison, names: Sequence[str]) -> Metric:
    def holes(series: SeriesSet) -> Float[np.ndarray, "P K"]:
        is_hole = np.isnan(series.values).astype(np.float64)
        return np.hstack([piece_sums(series, is_hole), piece_sums(series, np.ones_like(is_hole))])

    rates = [100 * _rates(side.totals(holes(side.series)))[0] for side in comparison.sides]
    worst = int(np.abs(rates[2] - rates[1]).argmax())
    return comparison.metric(
        "missing",
        "difference in missing values",
        holes,
        _mean_of_rates(len(names)),
        unit="%",
        note=f"Mean over columns; furthest off: {names[worst]}, {rates[2][worst]:.3g} % "
        f"(real: {rates[1][worst]:.3g} %).",
    )


def _repeats(series: SeriesSet) -> Float[np.ndarray, "P K"]:
    before = np.vstack([series.values[:1], series.values[:-1]])
    is_pair = ~(np.isnan(before) | np.isnan(series.values))
    is_pair[series.starts[:-1]] = False
    same = (before == series.values) & is_pair
    sums = [piece_sums(series, one.astype(np.float64)) for one in (same, is_pair)]
    return np.hstack(sums)


def _rates(totals: Float[np.ndarray, "R K"]) -> Float[np.ndarray, "R D"]:
    hits, tries = np.split(totals, 2, axis=1)
    rates: Float[np.ndarray, "R D"] = hits / np.maximum(tries, 1.0)
    return rates


def _mean_of_rates(
    n_columns: int,
) -> Callable[[Float[np.ndarray, "R K"], Float[np.ndarray, "R K"]], Float[np.ndarray, " R"]]:
    """Return the mean difference of rates, in points of a hundred."""

    def distance(
        one: Float[np.ndarray, "R K"], other: Float[np.ndarray, "R K"]
    ) -> Float[np.ndarray, " R"]:
        apart: Float[np.ndarray, " R"] = np.abs(_rates(one) - _rates(other)).sum(axis=1)
        return 100 * apart / n_columns

    return distance
