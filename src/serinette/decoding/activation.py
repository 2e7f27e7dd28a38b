"""What stands between layers, in NumPy."""

import numpy as np
from jaxtyping import Float32


def sigmoid(x: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Return the logistic function, without overflow."""
    found: Float32[np.ndarray, "..."] = 0.5 * np.tanh(0.5 * x) + 0.5
    return found
