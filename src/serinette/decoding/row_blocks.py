"""Linear layers and LSTMs in NumPy, for blocks of rows.

A row never depends on the rows beside it, not in its last bit: products are taken of blocks of one
fixed number of rows, the last one filled up, so that each takes the same path. Rows stand last in
memory: where BLAS works on 16 numbers at once, a row's place in its block does not matter either.

Shape letters: `N` rows, `B` blocks, `R` rows of a block, `D` numbers a row, `H` hidden, `L` layers,
`K` numbers that a layer reads, `O` numbers it tells.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from serinette.decoding.activation import sigmoid

ROWS = 16
"""Of a block."""
_BLOCKS = 64
"""Computed at once: few enough for the cache, enough to make Python's part small."""
_OUTPUTS = 16
"""Layers are filled up to a multiple of this: a product with few outputs takes another path."""


def in_blocks(
    rows: Float32[np.ndarray, "N D"],
) -> Iterator[tuple[slice, Float32[np.ndarray, "B D R"]]]:
    """Yield some blocks at a time, and where their rows stand; the last block is filled up."""
    n, width = rows.shape
    filled = np.zeros((-(-n // ROWS), ROWS, width), dtype=np.float32)
    filled.reshape(-1, width)[:n] = rows
    for first in range(0, len(filled), _BLOCKS):
        blocks = np.ascontiguousarray(filled[first : first + _BLOCKS].transpose(0, 2, 1))
        yield slice(first * ROWS, (first + len(blocks)) * ROWS), blocks


class Layer(NamedTuple):
    """A linear layer, filled up with outputs of nothing."""

    matrix: Float32[np.ndarray, "_ K"]
    bias: Float32[np.ndarray, "O 1"]

    def of(self, x: Float32[np.ndarray, "B K R"]) -> Float32[np.ndarray, "B O R"]:
        """Return what the layer tells of `x`."""
        told: Float32[np.ndarray, "B O R"] = (self.matrix @ x)[:, : len(self.bias)] + self.bias
        return told


def layer_of(
    weights: Mapping[str, Float32[np.ndarray, "..."]], name: str, *, part: str = "", number: int = 0
) -> Layer:
    """Return a linear layer, or one half of a layer of an LSTM."""
    suffix = f"_{part}_l{number}" if part else ""
    weight, bias = weights[f"{name}.weight{suffix}"], weights[f"{name}.bias{suffix}"]
    n_told, n_read = weight.shape
    matrix = np.zeros((-(-n_told // _OUTPUTS) * _OUTPUTS, n_read), dtype=np.float32)
    matrix[:n_told] = weight
    return Layer(matrix, column(bias))


def column(numbers: Float32[np.ndarray, " O"]) -> Float32[np.ndarray, "O 1"]:
    """Stand numbers up, so that every row of a block gets them."""
    return numbers[:, None]


class LstmStack:
    """A stacked LSTM that reads one step at a time.

    Args:
        weights: By the names of torch's `nn.LSTM`.
        name: What stands before them.
        n_layers: At least 1.
    """

    def __init__(
        self, weights: Mapping[str, Float32[np.ndarray, "..."]], name: str, n_layers: int
    ) -> None:
        self._layers = [
            tuple(layer_of(weights, name, part=part, number=k) for part in ("ih", "hh"))
            for k in range(n_layers)
        ]
        self._hidden = weights[f"{name}.weight_hh_l0"].shape[1]

    def start(self, n_blocks: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return h and c of each layer before the first step: zeros."""
        zeros = np.zeros((n_blocks, self._hidden, ROWS), dtype=np.float32)
        return [(zeros, zeros) for _ in self._layers]

    def step(
        self, x: Float32[np.ndarray, "B K R"], state: list[tuple[np.ndarray, np.ndarray]]
    ) -> Float32[np.ndarray, "B H R"]:
        """Read one step; `state` is changed in its place."""
        for k, (read, carry) in enumerate(self._layers):
            h, c = state[k]
            i, f, g, o = np.split(read.of(x) + carry.of(h), 4, axis=1)  # [B, H, R] each
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            x = sigmoid(o) * np.tanh(c)
            state[k] = x, c
        return x
