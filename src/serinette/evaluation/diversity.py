"""How much samples vary, how much they repeat themselves, and how like real text they count.

Every figure depends on how many tokens it was taken over: compare sets of about one size, and
have beside it what real text scores.

Shape letters: `N` pieces, `V` token numbers, `G` different n-grams.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.evaluation.grams import grams_of
from serinette.evaluation.ragged import Ragged


def distinct(pieces: Ragged, n: int) -> float:
    """Return different n-grams / all n-grams: 1 if none occurs twice, 0 if there is none at all.

    Falls with the number of tokens, for real text too.

    Reference: Li et al. 2016, arXiv:1510.03055; like most later work we divide by n-grams, not
    by tokens.
    """
    return distinct_share(np.bincount(grams_of(pieces, n).numbers))


def distinct_share(counts: Int[np.ndarray, " G"]) -> float:
    """Return how many of the grams occur, over how often any does; see `distinct`."""
    return int(np.count_nonzero(counts)) / max(1, int(counts.sum()))


def gram_entropy(pieces: Ragged, n: int) -> float:
    """Return the entropy of the observed n-gram frequencies, in bits.

    Too low by about (different n-grams - 1) / (2 ln 2 * all n-grams) where all are frequent, and
    far too low where most occur once: it can never be above log2 of the number of n-grams.

    Reference: Zhang et al. 2018, arXiv:1809.05972; the bias: Miller 1955.
    """
    return count_entropy(np.bincount(grams_of(pieces, n).numbers))


def count_entropy(counts: Int[np.ndarray, " G"]) -> float:
    """Return the entropy of counted frequencies, in bits; what never occurs adds nothing."""
    occurring = counts[counts > 0]
    shares = occurring / max(1, int(occurring.sum()))
    return float(-(shares * np.log2(shares)).sum() + 0.0)


def repetition(pieces: Ragged, n: int = 4) -> Float[np.ndarray, " N"]:
    """Return the share of the n-grams of each piece that stand earlier in it, 0 to below 1.

    A piece of fewer than `n` tokens scores 0.

    Reference: seq-rep-n of Welleck et al. 2020, arXiv:1908.04319.
    """
    grams = grams_of(pieces, n)
    n_all = np.bincount(grams.rows, minlength=len(pieces))
    n_different = np.bincount(grams.cells(len(pieces)).rows, minlength=len(pieces))
    shares: Float[np.ndarray, " N"] = (n_all - n_different) / np.maximum(n_all, 1)
    return shares


def vocabulary_coverage(samples: Ragged, reference: Ragged) -> float:
    """Return the share of the tokens of `reference` that occur in `samples` at least once.

    Every occurrence in `reference` counts: a frequent word that is never written costs more than
    a rare one. 0 if `reference` has no tokens.
    """
    return float(np.isin(reference.values, samples.values).sum() / max(1, len(reference.values)))


def unknown_share(pieces: Ragged, known: Bool[np.ndarray, " V"]) -> Float[np.ndarray, " N"]:
    """Return the share of the tokens of each piece that are not known; an empty piece scores 0.

    Args:
        pieces: Token numbers.
        known: Whether each number is; those from V on are not.
    """
    is_known = np.append(known, False)[np.minimum(pieces.values, len(known))]
    n_unknown = np.bincount(pieces.owners, ~is_known, minlength=len(pieces))
    shares: Float[np.ndarray, " N"] = n_unknown / np.maximum(pieces.lengths, 1)
    return shares


def is_repeat(pieces: Ragged) -> Bool[np.ndarray, " N"]:
    """Say of each piece whether an earlier one is equal to it."""
    seen: set[bytes] = set()
    repeats = np.zeros(len(pieces), dtype=np.bool_)
    for i in range(len(pieces)):
        content = pieces.row(i).tobytes()
        repeats[i] = content in seen
        seen.add(content)
    return repeats


def unigram_divergence(a: Ragged, b: Ragged, vocab_size: int) -> float:
    """Return the Jensen-Shannon divergence of token frequencies in bits, 0 to 1.

    Above 0 for two halves of one text too, the more so the shorter they are. If one side alone
    has no tokens: 1.

    Args:
        a: Token numbers below `vocab_size`.
        b: The same.
        vocab_size: How many token numbers there are.

    Reference: Lin 1991, "Divergence measures based on the Shannon entropy".
    """
    counts = np.stack([np.bincount(side.values, minlength=vocab_size) for side in (a, b)])
    totals = counts.sum(axis=1, keepdims=True)
    if not totals.all():
        return float(totals.any())
    shares = counts / totals  # [2, V]
    of_middle = np.divide(
        2 * shares, shares.sum(axis=0), out=np.ones_like(shares), where=counts > 0
    )
    return float((shares * np.log2(of_middle)).sum() / 2)


def length_distance(a: Ragged, b: Ragged) -> float:
    """Return the 1-D Wasserstein distance of the lengths of pieces, in tokens.

    How much longer or shorter the pieces of one side must be made, on average, to have the
    lengths of the other. Each side has at least one piece.
    """
    longest = int(max(a.lengths.max(), b.lengths.max()))
    counts = np.stack([np.bincount(side.lengths, minlength=longest + 1) for side in (a, b)])
    shares_up_to = np.cumsum(counts, axis=1) / [[len(a)], [len(b)]]
    return float(np.abs(shares_up_to[0] - shares_up_to[1]).sum())
