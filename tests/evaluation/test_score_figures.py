import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.score import SequenceScore, summarise, surprisal_per_character

steps = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 9)), max_size=20)


@given(steps)
def test_no_nats_are_lost_between_steps_and_characters(pairs):
    pairs = [*pairs, (1, 2.0)]  # a text ends with a whole character
    lengths = np.array([length for length, _ in pairs])
    nats = np.array([value for _, value in pairs])
    found = surprisal_per_character(nats, lengths)
    assert len(found) == lengths.sum()
    assert found.sum() == pytest.approx(nats.sum())


def test_bytes_add_up_and_words_share():
    found = surprisal_per_character(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 2]))
    assert found.tolist() == [6, 2, 2]


def test_no_steps_are_no_characters():
    assert len(surprisal_per_character(np.zeros(0), np.zeros(0, dtype=np.int64))) == 0


def test_a_long_text_has_an_interval_and_a_short_one_none():
    def one(n):
        surprisal = np.random.default_rng(n).uniform(0, 3, n)
        return SequenceScore(
            place="file",
            text="x" * n,
            surprisal=surprisal,
            end_nats=1.0,
            n_bytes=n,
            n_steps=n + 1,
            n_unknown=0,
        )

    assert summarise([one(500)]).interval is None
    long = summarise([one(5000)])
    low, high = long.interval
    assert low < long.bits_per_character < high
