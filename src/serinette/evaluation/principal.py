"""Directions in which embeddings vary most.

Shape letters: `N` pieces, `D` features.
"""

import numpy as np
from jaxtyping import Float, Float32


def principal_axes(
    pooled: Float32[np.ndarray, "N D"],
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, "D D"]]:
    """Return the variance along every principal axis, falling, and the axes as columns."""
    centred = pooled - pooled.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64) / len(pooled)
    variances, axes = np.linalg.eigh(covariance)
    return np.maximum(variances[::-1], 0), axes[:, ::-1]
