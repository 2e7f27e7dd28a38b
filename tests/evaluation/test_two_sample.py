from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.ragged import Ragged
from serinette.evaluation.two_sample import (
    _solve_wide,
    _tall_solver,
    classifier_accuracy,
    gram_features,
)

seeds = st.integers(0, 2**32)


def cloud(seed, n, shift=0.0, size=5):
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(n, size)) + shift).astype(np.float32)


def slow(real, generated, n_real, n_generated):
    """Fit on one part, judge the other, and the other way round; the first rows are one part."""
    ridge = np.concatenate([real, generated]).astype(np.float64).var(axis=0).mean()
    n_right = 0
    real_parts, generated_parts = np.split(real, [n_real]), np.split(generated, [n_generated])
    for k in (0, 1):
        fitted = real_parts[1 - k], generated_parts[1 - k]
        ends = [side.mean(axis=0) for side in fitted]
        pooled = np.concatenate(fitted).astype(np.float64)
        scatter = np.cov(pooled.T, bias=True) + ridge * np.eye(pooled.shape[1])
        direction = np.linalg.inv(scatter) @ (ends[0] - ends[1])
        border = (ends[0] + ends[1]) @ direction / 2
        n_right += (real_parts[k] @ direction > border).sum()
        n_right += (generated_parts[k] @ direction < border).sum()
    return n_right / (len(real) + len(generated))


