"""How far a part of the latent training has come, what it tells, and when it has gone wrong."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import DivergedError

Phase = Literal["autoencoder", "game", "generator", "critic", "embedding", "supervision"]
Tell = Callable[["LatentProgress"], None]
EVERY = 100
"""Updates between two reports."""


@dataclass(frozen=True, kw_only=True)
class LatentProgress:
    """Some updates are done."""

    phase: Phase
    update: int
    share: float
    """Share of the phase that is done, in [0, 1]."""
    metrics: Mapping[str, float]
    """`autoencoder`: rmse (in standard deviations of the features, noise on latents included),
    gradient_norm, latent_sd. `game`: critic_loss, generator_loss, gradient_norm (of the critic),
    spread (total variance of written latents over that of real ones; 1 is right). Of the engines in
    `training.game`: what `alarms` reads, and the losses."""
    warning: str | None = None
    """A sentence that the user should read."""


class Course:
    """A number of updates, or a number of seconds.

    Args:
        n_updates: How many there are where no seconds are given.
        seconds: How long the phase lasts; None: `n_updates` decide, and a seed decides the result.
        elapsed: Seconds that it has already lasted.
    """

    def __init__(self, n_updates: int, seconds: float | None, elapsed: float = 0.0) -> None:
        self.n_updates = n_updates
        """How many there are where no seconds are given."""
        self._seconds = seconds
        self._begun = time.monotonic() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds that the phase has lasted."""
        return time.monotonic() - self._begun

    def share(self, update: int) -> float:
        """Return the share that is done after `update` updates, in [0, 1]."""
        if self._seconds is None:
            return min(1.0, update / self.n_updates)
        return min(1.0, (time.monotonic() - self._begun) / max(self._seconds, 1e-9))


def rate(share: float, warm_up: float) -> float:
    """Return the learning rate as a factor of the largest: a rise, then half a cosine."""
    if share < warm_up:
        return max(share / warm_up, 1e-3)
    return max(0.5 + 0.5 * math.cos(math.pi * (share - warm_up) / (1 - warm_up)), 1e-3)


def check_finite(phase: Phase, update: int, values: Mapping[str, float]) -> None:
    """Stop a training that has gone wrong.

    Raises:
        DivergedError: If a value is not finite.
    """
    setting = "latent.learning_rate" if phase == "autoencoder" else "latent.critic_rate"
    for name, value in values.items():
        if not math.isfinite(value):
            raise DivergedError(
                f"latent engine, {phase}, update {update}: {name} is {value}; lower {setting}"
            )


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who is told how a training goes, and who may end it."""

    tell: Tell
    stop: Callable[[], bool]
    """Asked before every update; True ends the training with what has been reached."""
