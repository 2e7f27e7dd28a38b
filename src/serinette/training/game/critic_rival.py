"""A critic as the rival: it tells real from written rows, and the generator learns to please it.

Symbols have no slope, so that its word reaches the generator by one of three estimators: rewards of
drawn symbols (`reinforce`, `rollouts`), or soft symbols (`gumbel`).

References: Yu et al. 2017, arXiv:1609.05473 (SeqGAN); de Masson d'Autume et al. 2019,
arXiv:1905.09922 (ScratchGAN); Nie et al. 2019 (RelGAN). Differences: the likelihood of real rows
stays in the loss, and rewards are compared with the other rows', not with a learned baseline.

Shape letters: `B` rows, `T` steps, `N` written steps that count, `E` width of a vector,
`V` symbols.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.nets.symbol_critic import SymbolCritic
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.credit import advantages, continued, returns
from serinette.training.game.drawing import Drawn, Opening, draw_softly
from serinette.training.game.losses import feature_matching, find_objective, r1
from serinette.training.game.on_real import loss_on_real, opening_of
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
        self.network = network
        self._game = game
        self._reference = reference
        self._objective = find_objective(game.loss, label_smoothing=game.label_smoothing)
        self._noise = game.instance_noise
        self._extra_noise = 0.0
        self._share = 0.0
        self._told: list[tuple[float, float]] = []

    @property
    def is_dense(self) -> bool:
        """Whether the critic gives its word on every step."""
        return self._game.estimator == "reinforce" and self.network.critic.config.network == "lstm"

    def written_rows(self, n_rows: int) -> slice:
        """Say which of a group's rows are written: all of them."""
        return slice(0, n_rows)

    def loss(self, network: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the critic's loss on rows that hold a step, times their real steps."""
        critic: Any = network
        kept = batch.real.mask.any(1)
        if not bool(kept.any()):
            zero = critic.vectors.sum() * 0
            return Loss(nats=zero, measured=zero.detach(), state=None)
        real, real_mask = critic.embed(batch.real.targets[kept]), batch.real.mask[kept]
        fake, fake_mask = critic.embed(batch.fake.symbols[kept]), batch.fake.mask[kept]
        real, fake = self._blurred(real, noise), self._blurred(fake, noise)
        on_real = self._logits(critic, real, real_mask, noise)
        on_fake = self._logits(critic, fake, fake_mask, noise)
        value = self._objective.critic_loss(*self._paired(on_real, on_fake))
        if self._game.penalty == "r1":
            value = value + self._game.penalty_weight * r1(
                lambda rows: critic.judge(rows, real_mask, noise).logits, real
            )
        self._told.append(_accuracies(on_real, on_fake, self._game.loss))
        nats = value * batch.real.mask.sum()
        return Loss(nats=nats, measured=nats.detach(), state=None)

    def generator_loss(
        self, model: nn.Module, batch: Any, state: State | None, noise: Generator
    ) -> Loss:
        """Return what the critic's word asks for and the anchors, in a sum over real steps."""
        generator: Any = model
        on_real = loss_on_real(generator, batch.real, state, noise, weight=self._game.anchor)
        if self._game.estimator == "gumbel":
            asked = self._soft_loss(generator, batch, state, noise)
        else:
            asked = self._drawn_loss(generator, batch, state, noise)
        return Loss(nats=asked + on_real.nats, measured=on_real.measured, state=on_real.state)

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

    def state(self) -> dict[str, float]:
        """Return what changes besides the weights."""
        return {"extra_noise": self._extra_noise}

    def restore_(self, state: Mapping[str, float]) -> None:
        """Go on from what `state` returned."""
        self._extra_noise = float(state.get("extra_noise", 0.0))

    def _noise_sd(self) -> float:
        return self._noise * (1 - self._share) + self._extra_noise

    def _blurred(self, vectors: Float[Tensor, "B T E"], noise: Generator) -> Tensor:
        sd = self._noise_sd()
        if sd == 0:
            return vectors
        drawn = torch.randn(vectors.shape, generator=noise, device=vectors.device)
        return vectors + sd * drawn

    def _logits(self, critic: Any, rows: Tensor, mask: Tensor, noise: Generator) -> Tensor:
        """Return logits of rows, or of every step that is there."""
        verdict = critic.judge(rows, mask, noise)
        found: Tensor = verdict.step_logits[mask] if self.is_dense else verdict.logits
        return found

    def _paired(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Cut to one length what an objective compares in pairs."""
        if not self._objective.is_paired:
            return real, fake
        n = min(len(real), len(fake))
        return real[:n], fake[:n]

    def _drawn_loss(
        self, generator: Any, batch: Any, state: State | None, noise: Generator
    ) -> Tensor:
        """Return the score-function loss of the written rows."""
        fake, context = batch.fake, batch.real.context
        past = opening_of(generator, state, batch.real.fresh)
        with torch.no_grad():
            if self._game.estimator == "weighted":
                advantage = self._by_weights(fake, noise)
            elif self._game.estimator == "rollouts":
                earned = self._by_rollouts(generator, fake, (context, past), noise)
                advantage = advantages(earned, fake.mask)
            else:
                advantage = advantages(self._by_steps(fake, noise), fake.mask)
        hidden, _ = generator(fake.inputs, context, past, None)
        logits = generator.readout.project(hidden[fake.mask])
        log_probs = F.log_softmax(logits.float(), -1)  # [N, V]
        drawn = log_probs.gather(-1, fake.symbols[fake.mask][:, None])[:, 0]
        loss = -(drawn * advantage[fake.mask]).sum()
        loss = loss + self._anchors(log_probs, fake, context, past)
        scale: float = batch.n_real_steps / max(1, batch.n_fake_steps)
        return scale * loss

    def _anchors(self, log_probs: Tensor, fake: Drawn, context: Tensor, past: State) -> Tensor:
        """Return what keeps variety up and the likelihood model near, on written rows."""
        total = log_probs.new_zeros(())
        if self._game.entropy:
            entropy = -(log_probs.exp() * log_probs).sum(-1)
            total = total - self._game.entropy * entropy.sum()
        if self._game.anchor_kl:
            with torch.no_grad():
                hidden, _ = self._reference(fake.inputs, context, past)
                logits = self._reference.readout.project(hidden[fake.mask])
                target = F.log_softmax(logits.float(), -1)
            apart = (log_probs.exp() * (log_probs - target)).sum(-1)
            total = total + self._game.anchor_kl * apart.sum()
        return total

    def _by_steps(self, fake: Drawn, noise: Generator) -> Float[Tensor, "B T"]:
        """Return what each step earns by the critic's word on it, or on the whole row."""
        critic = self.network
        verdict = critic.judge(critic.embed(fake.symbols), fake.mask, noise)
        if verdict.step_logits is not None:
            return returns((verdict.step_logits / 2).tanh(), fake.mask, self._game.discount)
        rewards = torch.zeros_like(fake.mask, dtype=torch.float32)
        last = fake.mask.sum(1).clamp(min=1) - 1
        rewards[torch.arange(len(last)), last] = (verdict.logits / 2).tanh()
        return returns(rewards, fake.mask, 1.0)

    def _by_weights(self, fake: Drawn, noise: Generator) -> Float[Tensor, "B T"]:
        """Return how much more each row weighs than the mean row, the same for all its steps.

        Reference: Che et al. 2017, arXiv:1702.07983 (MaliGAN), equation 7 with baseline 1.
        """
        critic = self.network
        logits = critic.judge(critic.embed(fake.symbols), fake.mask, noise).logits
        weights = logits.softmax(0) * len(logits)
        return (weights - 1)[:, None].expand(fake.mask.shape)

    def _by_rollouts(
        self, generator: Any, fake: Drawn, opening: tuple[Tensor, State], noise: Generator
    ) -> Float[Tensor, "B T"]:
        """Return the critic's mean word on continuations of every prefix."""
        n_rows, n_steps = fake.symbols.shape
        n = self._game.rollouts
        end = generator.schema.end
        rows, mask = continued(generator, fake, opening, end, noise, n=n)
        critic = self.network
        word = critic.judge(critic.embed(rows), mask, noise).logits.sigmoid()
        return word.view(n_steps, n, n_rows).mean(1).t()

    def _soft_loss(
        self, generator: Any, batch: Any, state: State | None, noise: Generator
    ) -> Tensor:
        """Return the generator's objective on rows that slopes flow through."""
        real = batch.real
        kept = real.mask.any(1)
        past = opening_of(generator, state, real.fresh)
        opening = Opening(real.inputs[:, 0], real.context, past)
        sharpness = self._game.sharpness**self._share
        drawn = draw_softly(
            generator,
            opening,
            batch.fake.symbols.shape[1],
            generator.schema.end,
            noise,
            sharpness=sharpness,
        )
        critic = self.network
        fake = critic.judge(critic.embed_softly(drawn.rows), drawn.mask, noise)
        with torch.no_grad():
            told = critic.judge(critic.embed(real.targets[kept]), real.mask[kept], noise)
        value = self._objective.generator_loss(*self._paired(told.logits, fake.logits))
        if self._game.feature_matching:
            apart = feature_matching(told.features, fake.features)
            value = value + self._game.feature_matching * apart
        return value * real.mask.sum()


def make_critic_rival(
    game: AdversarialConfig, config: CriticConfig, start: SequenceModel, *, seed: int
) -> CriticRival:
    """Return a rival whose critic knows nothing yet but the likelihood model's vectors."""
    device = start.embedding.weight.device
    network = SymbolCritic(start.embedding.weight, config, seed=seed).to(device)
    return CriticRival(network, game, start)


def _accuracies(real: Tensor, fake: Tensor, loss: str) -> tuple[float, float]:
    """Return how often real and written rows are told right.

    Where only differences mean anything, the middle between the two means parts them.
    """
    with torch.no_grad():
        border = 0.0
        if loss in ("wasserstein", "relativistic", "relativistic-average"):
            border = float(real.mean() + fake.mean()) / 2
        if loss == "least-squares":
            border = 0.5
        return float((real > border).float().mean()), float((fake <= border).float().mean())
