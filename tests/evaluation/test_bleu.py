import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.bleu import bleu, self_bleu
from serinette.evaluation.ragged import Numbering, Ragged

pieces = st.lists(st.lists(st.integers(0, 3), max_size=9), max_size=6)


def grams(piece, n):
    return Counter(tuple(piece[i : i + n]) for i in range(len(piece) - n + 1))


def slow_bleu(sample, references, order):
    """By the definition, as NLTK's sentence_bleu with smoothing method1 computes it."""
    precisions = []
    for n in range(1, order + 1):
        held = grams(sample, n)
        most = {gram: max((grams(r, n)[gram] for r in references), default=0) for gram in held}
        matches = sum(min(count, most[gram]) for gram, count in held.items())
        if n == 1 and matches == 0:
            return 0.0
        precisions.append((matches or 0.1) / max(1, sum(held.values())))
    closest = min((abs(len(r) - len(sample)), len(r)) for r in references)[1]
    penalty = 1 if len(sample) > closest else math.exp(1 - closest / len(sample))
    return penalty * math.exp(sum(math.log(p) / order for p in precisions))


def slow_scores(samples, references_of):
    return [
        [slow_bleu(s, references_of(i), n) for n in (2, 3, 4, 5)] for i, s in enumerate(samples)
    ]


@given(pieces, pieces)
def test_bleu_is_what_its_definition_says(samples, references):
    found = bleu(Ragged.of(samples), Ragged.of(references))
    assert found.shape == (len(samples), 4)
    expected = slow_scores(samples, lambda _: references)
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 4)), atol=1e-12)


@given(pieces)
def test_self_bleu_leaves_every_sample_out_of_its_references(samples):
    found = self_bleu(Ragged.of(samples))
    expected = slow_scores(samples, lambda i: samples[:i] + samples[i + 1 :])
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 4)), atol=1e-12)


@given(pieces, pieces)
def test_the_score_of_a_sample_does_not_depend_on_the_other_samples(samples, references):
    together = bleu(Ragged.of(samples), Ragged.of(references))
    for i, sample in enumerate(samples):
        np.testing.assert_array_equal(
            bleu(Ragged.of([sample]), Ragged.of(references)), together[i : i + 1]
        )


def test_a_famous_example_by_hand():
    texts = [
        "the the the the the the the",
        "the cat is on the mat",
        "there is a cat on the mat",
    ]
    sample, *references = (text.split() for text in texts)
    numbering = Numbering()
    scores = bleu(numbering.number([sample]), numbering.number(references), orders=(1, 2))
    # 7 of `the`, at most 2 in one reference; 6 pairs, none matches; lengths 7 and 7.
    np.testing.assert_allclose(scores, [[2 / 7, math.sqrt(2 / 7 * 0.1 / 6)]])


def test_a_short_sample_pays_for_brevity_against_the_nearer_reference():
    references = Ragged.of([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    scores = bleu(Ragged.of([[1, 2, 3]]), references, orders=(3, 1))
    np.testing.assert_allclose(scores, [[math.exp(1 - 6 / 3)] * 2])


def test_of_two_references_equally_far_the_shorter_counts():
    sample = Ragged.of([[1, 2, 3]])
    assert bleu(sample, Ragged.of([[1, 2, 3, 4], [1, 2]]), orders=(1,))[0, 0] == 1


def test_a_copy_scores_one_and_what_shares_nothing_zero():
    references = Ragged.of([[1, 2, 3, 4, 5], [6]])
    assert bleu(Ragged.of([[1, 2, 3, 4, 5], [7, 8, 9, 7, 8]]), references).tolist() == [
        [1] * 4,
        [0] * 4,
    ]


def test_samples_that_are_all_equal_have_a_self_bleu_of_one():
    assert self_bleu(Ragged.of([[1, 2, 1, 2, 3]] * 3)).tolist() == [[1] * 4] * 3


def test_an_empty_sample_scores_zero():
    assert bleu(Ragged.of([[]]), Ragged.of([[1, 2], []])).tolist() == [[0] * 4]
    assert self_bleu(Ragged.of([[], [1, 2]]))[0].tolist() == [0] * 4


@pytest.mark.parametrize("rows", [[], [[1, 2, 3, 4, 5, 6]]])
def test_without_references_there_is_no_score_above_zero(rows):
    expected = [[0] * 4 for _ in rows]
    assert bleu(Ragged.of(rows), Ragged.of([])).tolist() == expected
    assert self_bleu(Ragged.of(rows)).tolist() == expected
