"""The generator's own likelihood on the real rows of a game, which anchors it.

Shape letters: `B` rows.
"""

from typing import Any

import torch
from torch import Generator, Tensor

from serinette.nets.state import State
from serinette.training.supply import Loss, SymbolObjective

_OBJECTIVE = SymbolObjective()


def loss_on_real(
    generator: Any, real: Any, state: State | None, noise: Generator, *, weight: float
) -> Loss:
    """Return `weight` times the likelihood loss of real rows, in nats, summed.

    Args:
        generator: The model.
        real: Real rows.
        state: What they go on from.
        noise: For dropout; there is none where the loss has no weight.
        weight: At 0 nothing is learnt of them; they are read for what is carried and told.
    """
    if weight == 0:
        with torch.no_grad():
            loss = _OBJECTIVE(generator, real, state, None)
        return loss._replace(nats=loss.nats.new_zeros(()))
    loss = _OBJECTIVE(generator, real, state, noise)
    return loss._replace(nats=weight * loss.nats)


def opening_of(model: Any, state: State | None, fresh: Tensor) -> State:
    """Return what rows begin with: what was carried, or nothing where they are fresh."""
    start: State = model.start(len(fresh)) if state is None else state.reset(fresh)
    return start


def rows_of(state: State, rows: slice) -> State:
    """Keep some rows of a state."""
    return State(state.h[:, rows].contiguous(), state.c[:, rows].contiguous())
