"""Trains the LSTM-GAN: the generator alone, the critic alone, then one against the other.

Alone, the generator has nothing to be told apart by. It learns what can be said of windows without
a critic: the mean and the deviation of every feature at every step, and of its change from the step
before. Alone, the critic learns until it gets most windows right, not all of them: a critic that is
certain has no slope to learn from.

Shape letters: `B` windows, `C` context, `Z` noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.core.seeds import derive
from serinette.nets.critic_config import CriticConfig
from serinette.nets.critics import SequenceCritic, Verdict
from serinette.nets.lstm_gan_config import LstmGanConfig
from serinette.nets.window_writers import LstmGanGenerator, Written
from serinette.training.average import Average
from serinette.training.game.alarms import Reaction
from serinette.training.game.joint import EVERY, Run, Task, check_finite, play
from serinette.training.game.ledger import Ledger, Part, Weights
from serinette.training.game.losses import (
    accuracies,
    feature_matching,
    find_objective,
    gradient_penalty,
    moment_matching,
    r1,
)
from serinette.training.game.windows import (
    RealWindows,
    Shown,
    moments_of,
    shape_of,
    shown,
    spread_of,
)
from serinette.training.gradients import gradients_of
from serinette.training.latent_course import Phase, Watch

NAME = "lstm-gan"
_CALIBRATED = 1_024
"""Windows that the scale of the normalisation, and the spread, are taken from."""
_PATIENCE, _LEAST_FALL = 3, 0.99
"""Reports within which the moments must come nearer, and by what factor."""
_RECENT = 20
"""Updates over which the critic's accuracy is averaged."""
_CONSTANT, _LAST_RATE = 0.5, 0.1
"""Share of the game with constant rates; the factor that they then fall to."""


def train_lstm_gan(
    task: Task, config: LstmGanConfig, critic: CriticConfig, watch: Watch
) -> Weights:
    """Return what writes, by the names of `nets.lstm_gan_config.lstm_gan_shapes`.

    Args:
        task: Windows, and for how long. With updates, on one thread, its seed decides every bit of
            the result.
        config: Sizes, rates, numbers of updates.
        critic: Sizes of the critic.
        watch: Who is told every hundred updates, and may end the training.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
        ConfigError: If the objective has no labels that could be smoothed.
    """
    game = LstmGanGame(task, config, critic)
    run = Run(game, task, watch)
    _generator_alone(game, run, task.part(config.generator_share))
    _critic_alone(game, run, task.part(config.critic_share))
    play(game, run, config.game_updates, run.left())
    return run.ledger.weights or game.weights()


def _generator_alone(game: "LstmGanGame", run: Run, seconds: float | None) -> None:
    """Draw the moments of what is written to those of real windows, as long as they come nearer."""
    ledger = run.ledger
    for share in run.updates("generator", game.config.generator_updates, seconds):
        found = _adjusted("generator", game.match_moments, ledger)
        ledger.seen.append(found["moments"])
        if ledger.update % EVERY:
            continue
        run.tell("generator", share, found)
        ledger.means.append(fmean(ledger.seen[-EVERY:]))
        old, new = ledger.means[:-_PATIENCE], ledger.means[-_PATIENCE:]
        if old and min(new) > _LEAST_FALL * min(old):
            break
    ledger.end("generator")


def _critic_alone(game: "LstmGanGame", run: Run, seconds: float | None) -> None:
    """Let the critic learn until it gets `critic_until` of both sides right."""
    ledger = run.ledger
    for share in run.updates("critic", game.config.critic_updates, seconds):
        found = _adjusted("critic", game.judge, ledger)
        ledger.seen.append(found["critic_accuracy"])
        recent = ledger.seen[-_RECENT:]
        is_last = len(recent) == _RECENT and fmean(recent) >= game.config.critic_until
        if ledger.update % EVERY == 0 or is_last:
            run.tell("critic", share, found)
        if is_last:
            break
    ledger.end("critic")


