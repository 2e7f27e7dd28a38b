import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import join
from serinette.batching.documents import DocumentBatches

END = 0


def corpus_of(lengths, measured=None):
    """Every symbol is different, so that a place can be told from its symbol."""
    borders = np.cumsum([0, *lengths])
    sequences = [
        np.arange(a + 1, b + 1, dtype=np.int32)[:, None] for a, b in itertools.pairwise(borders)
    ]
    context = [np.array([k], dtype=np.int32) for k in range(len(lengths))]
    return join(sequences, context, end=END, measured=measured)


def epoch_of(batches, epoch=0):
    """Return the batches of one epoch; the first of the next one is read too."""
    found = []
    while (batch := batches.next()) is not None and batches.epoch == epoch:
        found.append(batch)
    return found


lengths = st.lists(st.integers(1, 23), min_size=1, max_size=12)


@given(lengths, st.integers(1, 5), st.integers(1, 30), st.integers(0, 99))
def test_an_epoch_counts_every_prediction_once(lengths, n_rows, longest, seed):
    corpus = corpus_of(lengths)
    batches = DocumentBatches(corpus, n_rows, longest, seed)
    counted = []
    for batch in epoch_of(batches):
        pairs = zip(
            batch.inputs[batch.mask].tolist(), batch.targets[batch.mask].tolist(), strict=True
        )
        counted += list(pairs)
    expected = zip(corpus.symbols[:-1].tolist(), corpus.symbols[1:].tolist(), strict=True)
    assert sorted(counted) == sorted(expected)


@given(lengths, st.integers(1, 5), st.integers(0, 99))
def test_sequences_that_fit_are_read_whole_and_each_row_holds_one(lengths, n_rows, seed):
    corpus = corpus_of(lengths)
    for batch in epoch_of(DocumentBatches(corpus, n_rows, 24, seed)):
        assert batch.fresh.all()
        for row in np.flatnonzero(batch.mask.any(1).numpy()):
            mask = batch.mask[row]
            k = int(batch.context[row])
            first, last = int(corpus.starts[k]), int(corpus.starts[k + 1])
            assert np.flatnonzero(mask).tolist() == list(range(last - first))
            assert batch.inputs[row][mask].tolist() == corpus.symbols[first:last].tolist()
            assert (
                batch.targets[row][mask].tolist() == corpus.symbols[first + 1 : last + 1].tolist()
            )


@given(lengths, st.integers(1, 4), st.integers(1, 30), st.integers(0, 99), st.integers(0, 12))
def test_sought_batches_go_on_as_if_they_had_never_stopped(lengths, n_rows, longest, seed, cut):
    corpus = corpus_of(lengths)
    whole = DocumentBatches(corpus, n_rows, longest, seed)
    for _ in range(cut):
        whole.next()
    other = DocumentBatches(corpus, n_rows, longest, seed)
    other.seek(whole.position())
    for _ in range(6):
        expected, got = whole.next(), other.next()
        assert all(torch.equal(a, b) for a, b in zip(expected, got, strict=True))
    assert whole.epoch == other.epoch


def test_epochs_have_an_order_of_their_own():
    batches = DocumentBatches(corpus_of([3] * 40), 2, 9, 5)
    first = [batch.inputs.tolist() for batch in epoch_of(batches)]
    assert len(first) == 20
    second = [batches.next().inputs.tolist() for _ in range(20)]
    assert first != second


def test_sequences_of_like_lengths_share_a_batch():
    lengths = [1, 9, 20] * 10
    for batch in epoch_of(DocumentBatches(corpus_of(lengths), 5, 30, 0)):
        assert batch.mask.all()


def test_padding_is_neither_counted_nor_measured():
    batches = epoch_of(DocumentBatches(corpus_of([4, 4, 4]), 2, 9, 0))
    assert [batch.mask.shape for batch in batches] == [(2, 5), (2, 5)]
    assert sorted(batch.mask.sum().item() for batch in batches) == [5, 10]
    assert all(torch.equal(batch.measured, batch.mask) for batch in batches)


def test_only_the_symbols_that_count_are_measured():
    is_measured = np.arange(13) % 2 == 1
    corpus = corpus_of([4, 3, 5], is_measured)
    total = 0
    for batch in epoch_of(DocumentBatches(corpus, 2, 9, 0)):
        expected = batch.mask.numpy() & is_measured[batch.targets.numpy()]
        assert np.array_equal(batch.measured.numpy(), expected)
        total += int(batch.measured.sum())
    assert total == corpus.n_measured == 6


def test_a_piece_that_begins_after_a_line_opens_like_a_sequence():
    lines = [[*range(2 + 4 * k, 6 + 4 * k), 1] for k in range(40)]
    steps = np.array(lines, dtype=np.int32).reshape(-1, 1)
    corpus = join([steps], [np.zeros(0, dtype=np.int32)], end=END, border=1)
    for batch in epoch_of(DocumentBatches(corpus, 4, 20, 0)):
        for row in np.flatnonzero(batch.mask.any(1).numpy()):
            assert batch.inputs[row, 0] == END
            assert (batch.targets[row, 0] - 2) % 4 == 0
