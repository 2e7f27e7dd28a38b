"""What the latent engine is trained on.

Shape letters: `N` windows, `T` steps, `F` features, `C` context.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Generator, Tensor

from serinette.core.errors import DataError


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentData:
    """Windows of equal size, as numbers."""

    windows: Float32[np.ndarray, "N T F"]
    """Steps beyond a window's length may hold any finite number."""
    lengths: Int[np.ndarray, " N"] | None = None
    """Steps of each window, in [1, T]; None: all are whole. Where they differ, ends are learnt. A
    window that is full does not say whether its sequence ends there."""
    context: Float32[np.ndarray, "N C"] | None = None
    """Facts about each window; None: there are none."""
    weights: Float32[np.ndarray, " F"] | None = None
    """How much each feature's error counts, at least 0; None: all count alike."""

    n_levels: int | None = None
    """The first so many features are levels, in which a window holds noise that no few numbers sum
    up; None: all."""

    def __post_init__(self) -> None:
        n, length, n_features = self.windows.shape
        if min(n, length, n_features) < 1:
            raise DataError(f"latent engine: windows of shape {self.windows.shape} hold nothing")
        parts = {"windows": self.windows, "context": self.context, "weights": self.weights}
        for name, values in parts.items():
            if values is not None and not np.isfinite(values).all():
                place = [int(i) for i in np.argwhere(~np.isfinite(values))[0]]
                value = values[tuple(place)]
                raise DataError(f"latent engine: {name}{place} is {value}; only finite numbers")
        if self.lengths is not None and not (
            self.lengths.min() >= 1 and self.lengths.max() <= length
        ):
            wrong = self.lengths[(self.lengths < 1) | (self.lengths > length)][0]
            raise DataError(f"latent engine: a length is {wrong}; it must be in [1, {length}]")

    @property
    def has_end(self) -> bool:
        """Whether sequences end within windows, so that their end is learnt."""
        return self.lengths is not None and bool((self.lengths < self.windows.shape[1]).any())


class Batch(NamedTuple):
    """Some windows as tensors."""

    windows: Float[Tensor, "B T F"]
    lengths: Int[Tensor, " B"]
    context: Float[Tensor, "B C"]

    def mask(self) -> Bool[Tensor, "B T"]:
        """Return which steps are there."""
        return torch.arange(self.windows.shape[1]) < self.lengths[:, None]

    def select(self, rows: Int[Tensor, " R"]) -> "Batch":
        """Keep `rows`, in that order."""
        return Batch(self.windows[rows], self.lengths[rows], self.context[rows])

    def some(self, n: int, generator: Generator) -> "Batch":
        """Draw windows with replacement."""
        return self.select(torch.randint(len(self.windows), (n,), generator=generator))


def whole(data: LatentData) -> Batch:
    """Return all windows as tensors."""
    n, length = data.windows.shape[:2]
    lengths = np.full(n, length) if data.lengths is None else data.lengths
    context = np.zeros((n, 0), dtype=np.float32) if data.context is None else data.context
    return Batch(
        torch.from_numpy(np.ascontiguousarray(data.windows)),
        torch.from_numpy(lengths.astype(np.int64)),
        torch.from_numpy(np.ascontiguousarray(context)),
    )
