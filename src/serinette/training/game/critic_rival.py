"""A critic as the rival: it tells real from written rows, and the generator learns to please it.

Symbols have no slope, so that its word reaches the generator by one of three estimators: rewards of
drawn symbols (`reinforce`, `rollouts`), or soft symbols (`gumbel`).

References: Yu et al. 2017, arXiv:1609.05473 (SeqGAN); de Masson d'Autume et al. 2019,
arXiv:1905.09922 (ScratchGAN); Nie et al. 2019 (RelGAN). Differences: the likelihood of real rows
stays in the loss, and rewards are compared with the other rows', not with a learned baseline.

Shape letters: `B` rows, `T` steps, `K` rows that are there, `E` width of a vector, `N` logits,
`M` written steps that count, `V` symbols.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.nets.symbol_critic import SymbolCritic
from serinette.training.game.anchors import Anchors, WrittenRows
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.credit import advantages, continued, returns
from serinette.training.game.critic_eye import CriticEye, Seen
from serinette.training.game.drawing import Drawn, Opening, draw_softly, drawable
from serinette.training.game.losses import feature_matching, find_objective
from serinette.training.game.on_real import loss_on_real, opening_of
from serinette.training.game.rows import GameBatch, cut, steps_to_write
from serinette.training.supply import Loss


class CriticRival:
    """A critic, and what the generator learns from it.

    Args:
        network: The critic.
        game: Estimator, objective, penalties.
        reference: The likelihood model, from which the generator should not stray.
    """

    is_carried = False

    def __init__(
        self, network: SymbolCritic, game: AdversarialConfig, reference: SequenceModel
    ) -> None:
        config = network.critic.config
        game.check_critic(config)
        self.network = network
        self.is_undivided = _is_undivided(config, game)
        self._game = game
        self._eye = CriticEye(game, config)
        self._anchors = Anchors(game, reference)
        self._objective = find_objective(game.loss, label_smoothing=game.label_smoothing)
        self._extra_noise = 0.0
        self._share = 0.0
        self._told: list[tuple[float, float]] = []

    def hold_(self, *, still: bool) -> None:
        """Hold the network still while the generator learns from it; let it go again."""
        self.network.requires_grad_(not still)
        if self.network.critic.singular is not None:
            self.network.critic.singular.train(not still)

    def written_rows(self, n_rows: int) -> slice:
        """Say which of a group's rows are written: all of them."""
        return slice(0, n_rows)

    def loss(self, model: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the critic's loss on rows that hold a step, times their real steps."""
        critic: Any = model
        kept = self._kept(batch)
        if len(kept) == 0:
            return _nothing(critic.vectors)
        real = self._seen(critic, (batch.real.targets, batch.real.mask), kept, batch.longest)
        fake = self._seen(critic, (batch.fake.symbols, batch.fake.mask), kept, batch.longest)
        real, fake = (rows.blurred(self._noise_sd(), noise) for rows in (real, fake))
        on_real = self._eye.logits(critic, real, noise)
        on_fake = self._eye.logits(critic, fake, noise)
        value = self._objective.critic_loss(*self._paired(on_real, on_fake))
        if self._game.penalty != "none":
            penalty = self._eye.penalty(critic, real, fake, noise)
            value = value + self._game.penalty_weight * penalty
        self._told.append(self._eye.accuracies(on_real, on_fake))
        nats = value * batch.real.mask.sum()
        return Loss(nats=nats, measured=nats.detach(), state=None)

    def generator_loss(
        self, model: nn.Module, batch: Any, state: State | None, noise: Generator
    ) -> Loss:
        """Return what the critic's word asks for and the anchors, in a sum over real steps."""
        generator: Any = model
        loss = loss_on_real(generator, batch.real, state, noise, weight=self._game.anchor)
        kept = self._kept(batch)
        if len(kept) == 0:
            return loss._replace(nats=loss.nats + generator.embedding.weight.sum() * 0)
        past = opening_of(generator, state, batch.real.fresh).select(kept)
        context, fake = batch.real.context[kept], batch.fake.part(kept)
        written = WrittenRows(fake.inputs, context, past, fake.mask)
        if self._game.estimator == "gumbel":
            asked = self._soft_loss(generator, batch, (kept, written), noise)
        else:
            asked = self._drawn_loss(generator, batch, (kept, written), noise)
        return loss._replace(nats=asked + loss.nats)

    def figures(self) -> Mapping[str, float]:
        """Return the critic's accuracy on real and on written rows since the last call."""
        told, self._told = self._told, []
        if not told:
            return {}
        real, fake = zip(*told, strict=True)
        return {
            "critic_real_accuracy": math.fsum(real) / len(real),
            "critic_fake_accuracy": math.fsum(fake) / len(fake),
        }

    def aim_(self, share: float) -> None:
        """Take note of how far the game has come: noise falls, soft symbols sharpen."""
        self._share = share

    def soften_(self, noise: float) -> None:
        """Put so much more noise on what the critic sees."""
        self._extra_noise += noise

    def state(self) -> dict[str, Any]:
        """Return what changes besides the weights, as plain facts."""
        return {"extra_noise": self._extra_noise, "told": sorted(map(list, self._told))}

    def restore_(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._extra_noise = float(state["extra_noise"])
        self._told = [(float(real), float(fake)) for real, fake in state["told"]]

    def _noise_sd(self) -> float:
        return self._game.instance_noise * (1 - self._share) + self._extra_noise

    def _kept(self, batch: GameBatch) -> Int[Tensor, " K"]:
        """Return which rows are there, as many as are judged together."""
        there = batch.fake.mask.any(1).nonzero()[:, 0]
        return there[: len(there) - len(there) % self.network.critic.config.packing]

    def _seen(self, critic: Any, rows: tuple[Tensor, Tensor], kept: Tensor, longest: int) -> Seen:
        symbols, mask = rows
        return self._eye.wide(Seen(critic.embed(symbols[kept]), mask[kept]), longest)

    def _paired(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Cut to one length what an objective compares in pairs."""
        if not self._objective.is_paired:
            return real, fake
        n = min(len(real), len(fake))
        return real[:n], fake[:n]

    def _drawn_loss(
        self, generator: Any, batch: Any, rows: tuple[Tensor, WrittenRows], noise: Generator
    ) -> Tensor:
        """Return the score-function loss of the written rows."""
        kept, written = rows
        fake = batch.fake.part(kept)
        with torch.no_grad():
            border = self._border(batch, kept, noise)
            if self._game.estimator == "weighted":
                advantage = self._by_weights(fake, batch.longest, noise)
            elif self._game.estimator == "rollouts":
                limits = steps_to_write(batch.real, generator.schema.end, batch.longest)[kept]
                earned = self._by_rollouts(generator, (fake, limits), written, border, noise)
                advantage = advantages(earned, fake.mask)
            else:
                earned = self._by_steps(fake, batch.longest, border, noise)
                advantage = advantages(earned, fake.mask)
        log_probs = _log_probs(generator, written)  # [M, V]
        drawn = log_probs.gather(-1, fake.symbols[fake.mask][:, None])[:, 0]
        loss = -(drawn * advantage[fake.mask]).sum() + self._anchors.loss(log_probs, written)
        found: Tensor = loss * batch.n_real_steps / max(1, batch.n_fake_steps)
        return found

    def _border(self, batch: Any, kept: Tensor, noise: Generator) -> float:
        """Return the logit between the critic's words on real and on written rows."""
        if not self._eye.is_relative:
            return self._eye.border(None, None)
        real = self._seen(self.network, (batch.real.targets, batch.real.mask), kept, batch.longest)
        fake = self._seen(self.network, (batch.fake.symbols, batch.fake.mask), kept, batch.longest)
        words = (self._eye.logits(self.network, rows, noise) for rows in (real, fake))
        return self._eye.border(*words)

    def _by_steps(
        self, fake: Drawn, longest: int, border: float, noise: Generator
    ) -> Float[Tensor, "K T"]:
        """Return what each step earns by the critic's word on it, or on the whole row."""
        n_steps = fake.mask.shape[1]
        seen = self._eye.wide(Seen(self.network.embed(fake.symbols), fake.mask), longest)
        verdict = self.network.judge(seen.rows, seen.mask, noise)
        if self._eye.is_dense and verdict.step_logits is not None:
            words = _liking(verdict.step_logits[:, :n_steps], border)
            return returns(words, fake.mask, self._game.discount)
        last = fake.mask.sum(1, keepdim=True) - 1
        words = _liking(verdict.logits, border)[:, None]
        rewards = torch.zeros_like(fake.mask, dtype=words.dtype).scatter(1, last, words)
        return returns(rewards, fake.mask, 1.0)

    def _by_weights(self, fake: Drawn, longest: int, noise: Generator) -> Float[Tensor, "K T"]:
        """Return how much more each row weighs than the mean row, the same for all its steps.

        Reference: Che et al. 2017, arXiv:1702.07983 (MaliGAN), equation 7 with baseline 1.
        """
        seen = self._eye.wide(Seen(self.network.embed(fake.symbols), fake.mask), longest)
        logits = self.network.judge(seen.rows, seen.mask, noise).logits.float()
        weights = logits.softmax(0) * len(logits)
        return (weights - 1)[:, None].expand(fake.mask.shape)

    def _by_rollouts(
        self,
        generator: Any,
        drawn: tuple[Drawn, Int[Tensor, " K"]],
        written: WrittenRows,
        border: float,
        noise: Generator,
    ) -> Float[Tensor, "K T"]:
        """Return the critic's mean word on continuations of every prefix."""
        fake, limits = drawn
        (n_rows, n_steps), n = fake.symbols.shape, self._game.rollouts
        start = (written.context, written.past)
        rows, mask = continued(generator, fake, start, generator.schema.end, noise, n=n)
        mask = cut(Drawn(rows, rows, mask), limits.repeat(n_steps * n)).mask
        words = []
        for first in range(0, len(rows), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            symbols, there = rows[part], mask[part]
            seen = self._eye.wide(Seen(self.network.embed(symbols), there), n_steps)
            words.append(self.network.judge(seen.rows, seen.mask, noise).logits)
        word = _liking(torch.cat(words), border)
        return torch.t(word.view(n_steps, n, n_rows).mean(1))

    def _soft_loss(
        self, generator: Any, batch: Any, rows: tuple[Tensor, WrittenRows], noise: Generator
    ) -> Tensor:
        """Return the generator's objective on rows that slopes flow through."""
        kept, written = rows
        real, critic, end = batch.real, self.network, generator.schema.end
        opening = Opening(real.inputs[kept, 0], written.context, written.past)
        sharpness = self._game.sharpness**self._share
        drawn = draw_softly(generator, opening, batch.longest, end, noise, sharpness=sharpness)
        limits = steps_to_write(real, end, batch.longest)[kept]
        mask = cut(Drawn(drawn.symbols, drawn.symbols, drawn.mask), limits).mask
        soft = self._eye.wide(Seen(critic.embed_softly(drawn.rows), mask), batch.longest)
        soft = soft.blurred(self._noise_sd(), noise)
        seen = self._seen(critic, (real.targets, real.mask), kept, batch.longest)
        fake = critic.judge(soft.rows, soft.mask, noise)
        with torch.no_grad():
            told = critic.judge(*seen.blurred(self._noise_sd(), noise), noise)
        value = self._objective.generator_loss(*self._paired(told.logits, fake.logits))
        if self._game.feature_matching:
            apart = feature_matching(told.features, fake.features)
            value = value + self._game.feature_matching * apart
        asked: Tensor = value * real.mask.sum()
        if self._anchors:
            scale = batch.n_real_steps / max(1, batch.n_fake_steps)
            asked = asked + scale * self._anchors.loss(_log_probs(generator, written), written)
        return asked


def make_critic_rival(
    game: AdversarialConfig, config: CriticConfig, start: SequenceModel, *, seed: int
) -> CriticRival:
    """Return a rival whose critic knows nothing yet but the likelihood model's vectors."""
    device = start.embedding.weight.device
    network = SymbolCritic(start.embedding.weight, config, seed=seed).to(device)
    return CriticRival(network, game, start)


_AT_ONCE = 1024
"""Continuations that a critic judges at once: more would cost memory and save no time."""


def _is_undivided(config: CriticConfig, game: AdversarialConfig) -> bool:
    """Say whether a critic must see all rows at once.

    It judges rows by their neighbours, follows its singular values, of which groups on threads
    would have copies, or needs an LSTM's slope of slopes, for which the device's fast one is
    turned off for all threads.
    """
    is_judged_together = config.minibatch_spread or config.packing > 1
    has_slope_of_slopes = game.penalty != "none" and config.network == "lstm"
    return is_judged_together or config.spectral_norm or has_slope_of_slopes


def _nothing(like: Tensor) -> Loss:
    zero = like.sum() * 0
    return Loss(nats=zero, measured=zero.detach(), state=None)


def _liking(logits: Float[Tensor, "*N"], border: float) -> Float[Tensor, "*N"]:
    """Return a critic's word between -1, surely written, and 1, surely real."""
    return ((logits.float() - border) / 2).tanh()


def _log_probs(generator: Any, written: WrittenRows) -> Float[Tensor, "M V"]:
    """Return the log-probabilities that rows are drawn by, at the steps that count."""
    hidden, _ = generator(written.inputs, written.context, written.past, None)
    return F.log_softmax(drawable(generator, hidden[written.mask]).float(), -1)
