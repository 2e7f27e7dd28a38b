"""The NumPy face of the distributions of a field: draw, log-probability, cumulative distribution.

`nets.heads` holds the torch face of the same distributions; a parity test holds the two together.
Every function is pure: one uniform number draws one symbol.

Shape letters: `B` rows, `V` symbols, `K` parts of a mixture, `C` atoms and parts, `P` parameters.
"""

from typing import Final, NamedTuple

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


class Mixture(NamedTuple):
    """Point masses beside logistic parts: the distribution of a value, one a row.

    A value is one of `n_atoms` atoms or comes from a mixture of logistics.
    """

    logits: Float[np.ndarray, "*B C"]
    """Unnormalised log-probabilities: the atoms, then the parts."""
    means: Float[np.ndarray, "*B K"]
    scales: Float[np.ndarray, "*B K"]
    """Above 0."""


SHARPEST: Final = -7.0
"""Smallest log scale of a part: below it a density is a point mass, and has its own name."""
BROADEST: Final = 3.0


def mixture_of(params: Float[np.ndarray, "*B P"], n_atoms: int) -> Mixture:
    """Split a head's parameters: logits of atoms and parts, means, raw log scales."""
    n_parts = (params.shape[-1] - n_atoms) // 3
    logits, means, raw = np.split(params, [n_atoms + n_parts, n_atoms + 2 * n_parts], axis=-1)
    return Mixture(logits, means, np.exp(np.clip(raw, SHARPEST, BROADEST)))


def mixture_log_prob(
    mixture: Mixture, atoms: Int[np.ndarray, "*B"], values: Float[np.ndarray, "*B"]
) -> Float[np.ndarray, "*B"]:
    """Return the log-probability of an atom, or the log density of a value, in nats.

    Args:
        mixture: One a row.
        atoms: Number of the atom, or the number of atoms for a value of the mixture.
        values: Read where there is no atom.
    """
    n_atoms = mixture.logits.shape[-1] - mixture.means.shape[-1]
    log_weights = categorical_log_probs(mixture.logits)
    z = (values[..., None] - mixture.means) / mixture.scales
    away = np.abs(z)
    parts = -away - np.log(mixture.scales) - 2 * np.log1p(np.exp(-away))
    joined = log_weights[..., n_atoms:] + parts
    top = joined.max(axis=-1)
    dense = top + np.log(np.exp(joined - top[..., None]).sum(axis=-1))
    if n_atoms == 0:
        only: Float[np.ndarray, "*B"] = dense
        return only
    clipped = np.minimum(atoms, n_atoms - 1)[..., None]
    massive = np.take_along_axis(log_weights, clipped, axis=-1)[..., 0]
    found: Float[np.ndarray, "*B"] = np.where(atoms < n_atoms, massive, dense)
    return found


def mixture_draw(
    mixture: Mixture, u: Float[np.ndarray, " B"], *, temperature: float = 1.0
) -> tuple[Int[np.ndarray, " B"], Float[np.ndarray, " B"]]:
    """Draw with one uniform number a row: it chooses the part, and what is left of it the value.

    Args:
        mixture: One a row.
        u: In [0, 1).
        temperature: Above 0; logits are divided by it and scales multiplied.

    Returns:
        The number of the atom (the number of atoms where a value was drawn), and the value (0 where
        an atom was drawn).
    """
    n_atoms = mixture.logits.shape[-1] - mixture.means.shape[-1]
    logits = mixture.logits / temperature
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True), dtype=np.float64)
    cumulative = weights.cumsum(axis=-1)
    target = u * cumulative[:, -1]
    chosen = (cumulative <= target[:, None]).sum(axis=-1)
    rows = np.arange(len(chosen))
    left = (target - (cumulative[rows, chosen] - weights[rows, chosen])) / weights[rows, chosen]
    left = np.clip(left, 1e-12, 1 - 1e-12)
    part = np.maximum(chosen - n_atoms, 0)
    spread = mixture.scales[rows, part] * temperature * np.log(left / (1 - left))
    is_value = chosen >= n_atoms
    return np.minimum(chosen, n_atoms), np.where(is_value, mixture.means[rows, part] + spread, 0.0)
