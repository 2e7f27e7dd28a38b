"""Features of windows in the measure of real ones: about 0, of size 1, none of them far out.

Shape letters: `W` windows, `F` features.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

_FARTHEST = 10.0
"""One feature far out must not outweigh all others."""
_STILL, _STILL_SPREAD = 1e-5, 1e-2
"""A feature that spreads less never changes; what it is then divided by."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Standard:
    """Where the features of real windows lie."""

    centre: Float32[np.ndarray, " F"]
    spread: Float32[np.ndarray, " F"]

    @classmethod
    def fit(cls, found: Float32[np.ndarray, "W F"]) -> "Standard":
        """Take the measure of real windows, at least one."""
        deviation = found.std(axis=0)
        return cls(
            centre=found.mean(axis=0),
            # What never changes on real windows is a giveaway if it changes on others.
            spread=np.where(deviation > _STILL, deviation, _STILL_SPREAD).astype(np.float32),
        )

    def of(self, found: Float32[np.ndarray, "W F"]) -> Float32[np.ndarray, "W F"]:
        """Return features in this measure."""
        scaled = np.clip((found - self.centre) / self.spread, -_FARTHEST, _FARTHEST)
        standard: Float32[np.ndarray, "W F"] = scaled.astype(np.float32)
        return standard
