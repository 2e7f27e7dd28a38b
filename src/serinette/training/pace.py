"""How far a training has come, and which learning rate belongs there. Pure; no torch.

A plan fixes the number of updates once. Where the machine turns out faster or slower than it was
measured, the rest of the plan is stretched or shortened: the change is one more entry of the plan,
stored with it, so that a resumed training does the same.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serinette.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A piecewise linear map from updates done to the share of the plan that is done."""

    corners: tuple[tuple[int, float], ...]
    """(update, share done there) of every change; the first is where the plan begins, at 0.0."""
    total: int
    """The update at which the share reaches 1."""

    @classmethod
    def steady(cls, total: int, first: int = 0) -> "Pace":
        """Return the plan as it was made: updates of equal weight from `first` up to `total`."""
        return cls(corners=((first, 0.0),), total=total)

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "Pace":
        """Return what `to_facts` was asked of."""
        corners = tuple((int(at), float(done)) for at, done in facts["corners"])
        return cls(corners=corners, total=int(facts["total"]))

    def to_facts(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        return {"corners": [list(corner) for corner in self.corners], "total": self.total}

    @property
    def length(self) -> int:
        """How many updates the plan has."""
        return self.total - self.corners[0][0]

    def share(self, update: int) -> float:
        """Return the share of the plan that is done after `update` updates, in [0, 1]."""
        points = (*self.corners, (self.total, 1.0))
        for (left, low), (right, high) in itertools.pairwise(points):
            if update < right:
                return low + (high - low) * (update - left) / (right - left)
        return 1.0

    def changed(self, update: int, total: int) -> "Pace":
        """Return the plan with its rest, from `update` on, ending at `total` instead.

        Args:
            update: Where the change happens; the share done there stays.
            total: The new last update, above `update`.
        """
        before = tuple(corner for corner in self.corners if corner[0] < update)
        corner = (update, self.share(update))
        return Pace(corners=(*before, corner), total=max(total, update + 1))


def rate_factor(config: TrainingConfig, share: float, plateau_factor: float = 1.0) -> float:
    """Return the learning rate at `share` of the plan, as a factor of the largest.

    Args:
        config: Names the schedule, the warm-up share and the final factor.
        share: Share of the plan that is done, in [0, 1].
        plateau_factor: What schedule `plateau` has come down to; other schedules ignore it.

    Reference: Loshchilov and Hutter 2017, arXiv:1608.03983 (cosine).
    """
    if share < config.warm_up:
        return max(share / config.warm_up, 1e-3)
    if config.schedule == "constant":
        return 1.0
    if config.schedule == "plateau":
        return plateau_factor
    rest = (share - config.warm_up) / (1 - config.warm_up)
    fall = rest if config.schedule == "linear" else (1 - math.cos(math.pi * rest)) / 2
    return 1 - (1 - config.final_rate) * fall
