"""The way back through an LSTM: what each weight and each input did to the loss.

`d_v` stands for the derivative of the loss by v. Read the equations of `cell` from the last to
the first and apply the chain rule to each (back-propagation through time: Werbos 1990,
doi:10.1109/5.58337; for this cell, Graves 2013, arXiv:1308.0850, section 2.1). h and c of a step
act on the loss at once and through the step after it, so their derivatives have two parts:

    d_h  = from above + U^T d_a'            U^T d_a' comes back from the step after (a': its gates)
    d_c  = d_h * o * (1 - tanh(c)^2) + f' * d_c'
    d_ai = d_c * g        * i * (1 - i)     sigmoid' = s (1 - s)
    d_af = d_c * c_before * f * (1 - f)
    d_ag = d_c * i        * (1 - g^2)       tanh' = 1 - tanh^2
    d_ao = d_h * tanh(c)  * o * (1 - o)

Along c a derivative is multiplied by f alone: near 1, it stays. Shape letters as in `cell`.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from serinette.primer.cell import Hidden, HiddenNow, Inputs, LSTMWeights, Trace


def delayed(values: Hidden, first: HiddenNow) -> Hidden:
    """Return at each step the value of the step before it."""
    return np.concatenate([first[..., None, :], values[..., :-1, :]], axis=-2)


def by_affine(
    inputs: Float[np.ndarray, "*B T I"], d_a: Float[np.ndarray, "*B T O"]
) -> tuple[Float[np.ndarray, "O I"], Float[np.ndarray, " O"]]:
    """Return the derivatives by W and b of `a = W inputs + b`, added up over rows and steps."""
    flat_a = d_a.reshape(-1, d_a.shape[-1])
    return flat_a.T @ inputs.reshape(-1, inputs.shape[-1]), flat_a.sum(axis=0)


def gate_gradients(
    weights: LSTMWeights, trace: Trace, d_h: Float[np.ndarray, "*K T H"]
) -> Float[np.ndarray, "*K T H4"]:
    """Go back through time; returns the derivative by `a`, the gates before sigmoid and tanh."""
    _, i, f, g, o, c, _, start = trace
    c_before, shown = delayed(c, start.c), np.tanh(c)
    d_h_later, d_c_later = np.zeros_like(d_h[..., 0, :]), np.zeros_like(d_h[..., 0, :])
    d_a = np.empty((*d_h.shape[:-1], 4 * d_h.shape[-1]))
    for t in reversed(range(d_h.shape[-2])):
        now = (..., t, slice(None))
        d_h_now = d_h[now] + d_h_later
        d_c = d_h_now * o[now] * (1 - shown[now] ** 2) + d_c_later
        d_ai = d_c * g[now] * i[now] * (1 - i[now])
        d_af = d_c * c_before[now] * f[now] * (1 - f[now])
        d_ag = d_c * i[now] * (1 - g[now] ** 2)
        d_ao = d_h_now * shown[now] * o[now] * (1 - o[now])
        d_a[now] = np.concatenate([d_ai, d_af, d_ag, d_ao], axis=-1)
        d_h_later, d_c_later = d_a[now] @ weights.weight_hh, d_c * f[now]
    return d_a


def backward(
    layers: Sequence[LSTMWeights], traces: Sequence[Trace], d_h: Hidden
) -> tuple[Inputs, list[LSTMWeights]]:
    """Go back through a stack; returns the derivatives by its inputs and by its weights.

    Nothing flows back into `start` (Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490).
    """
    gradients = []
    for weights, trace in zip(reversed(layers), reversed(traces), strict=True):
        d_a = gate_gradients(weights, trace, d_h)
        d_hh, d_bias = by_affine(delayed(trace.h, trace.start.h), d_a)
        gradients.append(LSTMWeights(by_affine(trace.x, d_a)[0], d_hh, d_bias))
        d_h = d_a @ weights.weight_ih
    return d_h, gradients[::-1]


def input_gradients(
    layers: Sequence[LSTMWeights], traces: Sequence[Trace], d_h: Float[np.ndarray, "*K T H"]
) -> Float[np.ndarray, "*K T E"]:
    """Return only the derivatives by the inputs: of one scalar, or of K scalars of one sequence."""
    for weights, trace in zip(reversed(layers), reversed(traces), strict=True):
        d_h = gate_gradients(weights, trace, d_h) @ weights.weight_ih
    return d_h
