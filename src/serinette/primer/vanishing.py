"""How much of a gradient is left k steps back: the reason for the LSTM, in numbers.

In an LSTM the derivative by c is multiplied by f at every step back. With a bias of 0 f is about
1/2; with a bias of b it is sigmoid(b), about 0.73 for 1 and 0.98 for 4. To begin with 1 helps
(Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015, ICML).
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from serinette.primer.backward import input_gradients
from serinette.primer.cell import LSTMWeights, forward
from serinette.primer.gru import GRUWeights, gru_backward, gru_forward
from serinette.primer.rnn import RNNWeights, rnn_backward, rnn_forward

Cell = Literal["rnn", "gru", "lstm"]


def gradient_norms(
    cell: Cell, n_steps: int = 100, *, gain: float = 1.0, forget_bias: float = 0.0, seed: int = 0
) -> Float[np.ndarray, " T"]:
    """Return how strongly h of the last step depends on the input k steps before it.

    The k-th number is the norm of a derivative: of a random projection of the last h, by x of k
    steps before, root of the mean square over 16 random sequences. The weights are untrained:
    uniform within 1 / sqrt(H), as torch begins, U times `gain`. Only an LSTM has a forget bias.
    """
    rng, size, n_gates = np.random.default_rng(seed), 32, {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    width, x = size**-0.5, rng.normal(size=(16, n_steps, size))
    w, u = rng.uniform(-width, width, size=(2, n_gates * size, size))
    u, bias = gain * u, np.zeros(n_gates * size)
    d_h = np.zeros_like(x)
    d_h[:, -1] = rng.normal(size=d_h[:, -1].shape) * width
    if cell == "rnn":
        plain = RNNWeights(w, u, bias)
        d_x, _ = rnn_backward(plain, x, rnn_forward(plain, x), d_h)
    elif cell == "gru":
        gated = GRUWeights(w, u, bias, bias)
        d_x, _ = gru_backward(gated, x, gru_forward(gated, x), d_h)
    else:
        bias[size : 2 * size] = forget_bias
        layers = [LSTMWeights(w, u, bias)]
        d_x = input_gradients(layers, forward(layers, x), d_h)
    norms: Float[np.ndarray, " T"] = np.sqrt((d_x**2).sum(axis=-1).mean(axis=0))[::-1]
    return norms
