"""Training: a text as numbers, cut into windows; one small step down the gradient for each.

Adam (Kingma and Ba 2015, arXiv:1412.6980) keeps a running mean m of each gradient and v of its
square, and divides one by the root of the other, so that all weights move at about the same `rate`:

    m = 0.9 m + 0.1 gradient            weight -= rate * m^ / (sqrt(v^) + 1e-8)
    v = 0.999 v + 0.001 gradient^2      m^ = m / (1 - 0.9^n),  v^ = v / (1 - 0.999^n), n updates

At a cliff of the loss a gradient is huge and one update undoes a thousand: a gradient longer than
`max_norm` is shortened to it (Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063).

Shape letters: `B` rows, `T` steps, `N` symbols of a text.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from serinette.primer.network import Network, Symbols, cross_entropy, gradients, predict


def encode(text: str, known: str) -> Int[np.ndarray, " N"]:
    """Return the place of each character among those that are known; else ValueError."""
    return np.array([known.index(character) for character in text], dtype=int)


class Window(NamedTuple):
    """What one update learns from; with its targets: teacher forcing (Williams and Zipser 1989)."""

    symbols: Symbols
    targets: Symbols
    counted: Bool[np.ndarray, "B T"] | None = None
    """Which steps count in the loss; None: all."""
    follows: bool = False
    """Whether each row goes on where the same row of the window before ended (stateful)."""


def streams(symbols: Int[np.ndarray, " N"], n_rows: int, n_steps: int) -> Iterator[Window]:
    """Cut a text into `n_rows` long pieces, side by side, and those into windows; for ever."""
    length = (len(symbols) - 1) // n_rows
    if length < n_steps:
        raise ValueError(f"{len(symbols)} symbols are too few for {n_rows} rows of {n_steps} steps")
    inputs = symbols[: n_rows * length].reshape(n_rows, length)
    targets = symbols[1 : n_rows * length + 1].reshape(n_rows, length)
    while True:
        for first in range(0, length - n_steps + 1, n_steps):
            part = slice(first, first + n_steps)
            yield Window(inputs[:, part], targets[:, part], follows=first > 0)


def clip_(arrays: Sequence[np.ndarray], max_norm: float) -> float:
    """Shorten a gradient in place to `max_norm`; returns how long it was, over all arrays."""
    norm = float(np.sqrt(sum((array**2).sum() for array in arrays)))
    factor = min(1.0, max_norm / (norm + 1e-6))  # torch adds 1e-6 too
    for array in arrays:
        array[...] = factor * array
    return norm


class Adam:
    """The optimiser and its running means."""

    def __init__(self, arrays: Sequence[np.ndarray], rate: float = 0.001) -> None:
        self.arrays, self.rate, self.n_updates = arrays, rate, 0
        self.means, self.squares = ([0 * array for array in arrays] for _ in range(2))

    def update_(self, gradient: Sequence[np.ndarray]) -> None:
        """Move the weights, in place."""
        self.n_updates += 1
        scales = 1 - 0.9**self.n_updates, 1 - 0.999**self.n_updates
        for w, d, m, v in zip(self.arrays, gradient, self.means, self.squares, strict=True):
            m[...] = 0.9 * m + (1 - 0.9) * d
            v[...] = 0.999 * v + (1 - 0.999) * d**2
            w[...] = w - self.rate * (m / scales[0]) / (np.sqrt(v / scales[1]) + 1e-8)


def train(
    network: Network, windows: Iterable[Window], *, rate: float = 0.01, max_norm: float = 1.0
) -> list[float]:
    """Change a network in place, one update a window; returns the losses, in nats."""
    optimiser, losses, ends = Adam(network.arrays(), rate), [], None
    for window in windows:
        logits, traces = predict(network, window.symbols, ends if window.follows else None)
        loss, d_logits = cross_entropy(logits, window.targets, window.counted)
        found = gradients(network, window.symbols, traces, d_logits).arrays()
        clip_(found, max_norm)
        optimiser.update_(found)
        losses.append(loss)
        ends = [trace.end() for trace in traces]
    return losses
