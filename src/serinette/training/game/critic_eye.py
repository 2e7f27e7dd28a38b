"""How a critic sees rows of a game: their width, the noise on them, the border between its words.

Shape letters: `B` rows, `T` steps, `E` width of a vector, `N`, `M` logits of real and fake rows.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from serinette.nets.critic_config import CriticConfig
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.losses import slopes_of

_RELATIVE = ("wasserstein", "relativistic", "relativistic-average")
"""Losses under which only differences of logits mean anything."""


class Seen(NamedTuple):
    """Rows as a critic gets them."""

    rows: Float[Tensor, "B T E"]
    mask: Bool[Tensor, "B T"]

    def blurred(self, sd: float, noise: Generator) -> "Seen":
        """Put noise of standard deviation `sd` on every number."""
        if sd == 0:
            return self
        drawn = torch.randn(self.rows.shape, generator=noise, device=self.rows.device)
        return self._replace(rows=self.rows + sd * drawn)


class CriticEye:
    """Asks a critic for its words.

    Args:
        game: Estimator, objective and penalty.
        config: Of the critic.
    """

    def __init__(self, game: AdversarialConfig, config: CriticConfig) -> None:
        self._game = game
        self._is_lstm = config.network == "lstm"
        self.is_relative = game.loss in _RELATIVE
        self.is_dense = game.estimator == "reinforce" and self._is_lstm
        """Whether the critic gives its word on every step."""

    def wide(self, seen: Seen, n_steps: int) -> Seen:
        """Pad rows where their width would tell real ones from written ones.

        An LSTM that speaks after the last step has read the padding, too.
        """
        missing = n_steps - seen.mask.shape[1]
        if missing <= 0 or not self._is_lstm or self.is_dense:
            return seen
        return Seen(F.pad(seen.rows, (0, 0, 0, missing)), F.pad(seen.mask, (0, missing)))

    def logits(self, critic: Any, seen: Seen, noise: Generator) -> Float[Tensor, " N"]:
        """Return logits of rows, or of every step that is there."""
        verdict = critic.judge(seen.rows, seen.mask, noise)
        found: Tensor = verdict.step_logits[seen.mask] if self.is_dense else verdict.logits
        return found

    def penalty(self, critic: Any, real: Seen, fake: Seen, noise: Generator) -> Float[Tensor, ""]:
        """Return half the mean squared slope at real rows, or (|slope| - 1)^2 between both sides.

        References: Mescheder et al. 2018, arXiv:1801.04406 (r1); Gulrajani et al. 2017,
        arXiv:1704.00028 (gradient).
        """
        at = real
        if self._game.penalty == "gradient":
            at = _between(real, fake, noise)
        is_cudnn = self._is_lstm and at.rows.is_cuda
        plain: AbstractContextManager[None] = (
            torch.backends.cudnn.flags(enabled=False) if is_cudnn else nullcontext()
        )
        with plain:
            slopes = slopes_of(
                lambda rows: self._words(critic, Seen(rows, at.mask), noise), at.rows
            )
        if self._game.penalty == "gradient":
            squares: Tensor = (slopes.norm(dim=1) - 1).square()
            return squares.mean()
        return slopes.square().sum(dim=1).mean() / 2

    def border(self, real: Float[Tensor, " N"] | None, fake: Float[Tensor, " M"] | None) -> float:
        """Return the logit that parts real from written rows.

        Where only differences mean anything, it is the middle between the two means.
        """
        if self.is_relative and real is not None and fake is not None:
            return float(real.mean() + fake.mean()) / 2
        return 0.5 if self._game.loss == "least-squares" else 0.0

    @torch.no_grad()
    def accuracies(
        self, real: Float[Tensor, " N"], fake: Float[Tensor, " M"]
    ) -> tuple[float, float]:
        """Return how often real and written rows are told right."""
        border = self.border(real, fake)
        return float((real > border).float().mean()), float((fake <= border).float().mean())

    def _words(self, critic: Any, seen: Seen, noise: Generator) -> Float[Tensor, " N"]:
        """Return one number a row: its logit, or the mean over its steps."""
        verdict = critic.judge(seen.rows, seen.mask, noise)
        if not self.is_dense:
            found: Tensor = verdict.logits
            return found
        of_steps: Tensor = (verdict.step_logits * seen.mask).sum(1) / seen.mask.sum(1)
        return of_steps


def _between(real: Seen, fake: Seen, noise: Generator) -> Seen:
    """Return a random point between each real row and the written one beside it."""
    longest = max(real.mask.shape[1], fake.mask.shape[1])
    sides = []
    for rows, mask in (real, fake):
        missing = longest - mask.shape[1]
        wide = F.pad(rows.detach() * mask[:, :, None], (0, 0, 0, missing))
        sides.append((wide, F.pad(mask, (0, missing))))
    (one, here), (other, there) = sides
    share = torch.rand((len(one), 1, 1), generator=noise, device=one.device)
    return Seen(share * one + (1 - share) * other, here | there)
