"""Draws what an autoencoder leaves out of windows, as `nets.residuals` does, with NumPy alone.

Number by number, so that no row depends on those beside it.

Shape letters: `N` rows, `T` steps (`T1` is one more), `F` features, `Z` latent.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32

from serinette.nets.latent_config import KNOTS, RESIDUAL_ROWS


class ResidualNoise:
    """Measured noise.

    Args:
        weights: By the names of `nets.latent_config.residual_shapes`.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._rows = [weights[f"residuals.{name}"] for name in RESIDUAL_ROWS]
        self._begin, self._mend = weights["residuals.begin"], weights["residuals.mend"]
        self._scale = weights["residuals.scale"]
        self._shape = weights["residuals.shape"]
        self._drawn = np.flatnonzero(self._rows[0].diagonal())

    def mended(self, decoded: Float32[np.ndarray, "N T F"]) -> Float32[np.ndarray, "N T F"]:
        """Move decoded windows to where the real ones were, given a row and the one before it."""
        n_features = decoded.shape[2]
        found = decoded.copy()
        for rows, matrix in ((slice(0, 1), self._begin), (slice(1, None), self._mend)):
            found[:, rows] += matrix[:, 0]
            for k in self._drawn.tolist():
                found[:, rows] += decoded[:, rows, k, None] * matrix[:, 1 + k]
        for k in self._drawn.tolist():
            found[:, 1:] += decoded[:, :-1, k, None] * self._mend[:, 1 + n_features + k]
        return found

    def draw(
        self, noise: Float32[np.ndarray, "N T1 F"], latents: Float32[np.ndarray, "N Z"]
    ) -> Float32[np.ndarray, "N T F"]:
        """Turn standard normal numbers into residuals, standardised.

        Args:
            noise: First those that the widths of a window are drawn by, then those of its rows.
            latents: Standardised.
        """
        n_latent, n_features = latents.shape[1], noise.shape[2]
        found = np.zeros_like(noise[:, 1:])
        logs = np.broadcast_to(self._scale[:, n_latent], (len(noise), n_features)).copy()
        for k in range(n_latent):
            logs += latents[:, k, None] * self._scale[:, k]
        for k in self._drawn.tolist():
            logs += noise[:, 0, k, None] * self._scale[:, n_latent + 1 + k]
        shaped = np.zeros_like(found)
        for k in self._drawn.tolist():
            shaped[..., k] = np.interp(noise[:, 1:, k], KNOTS, self._shape[k])
        for step in range(found.shape[1]):
            matrix = self._rows[min(step, 2)]
            read = [shaped[:, step], *(found[:, step - k] for k in range(1, min(step, 2) + 1))]
            for k, numbers in enumerate(read):
                for feature in self._drawn.tolist():
                    told = matrix[:, k * n_features + feature]
                    found[:, step] += numbers[:, feature, None] * told
        residuals: Float32[np.ndarray, "N T F"] = found * np.exp(logs)[:, None]
        return residuals
