"""Windows as the players of a game see them.

Shape letters: `B` windows, `T` steps, `F` features, `C` context.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from serinette.nets.latent import Scale
from serinette.nets.window_features import FeatureKinds
from serinette.nets.window_writers import WindowShape, Written, measure_
from serinette.training.latent_data import LatentData, whole

_MOST_MEASURED = 1_000


class RealWindows:
    """The windows of the training part, standardised.

    Args:
        data: Windows.
        kinds: Of their features.
        features: Is measured on them.
    """

    def __init__(self, data: LatentData, kinds: FeatureKinds, features: Scale) -> None:
        everything = whole(data)
        mask = everything.mask()
        measure_(features, everything.windows[mask], kinds)
        self.alive = mask.float()  # [N, T]
        self.rows = features.standard(everything.windows) * self.alive[:, :, None]
        self.context = everything.context

    def some(self, n: int, random: Generator) -> tuple[Written, Float[Tensor, "B C"]]:
        """Draw windows with replacement, and their context."""
        chosen = torch.randint(len(self.rows), (n,), generator=random)
        return Written(self.rows[chosen], self.alive[chosen]), self.context[chosen]


def shape_of(data: LatentData, kinds: FeatureKinds) -> WindowShape:
    """Return what the windows of a table are like."""
    n_context = 0 if data.context is None else data.context.shape[1]
    return WindowShape(kinds, n_context, data.has_end)


class Shown(NamedTuple):
    """What a critic is shown."""

    rows: Float[Tensor, "B T _"]
    mask: Bool[Tensor, "B T"]

    def with_rows(self, rows: Float[Tensor, "B T _"]) -> "Shown":
        """Return the same with other numbers."""
        return Shown(rows, self.mask)


def shown(
    windows: Written,
    context: Float[Tensor, "B C"],
    noise: float,
    random: Generator,
    *,
    has_end: bool,
) -> Shown:
    """Lay windows out for a critic: every step is there, and tells whether the sequence goes on.

    Args:
        windows: Real or written.
        context: Of the windows.
        noise: Spread of the normal noise on the rows, in standard deviations.
        random: Of the noise.
        has_end: Whether sequences end within windows.
    """
    rows = windows.rows
    if noise > 0:
        rows = rows + noise * torch.randn(rows.shape, generator=random)
    parts = [rows]
    if has_end:
        parts.append(windows.alive[:, :, None])
    parts.append(context[:, None].expand(-1, rows.shape[1], -1))
    return Shown(torch.cat(parts, dim=2), torch.ones(rows.shape[:2], dtype=torch.bool))


@torch.no_grad()
def spread_of(written: Written, real: RealWindows) -> float:
    """Return the total variance of written windows over that of real ones; 1 is right.

    Between windows, step by step: a generator that writes one window again and again has none.
    """
    real_variance = real.rows[:_MOST_MEASURED].var(dim=0, correction=0).sum().clamp(min=1e-12)
    return float(written.rows.var(dim=0, correction=0).sum() / real_variance)


def moments_of(windows: Written) -> Float[Tensor, "B _"]:
    """Return the numbers whose means and deviations a generator alone is drawn to.

    Every feature at every step, its change from the step before, and whether the sequence goes on.
    """
    rows = windows.rows
    changes = rows[:, 1:] - rows[:, :-1]
    return torch.cat([rows.flatten(1), changes.flatten(1), windows.alive], dim=1)
