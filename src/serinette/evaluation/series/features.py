"""Features of windows that see shape, noise and cross-talk without any training.

Random convolutions of the channels, of their first and of their second differences, each reduced
to the share of positive outputs, the mean and the greatest one; beside them plain moments of every
channel and difference, and of products of two channels. Differences make small noise visible on
a slow series; products see that two columns are equal, or no longer.

Reference: Dempster, Petitjean and Webb 2020, arXiv:1910.13051 (ROCKET), and Dempster, Schmidt and
Webb 2021, arXiv:2012.08791 (thresholds from quantiles). Ours draws kernels in groups of one
dilation and a few channels, so that a group is one product of matrices.

Shape letters: `W` windows, `T` steps, `t` steps of a difference, `C` channels, `F` features,
`K` kernels, `G` taps.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int

from serinette.evaluation.series.moments import ORDERS, Moments
from serinette.evaluation.series.standard import Standard

_TAPS = 9
_SHORT = 7
_KERNELS = 32
"""In a group."""
_GROUPS = 9
_MOST_CHANNELS = 8
"""Seen by one group."""
_MOST_MIXED = 3
"""Seen by one kernel."""
_AT_ONCE = 500
_FIRST_WINDOWS = 200
"""On which thresholds are taken."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """Kernels of one dilation on the same channels."""

    order: int
    channels: Int[np.ndarray, " c"]
    dilation: int
    weights: Float32[np.ndarray, "G_c K"]
    thresholds: Float32[np.ndarray, " K"]

    def outputs(self, rows: Float32[np.ndarray, "W T C"]) -> Float32[np.ndarray, "W t K"]:
        """Return the convolutions; beyond its ends a window goes on as it ends."""
        seen = np.diff(rows, n=self.order, axis=1)[:, :, self.channels]
        n_windows, n_steps = seen.shape[:2]
        offsets = (np.arange(_TAPS) - _TAPS // 2) * self.dilation
        places = np.clip(np.arange(n_steps)[:, None] + offsets, 0, n_steps - 1)
        unfolded = seen[:, places].reshape(n_windows * n_steps, -1)  # [W T, G c]
        outputs: Float32[np.ndarray, "W t K"] = (unfolded @ self.weights).reshape(
            n_windows, n_steps, -1
        )
        return outputs

    def features(self, rows: Float32[np.ndarray, "W T C"]) -> Float32[np.ndarray, "W F"]:
        """Return the share of outputs above the threshold, their mean and their greatest."""
        outputs = self.outputs(rows)
        above = (outputs > self.thresholds).mean(axis=1, dtype=np.float32)
        return np.hstack([above, outputs.mean(axis=1), outputs.max(axis=1)])


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Random features, drawn and set on real windows."""

    groups: tuple[_Group, ...]
    moments: Moments
    standard: Standard

    @classmethod
    def fit(cls, rows: Float32[np.ndarray, "W T C"], seed: int) -> "Features":
        """Draw kernels and set their thresholds.

        Args:
            rows: Windows of the real training set, all channels; at least one.
            seed: Of kernels, thresholds and pairs of channels.
        """
        generator = np.random.default_rng(seed)
        n_orders = min(ORDERS, rows.shape[1])
        some = rows[generator.permutation(len(rows))[:_FIRST_WINDOWS]]
        groups = tuple(_group(some, k % n_orders, generator) for k in range(_GROUPS))
        moments = Moments.fit(some, generator)
        blank = np.zeros(1, dtype=np.float32)
        as_it_is = Standard(centre=blank, spread=blank + 1)
        bare = cls(groups=groups, moments=moments, standard=as_it_is)
        return replace(bare, standard=Standard.fit(bare.of(rows)))

    def of(self, rows: Float32[np.ndarray, "W T C"]) -> Float32[np.ndarray, "W F"]:
        """Return the features of windows, about 0 and of size 1 on real ones."""
        parts = [
            self._raw(rows[first : first + _AT_ONCE]) for first in range(0, len(rows), _AT_ONCE)
        ]
        return self.standard.of(np.concatenate(parts))

    def _raw(self, rows: Float32[np.ndarray, "W T C"]) -> Float32[np.ndarray, "W F"]:
        parts = [group.features(rows) for group in self.groups]
        return np.hstack([*parts, self.moments.of(rows)]).astype(np.float32)


def _group(
    rows: Float32[np.ndarray, "W T C"], order: int, generator: np.random.Generator
) -> _Group:
    n_steps, n_channels = rows.shape[1] - order, rows.shape[2]
    seen = np.sort(generator.permutation(n_channels)[:_MOST_CHANNELS])
    # Every dilation that fits at least half, the short ones as likely as the long ones.
    most = max(0, int(np.log2(max(1, (n_steps - 1) / (_TAPS // 2)))))
    dilation = 2 ** int(generator.integers(0, most + 1))
    weights = generator.normal(size=(_TAPS, len(seen), _KERNELS))
    is_short = generator.random(_KERNELS) < 0.5  # noqa: PLR2004
    edge = (_TAPS - _SHORT) // 2
    weights[:edge, :, is_short] = weights[-edge:, :, is_short] = 0
    for k in range(_KERNELS):
        n_mixed = int(generator.integers(1, min(_MOST_MIXED, len(seen)) + 1))
        weights[:, generator.permutation(len(seen))[n_mixed:], k] = 0
    # Half of the kernels do not see the level.
    is_level = np.arange(_KERNELS) % 2 == 0
    n_taps = np.maximum((weights != 0).sum(axis=0, keepdims=True), 1)
    level = weights.sum(axis=0, keepdims=True) / n_taps
    weights = np.where((weights != 0) & is_level, weights - level, weights)
    flat = weights.reshape(-1, _KERNELS).astype(np.float32)
    blank = np.zeros(_KERNELS, dtype=np.float32)
    bare = _Group(order=order, channels=seen, dilation=dilation, weights=flat, thresholds=blank)
    outputs = bare.outputs(rows).reshape(-1, _KERNELS)
    shares = generator.uniform(0.1, 0.9, _KERNELS)
    cuts = np.array([np.quantile(outputs[:, k], shares[k]) for k in range(_KERNELS)])
    return _Group(
        order=order,
        channels=seen,
        dilation=dilation,
        weights=flat,
        thresholds=cuts.astype(np.float32),
    )
