"""The LSTM from first principles: NumPy alone, every derivative by hand, written to be read.

Read `cell`, `backward`; `rnn`, `gru`, `vanishing`; `network`, `training`, `sampling`.

    traces = forward(layers, x)             x: [T, E] or [B, T, E]; a `Trace` for each layer, with
                                            i, f, g, o, c, h of every step, [T, H] or [B, T, H]
    d_x, d_layers = backward(layers, traces, d_h)       d_h: derivative by the top layer's h
    d_x = input_gradients(layers, traces, d_h)          the same without weights; d_h may be
                                            [K, T, H], for K scalars of one sequence [T, E]

`layers` is a sequence of `LSTMWeights(weight_ih [4H, E], weight_hh [4H, H], bias [4H])`, from the
bottom to the top, rows in torch's order i, f, g, o; `bias` is the sum of torch's two.
"""

from serinette.primer.backward import backward, input_gradients
from serinette.primer.cell import LSTMWeights, State, Trace, forward
from serinette.primer.network import Network, create, cross_entropy, predict
from serinette.primer.sampling import decode, generate
from serinette.primer.training import Window, encode, streams, train
from serinette.primer.vanishing import gradient_norms

__all__ = ["LSTMWeights", "State", "Trace", "backward", "forward", "input_gradients"]
__all__ += ["Network", "create", "cross_entropy", "predict"]
__all__ += ["Window", "decode", "encode", "generate", "gradient_norms", "streams", "train"]
