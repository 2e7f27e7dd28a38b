"""Which stretches of the corpus a row reads, one after the other.

A stretch lies within one sequence. Its first step starts from the empty state, so no sequence
ever sees another one. A sequence longer than a row's fair share is cut, so that one long file
still fills all rows.

Shape letters: `S` stretches, `R` of them with repeats.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.batching.corpus import EncodedCorpus
from serinette.core.seeds import derive


class Segments(NamedTuple):
    """Stretches in reading order; places count predictions, as in `EncodedCorpus`."""

    start: Int[np.ndarray, " S"]
    """First place that is read."""
    counted_from: Int[np.ndarray, " S"]
    """First place that counts in the loss; the ones before only warm the state up."""
    stop: Int[np.ndarray, " S"]
    """One past the last place."""
    sequence: Int[np.ndarray, " S"]
    """The sequence it belongs to."""


def training_segments(corpus: EncodedCorpus, n_rows: int, seed: int, epoch: int) -> Segments:
    """Cut and shuffle one epoch for so many rows. Every place is read once, or by its weight.

    Cuts of long sequences fall elsewhere in every epoch, so that no place is always without
    context; where a line ends nearby, they fall there.
    """
    return training_pieces(corpus, _fair_share(corpus, n_rows), seed, epoch)


def training_pieces(corpus: EncodedCorpus, longest: int, seed: int, epoch: int) -> Segments:
    """Cut and shuffle one epoch into stretches of at most so many places."""
    generator = np.random.Generator(np.random.Philox(derive(seed, epoch)))
    first = generator.integers(1, longest + 1, size=corpus.n_sequences)
    segments = _at_borders(_cut(corpus, longest, first), corpus.borders, longest // 4)
    order = generator.permutation(len(segments.start))
    if corpus.weights is not None:
        order = _repeated(order, corpus.weights[segments.sequence[order]], generator)
    return Segments(*(column[order] for column in segments))


def _repeated(
    order: Int[np.ndarray, " S"], weights: Float[np.ndarray, " S"], generator: np.random.Generator
) -> Int[np.ndarray, " R"]:
    """Repeat each stretch as often as its weight says, in a new order; at least one is left.

    A weight of 2.3 is two or three times, so that those of one weight add up to what they should,
    to within one: systematic sampling.
    """
    by_weight = np.argsort(weights, kind="stable")
    sums = generator.random() + np.concatenate([[0.0], weights[by_weight].cumsum()])
    times = np.diff(np.floor(sums)).astype(np.int64)
    repeated = np.repeat(order[by_weight], times)
    return generator.permutation(repeated if len(repeated) else order[:1])


def held_out_segments(corpus: EncodedCorpus, n_rows: int, warm_up: int) -> Segments:
    """Cut for measuring: fixed, every place counted once, longest first.

    Args:
        corpus: The held-out part.
        n_rows: How many rows share the work.
        warm_up: Steps read without counting before a stretch that starts inside a sequence.
    """
    longest = _fair_share(corpus, n_rows)
    cut = _cut(corpus, longest, np.full(corpus.n_sequences, longest))
    opening = corpus.starts[cut.sequence]
    warmed = cut._replace(start=np.maximum(opening, cut.start - warm_up))
    order = np.argsort(warmed.start - warmed.stop, kind="stable")
    return Segments(*(column[order] for column in warmed))


def _fair_share(corpus: EncodedCorpus, n_rows: int) -> int:
    return max(1, -(-corpus.n_steps // n_rows))


def _at_borders(cut: Segments, borders: Int[np.ndarray, " _"], most: int) -> Segments:
    """Move every cut within a sequence on to the next border, if one comes within `most` places."""
    if len(borders) == 0:
        return cut
    following = borders[np.minimum(np.searchsorted(borders, cut.start), len(borders) - 1)]
    is_inner = np.append(False, cut.sequence[1:] == cut.sequence[:-1])
    is_near = (following >= cut.start) & (following - cut.start < np.minimum(most, _lengths(cut)))
    start = np.where(is_inner & is_near, following, cut.start)
    stop = np.append(np.where(is_inner[1:], start[1:], cut.stop[:-1]), cut.stop[-1:])
    return Segments(start, start, stop, cut.sequence)


def _lengths(cut: Segments) -> Int[np.ndarray, " S"]:
    lengths: Int[np.ndarray, " S"] = cut.stop - cut.start
    return lengths


def _cut(corpus: EncodedCorpus, longest: int, first: Int[np.ndarray, " S"]) -> Segments:
    """Cut every sequence: the first piece of at most `first[k]` places, the rest of `longest`."""
    lengths = np.diff(corpus.starts)
    first = np.where(lengths <= longest, lengths, np.minimum(first, lengths))
    n_pieces = 1 + -(-(lengths - first) // longest)
    sequence = np.repeat(np.arange(corpus.n_sequences), n_pieces)
    piece = np.arange(len(sequence)) - np.repeat(n_pieces.cumsum() - n_pieces, n_pieces)
    offset = np.where(piece == 0, 0, first[sequence] + (piece - 1) * longest)
    start = corpus.starts[sequence] + offset
    stop = np.minimum(start + longest, corpus.starts[sequence + 1])
    stop = np.where(piece == 0, corpus.starts[sequence] + first[sequence], stop)
    return Segments(start, start, stop, sequence)
