"""Trains TimeGAN with LSTMs: embedding, supervision, then all networks together.

Reference: Yoon, Jarrett and van der Schaar 2019, "Time-series Generative Adversarial Networks", and
its code, whose three phases, losses and weights these are. What differs: LSTMs for GRUs; normal for
uniform noise; rows are standardised, not scaled to [0, 1], so that errors and moments are in
standard deviations; gradients are clipped; ends, symbols, missing cells and facts are learnt too;
a judge of held-out windows chooses the weights.

Shape letters: `B` windows, `T` steps, `H` latent numbers of a row, `C` context.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.core.seeds import derive
from serinette.nets.critic_config import CriticConfig
from serinette.nets.critics import SequenceCritic
from serinette.nets.timegan_config import TimeganConfig
from serinette.nets.window_writers import Timegan, Written
from serinette.training.average import Average
from serinette.training.game.alarms import Reaction
from serinette.training.game.joint import EVERY, Run, Task, check_finite, play
from serinette.training.game.ledger import Part, Weights
from serinette.training.game.losses import LOSSES, accuracies, moment_matching
from serinette.training.game.windows import RealWindows, shape_of, spread_of
from serinette.training.latent_course import Phase, Watch

NAME = "timegan"
_BCE = LOSSES["bce"]
_MEASURED = 1_024
_CLIP_NORM = 5.0
_LEAST = 1e-12
"""Added to an error before its root is taken: a root has no slope at 0."""


def train_timegan(task: Task, config: TimeganConfig, watch: Watch) -> Weights:
    """Return what writes, by the names of `nets.timegan_config.timegan_shapes`.

    Args:
        task: Windows, and for how long. With updates, on one thread, its seed decides every bit of
            the result.
        config: Sizes, weights of the losses, numbers of updates.
        watch: Who is told every hundred updates, and may end the training.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    game = TimeganGame(task, config)
    run = Run(game, task, watch)
    first, second = config.embedding_share, config.supervision_share
    _phase("embedding", game.embed, run, config.embedding_updates, task.part(first))
    _phase("supervision", game.supervise, run, config.supervision_updates, task.part(second))
    play(game, run, config.game_updates, run.left())
    return run.ledger.weights or game.weights()


def _phase(
    phase: Phase,
    adjust: Callable[[], dict[str, float]],
    run: Run,
    n_updates: int,
    seconds: float | None,
) -> None:
    for share in run.updates(phase, n_updates, seconds):
        found = adjust()
        run.ledger.update += 1
        check_finite(NAME, phase, run.ledger.update, found)
        if run.ledger.update % EVERY == 0:
            run.tell(phase, share, found)
    run.ledger.end(phase)


