"""MAUVE: how much of real text the samples cover, and how much of the samples is like real text.

Embeddings of both sides together are put into k clusters; p and q are the shares of real and of
generated pieces in each. For every mixture r of p and q, exp(-c KL(q|r)) says how much of the
samples r accounts for, and exp(-c KL(p|r)) how much of the real text; the figure is the area under
the curve of these points. Curves of several clusterings are averaged point by point.

Reference: Pillutla et al. 2021, arXiv:2102.01454; the smoothing by 1/2 (Krichevsky and Trofimov) of
Pillutla et al. 2023, arXiv:2212.14578. Other embeddings, k-means and smoothing than those of the
authors' program: figures are for comparison with one another, not with papers.

Shape letters: `N` real pieces, `M` generated pieces, `D` features, `P` different pieces,
`A` axes kept, `K` clusters, `R` the pieces themselves and resamples, `W` mixtures.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.core.metric import Interval
from serinette.core.seeds import derive
from serinette.evaluation.principal import principal_axes
from serinette.evaluation.resampling import centred_interval, resampled_counts

_PIECES_A_CLUSTER = 10
_FEWEST_CLUSTERS = 2
_VARIANCE_KEPT = 0.9
_ROUNDS = 30
_CLUSTERINGS = 5
"""With one, the figure of 2,500 captions a side varied with the seed: standard deviation 0.017."""
_ROWS_AT_ONCE = 4096
_SMOOTHING = 0.5
_SCALE = 5.0
_MIXTURES = np.linspace(1 - 1e-6, 1e-6, 25)
"""Shares of real text; neither end is reached, where a divergence may be infinite."""
_RESAMPLES = 200


@dataclass(frozen=True, kw_only=True)
class Mauve:
    """1 is ideal."""

    value: float
    """From 0 to 1."""
    interval: Interval | None
    """95 %, the clusters held fixed; None where a side has fewer than two groups."""
    frontier: tuple[tuple[float, float], ...]
    """x: how much of the samples is like real text; y: how much of real text is covered; from
    (0, 1) to (1, 0)."""


def mauve(
    real: Float32[np.ndarray, "N D"],
    generated: Float32[np.ndarray, "M D"],
    *,
    groups_real: Int[np.ndarray, " N"] | None = None,
    groups_generated: Int[np.ndarray, " M"] | None = None,
    seed: int,
) -> Mauve:
    """Compare two sets of embeddings.

    The number of clusters is a tenth of the smaller side, so the figure depends on N: compare only
    figures of equal N and equal features, and always with real against real.

    Args:
        real: Embeddings of real pieces, at least one.
        generated: Embeddings of generated pieces, at least one.
        groups_real: What each piece belongs to: a document; None: every piece stands alone.
        groups_generated: The same; the numbers of the two sides are unrelated.
        seed: Of the clusters and of the interval.
    """
    n_clusters = max(_FEWEST_CLUSTERS, round(min(len(real), len(generated)) / _PIECES_A_CLUSTER))
    points, weights, place = _points(np.concatenate([real, generated]))
    groups = [(groups_real, len(real)), (groups_generated, len(generated))]
    counts = resampled_counts(groups, _RESAMPLES, seed)
    curves_of = []
    for k in range(_CLUSTERINGS):
        labels = _k_means(points, weights, n_clusters, derive(seed, k))[place]
        shares_real = _shares(labels[: len(real)], counts[0], n_clusters)
        shares_generated = _shares(labels[len(real) :], counts[1], n_clusters)
        curves_of.append(_frontiers(shares_real, shares_generated))
    curves = np.mean(curves_of, axis=0)
    areas = _areas(curves)
    return Mauve(
        value=float(areas[0]),
        interval=centred_interval(areas, low=0.0, high=1.0),
        frontier=tuple((float(x), float(y)) for x, y in curves[0]),
    )


def _points(
    pooled: Float32[np.ndarray, "N_and_M D"],
) -> tuple[Float32[np.ndarray, "P A"], Float32[np.ndarray, " P"], Int[np.ndarray, " N_and_M"]]:
    """Return the different pieces, how often each occurs, and the place of each piece among them.

    They are projected on the axes that hold most of the variance.

    Equal pieces must be one point: a product of matrices rounds equal rows differently, and
    k-means would tell them apart by that. Sorted points make the sides interchangeable.
    """
    distinct, place, weights = np.unique(pooled, axis=0, return_inverse=True, return_counts=True)
    variances, axes = principal_axes(pooled)
    n_kept = 1 + int(np.searchsorted(np.cumsum(variances), _VARIANCE_KEPT * variances.sum()))
    points = (distinct - pooled.mean(axis=0)) @ axes[:, :n_kept].astype(np.float32)
    return points, weights.astype(np.float32), place.ravel()


def _k_means(
    points: Float32[np.ndarray, "P A"],
    weights: Float32[np.ndarray, " P"],
    n_clusters: int,
    seed: int,
) -> Int[np.ndarray, " P"]:
    """Start from random different points, go on until nothing moves; an empty cluster stays."""
    n_centres = min(n_clusters, len(points))
    chosen = np.random.default_rng(seed).choice(len(points), n_centres, replace=False)
    centres = points[chosen]
    labels = _nearest(points, centres)
    for _ in range(_ROUNDS):
        order = np.argsort(labels, kind="stable")
        present, starts = np.unique(labels[order], return_index=True)
        sums = np.add.reduceat(points[order] * weights[order, None], starts)
        centres[present] = sums / np.add.reduceat(weights[order], starts)[:, None]
        moved = _nearest(points, centres)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _nearest(
    points: Float32[np.ndarray, "P A"], centres: Float32[np.ndarray, "K A"]
) -> Int[np.ndarray, " P"]:
    """Return the nearest centre of each point: the least |c|^2 - 2 p.c."""
    squares = np.square(centres).sum(axis=1)
    blocks = [
        np.argmin(squares - 2 * points[first : first + _ROWS_AT_ONCE] @ centres.T, axis=1)
        for first in range(0, len(points), _ROWS_AT_ONCE)
    ]
    return np.concatenate(blocks)


def _shares(
    labels: Int[np.ndarray, " N"], counts: Float[np.ndarray, "R N"], n_clusters: int
) -> Float[np.ndarray, "R K"]:
    """Return the smoothed share of each cluster, each piece taken as often as each row says."""
    rows = [np.bincount(labels, weights=row, minlength=n_clusters) for row in counts]
    smoothed = np.stack(rows) + _SMOOTHING
    shares: Float[np.ndarray, "R K"] = smoothed / smoothed.sum(axis=1, keepdims=True)
    return shares


def _frontiers(
    real: Float[np.ndarray, "R K"], generated: Float[np.ndarray, "R K"]
) -> Float[np.ndarray, "R W_and_2 2"]:
    """Return the curves, from (0, 1) to (1, 0)."""
    curves = np.empty((len(real), len(_MIXTURES) + 2, 2))
    curves[:, 0] = 0, 1
    curves[:, -1] = 1, 0
    for k, share in enumerate(_MIXTURES, start=1):
        mixed = share * real + (1 - share) * generated
        for axis, side in enumerate((generated, real)):
            divergence = (side * np.log(side / mixed)).sum(axis=1)
            curves[:, k, axis] = np.exp(-_SCALE * divergence)
    return curves


def _areas(curves: Float[np.ndarray, "R W_and_2 2"]) -> Float[np.ndarray, " R"]:
    """Return the area under each curve, by trapezoids.

    The authors take the mean of the areas under y(x) and under x(y): both are the same region,
    since the curve runs from axis to axis.
    """
    x, y = curves[..., 0], curves[..., 1]
    areas: Float[np.ndarray, " R"] = (np.diff(x) * (y[:, 1:] + y[:, :-1])).sum(axis=1) / 2
    return areas
