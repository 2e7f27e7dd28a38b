import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import join
from serinette.batching.segments import held_out_segments, training_segments
from serinette.batching.streams import TrainingStreams, held_out_batches

END = 0


def corpus_of(lengths):
    """Every symbol is different, so that a place can be told from its symbol."""
    borders = np.cumsum([0, *lengths])
    sequences = [
        np.arange(a + 1, b + 1, dtype=np.int32)[:, None] for a, b in itertools.pairwise(borders)
    ]
    context = [np.array([k], dtype=np.int32) for k in range(len(lengths))]
    return join(sequences, context, end=END)


lengths = st.lists(st.integers(1, 23), min_size=1, max_size=9)


def test_neighbours_share_the_end_between_them():
    corpus = corpus_of([2, 1])
    assert corpus.symbols.tolist() == [END, 1, 2, END, 3, END]
    assert corpus.starts.tolist() == [0, 3, 5]
    assert corpus.n_steps == 5
    assert corpus.n_sequences == 2


def test_no_sequences_are_no_steps():
    corpus = join([], [], end=END)
    assert (corpus.n_steps, corpus.n_sequences) == (0, 0)
    assert list(held_out_batches(corpus, n_rows=4, window=3, warm_up=2)) == []


@given(lengths, st.integers(1, 5), st.integers(0, 9), st.integers(0, 3))
def test_an_epoch_reads_every_place_once_and_never_crosses_a_border(lengths, n_rows, seed, epoch):
    corpus = corpus_of(lengths)
    segments = training_segments(corpus, n_rows, seed, epoch)
    places = np.concatenate(
        [np.arange(a, b) for a, b in zip(segments.start, segments.stop, strict=True)]
    )
    assert sorted(places.tolist()) == list(range(corpus.n_steps))
    for a, b, k in zip(segments.start, segments.stop, segments.sequence, strict=True):
        assert corpus.starts[k] <= a < b <= corpus.starts[k + 1]


@given(lengths, st.integers(1, 5), st.integers(1, 7), st.integers(0, 5))
def test_held_out_windows_count_every_prediction_once(lengths, n_rows, window, warm_up):
    corpus = corpus_of(lengths)
    counted = []
    for batch in held_out_batches(corpus, n_rows=n_rows, window=window, warm_up=warm_up):
        pairs = zip(
            batch.inputs[batch.mask].tolist(), batch.targets[batch.mask].tolist(), strict=True
        )
        counted += list(pairs)
    expected = zip(corpus.symbols[:-1].tolist(), corpus.symbols[1:].tolist(), strict=True)
    assert sorted(counted) == sorted(expected)


@given(lengths, st.integers(1, 5), st.integers(0, 5))
def test_warm_up_never_reaches_into_another_sequence(lengths, n_rows, warm_up):
    corpus = corpus_of(lengths)
    segments = held_out_segments(corpus, n_rows, warm_up)
    assert (segments.start >= corpus.starts[segments.sequence]).all()
    assert (segments.counted_from - segments.start <= warm_up).all()


@given(lengths, st.integers(1, 4), st.integers(1, 7), st.integers(0, 99))
def test_a_carried_state_always_follows_its_own_past(lengths, n_rows, window, seed):
    """Unless a row is fresh, its window starts where its last one stopped."""
    corpus = corpus_of(lengths)
    streams = TrainingStreams(corpus, n_rows, window, seed)
    last_target = [None] * n_rows
    for _ in range(6):
        batch = streams.next()
        for row in range(n_rows):
            kept = batch.mask[row]
            first = batch.inputs[row][kept][0].item()
            if not batch.fresh[row]:
                assert first == last_target[row]
            last_target[row] = batch.targets[row][kept][-1].item()


@given(lengths, st.integers(1, 4), st.integers(1, 7), st.integers(0, 99), st.integers(0, 12))
def test_a_sought_stream_reads_on_as_if_it_had_never_stopped(lengths, n_rows, window, seed, cut):
    corpus = corpus_of(lengths)
    whole = TrainingStreams(corpus, n_rows, window, seed)
    for _ in range(cut):
        whole.next()
    other = TrainingStreams(corpus, n_rows, window, seed)
    other.seek(whole.position())
    for _ in range(5):
        expected, got = whole.next(), other.next()
        assert all(torch.equal(a, b) for a, b in zip(expected, got, strict=True))


def test_a_row_holds_the_context_of_its_sequence():
    corpus = corpus_of([5, 4, 6])
    streams = TrainingStreams(corpus, 2, 3, 0)
    for _ in range(8):
        batch = streams.next()
        for row in range(2):
            symbol = max(batch.inputs[row][0].item(), batch.targets[row][0].item())
            label = [0] * 6 + [1] * 4 + [2] * 6
            assert batch.context[row].item() == label[symbol]


def test_parts_are_equal_groups_of_rows():
    batch = TrainingStreams(corpus_of([40]), 4, 3, 0).next()
    first, second = batch.part(0, 2), batch.part(1, 2)
    assert torch.equal(torch.cat([first.inputs, second.inputs]), batch.inputs)


BORDER = 1


def lined_corpus(lengths):
    """One sequence of lines; symbol 1 ends a line, all other symbols are different."""
    symbols, following = [], 2
    for length in lengths:
        symbols += [*range(following, following + length), BORDER]
        following += length
    sequence = np.array(symbols, dtype=np.int32)[:, None]
    return join([sequence], [np.zeros(0, dtype=np.int32)], end=END, border=BORDER)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 5), st.integers(0, 9))
def test_cuts_at_borders_still_read_every_place_once(lengths, n_rows, seed):
    corpus = lined_corpus(lengths)
    segments = training_segments(corpus, n_rows, seed, 0)
    places = np.concatenate(
        [np.arange(a, b) for a, b in zip(segments.start, segments.stop, strict=True)]
    )
    assert sorted(places.tolist()) == list(range(corpus.n_steps))
    assert (segments.start < segments.stop).all()


def test_a_stretch_that_starts_after_a_line_opens_like_a_sequence():
    corpus = lined_corpus([4] * 40)
    streams = TrainingStreams(corpus, 4, 5, 0)
    opened = 0
    for _ in range(40):
        batch = streams.next()
        for row in np.flatnonzero(batch.fresh.numpy()):
            first, target = batch.inputs[row, 0].item(), batch.targets[row, 0].item()
            assert first == END
            assert (target - 2) % 4 == 0
            opened += 1
        kept = batch.inputs[:, 1:][batch.mask[:, 1:]]
        assert END not in kept
    assert opened > 4
