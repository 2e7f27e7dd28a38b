"""What holds a generator on its own written rows: variety, and the likelihood model nearby.

Shape letters: `B` rows, `T` steps, `N` steps that count, `C` context fields, `V` symbols.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.drawing import drawable


class WrittenRows(NamedTuple):
    """Rows that the generator has written, and what they go on from."""

    inputs: Int[Tensor, "B T"]
    context: Int[Tensor, "B C"]
    past: State
    mask: Bool[Tensor, "B T"]


class Anchors:
    """Adds up the entropy and the divergence from the likelihood model, as they are weighted.

    Args:
        game: The weights.
        reference: The likelihood model; never changed. It reads on from the generator's state.
    """

    def __init__(self, game: AdversarialConfig, reference: SequenceModel) -> None:
        self._entropy, self._kl = game.entropy, game.anchor_kl
        self._reference = reference

    def __bool__(self) -> bool:
        """Say whether any weight is above 0."""
        return bool(self._entropy or self._kl)

    def loss(self, log_probs: Float[Tensor, "N V"], rows: WrittenRows) -> Float[Tensor, ""]:
        """Return the weighted sum over the steps that count, in nats.

        Args:
            log_probs: The generator's, of every symbol at every step that counts.
            rows: What was written.
        """
        total = log_probs.new_zeros(())
        if self._entropy:
            entropy = -(log_probs.exp() * log_probs).sum(-1)
            total = total - self._entropy * entropy.sum()
        if self._kl:
            with torch.no_grad():
                hidden, _ = self._reference(rows.inputs, rows.context, rows.past)
                logits = drawable(self._reference, hidden[rows.mask])
                target = F.log_softmax(logits.float(), -1)
            apart = (log_probs.exp() * (log_probs - target)).sum(-1)
            total = total + self._kl * apart.sum()
        return total
