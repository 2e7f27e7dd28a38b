"""A language model: symbols in, a distribution over the next symbol out, and its loss.

    x_t = embedding[s_t]                        a symbol becomes a vector
    h_t = LSTM(x_1 ... x_t)                     the stack of `cell`
    l_t = W h_t + b                             one number (logit) for every symbol
    p_t = softmax(l_t) = exp(l_t) / sum(exp(l_t))
    loss = mean over t of -log p_t[s_{t+1}]     cross-entropy, in nats

The derivative of the loss of one step by its logits is p - onehot(s_{t+1}): what was expected minus
what came. Reference: Graves 2013, arXiv:1308.0850, sections 2 and 3.

Shape letters: `B` rows, `T` steps, `V` symbols, `E` embedding, `H` hidden.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.primer.backward import backward, by_affine
from serinette.primer.cell import LSTMWeights, State, Trace, forward

Symbols = Int[np.ndarray, "B T"]
Logits = Float[np.ndarray, "B T V"]


class Network(NamedTuple):
    """All weights. A gradient is a `Network` too: the derivative by each."""

    embedding: Float[np.ndarray, "V E"]
    layers: list[LSTMWeights]
    weight_out: Float[np.ndarray, "V H"]
    bias_out: Float[np.ndarray, " V"]

    def arrays(self) -> list[np.ndarray]:
        """Return every array, in a fixed order."""
        inside = [array for layer in self.layers for array in layer]
        return [self.embedding, *inside, self.weight_out, self.bias_out]


def create(
    vocab_size: int, hidden_size: int, *, n_layers: int = 1, forget_bias: float = 1.0, seed: int = 0
) -> Network:
    """Return a network of random weights, uniform within 1 / sqrt(H), embeddings of size H."""
    rng, width, layers = np.random.default_rng(seed), hidden_size**-0.5, []
    for _ in range(n_layers):
        w, u = rng.uniform(-width, width, size=(2, 4 * hidden_size, hidden_size))
        layers.append(LSTMWeights(w, u, np.repeat([0.0, forget_bias, 0.0, 0.0], hidden_size)))
    embedding, weight_out = rng.uniform(-width, width, size=(2, vocab_size, hidden_size))
    return Network(embedding, layers, weight_out, np.zeros(vocab_size))


def predict(
    network: Network, symbols: Symbols, starts: Sequence[State] | None = None
) -> tuple[Logits, list[Trace]]:
    """Return the logits of the symbol after each step, and what happened inside."""
    traces = forward(network.layers, network.embedding[symbols], starts)
    return traces[-1].h @ network.weight_out.T + network.bias_out, traces


def log_softmax(logits: Float[np.ndarray, "*B V"]) -> Float[np.ndarray, "*B V"]:
    """Return log-probabilities; the largest logit is taken off first, so that exp stays finite."""
    shifted: Float[np.ndarray, "*B V"] = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def cross_entropy(
    logits: Logits, targets: Symbols, counted: Bool[np.ndarray, "B T"] | None = None
) -> tuple[float, Logits]:
    """Return the mean loss of the `counted` steps (None: all), and its derivative by the logits."""
    log_probs, place = log_softmax(logits), targets[..., None]
    share = np.ones(targets.shape) if counted is None else counted.astype(float)
    share /= share.sum()
    loss = -(np.take_along_axis(log_probs, place, axis=-1)[..., 0] * share).sum()
    d_logits = np.exp(log_probs)
    np.put_along_axis(d_logits, place, np.take_along_axis(d_logits, place, axis=-1) - 1, axis=-1)
    return float(loss), d_logits * share[..., None]


def gradients(
    network: Network, symbols: Symbols, traces: Sequence[Trace], d_logits: Logits
) -> Network:
    """Go back from the logits to every weight."""
    d_x, d_layers = backward(network.layers, traces, d_logits @ network.weight_out)
    d_embedding = np.zeros_like(network.embedding)
    np.add.at(d_embedding, symbols, d_x)  # a symbol that occurs twice gets both parts
    return Network(d_embedding, d_layers, *by_affine(traces[-1].h, d_logits))
