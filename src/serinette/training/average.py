"""Exponential moving average of the weights.

Reference: Polyak and Juditsky 1992; Izmailov et al. 2018, arXiv:1803.05407.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of a model's weights, with the start-up bias removed.

    Args:
        model: The weights that are averaged.
        decay: How much of the average stays at every update, in [0, 1). At 0 the average is the
            weights themselves, and nothing is stored.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._model = model
        self._decay = decay
        self._updates = 0
        self._mean = [p.detach().clone() for p in model.parameters()] if decay else []

    @torch.no_grad()
    def follow(self) -> None:
        """Take the weights after an update into the average."""
        if not self._decay:
            return
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + 10))
        torch._foreach_lerp_(self._mean, list(self._model.parameters()), 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the model for the length of the block."""
        if not self._decay:
            yield
            return
        own = [p.detach().clone() for p in self._model.parameters()]
        self._load(self._mean)
        try:
            yield
        finally:
            self._load(own)

    def state(self) -> dict[str, Tensor]:
        """Return the average as named tensors; empty when averaging is off."""
        names = [name for name, _ in self._model.named_parameters()]
        found = dict(zip(names, self._mean, strict=True)) if self._decay else {}
        return {**found, "updates": torch.tensor(self._updates)}

    def restore_(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        self._updates = int(state["updates"])
        if self._decay:
            names = [name for name, _ in self._model.named_parameters()]
            self._mean = [
                state[n].clone().to(p.device)
                for n, p in zip(names, self._model.parameters(), strict=True)
            ]

    @torch.no_grad()
    def _load(self, weights: list[Tensor]) -> None:
        for parameter, weight in zip(self._model.parameters(), weights, strict=True):
            parameter.copy_(weight)
