"""Weights of a trained network for a schema with more symbols. NumPy alone, nothing is trained.

Whatever the network has read, all symbols that were added have a probability of at most
`MOST_MASS` together before the first update, and the old ones keep their proportions. So the
log-probability of any old text falls by at most `-log(1 - MOST_MASS)` = 0.010 nats a step.

Why that holds: an added symbol's logit is the mean of the old ones' less an offset, and by Jensen's
inequality exp(mean logit) is at most the mean of exp(logit).

Shape letters: `V` old symbols, `N` rows of a table of the longer schema, `D` width of a row.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float32

from serinette.core.schema import Schema
from serinette.nets.config import ModelConfig, expected_shapes

MOST_MASS: Final = 0.01
"""What all added symbols may have of the probability together, before the first update."""
_READ: Final = "embedding.weight"
_BIAS: Final = "readout.bias"
_SEED: Final = 0
"""Of vectors that are drawn: a model grows in the same way whenever it does."""


def grown_weights(
    weights: Mapping[str, np.ndarray], config: ModelConfig, schema: Schema
) -> dict[str, np.ndarray]:
    """Return the weights of a network whose schema holds more symbols or labels.

    A row that is added to a table is the mean of the old rows; a table that was not there, of
    labels, is zero, which changes nothing. Where the vectors that are read are not those that are
    told by, an added symbol's is drawn as if it were one of the old: old text holds none of them.

    Args:
        weights: Of a network of these sizes, by name.
        config: Its sizes.
        schema: The old one with symbols and labels added after its own.
    """
    shapes = expected_shapes(config, schema)
    grown = {name: _grown(name, weights.get(name), shape) for name, shape in shapes.items()}
    old = weights[_READ]
    if not config.tied:
        added = grown[_READ][len(old) :]
        noise = np.random.Generator(np.random.Philox(_SEED)).normal(size=added.shape)
        added += (old.std(axis=0) * noise).astype(np.float32)
    return grown


def _grown(
    name: str, old: np.ndarray | None, shape: tuple[int, ...]
) -> Float32[np.ndarray, "N *D"]:
    if old is None:
        return np.zeros(shape, dtype=np.float32)
    n_added = shape[0] - len(old)
    if n_added == 0:
        return old
    row = old.mean(axis=0, dtype=np.float64)
    if name == _BIAS:
        row -= np.log(n_added / len(old) * (1 - MOST_MASS) / MOST_MASS)
    return np.concatenate([old, np.tile(row, (n_added, *[1] * (old.ndim - 1)))]).astype(np.float32)
