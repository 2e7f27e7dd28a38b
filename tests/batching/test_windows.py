"""Windows of random places: within one sequence, from zero, all places alike."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_documents import corpus_of

from serinette.batching.streams import TrainingStreams
from serinette.batching.windows import RandomWindows

lengths = st.lists(st.integers(1, 23), min_size=1, max_size=8)


@given(lengths, st.integers(1, 5), st.integers(1, 9), st.integers(0, 99), st.booleans())
def test_a_window_lies_in_one_sequence_and_begins_from_nothing(
    lengths, n_rows, window, seed, is_last_only
):
    corpus = corpus_of(lengths)
    batches = RandomWindows(corpus, n_rows, window, seed, is_last_only=is_last_only)
    for _ in range(3):
        batch = batches.next()
        assert batch.fresh.all()
        assert batch.inputs.shape == (n_rows, window)
        for row in range(n_rows):
            n = len(np.unique(batch.inputs[row].tolist()))  # padding repeats the last place
            kept = batch.mask[row].tolist()
            assert kept == [k == n - 1 if is_last_only else k < n for k in range(window)]
            inputs = batch.inputs[row, :n].tolist()
            assert batch.targets[row, : n - 1].tolist() == inputs[1:]
            owner = corpus.context[int(batch.context[row, 0])]
            assert batch.context[row].tolist() == owner.tolist()
            assert n == window or inputs[0] == 0  # a shorter one begins with its sequence


@pytest.mark.parametrize("is_last_only", [True, False])
def test_every_place_is_as_likely_to_be_the_last(is_last_only):
    corpus = corpus_of([3, 10])
    batches = RandomWindows(corpus, 64, 4, 5, is_last_only=is_last_only)
    counts = np.zeros(15)
    n = 400
    for _ in range(n):
        batch = batches.next()
        last = batch.mask.int().cumsum(1).argmax(1)
        targets = batch.targets[np.arange(64), last].numpy()
        is_second_end = (targets == 0) & (batch.context[:, 0].numpy() == 1)
        counts += np.bincount(np.where(is_second_end, 14, targets), minlength=15)
    shares = counts[counts > 0] / (64 * n)
    assert len(shares) == corpus.n_steps
    np.testing.assert_allclose(shares, 1 / corpus.n_steps, atol=0.01)


def test_the_same_seed_reads_the_same_and_a_reading_can_be_gone_on_with():
    corpus = corpus_of([30, 40])
    whole, again = (RandomWindows(corpus, 3, 5, 1, is_last_only=True) for _ in range(2))
    for _ in range(4):
        whole.next()
    again.seek(whole.position())
    first, second = whole.next(), again.next()
    assert all(bool((a == b).all()) for a, b in zip(first, second, strict=True))


def test_an_epoch_has_as_many_predictions_as_the_corpus():
    corpus = corpus_of([19])  # twenty with its end
    last, every = (RandomWindows(corpus, 2, 5, 1, is_last_only=x) for x in (True, False))
    for k in range(1, 25):
        last.next()
        every.next()
        assert (last.epoch, every.epoch) == (2 * k // 20, 10 * k // 20)


def test_weights_say_how_often_a_sequence_is_read():
    corpus = replace(corpus_of([50, 50]), weights=np.array([1.0, 3.0]))
    batches = RandomWindows(corpus, 64, 4, 5, is_last_only=True)
    owners = np.concatenate([batches.next().context[:, 0].numpy() for _ in range(100)])
    assert owners.mean() == pytest.approx(0.75, abs=0.03)


def test_streams_that_never_reset_carry_on_into_the_next_document():
    corpus = corpus_of([4, 5, 6])
    resetting = TrainingStreams(corpus, 2, 3, 0)
    carrying = TrainingStreams(corpus, 2, 3, 0, resets=False)
    fresh = []
    for _ in range(12):
        one, other = resetting.next(), carrying.next()
        assert (one.inputs == other.inputs).all()
        assert not other.fresh.any()
        fresh.append(bool(one.fresh.any()))
    assert any(fresh)
