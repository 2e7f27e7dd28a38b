"""Adapting to a text while it is read: dynamic evaluation and a neural cache.

Dynamic evaluation lets the weights follow the text.

A text is read in pieces. Every piece is predicted with the weights as they are, and then the
weights take one step down its gradient, scaled by the size that gradients of each weight have, and
decay back to where they began. So nothing is ever predicted with weights that have seen it.

Reference: Krause, Kahembwe, Murray, Renals 2018, arXiv:1709.07432 (their "RMS with decay"). The
size of gradients comes from the text itself, as running means of squares by rows and by columns
(Shazeer and Stern 2018, arXiv:1804.04235), since a model carries no statistics of its training.

Shape letters: `T` steps, `C` context fields, `P` predictions, `V` symbols.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64, Int

from serinette.core.distributions import categorical_log_probs
from serinette.core.errors import ConfigError, DivergedError
from serinette.decoding.neural_cache import CacheConfig, NeuralCache
from serinette.decoding.trainable import TrainableNetwork
from serinette.nets.config import predicted_symbols


@dataclass(frozen=True, kw_only=True)
class AdaptConfig:
    """How weights follow a text."""

    rate: float = 2e-4
    """Length of a step, in units of a weight's usual gradient; 0 keeps the weights."""
    decay: float = 1e-3
    """Share of the way back to the trained weights that is gone after every piece, in [0, 1)."""
    piece: int = 16
    """Steps of a piece; at least 1."""
    cache: CacheConfig = field(default_factory=CacheConfig)
    """What came after like moments has its say, too."""

    def __post_init__(self) -> None:
        if not 0 <= self.rate < math.inf:
            raise ConfigError(f"adapt.rate must be 0 or more, got {self.rate}")
        if not 0 <= self.decay < 1:
            raise ConfigError(f"adapt.decay must be in [0, 1), got {self.decay}")
        if self.piece < 1:
            raise ConfigError(f"adapt.piece must be at least 1, got {self.piece}")


_MEMORY = 0.999
"""What a running mean keeps of itself at every piece."""
_SMALLEST = 1e-8
_BLOCK = 1 << 15
"""Weights that are adjusted at a time."""
_ASTRAY = 100.0
"""Nats a symbol of a piece; by chance among a million symbols they are 14."""


class Follower:
    """A network whose weights follow what it reads.

    Args:
        network: Its weights are changed in place.
        config: How.
    """

    def __init__(self, network: TrainableNetwork, config: AdaptConfig) -> None:
        self.network = network
        self._config = config
        self._trained = {name: weight.copy() for name, weight in network.weights.items()}
        self._squares: dict[str, tuple[np.ndarray, ...]] = {}
        self._weight_of_squares = 0.0
        (symbols,) = predicted_symbols(network.schema)
        self.cache = NeuralCache(config.cache, network.config.readout_size, symbols.size)
        """What was read last."""

    def read(
        self, symbols: Int[np.ndarray, " T"], context: Int[np.ndarray, " C"]
    ) -> Iterator[Float64[np.ndarray, " P"]]:
        """Read a sequence; yields -log p of every symbol but the first, in nats, piece by piece.

        Args:
            symbols: From the one that opens the sequence on; at least one.
            context: Facts about the whole sequence.

        Raises:
            DivergedError: If the weights have gone astray.
        """
        memory = self.network.start()
        last = len(symbols) - 1
        for first in range(0, last, self._config.piece):
            end = min(first + self._config.piece, last)
            reading = self.network.read(symbols[first:end], context, memory)
            log_probs = categorical_log_probs(reading.logits)
            targets = symbols[first + 1 : end + 1]
            places = np.arange(len(targets))
            nats = -self.cache.mixed(reading.joined, log_probs)[places, targets]
            self._check(nats)
            yield nats
            self.cache.keep(reading.joined, targets)
            memory = reading.end
            if self._config.rate > 0:
                d_logits = np.exp(log_probs).astype(np.float32)
                d_logits[places, targets] -= 1
                self._step(self.network.gradients(reading, d_logits))

    def _check(self, nats: Float64[np.ndarray, " P"]) -> None:
        if not nats.mean() < _ASTRAY:
            raise DivergedError(
                f"adapt.rate {self._config.rate:g}: the weights have gone astray, a symbol costs "
                f"{nats.mean():.3g} nats; take a smaller rate"
            )

    def _step(self, gradients: dict[str, Float32[np.ndarray, "..."]]) -> None:
        self._weight_of_squares = _MEMORY * self._weight_of_squares + (1 - _MEMORY)
        for name, gradient in gradients.items():
            sizes = self._usual_sizes(name, gradient)
            weight, trained = self.network.weights[name], self._trained[name]
            if gradient.ndim == 1:
                self._adjust(weight, trained, gradient / sizes[0])
                continue
            rows, columns = sizes
            # In blocks: a wide matrix is fetched once and not once an operation.
            height = max(1, _BLOCK // len(columns))
            for first in range(0, len(rows), height):
                block = slice(first, first + height)
                step = gradient[block] / rows[block, None]
                step /= columns
                self._adjust(weight[block], trained[block], step)

    def _adjust(
        self,
        weight: Float32[np.ndarray, "..."],
        trained: Float32[np.ndarray, "..."],
        step: Float32[np.ndarray, "..."],
    ) -> None:
        """Take a step down, and go part of the way back; `step` is used up."""
        step *= self._config.rate
        weight -= step
        if self._config.decay:
            np.subtract(trained, weight, out=step)
            step *= self._config.decay
            weight += step

    def _usual_sizes(
        self, name: str, gradient: Float32[np.ndarray, "..."]
    ) -> tuple[Float32[np.ndarray, " _"], ...]:
        """Return the size that gradients of a tensor have, this one included.

        Of a vector it is the size of each weight; of a matrix the product of those of row and
        column.
        """
        if gradient.ndim == 1:
            means: tuple[np.ndarray, ...] = (gradient * gradient,)
        else:
            n_rows, n_columns = gradient.shape
            means = (
                np.einsum("ij,ij->i", gradient, gradient) / np.float32(n_columns),
                np.einsum("ij,ij->j", gradient, gradient) / np.float32(n_rows),
            )
        before = self._squares.get(name, tuple(np.zeros_like(mean) for mean in means))
        kept = tuple(
            _MEMORY * b + (1 - _MEMORY) * mean for b, mean in zip(before, means, strict=True)
        )
        self._squares[name] = kept
        last = kept[-1] / self._weight_of_squares
        if gradient.ndim == 1:
            return (np.sqrt(last) + _SMALLEST,)
        total = max(float(kept[0].mean()), _SMALLEST**2)
        return np.sqrt(kept[0] / total) + _SMALLEST, np.sqrt(last) + _SMALLEST
        rows, columns = kept
        total = max(float(rows.mean()), 1e-30)
        size = np.sqrt(np.outer(rows / total, columns / self._weight_of_squares))
        return size
