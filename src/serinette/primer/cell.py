"""The LSTM: one step of one cell, a layer through time, a stack of layers.

At step t a cell takes an input x and what it remembers: the hidden state h, which it shows to
the world, and the cell state c, which it keeps to itself. Three gates between 0 and 1 say what to
write (i), what to keep (f) and what to show (o); g is the candidate, what could be written:

    i = sigmoid(W_i x + U_i h + b_i)        input gate
    f = sigmoid(W_f x + U_f h + b_f)        forget gate
    g =    tanh(W_g x + U_g h + b_g)        candidate
    o = sigmoid(W_o x + U_o h + b_o)        output gate
    c' = f * c + i * g                      the memory: a sum, so that gradients survive
    h' = o * tanh(c')                       what is shown

References: Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735 (c, i and o); Gers,
Schmidhuber and Cummins 2000, doi:10.1162/089976600300015015 (f); Graves 2013, arXiv:1308.0850,
equations 7 to 11 (today's form; his peepholes, from c to the gates, are left out, as in torch).

Shape letters: `E` inputs, `H` hidden, `T` steps, `*B` any rows in front, also none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Inputs = Float[np.ndarray, "*B T E"]
Hidden = Float[np.ndarray, "*B T H"]
InputsNow = Float[np.ndarray, "*B E"]
HiddenNow = Float[np.ndarray, "*B H"]


class LSTMWeights(NamedTuple):
    """The weights of one layer; rows in torch's order i, f, g, o; `bias` is the sum of its two."""

    weight_ih: Float[np.ndarray, "H4 E"]
    weight_hh: Float[np.ndarray, "H4 H"]
    bias: Float[np.ndarray, " H4"]


class State(NamedTuple):
    """What a layer remembers."""

    h: HiddenNow
    c: HiddenNow


class Trace(NamedTuple):
    """All that happened in one layer, step by step, from the memory `start`."""

    x: Inputs
    i: Hidden
    f: Hidden
    g: Hidden
    o: Hidden
    c: Hidden
    h: Hidden
    start: State

    def end(self) -> State:
        """Return the memory after the last step: the `start` of the next window."""
        return State(self.h[..., -1, :], self.c[..., -1, :])


def sigmoid(a: Float[np.ndarray, "*A"]) -> Float[np.ndarray, "*A"]:
    """Return 1 / (1 + exp(-a)), written so that no exponential overflows."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def step(weights: LSTMWeights, x: InputsNow, before: State) -> tuple[HiddenNow, ...]:
    """Take one step; returns i, f, g, o and the new c, h."""
    a = x @ weights.weight_ih.T + before.h @ weights.weight_hh.T + weights.bias
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * before.c + i * g
    h = o * np.tanh(c)
    return i, f, g, o, c, h


def layer(weights: LSTMWeights, x: Inputs, start: State | None = None) -> Trace:
    """Run one layer through time, from `start`; None starts with an empty memory."""
    nothing = np.zeros((*x.shape[:-2], weights.weight_hh.shape[1]))
    state = start = start or State(nothing, nothing)
    steps = []
    for t in range(x.shape[-2]):
        steps.append(step(weights, x[..., t, :], state))
        state = State(h=steps[-1][5], c=steps[-1][4])
    i, f, g, o, c, h = (np.stack(values, axis=-2) for values in zip(*steps, strict=True))
    return Trace(x, i, f, g, o, c, h, start)


def forward(
    layers: Sequence[LSTMWeights], x: Inputs, starts: Sequence[State] | None = None
) -> list[Trace]:
    """Run a stack, from the bottom up: each layer reads what the one below it shows."""
    traces: list[Trace] = []
    for number, weights in enumerate(layers):
        traces.append(layer(weights, x, None if starts is None else starts[number]))
        x = traces[-1].h
    return traces
