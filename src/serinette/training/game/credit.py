"""Which symbols of a written row earned the critic's word: returns, baselines, advantages.

Shape letters: `B` rows, `T` steps, `N` continuations.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.training.game.drawing import Drawn, draw_symbols, drawable

LARGEST = 5.0
"""Beyond so many standard deviations an advantage is cut."""
_LEAST_SPREAD = 1e-6


def returns(
    rewards: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"], discount: float
) -> Float[Tensor, "B T"]:
    """Return the sum of a step's reward and those after it, each discounted by its distance.

    Args:
        rewards: Of every step.
        mask: Which steps count; others earn nothing.
        discount: In [0, 1].
    """
    found = []
    running = torch.zeros_like(rewards[:, 0])
    for t in reversed(range(rewards.shape[1])):
        running = rewards[:, t] * mask[:, t] + discount * running
        found.append(running)
    return torch.stack(found[::-1], dim=1)


def above_others(earned: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """Return how much more each step has earned than the same step of the other rows, in the mean.

    The mean of the others (leave one out) depends on nothing that the row drew, so that the
    gradient stays unbiased. A step that no other row has is compared with nothing, and gets 0.

    Reference: Kool et al. 2019, "Buy 4 REINFORCE samples, get a baseline for free!".
    """
    counted = mask.float()
    others = counted.sum(0) - counted  # [B, T]
    mean = ((earned * counted).sum(0) - earned * counted) / others.clamp(min=1)
    return (earned - mean) * counted * (others > 0)


def advantages(earned: Float[Tensor, "B T"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """Return what `above_others` does, in units of its spread, cut at `LARGEST` of them.

    One spread for all steps makes the gradient longer or shorter, and the learning rate independent
    of how far the critic's words lie apart; where all have earned alike, all is 0.
    """
    found = above_others(earned, mask)
    spread = (found.square().sum() / mask.sum().clamp(min=1)).sqrt()
    return (found / spread.clamp(min=_LEAST_SPREAD)).clamp(-LARGEST, LARGEST)


@torch.no_grad()
def continued(
    model: SequenceModel,
    fake: Drawn,
    opening: tuple[Int[Tensor, "B C"], State],
    end: int | None,
    noise: Generator,
    *,
    n: int,
) -> tuple[Int[Tensor, "R T"], Bool[Tensor, "R T"]]:
    """Draw `n` continuations of every prefix of written rows.

    Args:
        model: What draws.
        fake: Written rows.
        opening: Facts of the rows, and the state that they began with.
        end: The symbol that ends a row; None: rows do not end.
        noise: Where the draws come from.
        n: Continuations of each prefix.

    Returns:
        Rows and which of their steps are there; row ((t * n) + k) * B + b is continuation k of
        the first t + 1 steps of row b. A prefix that holds the row's end is the row itself.

    Reference: Yu et al. 2017 (SeqGAN), equation 4.
    """
    context, state = opening
    told = model.context_vector(context)
    n_rows, n_steps = fake.symbols.shape
    rows = fake.symbols.repeat(n_steps * n, 1)  # [R, T]
    weight = model.embedding.weight
    running: State | None = None
    for t in range(n_steps - 1):
        _, state = model.advance(F.embedding(fake.inputs[:, t], weight) + told, state)
        begun = State(state.h.repeat(1, n, 1), state.c.repeat(1, n, 1))
        running = begun if running is None else _beside(running, begun)
        n_running = running.h.shape[1]
        x = F.embedding(rows[:n_running, t], weight) + told.repeat(n_running // n_rows, 1)
        hidden, running = model.advance(x, running)
        rows[:n_running, t + 1] = draw_symbols(drawable(model, hidden), noise)
    is_prefix = torch.arange(n_steps)[:, None] >= torch.arange(n_steps)  # [T, T]
    kept = is_prefix[:, None, None].expand(-1, n, n_rows, -1).reshape(len(rows), n_steps)
    rows = torch.where(kept.to(rows.device), fake.symbols.repeat(n_steps * n, 1), rows)
    return rows, up_to_end(rows, end)


def up_to_end(rows: Int[Tensor, "R T"], end: int | None) -> Bool[Tensor, "R T"]:
    """Return which steps are there: those up to the first `end`, that one included."""
    if end is None:
        return torch.ones_like(rows, dtype=torch.bool)
    is_end = rows == end
    return (is_end.cumsum(1) - is_end.long()) == 0


def _beside(one: State, other: State) -> State:
    return State(torch.cat([one.h, other.h], dim=1), torch.cat([one.c, other.c], dim=1))
