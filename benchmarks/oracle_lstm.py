"""The synthetic oracle: an LSTM with known weights, whose distribution every model can be held to.

Gates without peepholes, h = c = 0 before the first step, which reads symbol 0. The weights are
those of Yu et al. 2017, "SeqGAN", arXiv:1609.05473, as plain arrays: `embedding`, for each of the
gates i (input), f (forget), og (output) and c (candidate) a matrix `w` for what is read, `u` for h
and a bias `b`; `wo` and `bo` of the read-out.

Shape letters: `B` rows, `T` steps, `V` symbols, `E` embedding, `H` hidden.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LENGTH = 20
GATES = ("i", "f", "og", "c")
_ROWS, _BLOCK = 50, 50
"""Rows that are worked on at once (their logits fit into a cache), and symbols that are summed
before one of them is drawn; it divides the vocabulary."""


class Oracle(NamedTuple):
    """Weights, the four gates side by side in the order of `GATES`."""

    embedding: Tensor
    read: Tensor
    carried: Tensor
    bias: Tensor
    out: Tensor
    out_bias: Tensor

    def start(self, n_rows: int) -> tuple[Tensor, Tensor]:
        """Return h and c before the first step."""
        zeros = self.embedding.new_zeros((n_rows, self.carried.shape[0]))
        return zeros, zeros

    def step(
        self, symbols: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read one symbol a row; return the logits of the next one, and the state."""
        h, c = state
        read = torch.addmm(self.bias, self.embedding[symbols], self.read)
        gates = torch.addmm(read, h, self.carried)  # [B, 4H]
        i, f, o, g = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return torch.addmm(self.out_bias, h, self.out), (h, c)


def read_oracle(folder: Path) -> Oracle:
    """Read the published arrays."""
    arrays = {path.stem: torch.from_numpy(np.load(path)).float() for path in folder.glob("*.npy")}
    return Oracle(
        embedding=arrays["embedding"],
        read=torch.cat([arrays[f"w{gate}"] for gate in GATES], dim=1),
        carried=torch.cat([arrays[f"u{gate}"] for gate in GATES], dim=1),
        bias=torch.cat([arrays[f"b{gate}"] for gate in GATES]),
        out=arrays["wo"],
        out_bias=arrays["bo"],
    )


Step = Callable[[Tensor, object], tuple[Tensor, object]]
"""Reads symbols and a state; returns the logits of the next symbols and the next state."""


@torch.no_grad()
def draw(step: Step, state: object, n_rows: int, temperature: float, seed: int) -> Tensor:
    """Draw `n_rows` sequences; temperature 0 takes the likeliest symbol."""
    generator = torch.Generator().manual_seed(seed)
    symbols = torch.zeros(n_rows, dtype=torch.long)
    drawn = []
    for _ in range(LENGTH):
        logits, state = step(symbols, state)
        if temperature == 0:
            symbols = logits.argmax(1)
        else:
            chances = logits.mul_(1 / temperature).softmax(1)
            symbols = _chosen(chances, torch.rand((2, n_rows, 1), generator=generator))
        drawn.append(symbols)
    return torch.stack(drawn, 1)


def _chosen(weights: Tensor, u: Tensor) -> Tensor:
    """Draw one column a row: first a block of columns, then one of its own (no long sums)."""
    blocks = weights.unflatten(1, (-1, _BLOCK))  # [B, V / block, block]
    block = _inverted(blocks.sum(2), u[0])
    rows = torch.arange(len(weights))
    return block * _BLOCK + _inverted(blocks[rows, block], u[1])


def _inverted(weights: Tensor, u: Tensor) -> Tensor:
    cumulative = weights.double().cumsum(1)
    return (cumulative <= u * cumulative[:, -1:]).sum(1).clamp_max(weights.shape[1] - 1)


@torch.no_grad()
def nats(
    step: Step, state: object, sequences: Tensor, temperatures: tuple[float, ...] = (1.0,)
) -> Tensor:
    """Return the nats per symbol of every sequence at every temperature.

    Returns:
        One row a temperature, one column a sequence.
    """
    total = torch.zeros((len(temperatures), len(sequences)), dtype=torch.float64)
    symbols = torch.zeros(len(sequences), dtype=torch.long)
    for t in range(sequences.shape[1]):
        logits, state = step(symbols, state)
        symbols = sequences[:, t]
        for k, temperature in enumerate(temperatures):
            total[k] += F.cross_entropy(logits / temperature, symbols, reduction="none")
    return total / sequences.shape[1]


def draw_many(
    step: Step, start: Callable[[int], object], n_rows: int, temperature: float, seed: int
) -> Tensor:
    """Draw in parts."""
    size = _ROWS
    parts = [
        draw(step, start(min(size, n_rows - k)), min(size, n_rows - k), temperature, seed + k)
        for k in range(0, n_rows, size)
    ]
    return torch.cat(parts)


def nats_of_many(
    step: Step,
    start: Callable[[int], object],
    sequences: Tensor,
    temperatures: tuple[float, ...] = (1.0,),
) -> Tensor:
    """Measure in parts."""
    return torch.cat(
        [nats(step, start(len(part)), part, temperatures) for part in sequences.split(_ROWS)], 1
    )
