"""Batches whose every part of rows is a fair draw from the corpus."""

import numpy as np
from test_documents import corpus_of, epoch_of

from serinette.batching.documents import DocumentBatches


def test_halves_of_unsorted_batches_hold_rows_of_like_lengths():
    generator = np.random.default_rng(3)
    corpus = corpus_of(generator.integers(1, 30, 640).tolist())
    halves = [[], []]
    for batch in epoch_of(DocumentBatches(corpus, 16, 40, 1, is_sorted=False)):
        lengths = batch.mask.sum(1)
        halves[0] += lengths[:8].tolist()
        halves[1] += lengths[8:].tolist()
    means = [np.mean(half) for half in halves]
    assert abs(means[0] - means[1]) < 2.7  # four standard errors


def test_unsorted_batches_read_every_sequence_once():
    corpus = corpus_of([1, 5, 2, 9, 4, 4, 7])
    batches = epoch_of(DocumentBatches(corpus, 3, 20, 1, is_sorted=False))
    read = [int(k) for batch in batches for k in batch.context[batch.mask.any(1)]]
    assert sorted(read) == list(range(7))
