"""Fréchet distance: how far the cloud of generated embeddings lies from the cloud of real ones.

Both clouds are taken for Gaussians:

    |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1^1/2 C2 C1^1/2)^1/2)

With C = L L^T the last trace is the sum of the singular values of L1^T L2, which unlike a matrix
square root is exact for singular covariances too.

Reference: Heusel et al. 2017, arXiv:1706.08500; for text Semeniuta et al. 2018, arXiv:1806.04936.
We project on principal axes first: fewer covariances to estimate, less bias.

Shape letters: `N` real pieces, `M` generated pieces, `P` either, `D` features, `R` resamples.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.core.metric import Interval
from serinette.evaluation.principal import principal_axes
from serinette.evaluation.resampling import centred_interval, resampled_counts

_RESAMPLES = 100


@dataclass(frozen=True, kw_only=True)
class Frechet:
    """0 is ideal, and out of reach: real against real is above 0 as well."""

    value: float
    """At least 0, in squared units of the features."""
    interval: Interval | None
    """95 %; None where none is asked for, or a side has fewer than two groups."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gaussians:
    means: Float[np.ndarray, "R D"]
    covariances: Float[np.ndarray, "R D D"]

    @property
    def factors(self) -> Float[np.ndarray, "R D D"]:
        """L of C = L L^T."""
        variances, axes = np.linalg.eigh(self.covariances)
        factors: Float[np.ndarray, "R D D"] = axes * np.sqrt(np.maximum(variances, 0))[:, None, :]
        return factors


def frechet(
    real: Float32[np.ndarray, "N D"],
    generated: Float32[np.ndarray, "M D"],
    *,
    n_components: int = 64,
    groups_real: Int[np.ndarray, " N"] | None = None,
    groups_generated: Int[np.ndarray, " M"] | None = None,
    seed: int | None,
) -> Frechet:
    """Measure the distance of two sets of embeddings.

    Biased upwards, the more the fewer pieces: compare only figures of equal N, M, features and
    `n_components`, and always with real against real. The interval is of the figure at this N, not
    of its limit; the axes are held fixed.

    Args:
        real: Embeddings of real pieces, at least one.
        generated: Embeddings of generated pieces, at least one.
        n_components: Principal axes of both sides together to project on, at least 1.
        groups_real: What each piece belongs to: a document; None: every piece stands alone.
        groups_generated: The same; the numbers of the two sides are unrelated.
        seed: Of the interval; None: no interval, and much quicker.
    """
    _, axes = principal_axes(np.concatenate([real, generated]))
    centre = real.mean(axis=0)
    sides = [
        (side - centre).astype(np.float64) @ axes[:, :n_components] for side in (real, generated)
    ]
    groups = [(groups_real, len(real)), (groups_generated, len(generated))]
    counts = resampled_counts(groups, 0 if seed is None else _RESAMPLES, seed or 0)
    figures = _distances(_gaussians(sides[0], counts[0]), _gaussians(sides[1], counts[1]))
    return Frechet(value=float(figures[0]), interval=centred_interval(figures, low=0.0))


def _gaussians(points: Float[np.ndarray, "P D"], counts: Float[np.ndarray, "R P"]) -> _Gaussians:
    """Return the mean and covariance of the points, each taken as often as each row says."""
    totals = counts.sum(axis=1)
    means = counts @ points / totals[:, None]
    seconds = np.stack([(points.T * row) @ points for row in counts])
    outer = totals[:, None, None] * means[:, :, None] * means[:, None, :]
    covariances = (seconds - outer) / np.maximum(totals - 1, 1)[:, None, None]
    return _Gaussians(means=means, covariances=covariances)


def _distances(one: _Gaussians, other: _Gaussians) -> Float[np.ndarray, " R"]:
    traces = sum(np.trace(side.covariances, axis1=1, axis2=2) for side in (one, other))
    products = np.swapaxes(one.factors, 1, 2) @ other.factors
    overlap = np.linalg.svd(products, compute_uv=False).sum(axis=1)
    apart = np.square(one.means - other.means).sum(axis=1)
    distances: Float[np.ndarray, " R"] = np.maximum(apart + traces - 2 * overlap, 0)
    return distances
