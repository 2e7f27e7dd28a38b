"""Can a judge tell generated windows from real ones: random features and a linear classifier.

It needs no training to speak of, sees noise of a fraction of a percent, and every judge seed draws
new windows, kernels and folds. Whole pieces go into a fold, and windows never cross the border of
a piece: nothing is judged by what has seen a part of it.

Shape letters: `W` windows (`V` those of another side), `T` steps, `C` channels, `F` features,
`J` judge seeds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.core.metric import Interval, Metric
from serinette.core.seeds import derive
from serinette.evaluation.frechet import Frechet, frechet
from serinette.evaluation.series.comparison import Comparison
from serinette.evaluation.series.features import Features
from serinette.evaluation.series.sets import windows
from serinette.evaluation.two_sample import classifier_accuracy

N_JUDGES = 10
N_WINDOWS = 1_000
_FEWEST_WINDOWS = 10
MOST_SHIFT = 0.1
"""Floor above which training and held-out series differ by themselves."""
_FEWEST_PIECES = 4
_FRECHET_FEATURES, _FRECHET_AXES = 256, 32
"""Of all features; their axes cost the cube of their number."""
_T = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""97.5 % points of Student's distribution, by number of seeds."""
_PLACE = 11


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """The features of windows of one side."""

    features: Float32[np.ndarray, "W F"]
    owners: Int[np.ndarray, " W"]

    def take(self, chosen: Int[np.ndarray, " _"]) -> "Seen":
        """Return some of the windows."""
        return Seen(features=self.features[chosen], owners=self.owners[chosen])


