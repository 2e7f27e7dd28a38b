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

Along c a derivative is only multiplied by f, never by a matrix: with f near 1 it does not vanish.

Shape letters: `E` inputs, `H` hidden, `T` steps, `*B` any rows in front, also none.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from serinette.primer.cell import LSTMWeights, Trace


def delayed(
    values: Float[np.ndarray, "*B T H"], first: Float[np.ndarray, "*B H"]
) -> Float[np.ndarray, "*B T H"]:
    """Return at each step the value of the step before it."""
    return np.concatenate([first[..., None, :], values[..., :-1, :]], axis=-2)


def gate_gradients(
    weights: LSTMWeights, trace: Trace, d_h: Float[np.ndarray, "*B T H"]
) -> Float[np.ndarray, "*B T H4"]:
    """Go back through time; returns the derivative by `a`, the gates before sigmoid and tanh.

    Args:
        weights: Of the layer.
        trace: What the way forward returned.
        d_h: Derivative by each h from above: the next layer, or the loss.
    """
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


def weight_gradients(
    inputs: Float[np.ndarray, "*B T I"], d_a: Float[np.ndarray, "*B T O"]
) -> Float[np.ndarray, "O I"]:
    """Return the derivative by W in `a = W inputs`, added up over rows and steps."""
    d_weight: Float[np.ndarray, "O I"]
    d_weight = d_a.reshape(-1, d_a.shape[-1]).T @ inputs.reshape(-1, inputs.shape[-1])
    return d_weight


def backward(
    layers: Sequence[LSTMWeights], traces: Sequence[Trace], d_h: Float[np.ndarray, "*B T H"]
) -> tuple[Float[np.ndarray, "*B T E"], list[LSTMWeights]]:
    """Go back through a stack; returns the derivatives by its inputs and by its weights.

    Nothing flows back into `start`: a window's gradient ends where the window begins (truncated
    back-propagation through time, Williams and Peng 1990, doi:10.1162/neco.1990.2.4.490).

    Args:
        layers: From the bottom to the top.
        traces: What `forward` returned.
        d_h: Derivative of the loss by each h of the top layer.
    """
    gradients = []
    for weights, trace in zip(reversed(layers), reversed(traces), strict=True):
        d_a = gate_gradients(weights, trace, d_h)
        d_hh = weight_gradients(delayed(trace.h, trace.start.h), d_a)
        d_bias = d_a.reshape(-1, d_a.shape[-1]).sum(axis=0)
        gradients.append(LSTMWeights(weight_gradients(trace.x, d_a), d_hh, d_bias))
        d_h = d_a @ weights.weight_ih
    return d_h, gradients[::-1]


def input_gradients(
    layers: Sequence[LSTMWeights], traces: Sequence[Trace], d_h: Float[np.ndarray, "*K T H"]
) -> Float[np.ndarray, "*K T E"]:
    """Return only the derivatives by the inputs, of one scalar or of many at once.

    Args:
        layers: From the bottom to the top.
        traces: What `forward` returned.
        d_h: Derivative of a scalar by each h of the top layer: `[T, H]`, or `[K, T, H]` for K
            scalars of the one sequence `[T, E]` that was run.
    """
    for weights, trace in zip(reversed(layers), reversed(traces), strict=True):
        d_h = gate_gradients(weights, trace, d_h) @ weights.weight_ih
    return d_h
