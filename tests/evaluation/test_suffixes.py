import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation import suffixes
from serinette.evaluation.suffixes import longest_matches

symbols = st.lists(st.integers(0, 3), max_size=30)


def slow_lengths(training, query, border=0):
    """Try every place of the training text."""
    found = []
    for i in range(len(query)):
        length = 0
        while (
            i + length < len(query)
            and query[i + length] != border
            and any(
                training[j : j + length + 1] == query[i : i + length + 1]
                for j in range(len(training) - length)
            )
        ):
            length += 1
        found.append(length)
    return found


def check(training, query, border=0):
    """Compare with the slow lengths; every place must hold what it is said to hold."""
    found = longest_matches(np.array(training, int), np.array(query, int), border=border)
    assert found.lengths.tolist() == slow_lengths(training, query, border)
    for i, (length, place) in enumerate(zip(found.lengths, found.places, strict=True)):
        assert (place == -1) == (length == 0)
        assert length == 0 or training[place : place + length] == query[i : i + length]
    return found


def matched(training, query):
    codes = [np.array([ord(sign) for sign in text], int) for text in (training, query)]
    return longest_matches(*codes)


@given(symbols, symbols)
def test_every_match_is_the_longest_and_stands_where_it_is_said_to(training, query):
    check(training, query)


@given(symbols, st.data())
def test_long_copies_are_measured_to_their_end(training, data):
    cuts = st.integers(0, len(training))
    copies = [training[data.draw(cuts) : data.draw(cuts)] for _ in range(3)]
    check(training, [*copies[0], 2, *copies[1], *copies[2]])


@given(symbols, symbols, st.integers(1, 9), st.sampled_from([2, 5, 63]))
def test_neither_blocks_nor_words_change_a_length(training, query, block, word_bits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suffixes, "_BLOCK", block)
        patch.setattr(suffixes, "_WORD_BITS", word_bits)
        check(training, [*query, *training[2:]])


@given(symbols, symbols)
def test_any_symbol_may_be_the_border(training, query):
    check(training, query, border=2)


@pytest.mark.parametrize(
    ("training", "query", "lengths"),
    [
        ("banana", "ananas", [5, 4, 3, 2, 1, 0]),
        ("abc\0abd", "abc\0ab", [3, 2, 1, 0, 2, 1]),
        ("", "ab", [0, 0]),
        ("ab", "", []),
        ("ab", "\0\0", [0, 0]),
        ("a" * 20, "a" * 22, [20, 20, 20, *range(19, 0, -1)]),
        ("床前明月光", "明月𝄞光", [2, 1, 0, 1]),
    ],
)
def test_matches_are_those_found_by_hand(training, query, lengths):
    assert matched(training, query).lengths.tolist() == lengths


def test_a_match_of_thousands_of_symbols_needs_no_limit():
    training = np.random.default_rng(0).integers(1, 60, 9_000)
    query = np.concatenate([[61], training[1_000:8_000], [61]])
    found = longest_matches(training, query)
    assert found.lengths[1:-1].tolist() == list(range(7_000, 0, -1))
    assert found.places[1] == 1_000


def test_the_same_question_has_the_same_answer():
    generator = np.random.default_rng(1)
    training, query = generator.integers(1, 3, 500), generator.integers(1, 3, 400)
    first, second = (longest_matches(training, query) for _ in range(2))
    np.testing.assert_array_equal(first.places, second.places)
