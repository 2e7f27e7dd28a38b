"""The plain recurrent network, which the LSTM replaced: one equation, and no way to keep anything.

    h'  = tanh(W x + U h + b)                       Elman 1990, doi:10.1207/s15516709cog1402_1
    d_a = (from above + U^T d_a') * (1 - h^2)       the way back; a is what tanh is taken of

Over k steps a derivative is multiplied k times by U^T and by 1 - h^2, which is at most 1. So it
dies out, or grows without bound, at a rate that is a power of k: Bengio, Simard and Frasconi 1994,
doi:10.1109/72.279181. Shape letters are those of `cell`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from serinette.primer.backward import by_affine, delayed
from serinette.primer.cell import Hidden, Inputs


class RNNWeights(NamedTuple):
    """The weights of one layer."""

    weight_ih: Float[np.ndarray, "H E"]
    weight_hh: Float[np.ndarray, "H H"]
    bias: Float[np.ndarray, " H"]


def rnn_forward(weights: RNNWeights, x: Inputs) -> Hidden:
    """Run through time from an empty memory; returns h of every step."""
    h, shown = np.zeros((*x.shape[:-2], len(weights.bias))), []
    for t in range(x.shape[-2]):
        h = np.tanh(x[..., t, :] @ weights.weight_ih.T + h @ weights.weight_hh.T + weights.bias)
        shown.append(h)
    return np.stack(shown, axis=-2)


def rnn_backward(
    weights: RNNWeights, x: Inputs, h: Hidden, d_h: Hidden
) -> tuple[Inputs, RNNWeights]:
    """Go back through time; returns the derivatives by the inputs and by the weights."""
    d_a, d_h_later = np.empty_like(h), np.zeros_like(h[..., 0, :])
    for t in reversed(range(h.shape[-2])):
        d_a[..., t, :] = (d_h[..., t, :] + d_h_later) * (1 - h[..., t, :] ** 2)
        d_h_later = d_a[..., t, :] @ weights.weight_hh
    (d_ih, d_bias), (d_hh, _) = by_affine(x, d_a), by_affine(delayed(h, 0 * d_h_later), d_a)
    return d_a @ weights.weight_ih, RNNWeights(d_ih, d_hh, d_bias)
