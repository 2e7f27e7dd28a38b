"""Trains the generator of latents against a critic: WGAN-GP on standardised latents.

The autoencoder rests meanwhile, so that nothing is back-propagated through a recurrence.

Shape letters: `N` windows, `B` rows, `Z` latent, `C` context.
"""

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.core.seeds import derive
from serinette.nets.critic import Critic, LatentGenerator
from serinette.nets.latent import LatentModel
from serinette.nets.latent_config import LatentConfig
from serinette.training.average import Average
from serinette.training.game.losses import gradient_penalty
from serinette.training.gradients import gradients_of
from serinette.training.latent_course import EVERY, Course, LatentProgress, Watch, check_finite

_BETAS = (0.0, 0.9)
COLLAPSED = 0.5
"""Below this share of the real latents' variance the generator is said to have collapsed."""
_SETTLED = 0.2
"""Share of the game before which nothing is said about collapse."""


def train_generator_(
    model: LatentModel,
    latents: Float[Tensor, "N Z"],
    context: Float[Tensor, "N C"],
    course: Course,
    watch: Watch,
    *,
    seed: int,
) -> int:
    """Adjust the generator of a model; return the number of its updates.

    Args:
        model: Its generator ends as the moving average.
        latents: Standardised latents of the training windows.
        context: Their context.
        course: How long.
        watch: Who is told, and warned of a collapse.
        seed: Of the critic, the batches and the noise.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    game = _Game(model.generator, model.config, latents, context, seed)
    update, is_warned = 0, False
    while (share := course.share(update)) < 1 and not watch.stop():
        found = game.update()
        update += 1
        check_finite("game", update, found)
        if update % EVERY == 0:
            spread = game.spread()
            warning = None
            if spread < COLLAPSED and share > _SETTLED and not is_warned:
                is_warned = True
                warning = (
                    f"written latents have {spread:.2f} of the variance of real ones: the "
                    "generator repeats itself; train longer or lower latent.generator_rate"
                )
            metrics = {**found, "spread": spread}
            watch.tell(
                LatentProgress(
                    phase="game", update=update, share=share, metrics=metrics, warning=warning
                )
            )
    if update:
        game.finish_()
    return update


class _Game:
    """Generator, critic, and what adjusts them."""

    def __init__(
        self,
        generator: LatentGenerator,
        config: LatentConfig,
        latents: Float[Tensor, "N Z"],
        context: Float[Tensor, "N C"],
        seed: int,
    ) -> None:
        self._config = config
        self._writer = generator
        self._critic = Critic(config, context.shape[1], seed=derive(seed, 2))
        self._latents, self._context = latents, context
        self._random = Generator().manual_seed(derive(seed, 3))
        self._writing = torch.optim.Adam(
            generator.parameters(), lr=config.generator_rate, betas=_BETAS
        )
        self._judging = torch.optim.Adam(
            self._critic.parameters(), lr=config.critic_rate, betas=_BETAS
        )
        self._average = Average(generator, config.average_decay)

    def update(self) -> dict[str, float]:
        """Adjust the critic some times, then the generator once."""
        for _ in range(self._config.critic_steps):
            found = self._judge()
        rows = self._rows()
        context = self._context[rows]
        loss = -self._critic(self._write(context), context).mean()
        self._writing.zero_grad(set_to_none=True)
        torch.autograd.backward(loss, inputs=list(self._writer.parameters()))
        self._writing.step()
        self._average.follow()
        return {**found, "generator_loss": float(loss.detach())}

    @torch.no_grad()
    def spread(self) -> float:
        """Return the total variance of written latents as a share of that of the real ones."""
        n = min(len(self._latents), 1024)
        rows = torch.randint(len(self._latents), (n,), generator=self._random)
        with self._average.in_place():
            written = self._write(self._context[rows])
        real = self._latents.var(dim=0, correction=0).sum().clamp(min=1e-12)
        return float(written.var(dim=0, correction=0).sum() / real)

    def finish_(self) -> None:
        """Leave the moving average in the generator."""
        state = self._average.state()
        with torch.no_grad():
            for name, weight in self._writer.named_parameters():
                weight.copy_(state[name])

    def _judge(self) -> dict[str, float]:
        rows = self._rows()
        real, context = self._latents[rows], self._context[rows]
        with torch.no_grad():
            written = self._write(context)
        # Real and written latents stand beside the same context: the critic judges the pair.
        distance = self._critic(real, context).mean() - self._critic(written, context).mean()
        penalty = gradient_penalty(
            lambda latents: self._critic(latents, context), real, written, self._random
        )
        loss = self._config.gradient_penalty * penalty - distance
        self._judging.zero_grad(set_to_none=True)
        torch.autograd.backward(loss, inputs=list(self._critic.parameters()))
        norm = nn.utils.get_total_norm(gradients_of(self._critic))
        self._judging.step()
        return {"critic_loss": float(loss.detach()), "gradient_norm": float(norm)}

    def _rows(self) -> Tensor:
        n = self._config.n_latents
        return torch.randint(len(self._latents), (n,), generator=self._random)

    def _write(self, context: Float[Tensor, "B C"]) -> Float[Tensor, "B Z"]:
        noise = torch.randn(len(context), self._latents.shape[1], generator=self._random)
        written: Tensor = self._writer(noise, context)
        return written
