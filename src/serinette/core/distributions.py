"""The NumPy face of the distributions of a field: draw, log-probability, cumulative distribution.

`nets.heads` holds the torch face of the same distributions; a parity test holds the two together.
Every function is pure: one uniform number draws one symbol.

Shape letters: `B` rows, `V` symbols.
"""

import numpy as np
from jaxtyping import Float, Int


def categorical_log_probs(logits: Float[np.ndarray, "*B V"]) -> Float[np.ndarray, "*B V"]:
    """Normalise logits to log-probabilities, in nats, in float64.

    A logit of -inf stays -inf: that symbol is impossible. At least one logit must be finite.
    """
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def categorical_log_prob(
    logits: Float[np.ndarray, "*B V"], symbols: Int[np.ndarray, "*B"]
) -> Float[np.ndarray, "*B"]:
    """Return the log-probability of one symbol a row, in nats."""
    chosen = np.take_along_axis(categorical_log_probs(logits), symbols[..., None], axis=-1)
    return chosen[..., 0]


def categorical_draw(
    logits: Float[np.ndarray, "B V"], u: Float[np.ndarray, " B"]
) -> Int[np.ndarray, " B"]:
    """Invert the cumulative distribution: the symbol whose slice of [0, 1) holds `u`.

    A symbol of probability zero owns an empty slice and is never drawn, not even at u = 0.
    """
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True), dtype=np.float64)
    cumulative = weights.cumsum(axis=-1)
    drawn: Int[np.ndarray, " B"] = (cumulative <= (u * cumulative[:, -1])[:, None]).sum(axis=-1)
    return drawn
