"""A mediator as the rival: a second language model that learns from real and written rows alike.

It comes near the middle of the two distributions, and the generator moves towards it: a slope
without a draw in it, at every step over the whole vocabulary.

Reference: Lu et al. 2019, "CoT: Cooperative Training for Generative Modeling of Discrete Data",
arXiv:1804.03782. Differences: both begin with the likelihood stage's weights; half of the rows are
real and half written, so that one update costs about two of the likelihood stage.

Shape letters: `B` rows, `T` steps.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.training.game.anchors import Anchors, WrittenRows
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.drawing import drawable
from serinette.training.game.mediator import generator_divergence, mediator_nats
from serinette.training.game.on_real import loss_on_real, opening_of, rows_of
from serinette.training.supply import Loss


class MediatorRival:
    """A mediator, and what the generator learns from it.

    Args:
        network: Of the generator's sizes.
        game: Names the divergence, the weights of the anchors.
        reference: The likelihood model.
        is_carried: Whether rows read on where they stopped.
    """

    is_undivided = False

    def __init__(
        self,
        network: SequenceModel,
        game: AdversarialConfig,
        reference: SequenceModel,
        *,
        is_carried: bool,
    ) -> None:
        self.network = network
        self.is_carried = is_carried
        self._game = game
        self._anchors = Anchors(game, reference)
        self._divergence = game.divergence.replace("-", "_")

    def hold_(self, *, still: bool) -> None:
        """Hold the network still while the generator learns from it; let it go again."""
        self.network.requires_grad_(not still)

    def written_rows(self, n_rows: int) -> slice:
        """Say which of a group's rows are written: the second half."""
        return slice(n_rows // 2, None)

    def loss(self, model: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the mean of the likelihood losses of real and written rows, times real steps.

        Where nothing is carried, real rows are those that no written row stands for.
        """
        mediator: Any = model
        real, fake = batch.real, batch.fake
        before = opening_of(mediator, state, real.fresh)
        n_kept = len(real.fresh) if self.is_carried else max(1, batch.written.start)
        kept = slice(0, n_kept)
        hidden, after = mediator(
            real.inputs[kept], real.context[kept], rows_of(before, kept), noise
        )
        mask = real.mask[kept]
        on_real = _nats(mediator, hidden, real.targets[kept], mask)
        rows = batch.written
        hidden, _ = mediator(fake.inputs, real.context[rows], rows_of(before, rows), noise)
        on_fake = _nats(mediator, hidden, fake.symbols, fake.mask)
        n_real = real.mask.sum()
        nats = n_real * (on_real / _count(mask) + on_fake / _count(fake.mask)) / 2
        kept_state = State(after.h.float(), after.c.float()).detach() if self.is_carried else None
        return Loss(nats=nats, measured=nats.detach(), state=kept_state)

    def generator_loss(
        self, model: nn.Module, batch: Any, state: State | None, noise: Generator
    ) -> Loss:
        """Return the divergence from the mediator on written rows, times real steps.

        The likelihood of real rows is added by `anchor`; without it nothing is read of them but
        what must be carried.
        """
        generator: Any = model
        real, fake = batch.real, batch.fake
        on_real = loss_on_real(generator, real, state, noise, weight=self._game.anchor)
        rows = batch.written
        past = rows_of(opening_of(generator, state, real.fresh), rows)
        hidden, _ = generator(fake.inputs, real.context[rows], past, None)
        logits = drawable(generator, hidden[fake.mask]).float()[None]  # [1, N, V]
        with torch.no_grad():
            mediator: Any = self.network
            seen = opening_of(mediator, batch.rival_opening, real.fresh)
            hidden, _ = mediator(fake.inputs, real.context[rows], rows_of(seen, rows))
            targets = drawable(mediator, hidden[fake.mask])[None]
        asked = generator_divergence(logits, targets, _all_of(logits), self._divergence)
        if self._anchors:
            written = WrittenRows(fake.inputs, real.context[rows], past, fake.mask)
            asked = asked + self._anchors.loss(logits[0].log_softmax(-1), written)
        scale = batch.n_real_steps / max(1, batch.n_fake_steps)
        return on_real._replace(nats=scale * asked + on_real.nats)

    def figures(self) -> Mapping[str, float]:
        """Return nothing: the trainer tells the mediator's loss."""
        return {}

    def aim_(self, share: float) -> None:
        """Do nothing: a mediator does not change with time."""

    def soften_(self, noise: float) -> None:
        """Do nothing: a mediator sees symbols as they are."""

    def state(self) -> dict[str, Any]:
        """Return what changes besides the weights: nothing."""
        return {}

    def restore_(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""


def _nats(model: Any, hidden: Tensor, symbols: Tensor, mask: Tensor) -> Tensor:
    """Return the loss of the steps that count; the others are not even projected."""
    logits = model.readout.project(hidden[mask])[None]
    return mediator_nats(logits, symbols[mask][None], _all_of(logits))


def _all_of(logits: Tensor) -> Tensor:
    """Return a mask that counts every step."""
    return torch.ones(logits.shape[:2], dtype=torch.bool, device=logits.device)


def _count(mask: Tensor) -> Tensor:
    return mask.sum().clamp(min=1)
