"""A softmax over a sample of the symbols: for vocabularies of thousands.

The frequent symbols always take part, the rare ones by chance; each that was drawn stands for the
ones that were not, so that the sum over all symbols is estimated without bias. Only training uses
it: whatever is measured or generated sees every symbol.

Reference: Horvitz and Thompson 1952 for the estimate; Jean et al. 2015, arXiv:1412.2007, for
training on a part of the vocabulary. Unlike theirs, inclusion is drawn for each symbol alone, so
its probability is known exactly.

Shape letters: `B` rows, `T` steps, `D` read-out input, `V` symbols, `S` symbols that take part.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

from serinette.nets.heads import CategoricalHead

_POWER = 0.75
"""Symbols take part in proportion to their frequency to this power."""


class Candidates:
    """Knows how often each symbol is to take part.

    Args:
        counts: How often each symbol stands in the training part.
        size: How many symbols take part on average, the targets aside; at least 1.
    """

    def __init__(self, counts: Int[np.ndarray, " V"], size: int) -> None:
        self.inclusion = torch.from_numpy(_inclusion(counts, size)).float()

    def log_prob(
        self,
        head: CategoricalHead,
        hidden: Float[Tensor, "B T D"],
        targets: Int[Tensor, "B T"],
        generator: Generator,
    ) -> Float[Tensor, "B T"]:
        """Return an estimate of log p(target) of every step, in nats.

        The expectation of what is inside the logarithm is exact.
        """
        inclusion = self.inclusion.to(targets.device)
        noise = torch.rand(len(inclusion), generator=generator, device=targets.device)
        takes_part = noise < inclusion
        takes_part[targets.flatten()] = True
        chosen = takes_part.nonzero()[:, 0]  # [S]
        stands_for = -inclusion[chosen].log()
        place = torch.empty_like(takes_part, dtype=torch.long)
        place[chosen] = torch.arange(len(chosen), device=targets.device)
        own = place[targets]  # [B, T]
        stands_for[own.flatten()] = 0.0  # a target of the window is there for certain
        scores = head.project_some(hidden, chosen).float() + stands_for  # [B, T, S]
        nats = F.cross_entropy(scores.flatten(0, 1), own.flatten(), reduction="none")
        return -nats.view(targets.shape)


def _inclusion(counts: Int[np.ndarray, " V"], size: int) -> Float[np.ndarray, " V"]:
    """Return chances in proportion to the weights, at most 1, that add up to `size`."""
    weights = (counts + 1.0) ** _POWER
    if size >= len(weights):
        return np.ones(len(weights))
    low, high = 0.0, float(1 / weights.min())
    for _ in range(60):
        middle = (low + high) / 2
        if np.minimum(1.0, middle * weights).sum() < size:
            low = middle
        else:
            high = middle
    chances: Float[np.ndarray, " V"] = np.minimum(1.0, high * weights)
    return chances
