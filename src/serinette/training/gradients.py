"""The gradient of one window: rows are split into groups, each group runs on a thread of its own.

Two single-threaded groups use two cores better than one group whose every operation is split over
two threads (the measured ratio is in docs/why/experiments.md). The groups, not the threads, decide
the arithmetic: gradients are added in the order of the groups, so the result is the same to the bit
on one core. Threads share the weights; each group has gradients of its own.

Shape letters: `B` rows.
"""

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from serinette.core.seeds import derive
from serinette.nets.state import State
from serinette.training.supply import Objective, SymbolObjective, TrainingBatch


class LossSum(NamedTuple):
    """A loss that can be added up over batches before it is averaged."""

    nats: float
    steps: int

    def plus(self, other: "LossSum") -> "LossSum":
        """Join two parts of one measurement."""
        return LossSum(self.nats + other.nats, self.steps + other.steps)

    def mean(self) -> float:
        """Nats per counted step; 0 when nothing was counted."""
        return self.nats / max(self.steps, 1)


class Precision(NamedTuple):
    """Arithmetic of the forward and backward pass."""

    device: torch.device
    is_bf16: bool

    def context(self) -> torch.autocast:
        """Return the context in which the network runs; autocast is a setting of each thread."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.is_bf16)


class GradientWorkers:
    """Computes gradients of a model with `n_workers` groups of rows.

    `pool` holds its threads; an optimiser may use them between two gradients.

    Args:
        model: The weights; their `.grad` receives the sum.
        n_workers: Groups of rows.
        n_threads: Threads that may run at once, at least 1.
        precision: Arithmetic.
        seed: Where dropout comes from.
        objective: The loss.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        n_workers: int,
        n_threads: int,
        precision: Precision,
        seed: int,
        objective: Objective | None = None,
    ) -> None:
        self._objective: Objective = objective or SymbolObjective()
        self._replicas = [model] + [_sharing_copy(model) for _ in range(n_workers - 1)]
        self._precision = precision
        self._seed = seed
        self._n_inner = max(1, n_threads // n_workers)
        n_outer = min(n_threads, n_workers)
        self.pool = ThreadPoolExecutor(n_outer, initializer=_set_threads, initargs=(self._n_inner,))

    def __enter__(self) -> "GradientWorkers":
        """Use in a `with` block: the threads end with it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the threads."""
        self.pool.shutdown()

    def accumulate_(
        self, batch: TrainingBatch, states: Sequence[State | None], update: int
    ) -> tuple[LossSum, list[State | None]]:
        """Add the gradient of the mean loss of a window to the model's `.grad`.

        Args:
            batch: One window of all rows.
            states: Carried state of each group, as the call before returned it.
            update: Number of the update; dropout noise is a function of it.

        Returns:
            The loss of the measured steps in nats with their count, and the state of each group
            for the next window.
        """
        n_groups = len(self._replicas)
        n_steps, n_measured = batch.n_steps, batch.n_measured
        if n_groups == 1:
            done = [self.pool.submit(self._group, 0, batch, states[0], update, n_steps).result()]
        else:
            futures = [
                self.pool.submit(
                    self._group, k, batch.part(k, n_groups), states[k], update, n_steps
                )
                for k in range(n_groups)
            ]
            done = [future.result() for future in futures]
        self._add_up_()
        nats = sum(float(part_nats) for part_nats, _ in done)
        return LossSum(nats, n_measured), [state for _, state in done]

    def _group(
        self, k: int, part: TrainingBatch, state: State | None, update: int, n_steps: int
    ) -> tuple[Tensor, State | None]:
        device = self._precision.device
        noise = torch.Generator(device).manual_seed(derive(self._seed, update, k))
        with self._precision.context():
            loss = self._objective(self._replicas[k], part.to(device), state, noise)
        torch.autograd.backward(loss.nats / max(n_steps, 1))
        return loss.measured, loss.state

    @torch.no_grad()
    def _add_up_(self) -> None:
        for replica in self._replicas[1:]:
            pairs = zip(self._replicas[0].parameters(), replica.parameters(), strict=True)
            sums, parts = [], []
            for own, other in pairs:
                if other.grad is None:
                    continue
                if own.grad is None:  # only some groups may have used a weight
                    own.grad = torch.zeros_like(own)
                sums.append(own.grad)
                parts.append(other.grad)
            torch._foreach_add_(sums, parts)
            replica.zero_grad(set_to_none=True)


def _sharing_copy(model: nn.Module) -> nn.Module:
    """Return a copy whose weights lie in the same memory, with gradients of its own."""
    replica = copy.deepcopy(model)
    for own, shared in zip(replica.parameters(), model.parameters(), strict=True):
        own.data = shared.data
    return replica


def _set_threads(n: int) -> None:
    torch.set_num_threads(n)
    torch.set_flush_denormal(True)  # denormals cost two orders of magnitude on some CPUs


def gradients_of(model: nn.Module) -> list[Tensor]:
    """Return the gradients of a model's parameters, those that have one."""
    return [p.grad for p in model.parameters() if p.grad is not None]
