"""What stands between layers, in NumPy."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from jaxtyping import Float32

from serinette.nets.critic_config import LEAK


def sigmoid(x: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Return the logistic function, without overflow."""
    found: Float32[np.ndarray, "..."] = 0.5 * np.tanh(0.5 * x) + 0.5
    return found


ACTIVATIONS: Final[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky-relu": lambda x: np.where(x > 0, x, np.float32(LEAK) * x),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}
"""By the names that settings use, as `nets.critics.ACTIVATIONS`."""
