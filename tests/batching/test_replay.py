import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.batching.corpus import join
from serinette.batching.documents import DocumentBatches
from serinette.batching.replay import ReplayBatches, rows_of_old
from serinette.batching.streams import TrainingStreams

READERS = st.sampled_from([TrainingStreams, DocumentBatches])


def corpus(first, lengths):
    """Sequences of symbols from `first` on, so that two corpora share none but the end."""
    steps = [first + np.arange(n, dtype=np.int32)[:, None] % 7 for n in lengths]
    return join(steps, [np.zeros(0, dtype=np.int32)] * len(steps), end=0)


def batches(reader, n_new=5, n_old=3):
    new, old = corpus(10, [9, 4, 30, 2]), corpus(50, [40, 3, 17])
    return ReplayBatches(reader(new, n_new, 8, 1), reader(old, n_old, 8, 1))


@given(READERS, st.integers(1, 12))
def test_the_last_rows_read_the_old_text_and_do_not_count_in_the_figure(reader, n_before):
    supply = batches(reader)
    for _ in range(n_before):
        batch = supply.next()
    assert len(batch.fresh) == 8
    for rows, low, high in ((slice(0, 5), 10, 20), (slice(5, 8), 50, 60)):
        told = batch.targets[rows][batch.mask[rows]]
        assert bool(((told == 0) | ((told >= low) & (told < high))).all())
    assert not batch.measured[5:].any()
    assert torch.equal(batch.measured[:5], batch.mask[:5])


@given(READERS, st.integers(0, 9))
def test_reading_goes_on_where_it_was_left(reader, n_before):
    supply, again = batches(reader), batches(reader)
    for _ in range(n_before):
        supply.next()
    again.seek(supply.position())
    for _ in range(4):
        for ours, theirs in zip(again.next(), supply.next(), strict=True):
            assert torch.equal(ours, theirs)


@given(st.integers(2, 64), st.floats(0.001, 0.999))
def test_both_texts_always_have_a_row(n_rows, share):
    n_old = rows_of_old(n_rows, share)
    assert 1 <= n_old <= n_rows - 1
    assert abs(n_old - share * n_rows) <= 1


def test_a_share_is_rounded_to_whole_rows():
    assert [rows_of_old(8, share) for share in (0.01, 0.3, 0.5, 0.99)] == [1, 2, 4, 7]
