"""Draws sequences from a network that is being trained, in torch.

The decoder proper (`decoding`) draws without torch and keeps its promises by row; here a whole
batch is drawn at once, for a loss.

Shape letters: `B` rows, `K` rows kept, `T` steps, `C` context fields, `V` symbols.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from serinette.nets.config import predicted_symbols
from serinette.nets.model import SequenceModel
from serinette.nets.state import State


class Opening(NamedTuple):
    """Where written rows begin."""

    first: Int[Tensor, " B"]
    """The symbol that is read before the first that is drawn."""
    context: Int[Tensor, "B C"]
    state: State
    """What the rows have read before."""


class Drawn(NamedTuple):
    """Written rows."""

    inputs: Int[Tensor, "B T"]
    """What was read at every step: the first symbol, then what was drawn."""
    symbols: Int[Tensor, "B T"]
    """What was drawn at every step."""
    mask: Bool[Tensor, "B T"]
    """Steps up to the `end` of a row, that one included."""

    def part(self, rows: slice | Int[Tensor, " K"]) -> "Drawn":
        """Keep some rows."""
        return Drawn(*(column[rows] for column in self))


@torch.no_grad()
def draw(
    model: SequenceModel, opening: Opening, longest: int, end: int | None, noise: Generator
) -> Drawn:
    """Draw rows at temperature 1, until all have ended or are `longest` steps long.

    Args:
        model: What draws; its dropout is off.
        opening: Where the rows begin.
        longest: Most steps, at least 1.
        end: The symbol that ends a row; None: rows do not end.
        noise: Where the draws come from.
    """
    told = model.context_vector(opening.context)
    state, symbol = opening.state, opening.first
    symbols = torch.zeros((len(symbol), longest), dtype=torch.long, device=symbol.device)
    mask = torch.zeros_like(symbols, dtype=torch.bool)
    rows = torch.arange(len(symbol), device=symbol.device)  # those that go on
    n_steps = longest
    for t in range(longest):
        hidden, state = model.advance(F.embedding(symbol, model.embedding.weight) + told, state)
        u = torch.rand((len(symbols), 1), generator=noise, device=symbols.device)
        symbol = symbols_at(drawable(model, hidden), u[rows])  # whoever else goes on
        symbols[rows, t] = symbol
        mask[rows, t] = True
        if end is None:
            continue
        going = (symbol != end).nonzero()[:, 0]
        if len(going) == 0:
            n_steps = t + 1
            break
        if len(going) < len(rows):
            rows, symbol, told = rows[going], symbol[going], told[going]
            state = state.select(going)
    symbols, mask = symbols[:, :n_steps], mask[:, :n_steps]
    inputs = torch.cat([opening.first[:, None], symbols[:, :-1]], dim=1)
    return Drawn(inputs, symbols, mask)


def drawable(model: SequenceModel, hidden: Float[Tensor, "*B D"]) -> Float[Tensor, "*B V"]:
    """Return the logits of the next symbol; what stands for "not known" is never drawn."""
    logits: Tensor = model.readout.project(hidden)
    (field,) = predicted_symbols(model.schema)
    if field.missing is None:
        return logits
    place = torch.tensor([field.missing], device=logits.device)
    return logits.index_fill(-1, place, -1e9)


def symbols_at(logits: Float[Tensor, "B V"], u: Float[Tensor, "B 1"]) -> Int[Tensor, " B"]:
    """Invert the cumulative distribution of each row at `u` in [0, 1)."""
    cumulative = logits.float().softmax(-1).cumsum(-1)
    found = (cumulative <= u * cumulative[:, -1:]).sum(-1)
    return found.clamp_(max=logits.shape[1] - 1)


def draw_symbols(logits: Float[Tensor, "B V"], noise: Generator) -> Int[Tensor, " B"]:
    """Draw one symbol a row by inverting the cumulative distribution."""
    return symbols_at(logits, torch.rand((len(logits), 1), generator=noise, device=logits.device))


class SoftlyDrawn(NamedTuple):
    """Written rows through which slopes flow."""

    rows: Float[Tensor, "B T V"]
    """One-hot forwards; backwards a softmax of the perturbed logits."""
    symbols: Int[Tensor, "B T"]
    mask: Bool[Tensor, "B T"]


def draw_softly(
    model: SequenceModel,
    opening: Opening,
    longest: int,
    end: int | None,
    noise: Generator,
    *,
    sharpness: float,
) -> SoftlyDrawn:
    """Draw with straight-through Gumbel-softmax: the slope of every symbol reaches the weights.

    Args:
        model: What draws.
        opening: Where the rows begin.
        longest: Most steps, at least 1.
        end: The symbol that ends a row; None: rows do not end.
        noise: Where the draws come from.
        sharpness: Inverse temperature of the softmax that stands for the slope, above 0.

    Reference: Jang et al. 2017, arXiv:1611.01144; Nie et al. 2019 (RelGAN).
    """
    told = model.context_vector(opening.context)
    weight = model.embedding.weight
    state = opening.state
    x = F.embedding(opening.first, weight) + told
    is_over = torch.zeros_like(opening.first, dtype=torch.bool)
    rows, symbols, masks = [], [], []
    for _ in range(longest):
        masks.append(~is_over)
        hidden, state = model.advance(x, state)
        logits = drawable(model, hidden).float().log_softmax(-1)
        uniform = torch.rand(logits.shape, generator=noise, device=logits.device)
        perturbed = logits - (-(uniform.clamp(1e-20, 1 - 1e-7)).log()).log()
        soft = (perturbed * sharpness).softmax(-1)
        symbol = perturbed.argmax(-1)
        hard = F.one_hot(symbol, soft.shape[1]).to(soft.dtype)
        row = hard + (soft - soft.detach())  # to the bit one-hot
        rows.append(row)
        symbols.append(symbol)
        x = row @ weight + told
        if end is not None:
            is_over = is_over | (symbol == end)
            if bool(is_over.all()):
                break
    return SoftlyDrawn(
        torch.stack(rows, dim=1), torch.stack(symbols, dim=1), torch.stack(masks, dim=1)
    )
