"""How far a game has come, and all of it as plain arrays: a training goes on to the bit.

Shape letters: none.
"""

import math
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from serinette.training.average import Average

Part = nn.Module | torch.optim.Optimizer | Average | Generator
Weights = dict[str, np.ndarray]
Keep = Callable[[Weights, dict[str, Any]], None]
"""Given arrays and plain values that `Ledger.restore_` takes back."""
_SAVED_EVERY = 60.0
"""Seconds."""
_BEST = "best."
_PLAIN = (
    "done", "update", "elapsed", "spent", "seen", "means", "history", "n_reactions", "n_judged",
    "best_update",
)  # fmt: skip
"""What a ledger holds as plain values, beside the score."""


@dataclass(kw_only=True, eq=False)
class Ledger:
    """What a training knows beside its networks; it changes as the training goes on."""

    done: list[str] = field(default_factory=list)
    """Phases that have ended."""
    update: int = 0
    """Updates of the present phase."""
    elapsed: float = 0.0
    """Seconds of the present phase."""
    spent: float = 0.0
    """Seconds of the phases that have ended."""
    seen: list[float] = field(default_factory=list)
    """What the stop rule of the present phase looks at: the last updates..."""
    means: list[float] = field(default_factory=list)
    """...and their means, one a report."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """What alarms look at."""
    n_reactions: int = 0
    n_judged: int = 0
    """Places of the game at which it has been judged."""
    score: float = math.inf
    """Of the best weights."""
    best_update: int = 0
    weights: Weights | None = None
    """The best weights; None: nothing was judged."""
    is_stopped: bool = False
    """Whether someone has ended the training before its time."""

    def end(self, phase: str) -> None:
        """Close a phase, unless it is closed already or the training was stopped in it."""
        if self.is_stopped or phase in self.done:
            return
        self.done.append(phase)
        self.spent += self.elapsed
        self.update, self.elapsed, self.seen, self.means = 0, 0.0, [], []

    def facts(self) -> dict[str, Any]:
        """Return all but the weights as plain values."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, "score": None if math.isinf(self.score) else self.score}

    def restore_(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Go on from what was kept."""
        for name in _PLAIN:
            setattr(self, name, deepcopy(facts[name]))
        self.score = math.inf if facts["score"] is None else facts["score"]
        best = {k.removeprefix(_BEST): v for k, v in arrays.items() if k.startswith(_BEST)}
        self.weights = best or None


class Keeper:
    """Keeps a training from time to time, and where it is stopped.

    Args:
        keep: Takes arrays and plain values; None: nothing is kept.
        parts: All that changes while training.
        facts: Returns what else the players know, as plain values.
        ledger: Of the training.
    """

    def __init__(
        self,
        keep: Keep | None,
        parts: Mapping[str, Part],
        facts: Callable[[], dict[str, Any]],
        ledger: Ledger,
    ) -> None:
        self._keep, self._parts, self._facts, self._ledger = keep, parts, facts, ledger
        self._saved = time.monotonic()

    def when_due(self) -> None:
        """Keep the training if it is long since it was kept."""
        if time.monotonic() - self._saved > _SAVED_EVERY:
            self.now()

    def now(self) -> None:
        """Keep the training as it is between two updates."""
        if self._keep is None:
            return
        best = {f"{_BEST}{k}": v for k, v in (self._ledger.weights or {}).items()}
        self._keep(
            {**arrays_of(self._parts), **best},
            {"ledger": self._ledger.facts(), "game": self._facts()},
        )
        self._saved = time.monotonic()


def arrays_of(parts: Mapping[str, Part]) -> Weights:
    """Return all numbers of networks, optimisers, averages and random streams by name."""
    found: Weights = {}
    for name, part in parts.items():
        for key, tensor in _state(part).items():
            found[f"{name}/{key}"] = tensor.detach().clone().numpy()
    return found


def restore_parts_(parts: Mapping[str, Part], arrays: Mapping[str, np.ndarray]) -> None:
    """Put back what `arrays_of` returned, into parts that were made in the same way."""
    for name, part in parts.items():
        inside = {
            key.removeprefix(f"{name}/"): torch.from_numpy(np.array(array))
            for key, array in arrays.items()
            if key.startswith(f"{name}/")
        }
        if isinstance(part, Generator):
            part.set_state(inside["state"])
        elif isinstance(part, Average):
            part.restore_(inside)
        elif isinstance(part, torch.optim.Optimizer):
            _restore_optimiser_(part, inside)
        else:
            part.load_state_dict(inside)


def _state(part: Part) -> dict[str, Tensor]:
    if isinstance(part, Generator):
        return {"state": part.get_state()}
    if isinstance(part, Average):
        return part.state()
    if isinstance(part, nn.Module):
        return dict(part.state_dict())
    rates = [group["lr"] for group in part.param_groups]
    found = {"rates": torch.tensor(rates, dtype=torch.float64)}
    for place, state in part.state_dict()["state"].items():
        found |= {f"{place}.{key}": torch.as_tensor(value) for key, value in state.items()}
    return found


def _restore_optimiser_(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    plain = optimiser.state_dict()
    for group, rate in zip(plain["param_groups"], tensors["rates"].tolist(), strict=True):
        group["lr"] = rate
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        place, _, name = key.partition(".")
        if name:
            states.setdefault(int(place), {})[name] = tensor
    optimiser.load_state_dict({"state": states, "param_groups": plain["param_groups"]})