@settings(max_examples=40)
@given(seeds, st.integers(3, 20), st.data())
def test_the_accuracy_is_that_of_the_plain_formula(seed, n, data):
    # Two groups a side, the larger one first: it is known to be in the first fold.
    n_first = [data.draw(st.integers(n // 2 + 1, n - 1)) for _ in range(2)]
    groups = [np.repeat([5, 2], [first, n - first]) for first in n_first]
    real, generated = cloud(seed, n), cloud(seed + 1, n, shift=0.4)
    found = classifier_accuracy(
        real, generated, groups_real=groups[0], groups_generated=groups[1], seed=seed
    )
    assert found.value == pytest.approx(slow(real, generated, *n_first))
    assert found.n == 2 * n


def test_sets_far_apart_are_told_apart_every_time_and_the_interval_is_wilsons():
    found = classifier_accuracy(cloud(0, 5), cloud(1, 5, shift=9), seed=0)
    assert found.value == 1
    assert found.interval == pytest.approx((1 / (1 + 1.959964**2 * (1 + 2 / np.pi) / 10), 1))


def test_the_interval_is_wider_than_the_binomial_one_also_by_groups():
    real, generated = cloud(0, 2000), cloud(1, 2000, shift=0.2)
    pairs = np.arange(2000) // 2  # groups of independent pieces change nothing but the method
    for groups in (None, pairs):
        found = classifier_accuracy(real, generated, groups_real=groups, seed=0)
        deviation = (found.interval[1] - found.interval[0]) / (2 * 1.959964)
        binomial = (found.value * (1 - found.value) / 4000) ** 0.5
        assert deviation / binomial == pytest.approx((1 + 2 / np.pi) ** 0.5, rel=0.07)


def test_sets_of_one_source_cannot_be_told_apart():
    found = [classifier_accuracy(cloud(k, 100), cloud(k + 50, 100), seed=k) for k in range(40)]
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.02)
    assert sum(f.interval[0] <= 0.5 <= f.interval[1] for f in found) >= 37


@pytest.mark.parametrize("n", [2, 3, 11])
def test_equal_pieces_are_half_right(n):
    same = np.ones((n, 4), dtype=np.float32)
    assert classifier_accuracy(same, same, seed=0).value == 0.5


def test_the_larger_side_is_thinned_to_the_smaller_one():
    found = classifier_accuracy(cloud(0, 40), cloud(1, 1000, shift=0.5), seed=0)
    assert found.n == 80
    groups = np.arange(1000) // 2
    again = classifier_accuracy(
        cloud(0, 40), cloud(1, 1000, shift=0.5), groups_generated=groups, seed=0
    )
    assert again.n == 80


def test_fewer_than_two_pieces_a_side_are_refused():
    with pytest.raises(ValueError, match="at least 2 pieces a side, got 1"):
        classifier_accuracy(cloud(0, 1), cloud(1, 9), seed=0)


def documents(seed, n_documents, n_pieces):
    """Pieces that are told by their document, which says nothing of the side."""
    centres = np.random.default_rng(seed).normal(size=(n_documents, 60)) * 4
    pieces = np.repeat(centres, n_pieces, axis=0)
    noise = np.random.default_rng(seed + 1).normal(size=pieces.shape)
    return (pieces + noise).astype(np.float32), np.repeat(np.arange(n_documents), n_pieces)


def test_a_document_seen_in_training_is_never_judged():
    (real, of_real), (generated, of_generated) = documents(0, 20, 10), documents(2, 20, 10)
    leaking = classifier_accuracy(real, generated, seed=0)
    honest = classifier_accuracy(
        real, generated, groups_real=of_real, groups_generated=of_generated, seed=0
    )
    assert leaking.value > 0.95
    assert honest.value < 0.75
    low, high = honest.interval
    assert high - low > 2 * 2 * 1.96 * (0.25 / 400) ** 0.5  # twice as wide as for lone pieces


def test_the_interval_stays_between_0_and_1():
    real, generated, pairs = cloud(0, 20), cloud(1, 20, shift=1.6), np.arange(20) // 2
    found = classifier_accuracy(real, generated, groups_real=pairs, seed=0)
    assert 0.9 < found.value < 1
    assert found.interval[1] == 1


def test_a_document_larger_than_a_fold_does_not_tip_the_scale():
    values = []
    for seed in range(20):
        groups = np.repeat([0, 1, 2], [60, 30, 10])
        found = classifier_accuracy(
            cloud(seed, 100), cloud(seed + 99, 100), groups_real=groups, seed=seed
        )
        values.append(found.value)
    assert np.mean(values) == pytest.approx(0.5, abs=0.03)


def test_a_single_document_is_cut_into_its_pieces():
    real, generated, groups = cloud(0, 50), cloud(1, 50, shift=9), np.zeros(50, dtype=np.int64)
    found = classifier_accuracy(real, generated, groups_real=groups, seed=0)
    assert found == classifier_accuracy(real, generated, seed=0)


def test_the_same_seed_gives_the_same_accuracy():
    real, generated = cloud(0, 60), cloud(1, 80, shift=0.4)
    groups = np.arange(60) // 3
    first, second = (
        classifier_accuracy(real, generated, groups_real=groups, seed=7) for _ in range(2)
    )
    assert first == second


rows = st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=4)


def slow_cosine(one, other, orders):
    """Cosine of the n-gram counts, borders included."""

    def counts(tokens):
        tokens = ["border", *tokens, "border"]
        return Counter(tuple(tokens[k : k + n]) for n in orders for k in range(len(tokens) - n + 1))

    a, b = counts(one), counts(other)
    lengths = [sum(c * c for c in side.values()) ** 0.5 for side in (a, b)]
    return sum(a[gram] * b[gram] for gram in a) / (lengths[0] * lengths[1])


@settings(max_examples=40)
@given(rows, st.sampled_from([(1,), (2,), (1, 2, 3)]))
def test_with_many_buckets_products_of_features_are_cosines_of_counts(pieces, orders):
    features = gram_features(Ragged.of(pieces), n_buckets=2**14, orders=orders)
    for i, one in enumerate(pieces):
        for j, other in enumerate(pieces):
            assert features[i] @ features[j] == pytest.approx(
                slow_cosine(one, other, orders), abs=1e-5
            )


def test_a_piece_too_short_for_any_gram_has_no_features_and_no_pieces_no_rows():
    assert not gram_features(Ragged.of([[1]]), orders=(4,)).any()
    assert gram_features(Ragged.of([]), n_buckets=8).shape == (0, 8)


def test_the_order_of_words_is_seen_from_two_words_on():
    generator = np.random.default_rng(0)
    real = [[int(start + k) % 9 for k in range(9)] for start in generator.integers(0, 9, 100)]
    shuffled = [generator.permutation(9).tolist() for _ in range(100)]

    def accuracy(orders):
        sides = (
            gram_features(Ragged.of(s), n_buckets=256, orders=orders) for s in (real, shuffled)
        )
        return classifier_accuracy(*sides, seed=0).value

    assert accuracy((1,)) == 0.5
    assert accuracy((1, 2, 3)) > 0.95


@settings(max_examples=20)
@given(seeds, st.integers(2, 4))
def test_many_features_and_few_are_solved_alike(seed, n_folds):
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(23, 11))
    rows -= rows.mean(axis=0)
    folds = [np.arange(k, 23, n_folds) for k in range(n_folds)]
    tall = _tall_solver(rows, folds)
    for fold in folds:
        difference = generator.normal(size=11)
        wide = _solve_wide(rows, fold, 0.3, difference)
        assert tall(rows, fold, 0.3, difference) == pytest.approx(wide, abs=1e-10)
