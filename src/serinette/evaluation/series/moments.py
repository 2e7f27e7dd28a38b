"""Plain figures of a window: means, spreads, extremes of every channel and of its differences.

Products and distances of two channels stand beside them, so that two columns that move together
are told from two that no longer do. They cost little, and a linear judge of them sees nearly all
that one of random convolutions sees (docs/why/experiments.md).

Shape letters: `W` windows, `T` steps, `C` channels, `F` features, `K` pairs of channels.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

_MOST_PAIRS = 60
"""Half of them the closest ones, half at random."""
ORDERS = 3
"""The channels themselves, first and second differences."""
_STILL = 1e-5
"""Below this nothing changes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Which figures are taken."""

    pairs: Int[np.ndarray, "K 2"]
    """Channels whose products are taken."""
    n_orders: int
    """1: of the channels alone; 2: of their first differences too; 3: and of the second ones."""

    @classmethod
    def fit(cls, rows: Float32[np.ndarray, "W T C"], generator: np.random.Generator) -> "Moments":
        """Choose pairs of channels: all, or those that change together most, and some others.

        Args:
            rows: Real windows, at least one.
            generator: Of the others.
        """
        return cls(pairs=_pairs(rows, generator), n_orders=min(ORDERS, rows.shape[1]))

    def n_features(self, n_channels: int) -> int:
        """Return how many figures a window of so many channels has."""
        return self.n_orders * (5 * n_channels + 2 * len(self.pairs)) + 2 * n_channels

    def of(self, rows: Float32[np.ndarray, "W T C"]) -> Float32[np.ndarray, "W F"]:
        """Return the figures of windows, each for itself."""
        parts = []
        for order in range(self.n_orders):
            seen = np.diff(rows, n=order, axis=1)
            deviation = seen.std(axis=1)
            first, second = (seen[:, :, self.pairs[:, k]] for k in (0, 1))
            products = (first * second).mean(axis=1)
            apart = np.abs(first - second).mean(axis=1)
            size = np.abs(seen)
            parts += [seen.mean(axis=1), deviation, np.log(deviation + 1e-3), products, apart]
            parts += [size.max(axis=1), (size < _STILL).mean(axis=1, dtype=np.float32)]
        parts += [rows[:, 0], rows[:, -1]]
        return np.hstack(parts).astype(np.float32)


def _pairs(
    rows: Float32[np.ndarray, "W T C"], generator: np.random.Generator
) -> Int[np.ndarray, "K 2"]:
    n_channels = rows.shape[2]
    pairs = np.argwhere(np.triu(np.ones((n_channels, n_channels), dtype=bool), 1))
    changes = np.diff(rows, axis=1, prepend=rows[:, :1]).reshape(-1, n_channels)
    changes = (changes - changes.mean(axis=0)) / (changes.std(axis=0) + _STILL)
    together = np.abs(changes.T @ changes)[pairs[:, 0], pairs[:, 1]]
    order = np.argsort(-together, kind="stable")
    closest, others = np.split(order, [_MOST_PAIRS // 2])
    drawn = generator.permutation(others)[: _MOST_PAIRS - len(closest)]
    chosen: Int[np.ndarray, "K 2"] = pairs[np.sort(np.concatenate([closest, drawn]))]
    return chosen
