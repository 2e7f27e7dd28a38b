"""A stepper with a neural cache of a text that was read before: what it writes is drawn to that.

Shape letters: `B` rows, `T` steps, `C` context fields, `F` fields, `V` symbols.
"""

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.distributions import categorical_log_probs
from serinette.core.schema import Schema
from serinette.decoding.neural_cache import NeuralCache
from serinette.decoding.onnx_stepper import OnnxState, OnnxStepper
from serinette.decoding.trainable import TrainableNetwork


class CachedStepper:
    """Steps as another does; what it says of the next symbol is mixed with the cache's word.

    Args:
        inner: Runs the network.
        network: The same network, which knows what its read-out sees.
        cache: Filled before; nothing is added, so that rows stay apart.
    """

    def __init__(self, inner: OnnxStepper, network: TrainableNetwork, cache: NeuralCache) -> None:
        self._inner = inner
        self._network = network
        self._cache = cache

    @property
    def schema(self) -> Schema:
        """Fields and context."""
        return self._inner.schema

    def start(self, context: Int[np.ndarray, "B C"], noise: None = None) -> OnnxState:
        """Return the all-zero state of `len(context)` rows."""
        return self._inner.start(context, noise)

    def advance(
        self, steps: Int[np.ndarray, "B T F"], state: OnnxState
    ) -> tuple[Float32[np.ndarray, "B T V"], OnnxState]:
        """Read `steps`, one after another: each has a key of its own."""
        found = []
        for t in range(steps.shape[1]):
            logits, state = self._inner.advance(steps[:, t : t + 1], state)
            keys = self._network.joined(state.buffers.h)
            found.append(self._cache.mixed(keys, categorical_log_probs(logits[:, 0])))
        return np.stack(found, axis=1).astype(np.float32), state

    def field(
        self, k: int, hidden: Float32[np.ndarray, "B T V"], drawn: Int[np.ndarray, "B T k"]
    ) -> Float32[np.ndarray, "B T V"]:
        """Return the logits of field `k`; there is one."""
        return hidden
