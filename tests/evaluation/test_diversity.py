import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.jackknife import jackknife_interval
from serinette.evaluation.diversity import (
    distinct,
    gram_entropy,
    is_repeat,
    length_distance,
    repetition,
    unigram_divergence,
    unknown_share,
    vocabulary_coverage,
)
from serinette.evaluation.ragged import Ragged

piece = st.lists(st.integers(0, 4), max_size=9)
pieces = st.lists(piece, max_size=6)
some_pieces = st.lists(piece, min_size=1, max_size=6)
orders = st.integers(1, 5)


def grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def slow_divergence(a, b):
    p, q = (Counter(token for row in side for token in row) for side in (a, b))
    if not p or not q:
        return float(p != q)
    total = 0.0
    for token in p | q:
        of_p, of_q = p[token] / p.total(), q[token] / q.total()
        middle = (of_p + of_q) / 2
        total += sum(x * math.log2(x / middle) / 2 for x in (of_p, of_q) if x)
    return total


@given(pieces, orders)
def test_distinct_and_entropy_are_those_of_a_table_of_counts(rows, n):
    counts = Counter(gram for row in rows for gram in grams(row, n))
    shares = [count / counts.total() for count in counts.values()]
    assert distinct(Ragged.of(rows), n) == pytest.approx(len(counts) / max(1, counts.total()))
    expected = -sum(share * math.log2(share) for share in shares)
    assert gram_entropy(Ragged.of(rows), n) == pytest.approx(expected, abs=1e-12)


@given(pieces, orders)
def test_repetition_counts_what_stood_earlier_in_the_same_piece(rows, n):
    expected = []
    for row in rows:
        found = grams(row, n)
        again = [gram in found[:i] for i, gram in enumerate(found)]
        expected.append(sum(again) / max(1, len(again)))
    np.testing.assert_allclose(repetition(Ragged.of(rows), n), expected)


@given(pieces, pieces)
def test_coverage_is_the_share_of_reference_tokens_that_were_written(samples, reference):
    written = {token for row in samples for token in row}
    flat = [token in written for row in reference for token in row]
    found = vocabulary_coverage(Ragged.of(samples), Ragged.of(reference))
    assert found == pytest.approx(sum(flat) / max(1, len(flat)))


@given(pieces, st.lists(st.booleans(), max_size=4))
def test_tokens_beyond_the_known_ones_are_unknown(rows, known):
    shares = unknown_share(Ragged.of(rows), np.array(known, dtype=np.bool_))
    for row, share in zip(rows, shares, strict=True):
        missing = [token >= len(known) or not known[token] for token in row]
        assert share == pytest.approx(sum(missing) / max(1, len(row)))


@given(pieces)
def test_a_repeat_is_equal_to_an_earlier_piece(rows):
    assert is_repeat(Ragged.of(rows)).tolist() == [row in rows[:i] for i, row in enumerate(rows)]


@given(pieces, pieces)
def test_divergence_is_that_of_its_formula_and_symmetric(a, b):
    found = unigram_divergence(Ragged.of(a), Ragged.of(b), 5)
    assert found == pytest.approx(slow_divergence(a, b), abs=1e-12)
    assert found == pytest.approx(unigram_divergence(Ragged.of(b), Ragged.of(a), 5), abs=1e-12)


@given(some_pieces, some_pieces)
def test_the_distance_of_lengths_is_that_of_matching_them_in_order(a, b):
    # Repeated until there are equally many, both sides in order: pair by pair.
    long_a = sorted(len(row) for row in a for _ in b)
    long_b = sorted(len(row) for row in b for _ in a)
    expected = np.mean([abs(x - y) for x, y in zip(long_a, long_b, strict=True)])
    assert length_distance(Ragged.of(a), Ragged.of(b)) == pytest.approx(expected)


def test_a_worked_case():
    rows = Ragged.of([[1, 2, 1, 2, 1, 2], [3, 3, 3], [1, 2]])
    assert distinct(rows, 2) == 3 / 8
    assert gram_entropy(rows, 2) == pytest.approx(1.5)  # 4, 2 and 2 of 8
    assert repetition(rows, 2).tolist() == [3 / 5, 1 / 2, 0]
    assert repetition(rows).tolist() == [1 / 3, 0, 0]
    assert vocabulary_coverage(Ragged.of([[3]]), rows) == 3 / 11
    assert length_distance(rows, Ragged.of([[1] * 4])) == pytest.approx((2 + 1 + 2) / 3)


def test_texts_without_a_word_in_common_are_one_bit_apart_and_equal_ones_none():
    a, b = Ragged.of([[0, 1]]), Ragged.of([[2], [2, 3]])
    assert unigram_divergence(a, b, 9) == pytest.approx(1)
    assert unigram_divergence(b, b, 9) == 0
    assert unigram_divergence(a, Ragged.of([]), 9) == 1
    assert unigram_divergence(Ragged.of([]), Ragged.of([[]]), 9) == 0


@pytest.mark.parametrize("rows", [[], [[]], [[7]]])
def test_too_little_text_scores_zero_without_a_fuss(rows):
    few = Ragged.of(rows)
    assert distinct(few, 2) == 0
    assert math.copysign(1, gram_entropy(few, 2)) == 1
    assert gram_entropy(few, 2) == 0
    assert repetition(few).tolist() == [0] * len(rows)
    assert not is_repeat(few).any()


def test_left_out_pieces_are_taken_away_from_the_counts():
    """The intervals of the report count once; leaving pieces out must come to the same."""
    from serinette.evaluation.quality import PieceSet, _of_grams

    generator = np.random.default_rng(0)
    rows = [generator.integers(0, 5, n).tolist() for n in (7, 0, 3, 9, 4, 1)]
    pieces = PieceSet(
        texts=tuple(map(str, rows)),
        tokens=Ragged.of(rows),
        groups=np.array([4, 4, 2, 7, 9, 9]),
        features=np.zeros((0, 0), dtype=np.float32),
    )
    parts = np.array([1, 1, 0, 2, 3, 3])
    found = {f.metric.key: f.metric for f in _of_grams(pieces, parts)}
    for key, measure in (("distinct3", lambda p: distinct(p, 3)),
                         ("entropy2", lambda p: gram_entropy(p, 2))):  # fmt: skip
        rests = [pieces.tokens.select(np.flatnonzero(parts != part)) for part in range(4)]
        expected = jackknife_interval(measure(pieces.tokens), [measure(rest) for rest in rests])
        assert found[key].value == pytest.approx(measure(pieces.tokens))
        assert found[key].interval == pytest.approx(expected)
