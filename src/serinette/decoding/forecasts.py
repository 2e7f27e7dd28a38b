"""How sure a model was of every symbol, and how often it was right: one pass over held-out text.

A model gives every symbol of its vocabulary a probability at every step; each of these is a
forecast that comes true or not. The logits of a chunk are counted and dropped, so memory grows
with the text by a few bytes a symbol and never with the vocabulary.

Shape letters: `N` predicted symbols of all sequences, `M` those of a slab, `V` symbols,
`K` blocks, `S` bins, `G` sharpnesses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from serinette.core.distributions import categorical_log_probs
from serinette.decoding.reading import Predictions, predictions, windows
from serinette.decoding.stepper import Stepper

BLOCK_SYMBOLS = 1_000
"""Counts are kept for every so many symbols, for a bootstrap over blocks."""
SHARPNESS = tuple(k / 8 for k in range(4, 13))
"""Factors on the logits that are tried: the inverse of temperatures from 2 to 2/3."""
_PARTS = 8
"""Into which 1 is cut by `SHARPNESS`."""

_MANTISSA_BITS = 22
"""Cut off a float32, they leave its exponent and one bit: two bins for every halving."""
_LOWEST_EXPONENT = -14
_LOWEST_EDGE = 2.0**_LOWEST_EXPONENT
_LOWEST_BIN = (127 + _LOWEST_EXPONENT) << 1
N_BINS = 2 * -_LOWEST_EXPONENT + 1
"""Bins of probability: [0, 2^-14), [2^-14, 1.5 x 2^-14), ... [1/2, 3/4), [3/4, 1]."""
_SLAB_LOGITS = 1 << 16
"""Small enough that a slab stays in the cache from one operation to the next."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """What was forecast and what came. Blocks are consecutive symbols, whatever the sequence."""

    nats: Float64[np.ndarray, " N"]
    """-log p of every symbol, sequence after sequence; as `sequence_nats`."""
    n_symbols: Int[np.ndarray, " _"]
    """Predicted symbols of each sequence."""
    confidence: Float64[np.ndarray, " N"]
    """Probability of the likeliest symbol at each step."""
    is_hit: Bool[np.ndarray, " N"]
    """Whether the likeliest symbol came; of several equally likely the first counts."""
    n_forecasts: Int[np.ndarray, "K S"]
    """Forecasts in each block and bin of probability; all symbols at every step."""
    expected: Float64[np.ndarray, "K S"]
    """Their probabilities added up."""
    came_true: Int[np.ndarray, "K S"]
    """How many of them came true."""
    sharpness: Float64[np.ndarray, " G"]
    """Factors on the logits, rising."""
    nats_by_sharpness: Float64[np.ndarray, " G"]
    """Nats of all symbols with the logits multiplied by each factor."""

    @property
    def per_sequence(self) -> list[Float64[np.ndarray, " _"]]:
        """Nats of each sequence's symbols."""
        return np.split(self.nats, np.cumsum(self.n_symbols)[:-1])


def forecasts(
    stepper: Stepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "N C"],
) -> Forecasts:
    """Read every sequence from start to end; its first symbol is only read.

    Args:
        stepper: The network.
        sequences: At least one symbol each.
        contexts: Context of each sequence.
    """
    n_symbols = np.array([len(sequence) - 1 for sequence in sequences], dtype=np.int64)
    starts = np.cumsum(n_symbols) - n_symbols
    found = _empty(n_symbols)
    for window in windows(len(sequences)):
        for chunk in predictions(stepper, sequences, contexts, window):
            _add(found, chunk, starts)
    return found


