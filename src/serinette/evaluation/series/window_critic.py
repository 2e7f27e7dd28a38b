"""A critic of written windows: how much likelier they are among real ones than from the model.

Linear in plain figures of a window (`moments`), so that it learns from a few hundred windows and
judges thousands in a second. A row of figures is summed for itself, so that what is said of a
window never depends on the others.

Reference: Azadi et al. 2019, arXiv:1810.06758 (discriminator rejection sampling); Deng et al. 2020,
arXiv:2004.11714 (residual energy-based models).

Shape letters: `S` sequences, `W` windows, `T` steps, `C` channels, `F` features.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from serinette.evaluation.series.moments import Moments
from serinette.evaluation.series.scaling import Channel, Scaler
from serinette.evaluation.series.sets import (
    SeriesSet,
    Windows,
    blocks,
    first_windows,
    with_gap_column,
)
from serinette.evaluation.series.standard import Standard

_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowLook:
    """What a critic sees of windows."""

    window: int
    """Rows of a window, at least 1."""
    has_gaps: bool
    """Whether the time between rows is seen."""
    scaler: Scaler
    moments: Moments
    standard: Standard

    @classmethod
    def fit(cls, train: SeriesSet, drawn: Windows, *, has_gaps: bool, seed: int) -> "WindowLook":
        """Settle what is seen on real windows.

        Args:
            train: Real sequences, the gaps in time among their columns if `has_gaps`.
            drawn: Windows of these, at least one, all of the same length.
            has_gaps: Whether the time between rows is seen.
            seed: Of the pairs of channels.
        """
        scaler = Scaler.fit(train)
        rows = scaler.windows(train, drawn)
        moments = Moments.fit(rows, np.random.default_rng(seed))
        return cls(
            window=drawn.rows.shape[1],
            has_gaps=has_gaps,
            scaler=scaler,
            moments=moments,
            standard=Standard.fit(moments.of(rows)),
        )

    @property
    def n_features(self) -> int:
        """How many figures a window has."""
        return len(self.standard.centre)

    def seen(self, series: SeriesSet) -> SeriesSet:
        """Return sequences with the columns that are seen."""
        return with_gap_column(series) if self.has_gaps else series

    def features(self, series: SeriesSet, drawn: Windows) -> Float32[np.ndarray, "W F"]:
        """Return the figures of windows, about 0 and of size 1 on real ones.

        Args:
            series: From `seen`.
            drawn: Windows of these, as long as those that this was fitted on.
        """
        channels = self.scaler.rows(series)
        found: Float32[np.ndarray, "W F"] = np.empty((len(drawn), self.n_features), np.float32)
        for first in range(0, len(drawn), _AT_ONCE):
            part = drawn.take(np.arange(first, min(first + _AT_ONCE, len(drawn))))
            rows = self.scaler.stacked(channels, part)
            found[first : first + len(part)] = self.moments.of(rows)
        return self.standard.of(found)


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowCritic:
    """A trained critic."""

    look: WindowLook
    weights: Float32[np.ndarray, " F"]
    bias: float

    def words(self, series: SeriesSet) -> Float[np.ndarray, " S"]:
        """Return the log of how much likelier each sequence is among real ones, in nats.

        Of a sequence longer than a window: the sum over its windows, one after another, the last
        one if at least half of it is there. A shorter one is judged by what there is.
        """
        cut = blocks(self.look.seen(series), self.look.window)
        features = self.look.features(cut, first_windows(cut, self.look.window))
        logits = (features * self.weights).sum(axis=1, dtype=np.float64) + self.bias
        owners = np.searchsorted(series.starts, cut.starts[:-1], side="right") - 1
        return np.bincount(owners, weights=logits, minlength=series.n_sequences)

    def tensors(self) -> dict[str, np.ndarray]:
        """Return what belongs into a weights file, float32."""
        look = self.look
        return {
            "centre": look.standard.centre,
            "spread": look.standard.spread,
            "weights": self.weights,
            "bias": np.array([self.bias], dtype=np.float32),
        }

    def facts(self) -> dict[str, Any]:
        """Return the rest as plain values."""
        look = self.look
        return {
            "window": look.window,
            "has_gaps": look.has_gaps,
            "n_orders": look.moments.n_orders,
            "pairs": look.moments.pairs.tolist(),
            "channels": [[c.column, c.kind, c.centre, c.spread] for c in look.scaler.channels],
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> "WindowCritic":
        """Put together what `facts` and `tensors` have returned.

        Raises:
            KeyError: If a part is missing.
            TypeError: If one is of another type.
            ValueError: If they do not fit together.
        """
        channels = tuple(
            Channel(column=column, kind=kind, centre=centre, spread=spread)
            for column, kind, centre, spread in facts["channels"]
        )
        pairs = np.array(facts["pairs"], dtype=np.int64).reshape(-1, 2)
        moments = Moments(pairs=pairs, n_orders=facts["n_orders"])
        n_channels = len(channels) + 1  # the last one says where a window repeats its last row
        if facts["window"] < moments.n_orders or not np.isin(pairs, np.arange(n_channels)).all():
            raise ValueError("a window too short, or a pair of channels that are not there")
        if len(tensors["centre"]) != moments.n_features(n_channels):
            raise ValueError(f"{len(tensors['centre'])} weights for {n_channels} channels")
        return cls(
            look=WindowLook(
                window=facts["window"],
                has_gaps=facts["has_gaps"],
                scaler=Scaler(channels=channels),
                moments=moments,
                standard=Standard(centre=tensors["centre"], spread=tensors["spread"]),
            ),
            weights=tensors["weights"],
            bias=float(tensors["bias"][0]),
        )
