"""Filters that remove unlikely symbols before the draw.

A filter maps logits to logits of the same shape; what it removes becomes -inf. It never draws,
never normalises, leaves at least one symbol a row, and treats every row alone. -inf in the input
stays removed. Ties are broken by symbol number, the smaller first.

Shape letters: `B` rows, `V` symbols.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.distributions import categorical_log_probs

Logits = Float[np.ndarray, "B V"]


def top_k(logits: Logits, k: int) -> Logits:
    """Keep exactly the `k` likeliest symbols of each row, fewer only where fewer are possible.

    Comparing with the k-th value alone would keep every symbol tied with it.

    Args:
        logits: Unnormalised log-probabilities, in nats.
        k: How many to keep, at least 1; V and above keep everything.

    Reference: Fan et al. 2018, arXiv:1805.04833.
    """
    n_symbols = logits.shape[-1]
    if k >= n_symbols:
        return logits
    cut = np.partition(logits, n_symbols - k, axis=-1)[:, n_symbols - k, None]  # k-th largest
    above, tied = logits > cut, logits == cut
    places_left = k - above.sum(axis=-1, keepdims=True)
    return _keep(logits, above | (tied & (tied.cumsum(axis=-1) <= places_left)))


def typical(logits: Logits, mass: float) -> Logits:
    """Keep the symbols whose surprise is nearest the row's entropy, until they reach `mass`.

    Args:
        logits: Unnormalised log-probabilities, in nats.
        mass: Probability to keep, in (0, 1]; 1 keeps everything.

    Reference: Meister et al. 2023, arXiv:2202.00666.
    """
    if mass >= 1:
        return logits
    log_probs = categorical_log_probs(logits)
    probs = np.exp(log_probs)
    surprise = np.where(probs > 0, -log_probs, 0.0)
    entropy = (probs * surprise).sum(axis=-1, keepdims=True)
    distance = np.where(probs > 0, np.abs(surprise - entropy), np.inf)
    return _keep_first(logits, np.argsort(distance, axis=-1, kind="stable"), probs, mass)


def top_p(logits: Logits, mass: float) -> Logits:
    """Keep the smallest set of likeliest symbols whose probability reaches `mass`.

    Args:
        logits: Unnormalised log-probabilities, in nats.
        mass: Probability to keep, in (0, 1]; 1 keeps everything.

    Reference: Holtzman et al. 2020, arXiv:1904.09751.
    """
    if mass >= 1:
        return logits
    order = np.argsort(-logits, axis=-1, kind="stable")
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return _keep_first(logits, order, weights, mass)


def min_p(logits: Logits, fraction: float) -> Logits:
    """Keep the symbols at least `fraction` times as likely as the likeliest.

    Args:
        logits: Unnormalised log-probabilities, in nats.
        fraction: In [0, 1]; 0 keeps everything, 1 the likeliest and what is tied with it.

    Reference: Nguyen et al. 2024, arXiv:2407.01082.
    """
    if fraction <= 0:
        return logits
    return _keep(logits, logits >= logits.max(axis=-1, keepdims=True) + np.log(fraction))


def _keep(logits: Logits, kept: Bool[np.ndarray, "B V"]) -> Logits:
    return np.where(kept, logits, -np.inf)


def _keep_first(
    logits: Logits, order: Int[np.ndarray, "B V"], weights: Float[np.ndarray, "B V"], mass: float
) -> Logits:
    """Keep the first symbols in `order` until their share of `weights` reaches `mass`."""
    reached = np.take_along_axis(weights, order, axis=-1).cumsum(axis=-1)
    reached /= reached[:, -1:]
    # One that is added when the mass before it does not yet suffice belongs to the set.
    before = np.concatenate([np.zeros_like(reached[:, :1]), reached[:, :-1]], axis=-1)
    kept = np.empty(logits.shape, dtype=np.bool_)
    np.put_along_axis(kept, order, before < mass, axis=-1)
    return _keep(logits, kept)