class TimeganGame:
    """All networks, and what adjusts them."""

    name = NAME

    def __init__(self, task: Task, config: TimeganConfig) -> None:
        self.config = replace(config, n_steps=task.data.windows.shape[1])
        shape = shape_of(task.data, task.kinds)
        self._model = Timegan(self.config, shape, seed=derive(task.seed, 0))
        self._real = RealWindows(task.data, task.kinds, self._model.features)
        self._has_end = shape.has_end
        sizes = CriticConfig(
            network="lstm", hidden_size=config.hidden_size, n_layers=config.n_layers, n_dense=0
        )
        n_shown = config.hidden_size + shape.n_context
        self._critic = SequenceCritic(sizes, n_shown, seed=derive(task.seed, 1))
        self._random = Generator().manual_seed(derive(task.seed, 2))
        model = self._model
        self._embedding = self._optimiser(model.embedder, model.recovery)
        self._supervising = self._optimiser(model.supervisor)
        self._writing = self._optimiser(model.generator, model.supervisor)
        self._judging = self._optimiser(self._critic)
        self._average = Average(model, config.average_decay)
        self._noise, self._more_noise = config.noise, 0.0

    def embed(self) -> dict[str, float]:
        """Adjust embedder and recovery: windows through latent rows and back."""
        real, context = self._real.some(self.config.n_rows, self._random)
        error = self._recovery_error(real, self._latents(real, context))
        norm = self._adjust_(self._embedding, self.config.recovery * _root(error))
        return {"rmse": float(error.detach()) ** 0.5, "gradient_norm": norm}

    def supervise(self) -> dict[str, float]:
        """Adjust the supervisor: the next latent row from those before it."""
        real, context = self._real.some(self.config.n_rows, self._random)
        error = self._supervised_error(self._latents(real, context).detach())
        norm = self._adjust_(self._supervising, error)
        return {"supervised": float(error.detach()) ** 0.5, "gradient_norm": norm}

    def round(self, share: float) -> dict[str, float]:
        """Adjust generator, supervisor, embedder and recovery twice, the critic at most once."""
        self._noise = self.config.noise * (1 - share) + self._more_noise
        for _ in range(2):
            found = self._generate()
            self._embed_again()
        found |= self._judge()
        self._average.follow()
        return found

    @torch.no_grad()
    def spread(self) -> float:
        """Return the variance of what is written over that of real windows."""
        _, context = self._real.some(_MEASURED, self._random)
        return spread_of(self._model(self._noise_of(context), context), self._real)

    @torch.no_grad()
    def weights(self) -> Weights:
        """Return the averaged networks that write."""
        with self._average.in_place():
            return {k: v.detach().clone().numpy() for k, v in self._model.weights().items()}

    def react_(self, reaction: Reaction) -> None:
        """Change rates and noise."""
        self._more_noise += reaction.noise
        for optimiser, factor in (
            (self._writing, reaction.generator_rate), (self._judging, reaction.critic_rate)
        ):  # fmt: skip
            for group in optimiser.param_groups:
                group["lr"] *= factor

    def parts(self) -> dict[str, Part]:
        """Return all that changes while training, by name."""
        return {
            "model": self._model, "critic": self._critic, "average": self._average,
            "embedding": self._embedding, "supervising": self._supervising,
            "writing": self._writing, "judging": self._judging, "random": self._random,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return what else changes, as plain values."""
        return {"noise": self._noise, "more_noise": self._more_noise}

    def restore_(self, facts: Mapping[str, Any]) -> None:
        """Go on from what `facts` returned."""
        self._noise, self._more_noise = facts["noise"], facts["more_noise"]

    def _generate(self) -> dict[str, float]:
        """Adjust generator and supervisor against the critic."""
        config, model = self.config, self._model
        real, context = self._real.some(config.n_rows, self._random)
        imagined = model.imagine(self._noise_of(context), context)
        supervised = model.supervise(imagined)
        written = model.recover(supervised)
        nothing = imagined.new_zeros(1)
        loss = _BCE.generator_loss(nothing, self._logits(supervised, context))
        unsupervised = _BCE.generator_loss(nothing, self._logits(imagined, context))
        error = self._supervised_error(self._latents(real, context).detach())
        moments = moment_matching(_flat(real), _flat(written))
        total = loss + config.gamma * unsupervised + config.supervision * _root(error)
        norm = self._adjust_(self._writing, total + config.moments * moments)
        return {
            "generator_loss": float(loss.detach()),
            "moments": float(moments.detach()),
            "supervised": float(error.detach()) ** 0.5,
            "generator_gradient_norm": norm,
        }

    def _embed_again(self) -> None:
        """Adjust embedder and recovery, with an eye on the supervisor."""
        config = self.config
        real, context = self._real.some(config.n_rows, self._random)
        latents = self._latents(real, context)
        loss = config.recovery * _root(self._recovery_error(real, latents))
        loss = loss + config.embedder_supervision * self._supervised_error(latents)
        self._adjust_(self._embedding, loss)

    def _judge(self) -> dict[str, float]:
        """Adjust the critic where it is not too good already."""
        config, model = self.config, self._model
        real, context = self._real.some(config.n_rows, self._random)
        with torch.no_grad():
            latents = self._latents(real, context)
            imagined = model.imagine(self._noise_of(context), context)
            supervised = model.supervise(imagined)
        real_logits, fake_logits, raw_logits = (
            self._logits(rows, context) for rows in (latents, supervised, imagined)
        )
        loss = _BCE.critic_loss(real_logits, fake_logits)
        loss = loss + config.gamma * _BCE.generator_loss(fake_logits, -raw_logits)
        norm, value = 0.0, float(loss.detach())
        if value > config.critic_above:
            norm = self._adjust_(self._judging, loss)
        right = accuracies(_BCE, real_logits, fake_logits)
        return {
            "critic_loss": value,
            "critic_gradient_norm": norm,
            "critic_real_accuracy": right[0],
            "critic_fake_accuracy": right[1],
        }

    def _latents(self, windows: Written, context: Float[Tensor, "B C"]) -> Float[Tensor, "B T H"]:
        rows = windows.rows
        if self._has_end:
            rows = torch.cat([rows, windows.alive[:, :, None]], dim=2)
        return self._model.embed(rows, context)

    def _recovery_error(self, real: Written, latents: Float[Tensor, "B T H"]) -> Tensor:
        """Return the mean squared error of rows, and of where they end."""
        found = self._model.recover(latents)
        error = (found.rows - real.rows).square().mean()
        return error + (found.alive - real.alive).square().mean()

    def _supervised_error(self, latents: Float[Tensor, "B T H"]) -> Tensor:
        """Return the mean squared error of each latent row from those before it."""
        if latents.shape[1] == 1:
            return latents.sum() * 0.0
        return (self._model.supervise(latents)[:, :-1] - latents[:, 1:]).square().mean()

    def _logits(self, latents: Tensor, context: Float[Tensor, "B C"]) -> Float[Tensor, " _"]:
        """Return what the critic says of every step, as one long row."""
        if self._noise > 0:
            latents = latents + self._noise * torch.randn(latents.shape, generator=self._random)
        rows = torch.cat([latents, context[:, None].expand(-1, latents.shape[1], -1)], dim=2)
        there = torch.ones(rows.shape[:2], dtype=torch.bool)
        logits = self._critic.judge(rows, there).step_logits
        assert logits is not None  # noqa: S101 - the critic is an LSTM
        return logits.flatten()

    def _noise_of(self, context: Float[Tensor, "B C"]) -> Float[Tensor, "B _"]:
        return torch.randn(len(context), self.config.n_noise, generator=self._random)

    def _optimiser(self, *networks: nn.Module) -> torch.optim.Optimizer:
        weights = list(chain.from_iterable(network.parameters() for network in networks))
        return torch.optim.Adam(weights, lr=self.config.learning_rate)

    @staticmethod
    def _adjust_(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
        """Make one update; return the norm of the gradient."""
        optimiser.zero_grad(set_to_none=True)
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        torch.autograd.backward(loss, inputs=weights)
        norm = nn.utils.clip_grad_norm_(weights, _CLIP_NORM)
        optimiser.step()
        return float(norm)


def _root(error: Float[Tensor, ""]) -> Float[Tensor, ""]:
    return (error + _LEAST).sqrt()


def _flat(windows: Written) -> Float[Tensor, "B _"]:
    return torch.cat([windows.rows.flatten(1), windows.alive], dim=1)
