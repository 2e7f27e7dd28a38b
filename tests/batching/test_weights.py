import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import EncodedCorpus, join
from serinette.batching.documents import DocumentBatches
from serinette.batching.segments import training_pieces
from serinette.batching.streams import TrainingStreams


def corpus_of(lengths, weights):
    steps = [np.full((n, 1), 2 + k, dtype=np.int32) for k, n in enumerate(lengths)]
    found = join(steps, [np.zeros(0, dtype=np.int32)] * len(lengths), end=0)
    return EncodedCorpus(
        symbols=found.symbols, starts=found.starts, context=found.context,
        weights=np.array(weights, dtype=float),
    )  # fmt: skip


def times_read(corpus, longest, seed, epoch):
    """How often each place is read in an epoch."""
    counts = np.zeros(corpus.n_steps, dtype=int)
    pieces = training_pieces(corpus, longest, seed, epoch)
    for start, stop in zip(pieces.start, pieces.stop, strict=True):
        counts[start:stop] += 1
    return counts


LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(lengths=LENGTHS, longest=st.integers(1, 50), seed=st.integers(0, 9), data=st.data())
def test_a_whole_weight_reads_every_place_so_many_times(lengths, longest, seed, data):
    weights = data.draw(st.lists(st.integers(1, 4), min_size=len(lengths), max_size=len(lengths)))
    corpus = corpus_of(lengths, weights)
    expected = np.repeat(weights, np.diff(corpus.starts))
    assert times_read(corpus, longest, seed, 3).tolist() == expected.tolist()


@given(lengths=LENGTHS, weight=st.floats(0.05, 3.5), seed=st.integers(0, 99))
def test_a_fraction_reads_a_place_a_time_more_or_less_and_something_always(lengths, weight, seed):
    corpus = corpus_of(lengths, [weight] * len(lengths))
    counts = times_read(corpus, 4, seed, 0)
    assert counts.max() <= np.ceil(weight)
    assert counts.max() >= 1
    n_pieces = len(training_pieces(corpus_of(lengths, [1] * len(lengths)), 4, seed, 0).start)
    n_read = len(training_pieces(corpus, 4, seed, 0).start)
    assert n_read == 1 or abs(n_read - weight * n_pieces) < 1


def test_over_many_epochs_a_source_gets_the_share_that_its_weight_says():
    corpus = corpus_of([500, 300], [0.3, 2.5])
    counts = np.mean([times_read(corpus, 20, 1, epoch) for epoch in range(60)], axis=0)
    first, second = counts[:501].mean(), counts[501:].mean()
    assert first == pytest.approx(0.3, abs=0.02)
    assert second == pytest.approx(2.5, abs=0.03)
    assert counts[:501].min() > 0.05  # no place is left out for ever


@pytest.mark.parametrize("reader", [TrainingStreams, DocumentBatches])
def test_weighted_reading_goes_on_from_any_place_to_the_bit(reader):
    corpus = corpus_of([70, 9, 31, 5], [0.5, 3.0, 1.7, 0.1])
    one = reader(corpus, 4, 8, 7)
    for _ in range(13):
        one.next()
    other = reader(corpus, 4, 8, 7)
    other.seek(one.position())
    for _ in range(40):
        for a, b in zip(one.next(), other.next(), strict=True):
            assert np.array_equal(a, b) or a.shape == b.shape == ()


def test_a_small_weight_alone_does_not_starve_a_training():
    streams = TrainingStreams(corpus_of([5], [0.01]), 2, 3, 0)
    assert sum(streams.next().n_steps for _ in range(20)) > 0