def _empty(n_symbols: Int[np.ndarray, " _"]) -> Forecasts:
    n = int(n_symbols.sum())
    table = (-(-n // BLOCK_SYMBOLS), N_BINS)
    return Forecasts(
        nats=np.empty(n),
        n_symbols=n_symbols,
        confidence=np.empty(n),
        is_hit=np.empty(n, dtype=np.bool_),
        n_forecasts=np.zeros(table, dtype=np.int64),
        expected=np.zeros(table),
        came_true=np.zeros(table, dtype=np.int64),
        sharpness=np.array(SHARPNESS),
        nats_by_sharpness=np.zeros(len(SHARPNESS)),
    )


def _add(found: Forecasts, chunk: Predictions, starts: Int[np.ndarray, " _"]) -> None:
    steps = np.arange(chunk.first, chunk.first + chunk.targets.shape[1])
    places = (starts[chunk.rows][:, None] + steps)[chunk.is_real]
    targets = chunk.targets[chunk.is_real]
    logits = chunk.logits[chunk.is_real]  # [M, V]
    n_rows = max(1, _SLAB_LOGITS // logits.shape[1])
    for first in range(0, len(places), n_rows):
        slab = slice(first, first + n_rows)
        _add_slab(found, places[slab], logits[slab], targets[slab])


def _add_slab(
    found: Forecasts,
    places: Int[np.ndarray, " M"],
    logits: Float32[np.ndarray, "M V"],
    targets: Int[np.ndarray, " M"],
) -> None:
    log_probs = categorical_log_probs(logits)
    steps = np.arange(len(targets))
    chosen = log_probs[steps, targets]
    # exp(k/8 log p) for every k is one exp and a product each; float32 is exact enough for sums.
    factor = np.exp(np.multiply(log_probs, 1 / _PARTS, dtype=np.float32, casting="same_kind"))
    power = np.square(np.square(factor))
    for g, sharpness in enumerate(SHARPNESS):
        if g > 0:
            power *= factor
        if sharpness == 1:
            _count(found, places // BLOCK_SYMBOLS, power, targets)
        totals = np.einsum("mv->m", power)  # five times as fast as sum(axis=1)
        found.nats_by_sharpness[g] += (np.log(totals) - sharpness * chosen).sum()
    top = logits.argmax(axis=1)
    found.nats[places] = -chosen
    found.confidence[places] = np.exp(log_probs[steps, top])
    found.is_hit[places] = top == targets


def _count(
    found: Forecasts,
    blocks: Int[np.ndarray, " M"],
    probabilities: Float32[np.ndarray, "M V"],
    targets: Int[np.ndarray, " M"],
) -> None:
    """Sort the forecasts of a slab into the bins of their blocks."""
    numbers, owners, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    shape = (len(numbers), N_BINS)

    def table(cells: Int[np.ndarray, " _"], weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(cells, weights, minlength=shape[0] * N_BINS).reshape(shape)

    # Most forecasts of a large vocabulary lie below the lowest edge: those are what is left over.
    kept = np.flatnonzero(probabilities >= _LOWEST_EDGE)
    forecast = probabilities.ravel()[kept]
    vocab_size = probabilities.shape[1]
    n_kept = np.diff(np.searchsorted(kept, np.arange(len(targets) + 1) * vocab_size))
    cells = np.repeat(owners, n_kept) * N_BINS + _bins(forecast)
    n_forecasts, expected = table(cells), table(cells, forecast)
    n_forecasts[:, 0] += sizes * vocab_size - n_forecasts.sum(axis=1)
    expected[:, 0] += np.maximum(sizes - expected.sum(axis=1), 0)
    of_targets = probabilities[np.arange(len(targets)), targets]
    found.n_forecasts[numbers] += n_forecasts
    found.expected[numbers] += expected
    found.came_true[numbers] += table(owners * N_BINS + _bins(of_targets))


def _bins(probabilities: Float32[np.ndarray, " _"]) -> Int[np.ndarray, " _"]:
    """Return the bin of each probability: a number's exponent and first bit are its own name."""
    bins = (probabilities.view(np.int32) >> _MANTISSA_BITS) - (_LOWEST_BIN - 1)
    within: Int[np.ndarray, " _"] = np.clip(bins, 0, N_BINS - 1)
    return within
