"""A neural cache: what came after moments like this one, in the text that was read last.

Each step leaves a key, the direction of the vector that the read-out sees, with the symbol that
followed. A new step is held against all of them; symbols that followed like keys share a part of
the probability.

Reference: Grave, Joulin, Usunier 2017, arXiv:1612.04426. Theirs compares by the inner product; we
compare directions, so that one sharpness does for every size of network.

Shape letters: `N` steps kept, `T` steps, `D` read-out input, `V` symbols.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int

from serinette.core.errors import ConfigError

_SHARPEST = 1_000


@dataclass(frozen=True, kw_only=True)
class CacheConfig:
    """How much a cache has to say."""

    share: float = 0.05
    """Of the probability that it gives out, in [0, 1); 0: there is none."""
    sharpness: float = 20.0
    """How much likelier a like key is than an unlike one: exp of so much times the cosine."""
    size: int = 2_000
    """Steps that are kept; at least 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ConfigError(f"cache.share must be in [0, 1), got {self.share}")
        if not 0 <= self.sharpness <= _SHARPEST:
            raise ConfigError(f"cache.sharpness must be in [0, {_SHARPEST}], got {self.sharpness}")
        if self.size < 1:
            raise ConfigError(f"cache.size must be at least 1, got {self.size}")


class NeuralCache:
    """The last steps that were read.

    Args:
        config: How much it has to say.
        width: Size of a key.
        n_symbols: Size of the vocabulary.
    """

    def __init__(self, config: CacheConfig, width: int, n_symbols: int) -> None:
        self._config = config
        self._n_symbols = n_symbols
        self._keys = np.empty((0, width), dtype=np.float32)
        self._symbols = np.empty(0, dtype=np.int64)

    def keep(self, keys: Float32[np.ndarray, "T D"], symbols: Int[np.ndarray, " T"]) -> None:
        """Keep steps, and forget the oldest ones that are too many."""
        size = self._config.size
        self._keys = np.concatenate([self._keys, _directions(keys)])[-size:]
        self._symbols = np.concatenate([self._symbols, symbols.astype(np.int64)])[-size:]

    def mixed(
        self, keys: Float32[np.ndarray, "T D"], log_probs: Float64[np.ndarray, "T V"]
    ) -> Float64[np.ndarray, "T V"]:
        """Return log-probabilities with the cache's share in them.

        Each row is computed by itself, so that it never depends on the others.

        Args:
            keys: Of the steps after which symbols are predicted.
            log_probs: What the network says of them.
        """
        share = self._config.share
        if share == 0 or len(self._symbols) == 0:
            return log_probs
        found: Float64[np.ndarray, "T V"] = np.log1p(-share) + log_probs
        for row, direction in enumerate(_directions(keys)):
            alike = np.dot(self._keys, direction).astype(np.float64)
            weights = np.exp(self._config.sharpness * (alike - alike.max()))
            told = np.bincount(self._symbols, weights, minlength=self._n_symbols)
            with np.errstate(divide="ignore"):  # what never followed has no share: exp(-inf)
                found[row] = np.logaddexp(found[row], np.log(share * told / weights.sum()))
        return found


def _directions(keys: Float32[np.ndarray, "T D"]) -> Float32[np.ndarray, "T D"]:
    lengths = np.sqrt((keys**2).sum(1, keepdims=True))
    found: Float32[np.ndarray, "T D"] = keys / np.maximum(lengths, np.float32(1e-12))
    return found
