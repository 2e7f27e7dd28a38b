"""Fewer of very many, evenly."""

import numpy as np
from jaxtyping import Shaped


def thinned(items: Shaped[np.ndarray, "N ..."], most: int) -> Shaped[np.ndarray, "M ..."]:
    """Return at most `most` of some items, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return items
    return items[np.linspace(0, len(items) - 1, most).astype(np.int64)]
