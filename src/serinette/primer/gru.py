"""The gated recurrent unit: an LSTM with one memory and two gates.

    r  = sigmoid(W_r x + b_r + U_r h + e_r)         reset gate
    z  = sigmoid(W_z x + b_z + U_z h + e_z)         update gate: what to keep
    m  = U_n h + e_n
    n  = tanh(W_n x + b_n + r * m)                  candidate
    h' = (1 - z) * n + z * h

This is torch's and cuDNN's variant: r is applied *after* the product U_n h, which has a bias of its
own. The original (Cho et al. 2014, arXiv:1406.1078) applies it before: U_n (r * h).
The way back, with `'` for the step after and the shape letters of `cell`:

    d_h  = from above + d_h' * z' + U^T (d_ar', d_az', d_an' * r')
    d_an = d_h * (1 - z) * (1 - n^2)
    d_az = d_h * (h_before - n) * z * (1 - z)
    d_ar = d_an * m * r * (1 - r)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from serinette.primer.backward import by_affine, delayed
from serinette.primer.cell import Hidden, Inputs, sigmoid


class GRUWeights(NamedTuple):
    """The weights of one layer; the rows of each are those of r, z, n, in torch's order."""

    weight_ih: Float[np.ndarray, "H3 E"]
    weight_hh: Float[np.ndarray, "H3 H"]
    bias_ih: Float[np.ndarray, " H3"]
    bias_hh: Float[np.ndarray, " H3"]


def gru_forward(weights: GRUWeights, x: Inputs) -> tuple[Hidden, ...]:
    """Run through time from an empty memory; returns r, z, m, n, h of every step."""
    h, steps = np.zeros((*x.shape[:-2], weights.weight_hh.shape[1])), []
    for t in range(x.shape[-2]):
        read = np.split(x[..., t, :] @ weights.weight_ih.T + weights.bias_ih, 3, axis=-1)
        kept = np.split(h @ weights.weight_hh.T + weights.bias_hh, 3, axis=-1)
        r, z, m = sigmoid(read[0] + kept[0]), sigmoid(read[1] + kept[1]), kept[2]
        n = np.tanh(read[2] + r * m)
        h = (1 - z) * n + z * h
        steps.append((r, z, m, n, h))
    return tuple(np.stack(values, axis=-2) for values in zip(*steps, strict=True))


def gru_backward(
    weights: GRUWeights, x: Inputs, trace: Sequence[Hidden], d_h: Hidden
) -> tuple[Inputs, GRUWeights]:
    """Go back through time; returns the derivatives by the inputs and by the weights."""
    r, z, m, n, h = trace
    d_h_later = np.zeros_like(h[..., 0, :])
    before = delayed(h, d_h_later)
    d_read = np.empty((*h.shape[:-1], 3 * h.shape[-1]))  # of W x + b
    d_kept = np.empty_like(d_read)  # of U h + e
    for t in reversed(range(h.shape[-2])):
        now = (..., t, slice(None))
        d_h_now = d_h[now] + d_h_later
        d_an = d_h_now * (1 - z[now]) * (1 - n[now] ** 2)
        d_az = d_h_now * (before[now] - n[now]) * z[now] * (1 - z[now])
        d_ar = d_an * m[now] * r[now] * (1 - r[now])
        d_read[now] = np.concatenate([d_ar, d_az, d_an], axis=-1)
        d_kept[now] = np.concatenate([d_ar, d_az, d_an * r[now]], axis=-1)
        d_h_later = d_h_now * z[now] + d_kept[now] @ weights.weight_hh
    (d_ih, d_bias_ih), (d_hh, d_bias_hh) = by_affine(x, d_read), by_affine(before, d_kept)
    return d_read @ weights.weight_ih, GRUWeights(d_ih, d_hh, d_bias_ih, d_bias_hh)
