"""BLEU and Self-BLEU of every sample, by the protocol of Texygen.

The score of order n is the geometric mean of the precisions of 1-grams to n-grams, with equal
weights, times the brevity penalty. A gram counts as often as in the one reference that holds it
most often. A precision of zero matches counts 0.1 matches (NLTK's `method1`); a sample without
any token of the references scores 0. Reference length: the closest, of two the shorter.

All references are used, and the score depends on their number: compare only scores against sets
of one size, beside what real text scores against the same set. A score above that of real text
is a sign of samples that are all alike, not of quality.

Reference: Papineni et al. 2002; Chen and Cherry 2014, smoothing 1; Zhu et al. 2018,
arXiv:1802.01886 (Texygen). Unlike its code, Self-BLEU here leaves a sample out of its own
references, and all samples are scored.

Shape letters: `N` samples, `M` references, `K` gram lengths from 1 on, `O` orders, `C` pairs of
a gram and a row that holds it.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from serinette.evaluation.grams import Cells, grams_by_length
from serinette.evaluation.ragged import Ragged

ORDERS = (2, 3, 4, 5)
_NO_MATCH = 0.1
"""What a precision without a match counts instead of 0 matches."""


def bleu(
    samples: Ragged, references: Ragged, *, orders: Sequence[int] = ORDERS
) -> Float[np.ndarray, "N O"]:
    """Score every sample against all references.

    Args:
        samples: Token numbers.
        references: Token numbers of the same numbering; without any, every sample scores 0.
        orders: Longest gram of each score, at least 1.

    Returns:
        0 to 1, higher is nearer to the references; Texygen's figure is the mean over samples.
    """
    n_samples = len(samples)
    both = Ragged(
        values=np.concatenate([samples.values, references.values]),
        starts=np.concatenate([samples.starts, samples.starts[-1] + references.starts[1:]]),
    )
    matches = []
    for grams in grams_by_length(both, max(orders)):
        cells = grams.cells(len(both))
        is_sample = cells.rows < n_samples
        largest = np.zeros(grams.n_different, dtype=np.int64)
        np.maximum.at(largest, cells.numbers[~is_sample], cells.counts[~is_sample])
        clipped = np.minimum(cells.counts, largest[cells.numbers])[is_sample]
        matches.append(np.bincount(cells.rows[is_sample], clipped, minlength=n_samples))
    closest = _closest(samples.lengths, np.sort(references.lengths))
    return _scores(np.stack(matches, dtype=np.float64), samples.lengths, closest, orders)


def self_bleu(samples: Ragged, *, orders: Sequence[int] = ORDERS) -> Float[np.ndarray, "N O"]:
    """Score every sample against all the others.

    Args:
        samples: Token numbers.
        orders: Longest gram of each score, at least 1.

    Returns:
        0 to 1; higher is less diverse. A single sample scores 0.
    """
    matches = []
    for grams in grams_by_length(samples, max(orders)):
        cells = grams.cells(len(samples))
        clipped = np.minimum(cells.counts, _largest_elsewhere(cells))
        matches.append(np.bincount(cells.rows, clipped, minlength=len(samples)))
    closest = _closest_other(samples.lengths)
    return _scores(np.stack(matches, dtype=np.float64), samples.lengths, closest, orders)


def _largest_elsewhere(cells: Cells) -> Int[np.ndarray, " C"]:
    """Return how often each gram stands in the one other row that holds it most often."""
    n_holders = np.bincount(cells.numbers)
    ascending = cells.counts[np.lexsort((cells.counts, cells.numbers))]
    ends = np.cumsum(n_holders)
    largest = ascending[ends - 1][cells.numbers]
    second = np.where(n_holders > 1, ascending[ends - 2], 0)[cells.numbers]
    elsewhere: Int[np.ndarray, " C"] = np.where(cells.counts == largest, second, largest)
    return elsewhere


def _closest(
    lengths: Int[np.ndarray, " N"], candidates: Int[np.ndarray, " M"]
) -> Int[np.ndarray, " N"]:
    """Return the candidate nearest to each length, of two the shorter; they are sorted."""
    if len(candidates) == 0:
        return lengths
    places = np.searchsorted(candidates, lengths)
    shorter = candidates[np.maximum(places - 1, 0)]
    longer = candidates[np.minimum(places, len(candidates) - 1)]
    return _nearer(lengths, shorter, longer)


def _closest_other(lengths: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    """Return the nearest length of another sample: a neighbour in the order of lengths."""
    order = np.argsort(lengths)
    ascending = lengths[order]
    # The longest sample stands for the longer one that it lacks: neither costs it anything.
    longer = np.append(ascending[1:], ascending[-1:])
    shorter = np.append(longer[:1], ascending[:-1])
    closest = np.empty_like(lengths)
    closest[order] = _nearer(ascending, shorter, longer)
    return closest


def _nearer(
    lengths: Int[np.ndarray, " N"],
    shorter: Int[np.ndarray, " N"],
    longer: Int[np.ndarray, " N"],
) -> Int[np.ndarray, " N"]:
    is_shorter = np.abs(lengths - shorter) <= np.abs(longer - lengths)
    nearer: Int[np.ndarray, " N"] = np.where(is_shorter, shorter, longer)
    return nearer


def _scores(
    matches: Float[np.ndarray, "K N"],
    lengths: Int[np.ndarray, " N"],
    closest: Int[np.ndarray, " N"],
    orders: Sequence[int],
) -> Float[np.ndarray, "N O"]:
    """Join matches of every gram length to the scores of every order."""
    n_grams = np.arange(1, len(matches) + 1)[:, None]
    possible = np.maximum(lengths - n_grams + 1, 1)  # [K, N]
    precisions = np.where(matches > 0, matches, _NO_MATCH) / possible
    means = np.cumsum(np.log(precisions), axis=0) / n_grams
    penalty = np.minimum(1 - closest / np.maximum(lengths, 1), 0)
    scores = np.where(matches[0] > 0, np.exp(means + penalty), 0.0)
    chosen: Float[np.ndarray, "N O"] = scores[np.array(orders) - 1].T
    return chosen