def _adjusted(
    phase: Phase, adjust: Callable[[], dict[str, float]], ledger: Ledger
) -> dict[str, float]:
    """Make one update and count it."""
    found = adjust()
    ledger.update += 1
    check_finite(NAME, phase, ledger.update, found)
    return found


class LstmGanGame:
    """Generator, critic, and what adjusts them."""

    name = NAME

    def __init__(self, task: Task, config: LstmGanConfig, critic: CriticConfig) -> None:
        data, kinds, seed = task.data, task.kinds, task.seed
        self.config = replace(config, n_steps=data.windows.shape[1])
        self._objective = find_objective(config.objective, label_smoothing=config.label_smoothing)
        shape = shape_of(data, kinds)
        self._writer = LstmGanGenerator(self.config, shape, seed=derive(seed, 0))
        self._real = RealWindows(data, kinds, self._writer.features)
        n_shown = kinds.n_features + shape.has_end + shape.n_context
        self._critic = SequenceCritic(critic, n_shown, seed=derive(seed, 1))
        self._random = Generator().manual_seed(derive(seed, 2))
        self._n_rows = max(1, config.n_rows // critic.packing) * critic.packing
        self._writing = self._optimiser(self._writer, config.generator_rate)
        self._judging = self._optimiser(self._critic, config.critic_rate)
        self._average = Average(self._writer, config.average_decay)
        self._noise, self._more_noise = config.noise, 0.0
        self._factors = {"generator": 1.0, "critic": 1.0}

    def match_moments(self) -> dict[str, float]:
        """Adjust the generator by its moments alone."""
        real, context = self._real.some(self._n_rows, self._random)
        loss = moment_matching(moments_of(real), moments_of(self._write(context)))
        norm = self._adjust_(self._writer, self._writing, loss + self._weight_loss(self._writer))
        self._average.follow()
        return {"moments": float(loss.detach()), "generator_gradient_norm": norm}

    def judge(self) -> dict[str, float]:
        """Adjust the critic once."""
        real, context = self._real.some(self._n_rows, self._random)
        with torch.no_grad():
            written = self._write(context)
        seen, fake = self._shown(real, context), self._shown(written, context)
        real_logits, fake_logits = self._critic(*seen), self._critic(*fake)
        loss = self._objective.critic_loss(real_logits, fake_logits)
        penalised = loss + self._slopes(seen, fake) + self._weight_loss(self._critic)
        norm = self._adjust_(self._critic, self._judging, penalised)
        right = accuracies(self._objective, real_logits, fake_logits)
        return {
            "critic_loss": float(loss.detach()),
            "critic_gradient_norm": norm,
            "critic_real_accuracy": right[0],
            "critic_fake_accuracy": right[1],
            "critic_accuracy": sum(right) / 2,
        }

    def round(self, share: float) -> dict[str, float]:
        """Adjust the critic some times, then the generator once."""
        config = self.config
        self._noise = config.noise * (1 - share) + self._more_noise
        fall = max(0.0, share - _CONSTANT) / (1 - _CONSTANT)
        slower = 1 - (1 - _LAST_RATE) * fall
        self._set_rate(self._writing, config.generator_rate * slower * self._factors["generator"])
        self._set_rate(self._judging, config.critic_rate * slower * self._factors["critic"])
        for _ in range(config.critic_steps):
            found = self.judge()
        real, context = self._real.some(self._n_rows, self._random)
        written = self._write(context)
        real_verdict = self._verdict(real, context)
        fake_verdict = self._verdict(written, context)
        loss = self._objective.generator_loss(real_verdict.logits, fake_verdict.logits)
        total = loss + self._weight_loss(self._writer)
        if config.feature_matching:
            distance = feature_matching(real_verdict.features, fake_verdict.features)
            total = total + config.feature_matching * distance
        if config.moments:
            distance = moment_matching(moments_of(real), moments_of(written))
            total = total + config.moments * distance
        norm = self._adjust_(self._writer, self._writing, total)
        self._average.follow()
        return {**found, "generator_loss": float(loss.detach()), "generator_gradient_norm": norm}

    @torch.no_grad()
    def spread(self) -> float:
        """Return the variance of what is written over that of real windows."""
        _, context = self._real.some(_CALIBRATED, self._random)
        return spread_of(self._write(context), self._real)

    @torch.no_grad()
    def weights(self) -> Weights:
        """Return the averaged generator, its normalisation fixed."""
        _, context = self._real.some(_CALIBRATED, self._random)
        noise = torch.randn(len(context), self.config.n_noise, generator=self._random)
        with self._average.in_place():
            self._writer.calibrate_(noise, context)
            return {k: v.detach().clone().numpy() for k, v in self._writer.weights().items()}

    def react_(self, reaction: Reaction) -> None:
        """Change rates and noise."""
        self._factors["generator"] *= reaction.generator_rate
        self._factors["critic"] *= reaction.critic_rate
        self._more_noise += reaction.noise

    def parts(self) -> dict[str, Part]:
        """Return all that changes while training, by name."""
        return {
            "writer": self._writer, "critic": self._critic, "average": self._average,
            "writing": self._writing, "judging": self._judging, "random": self._random,
            "dropped": self._critic.random,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return what else changes, as plain values."""
        return {"noise": self._noise, "more_noise": self._more_noise, "factors": self._factors}

    def restore_(self, facts: Mapping[str, Any]) -> None:
        """Go on from what `facts` returned."""
        self._noise, self._more_noise = facts["noise"], facts["more_noise"]
        self._factors = dict(facts["factors"])

    def _write(self, context: Float[Tensor, "B C"]) -> Written:
        noise = torch.randn(len(context), self.config.n_noise, generator=self._random)
        written: Written = self._writer(noise, context)
        return written

    def _shown(self, windows: Written, context: Float[Tensor, "B C"]) -> Shown:
        has_end = self._writer.shape.has_end
        return shown(windows, context, self._noise, self._random, has_end=has_end)

    def _verdict(self, windows: Written, context: Float[Tensor, "B C"]) -> Verdict:
        return self._critic.judge(*self._shown(windows, context))

    def _slopes(self, real: Shown, fake: Shown) -> Tensor:
        """Return the weighted penalties on the critic's slopes."""
        config, total = self.config, torch.zeros(())

        def logits(rows: Tensor) -> Tensor:
            found: Tensor = self._critic(*real.with_rows(rows))
            return found

        if config.gradient_penalty:
            penalty = gradient_penalty(logits, real.rows, fake.rows, self._random)
            total = total + config.gradient_penalty * penalty
        if config.r1:
            total = total + config.r1 * r1(logits, real.rows)
        return total

    def _weight_loss(self, network: nn.Module) -> Tensor:
        """Return L1 and L2 of a network's matrices, weighted."""
        config, total = self.config, torch.zeros(())
        matrices = [weight for weight in network.parameters() if weight.dim() > 1]
        if config.l1:
            total = total + config.l1 * torch.stack([w.abs().sum() for w in matrices]).sum()
        if config.l2:
            total = total + config.l2 / 2 * torch.stack([w.square().sum() for w in matrices]).sum()
        return total

    def _adjust_(self, network: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
        """Make one update; return the norm of the gradient."""
        optimiser.zero_grad(set_to_none=True)
        weights = list(network.parameters())
        torch.autograd.backward(loss, inputs=weights)
        norm = nn.utils.get_total_norm(gradients_of(network))
        nn.utils.clip_grad_norm_(weights, self.config.clip_norm)
        optimiser.step()
        return float(norm)

    def _optimiser(self, network: nn.Module, rate: float) -> torch.optim.Optimizer:
        if self.config.optimiser == "rmsprop":
            return torch.optim.RMSprop(network.parameters(), lr=rate)
        return torch.optim.Adam(network.parameters(), lr=rate, betas=(self.config.beta1, 0.999))

    @staticmethod
    def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = rate
