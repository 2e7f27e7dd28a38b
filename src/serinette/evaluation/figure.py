"""A metric together with what it was added up from, so that two models can be compared in pairs.

Shape letters: `N` pieces.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from serinette.core.bootstrap import ratio_interval
from serinette.core.metric import Interval, Metric


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A metric and the pieces behind it."""

    metric: Metric
    totals: Float[np.ndarray, " N"] | None = None
    """What each piece adds to the numerator; None: the metric is no ratio of sums."""
    sizes: Float[np.ndarray, " N"] | None = None
    """What each piece adds to the denominator; None: 1."""
    groups: Int[np.ndarray, " N"] | None = None
    """Pieces of one document share a number; None: every piece stands alone."""


def ratio_figure(
    totals: Float[np.ndarray, " N"],
    sizes: Float[np.ndarray, " N"] | None = None,
    *,
    groups: Int[np.ndarray, " N"] | None = None,
    seed: int,
    **facts: Any,
) -> Figure:
    """Return sum(totals) / sum(sizes) with its bootstrap interval.

    Args:
        totals: What each piece adds to the numerator.
        sizes: What each piece adds to the denominator; None takes 1: the mean.
        groups: Which pieces belong to one document.
        seed: Of the bootstrap.
        **facts: Fields of `Metric`; `scale` multiplies value and interval (100 for `%`).
    """
    scale = facts.pop("scale", 1.0)
    weights = np.ones(len(totals)) if sizes is None else sizes
    value = float(totals.sum() / max(weights.sum(), np.finfo(float).tiny))
    interval = ratio_interval(totals, weights, groups, seed=seed)
    metric = Metric(
        value=value * scale,
        interval=None if interval is None else (interval[0] * scale, interval[1] * scale),
        n=len(totals),
        **facts,
    )
    return Figure(metric=metric, totals=totals * scale, sizes=weights, groups=groups)


def with_floors(figures: Iterable[Figure], floors: Iterable[Figure]) -> list[Figure]:
    """Put beside every figure what real text scores; figures are matched by key."""
    floor_of = {figure.metric.key: figure.metric for figure in floors}
    found = []
    for figure in figures:
        floor = floor_of.get(figure.metric.key)
        if floor is not None:
            metric = replace(figure.metric, floor=floor.value, floor_interval=floor.interval)
            figure = replace(figure, metric=metric)  # noqa: PLW2901
        found.append(figure)
    return found


def with_baselines(figures: Iterable[Figure], baselines: Iterable[Figure]) -> list[Figure]:
    """Put beside every figure of samples what samples of a count model score; by key."""
    value_of = {figure.metric.key: figure.metric.value for figure in baselines}
    return [
        replace(f, metric=replace(f.metric, baseline=value_of.get(f.metric.key))) for f in figures
    ]


def in_setting(figures: Iterable[Figure], setting: str) -> list[Figure]:
    """Say of every figure how its samples were drawn."""
    return [replace(f, metric=replace(f.metric, setting=setting)) for f in figures]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One metric of two models."""

    first: Metric
    second: Metric
    interval: Interval | None
    """95 % interval of first minus second; None where none can be given."""
    is_paired: bool
    """Whether the same piece of real text, or the same draw, stands on both sides."""

    @property
    def value(self) -> float:
        """First minus second."""
        return self.first.value - self.second.value

    @property
    def better(self) -> str:
        """`first`, `second`, or `even` where the interval holds 0 or no direction is better."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return "even"
        return {True: "first", False: "second", None: "even"}[self._first_is_better()]

    def _first_is_better(self) -> bool | None:
        match self.first.better:
            case "lower":
                return self.value < 0
            case "higher":
                return self.value > 0
            case "real" if self.first.floor is not None and self.second.floor is not None:
                return abs(self.first.value - self.first.floor) < abs(
                    self.second.value - self.second.floor
                )
        return None


def differences(
    first: Sequence[Figure], second: Sequence[Figure], *, seed: int
) -> list[Difference]:
    """Compare the metrics that both have, by key and setting."""
    other_of = {(f.metric.key, f.metric.setting): f for f in second}
    pairs = [(f, other_of.get((f.metric.key, f.metric.setting))) for f in first]
    return [_difference(a, b, seed) for a, b in pairs if b is not None]


def _difference(a: Figure, b: Figure, seed: int) -> Difference:
    is_paired = _is_paired(a, b)
    interval = _paired(a, b, seed) if is_paired else _unpaired(a.metric, b.metric)
    return Difference(first=a.metric, second=b.metric, interval=interval, is_paired=is_paired)


def _is_paired(a: Figure, b: Figure) -> bool:
    """Tell whether both were added up from the same pieces, or from draws cut alike."""
    if a.totals is None or b.totals is None or len(a.totals) != len(b.totals):
        return False
    if a.groups is None or b.groups is None:
        return a.groups is b.groups
    return np.array_equal(a.groups, b.groups)


def _paired(a: Figure, b: Figure, seed: int) -> Interval | None:
    """Return the interval of the difference of two ratios, linearised at their values."""
    residuals = [_residuals(figure) for figure in (a, b)]
    groups = a.groups
    spread = ratio_interval(
        residuals[0] - residuals[1], np.ones(len(residuals[0])), groups, seed=seed
    )
    if spread is None:
        return None
    value = a.metric.value - b.metric.value
    return value + spread[0], value + spread[1]


def _residuals(figure: Figure) -> Float[np.ndarray, " N"]:
    """Return what each piece adds to the deviation of the ratio (the delta method)."""
    totals, sizes = figure.totals, figure.sizes
    if totals is None or sizes is None:
        return np.zeros(0)
    residuals: Float[np.ndarray, " N"] = (totals - figure.metric.value * sizes) / sizes.mean()
    return residuals


def _unpaired(a: Metric, b: Metric) -> Interval | None:
    """Return the interval of the difference of two independent figures."""
    if a.interval is None or b.interval is None:
        return None
    half = math.hypot(*(high - low for low, high in (a.interval, b.interval))) / 2
    return a.value - b.value - half, a.value - b.value + half
