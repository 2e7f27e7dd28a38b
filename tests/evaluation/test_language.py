import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.language import independent_nats
from serinette.evaluation.ragged import Ragged

rows = st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=5)


def slow(fitted, scored, known, order):
    """Witten-Bell by its recursion, tokens that are not known told apart by nothing."""

    def bordered(piece):
        return ["|", *(t if t < len(known) and known[t] else "?" for t in piece), "|"]

    def probability(symbol, context):
        followers = [
            piece[k]
            for piece in map(bordered, fitted)
            for k in range(1, len(piece))
            if k >= len(context) and piece[k - len(context) : k] == context
        ]
        shorter = probability(symbol, context[1:]) if context else 1 / (sum(known) + 2)
        n_different = len(set(followers))
        if not followers:
            return shorter
        return (followers.count(symbol) + n_different * shorter) / (len(followers) + n_different)

    return [
        -sum(
            math.log(probability(piece[k], piece[max(0, k - order + 1) : k]))
            for k in range(1, len(piece))
        )
        for piece in map(bordered, scored)
    ]


@settings(max_examples=50)
@given(rows, rows, st.lists(st.booleans(), max_size=5), st.integers(1, 4))
def test_the_nats_are_those_of_the_recursion(fitted, scored, known, order):
    found = independent_nats(
        Ragged.of(fitted), Ragged.of(scored), known=np.array(known, dtype=bool), order=order
    )
    assert found == pytest.approx(slow(fitted, scored, known, order))


def test_one_word_worked_out_by_hand():
    # Symbols: the word, the border, invented. Of 1 word and 1 end: p(word) = p(end) =
    # (1 + 2 / 3) / 4 = 5/12; after one symbol (1 + 5/12) / 2 = 17/24; the end has two before it.
    found = independent_nats(Ragged.of([[0]]), Ragged.of([[0]]), known=np.array([True]))
    assert found == pytest.approx([-math.log(17 / 24) - math.log(41 / 48)])


def test_every_piece_has_its_nats_and_an_empty_one_those_of_its_end():
    real = Ragged.of([[0, 1], [], [1]])
    found = independent_nats(real, Ragged.of([[], [0, 1], []]), known=np.array([True, True]))
    assert len(found) == 3
    assert found[0] == found[2] > 0
    assert len(independent_nats(real, Ragged.of([]), known=np.array([True, True]))) == 0


def sentences(seed, n, n_words):
    """Word chains: each word is followed by one of three, the low ones mostly."""
    generator = np.random.default_rng(seed)
    pieces = []
    for _ in range(n):
        words = [int(generator.integers(n_words))]
        while len(words) < 9:
            words.append((3 * words[-1] + int(generator.geometric(0.5))) % n_words)
        pieces.append(words)
    return pieces


def invent(pieces, share, *, first, seed=0):
    """Replace some words by words that nobody has ever written."""
    generator = np.random.default_rng(seed)
    names = iter(range(first, 10**9))
    return [[next(names) if generator.random() < share else w for w in piece] for piece in pieces]


KNOWN = np.ones(200, dtype=bool)


def mean_nats(fitted, scored):
    return independent_nats(Ragged.of(fitted), Ragged.of(scored), known=KNOWN).mean()


def test_the_more_words_a_sample_invents_the_worse_both_scores_are():
    real, twin = sentences(0, 400, 200), sentences(1, 400, 200)
    samples = [invent(sentences(2, 400, 200), share, first=200) for share in (0, 0.05, 0.3)]
    forward = [mean_nats(real, s) for s in samples]
    reverse = [mean_nats(s, twin) for s in samples]
    assert forward == sorted(forward)
    assert reverse == sorted(reverse)
    assert forward[1] > forward[0] + 0.5


def test_inventing_words_is_no_way_to_better_the_reverse_score_of_a_narrow_vocabulary():
    narrow, twin = sentences(0, 400, 20), sentences(1, 400, 200)
    none, few, many = (invent(narrow, share, first=200) for share in (0, 0.05, 0.3))
    without = mean_nats(none, twin)
    assert mean_nats(few, twin) > 0.99 * without
    assert mean_nats(many, twin) > 0.99 * without
    # Each a word of its own, they would teach the model that new words are common.
    counted = np.ones(1 + max(max(piece) for piece in many), dtype=bool)
    assert independent_nats(Ragged.of(many), Ragged.of(twin), known=counted).mean() < 0.85 * without


def test_which_words_were_invented_makes_no_difference():
    real = sentences(0, 50, 200)
    one, other = (invent(sentences(2, 50, 200), 0.2, first=first) for first in (200, 5000))
    same = [[200 if w >= 200 else w for w in piece] for piece in one]
    assert mean_nats(real, one) == mean_nats(real, other) == mean_nats(real, same)
    assert mean_nats(one, real) == mean_nats(other, real) == mean_nats(same, real)


def test_an_invented_word_costs_more_than_the_rarest_word_of_the_fitted_text():
    real = sentences(0, 400, 200)
    piece = real[0]
    rarest = min(range(200), key=lambda word: sum(p.count(word) for p in real))
    known, invented = mean_nats(real, [[*piece, rarest]]), mean_nats(real, [[*piece, 200]])
    assert invented > known


def test_the_score_sees_shuffled_words_and_the_reverse_score_a_lack_of_variety():
    real, twin, samples = (sentences(k, 400, 200) for k in range(3))
    generator = np.random.default_rng(0)
    shuffled = [generator.permutation(piece).tolist() for piece in samples]
    repeated = [samples[0]] * 400
    assert mean_nats(real, shuffled) > mean_nats(real, samples) + 5
    assert mean_nats(repeated, twin) > mean_nats(samples, twin) + 20
    assert mean_nats(real, repeated) < mean_nats(real, samples) + 5
