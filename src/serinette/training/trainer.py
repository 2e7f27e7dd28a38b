"""One training in progress: everything that changes from update to update, and nothing else.

A trainer can be put on disk and read back between any two updates; it then goes on to the bit, on
the same machine and versions. Dropout needs no state: its noise is a function of seed and update.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from serinette.nets.state import State
from serinette.training.average import Average
from serinette.training.config import TrainingConfig
from serinette.training.gradients import GradientWorkers, LossSum, Precision
from serinette.training.optimisers import Optimiser, penalty_gradients_
from serinette.training.pace import Pace, rate_factor
from serinette.training.supply import Supply


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A trainer between two updates."""

    tensors: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


@runtime_checkable
class Adjusts(Protocol):
    """What the loop drives: a trainer of one network, or of a game of two."""

    model: Any
    config: TrainingConfig
    pace: Pace
    update_count: int
    plateau_factor: float
    average: Average

    @property
    def is_done(self) -> bool:
        """Whether the plan is fulfilled."""

    @property
    def rate(self) -> float:
        """Learning rate of the next update."""

    def update(self) -> LossSum:
        """Adjust the weights once."""

    def figures(self) -> Mapping[str, float]:
        """Return what else was noticed since the last call."""

    def react_(self, history: Sequence[Mapping[str, Any]]) -> list[str]:
        """Do something about the alarms of a history; say what."""

    def slow_down_(self) -> None:
        """Halve the learning rate for the rest of the training."""

    def snapshot(self) -> Snapshot:
        """Return everything that changes."""

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""


class Trainer:
    """Adjusts a model, one update at a time.

    Args:
        model: On the device of `precision`.
        supply: What it reads and is asked for.
        config: Settings, as resolved.
        precision: Arithmetic and device.
        n_threads: Threads that may run at once.
    """

    def __init__(
        self,
        model: nn.Module,
        supply: Supply,
        config: TrainingConfig,
        precision: Precision,
        *,
        n_threads: int,
    ) -> None:
        self.model = model
        self.config = config
        self.pace = Pace.steady(config.updates)
        self.update_count = 0
        self.plateau_factor = 1.0
        self._rollback_factor = 1.0
        self.average = Average(model, config.average_decay)
        self._batches = supply.batches
        self._workers = GradientWorkers(
            model,
            n_workers=config.n_workers,
            n_threads=n_threads,
            precision=precision,
            seed=config.seed,
            objective=supply.objective,
        )
        self._optimiser = Optimiser(model, config, self._workers.pool)
        self._states = [supply.states.get(k) for k in range(config.n_workers)]

    @property
    def is_done(self) -> bool:
        """Whether the plan is fulfilled."""
        return self.update_count >= self.pace.total

    @property
    def epoch(self) -> int:
        """How often the corpus has been read through, from 0."""
        return self._batches.epoch

    def figures(self) -> Mapping[str, float]:
        """Return figures beside the loss for the history: none."""
        return {}

    def react_(self, history: Sequence[Mapping[str, Any]]) -> list[str]:
        """Do something about the alarms of a history; say what: nothing."""
        return []

    @property
    def rate(self) -> float:
        """Learning rate of the next update."""
        return self._rate_factor() * self.config.learning_rate

    def close(self) -> None:
        """End the threads."""
        self._workers.__exit__(None, None, None)

    def update(self) -> LossSum:
        """Read one window and adjust the weights.

        Returns:
            The loss of the window before the adjustment; not finite when the weights have gone
            astray, in which case they are left as they were.
        """
        parameters = list(self.model.parameters())
        batch = self._batches.next()
        loss, states = self._workers.accumulate_(batch, self._states, self.update_count)
        if self.config.l1 or self.config.l2:
            penalty_gradients_(parameters, self.config.l1, self.config.l2)
        factor, clip_norm = self._rate_factor(), self.config.clip_norm
        norm = self._optimiser.adjust(loss.nats, factor=factor, clip_norm=clip_norm)
        if not math.isfinite(norm):
            return LossSum(math.nan, loss.steps)
        self.average.follow()
        self._states = states
        self.update_count += 1
        return loss

    def slow_down_(self) -> None:
        """Halve the learning rate for the rest of the training."""
        self._rollback_factor /= 2

    def snapshot(self) -> Snapshot:
        """Return everything that changes, as plain arrays and plain facts."""
        groups = {
            "model": dict(self.model.state_dict()),
            "average": self.average.state(),
            "optimiser": self._optimiser.state(),
            "state": tensors_of_states(self._states),
        }
        tensors = tensors_of(groups)
        position = self._batches.position()
        tensors |= {f"position/{name}": value for name, value in position.items()}
        facts = {
            "update": self.update_count,
            "plateau_factor": self.plateau_factor,
            "rollback_factor": self._rollback_factor,
            **self.pace.to_facts(),
        }
        return Snapshot(tensors=tensors, facts=facts)

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a trainer with the same settings."""
        groups = grouped(snapshot.tensors)
        self.model.load_state_dict(to_torch(groups["model"]))
        self.average.restore_(to_torch(groups["average"]))
        self._optimiser.restore_(to_torch(groups.get("optimiser", {})))
        device = next(self.model.parameters()).device
        self._states = states_of(groups.get("state", {}), self.config.n_workers, device)
        self._batches.seek(groups["position"])
        facts = snapshot.facts
        self.update_count = int(facts["update"])
        self.plateau_factor = float(facts["plateau_factor"])
        self._rollback_factor = float(facts["rollback_factor"])
        self.pace = Pace.of_facts(facts)

    def _rate_factor(self) -> float:
        share = self.pace.share(self.update_count)
        return self._rollback_factor * rate_factor(self.config, share, self.plateau_factor)


def tensors_of(groups: Mapping[str, Mapping[str, Tensor]]) -> dict[str, np.ndarray]:
    """Return grouped tensors as arrays of their own, named `group/name`."""
    return {
        f"{group}/{name}": value.detach().cpu().numpy().copy()
        for group, values in groups.items()
        for name, value in values.items()
    }


def grouped(tensors: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Take apart what `tensors_of` named."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for place, value in tensors.items():
        group, name = place.split("/", 1)
        groups.setdefault(group, {})[name] = value
    return groups


def tensors_of_states(states: Sequence[State | None]) -> dict[str, Tensor]:
    """Return what groups of rows carry by name; a group that carries nothing has none."""
    return {
        f"{name}{k}": getattr(state, name)
        for k, state in enumerate(states)
        if state is not None
        for name in ("h", "c")
    }


def states_of(arrays: Mapping[str, np.ndarray], n: int, device: torch.device) -> list[State | None]:
    """Return what `n` groups of rows carried when `tensors_of_states` was asked."""
    found = {name: tensor.to(device) for name, tensor in to_torch(arrays).items()}
    return [State(found[f"h{k}"], found[f"c{k}"]) if f"h{k}" in found else None for k in range(n)]


def to_torch(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Return arrays as tensors of their own."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