def judge_metrics(
    comparison: Comparison,
    tell: Callable[[str], None],
    *,
    n_judges: int = N_JUDGES,
    n_windows: int = N_WINDOWS,
) -> list[Metric]:
    """Ask judges; where training and held-out series differ, ask about the training set too.

    Args:
        comparison: The sets.
        tell: Told how far it is.
        n_judges: Judge seeds, at least 1.
        n_windows: Most windows of a side.

    Returns:
        `judge` and `frechet`, perhaps `judge_training`; nothing where windows are too few.
    """
    scores: list[tuple[float, float]] = []
    training: list[tuple[float, float]] = []
    first: tuple[Seen, Seen, Seen] | None = None
    for k in range(n_judges):
        seed = derive(comparison.seed, _PLACE, k)
        seen = look(comparison, n_windows, seed)
        if min(len(one.owners) for one in seen) < _FEWEST_WINDOWS:
            tell("judge: too few windows, nothing is judged")
            return []
        first = first or seen
        train, held_out, generated = seen
        scores.append((_score(generated, held_out, seed), _score(train, held_out, seed)))
        if scores[-1][1] > MOST_SHIFT:
            training.append(_training_scores(train, generated, seed))
        tell(f"judge {k + 1} of {n_judges}: {scores[-1][0]:.3f}, real {scores[-1][1]:.3f}")
    assert first is not None  # noqa: S101 - there is at least one judge
    n = 2 * len(first[1].owners)
    found = [_metric("judge", "generated told from held-out", scores, n, comparison.seed)]
    has_shifted = (found[0].floor or 0.0) > MOST_SHIFT
    if has_shifted and training and np.isfinite(training).all():
        name = "generated told from training series"
        found.append(_metric("judge_training", name, training, n // 2, comparison.seed))
    return [*found, _frechet_metric(first, comparison.seed)]


def look(comparison: Comparison, n_windows: int, seed: int) -> tuple[Seen, Seen, Seen]:
    """Return features of equally many windows of training, held-out and generated series.

    Args:
        comparison: The sets.
        n_windows: Most windows of a side.
        seed: Of windows and kernels.
    """
    drawn = [
        windows(side.stretches, comparison.window, n_windows, derive(seed, k))
        for k, side in enumerate(comparison.sides)
    ]
    n = min(map(len, drawn))
    generator = np.random.default_rng(derive(seed, 3))
    drawn = [one.take(np.sort(generator.permutation(len(one))[:n])) for one in drawn]
    rows = [
        comparison.scaler.windows(side.stretches, one)
        for side, one in zip(comparison.sides, drawn, strict=True)
    ]
    features = Features.fit(rows[0], derive(seed, 4))
    train, held_out, generated = (
        Seen(features=features.of(one), owners=where.owners)
        for one, where in zip(rows, drawn, strict=True)
    )
    return train, held_out, generated


def _score(one: Seen, other: Seen, seed: int) -> float:
    """Return how far above chance windows are told apart; below 0 is chance."""
    accuracy = classifier_accuracy(
        other.features,
        one.features,
        groups_real=other.owners,
        groups_generated=one.owners,
        seed=seed,
    )
    return accuracy.value - 0.5


def _training_scores(train: Seen, generated: Seen, seed: int) -> tuple[float, float]:
    """Judge generated against one half of the training pieces, and one half against the other."""
    pieces = np.random.default_rng(derive(seed, 5)).permutation(np.unique(train.owners))
    if len(pieces) < _FEWEST_PIECES:
        return math.nan, math.nan
    is_first = np.isin(train.owners, pieces[: len(pieces) // 2])
    halves = [train.take(np.flatnonzero(side)) for side in (is_first, ~is_first)]
    some = np.random.default_rng(derive(seed, 6)).permutation(len(generated.owners))
    thin = generated.take(np.sort(some[: len(halves[0].owners)]))
    return _score(thin, halves[1], seed), _score(halves[0], halves[1], seed)


def _metric(
    key: str, name: str, scores: Sequence[tuple[float, float]], n: int, seed: int
) -> Metric:
    figures = np.array(scores)  # [J, 2]
    (value, interval), (floor, floor_interval) = (_summary(figures[:, k]) for k in (0, 1))
    return Metric(
        key=key,
        name=f"{name} (accuracy above one half)",
        value=value,
        unit="",
        better="lower",
        n=n,
        interval=interval,
        floor=floor,
        floor_interval=floor_interval,
        seed=seed,
        note=f"Mean of {len(figures)} judge seeds, the interval over seeds; below chance counts "
        "as 0, 0.5 is always told.",
    )


def _summary(scores: Float[np.ndarray, " J"]) -> tuple[float, Interval | None]:
    mean = float(scores.mean())
    if len(scores) < 2:  # noqa: PLR2004
        return max(mean, 0.0), None
    reach = _T.get(len(scores), 1.96) * float(scores.std(ddof=1)) / math.sqrt(len(scores))
    low, high = max(mean - reach, 0.0), max(mean + reach, 0.0)
    return max(mean, 0.0), (low, high)


def _frechet_metric(seen: tuple[Seen, Seen, Seen], seed: int) -> Metric:
    train, held_out, generated = seen
    value, floor = (_frechet(one, held_out, seed) for one in (generated, train))
    return Metric(
        key="frechet",
        name="Fréchet distance of the judge's features",
        value=value.value,
        unit="",
        better="lower",
        n=len(generated.owners),
        interval=value.interval,
        floor=floor.value,
        floor_interval=floor.interval,
        seed=seed,
        note="Compare only figures of the same data, size and seed.",
    )


def features_apart(
    real: Float32[np.ndarray, "W F"], generated: Float32[np.ndarray, "V F"], seed: int
) -> float:
    """Return the Fréchet distance of windows, as a judge measures it, without an interval.

    Args:
        real: Features of real windows.
        generated: The same features of generated ones.
        seed: Of the features that are taken.
    """
    chosen = _frechet_features(real.shape[1], seed)
    return frechet(
        real[:, chosen], generated[:, chosen], n_components=_FRECHET_AXES, seed=None
    ).value


def _frechet_features(n: int, seed: int) -> Int[np.ndarray, " _"]:
    return np.random.default_rng(seed).permutation(n)[:_FRECHET_FEATURES]


def _frechet(one: Seen, held_out: Seen, seed: int) -> Frechet:
    chosen = _frechet_features(one.features.shape[1], seed)
    return frechet(
        held_out.features[:, chosen],
        one.features[:, chosen],
        n_components=_FRECHET_AXES,
        groups_real=held_out.owners,
        groups_generated=one.owners,
        seed=seed,
    )
