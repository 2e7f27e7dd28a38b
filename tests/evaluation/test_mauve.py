import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.mauve import _k_means, mauve


def line(places):
    return np.array(places, dtype=np.float32)[:, None]


def cloud(seed, n, shift=0.0, size=6):
    generator = np.random.default_rng(seed)
    return (generator.normal(size=(n, size)) + shift).astype(np.float32)


def slow(real, generated, n_clusters):
    """Frontier and mean of the two areas, for pieces that are their own clusters."""

    def shares(side):
        return [(side.count(k) + 0.5) / (len(side) + n_clusters / 2) for k in range(n_clusters)]

    def divergence(a, b):
        return sum(x * math.log(x / y) for x, y in zip(a, b, strict=True))

    def area(points):
        return abs(sum((c - a) * (b + d) / 2 for (a, b), (c, d) in pairwise(points)))

    p, q = shares(real), shares(generated)
    points = [(0.0, 1.0)]
    for k in range(25):
        share = 1 - 1e-6 - k * (1 - 2e-6) / 24
        r = [share * a + (1 - share) * b for a, b in zip(p, q, strict=True)]
        points.append((math.exp(-5 * divergence(q, r)), math.exp(-5 * divergence(p, r))))
    points.append((1.0, 0.0))
    return points, (area(points) + area([(y, x) for x, y in points])) / 2


categories = st.lists(st.integers(0, 3), min_size=40, max_size=40)


@settings(max_examples=40)
@given(categories, categories)
def test_the_figure_is_the_mean_of_both_areas_under_the_frontier(real, generated):
    found = mauve(line(real), line(generated), seed=0)
    points, area = slow(ranked(real, generated, real), ranked(real, generated, generated), 4)
    assert found.value == pytest.approx(area, abs=1e-9)
    assert np.array(found.frontier) == pytest.approx(np.array(points), abs=1e-9)
    assert 0 <= found.interval[0] <= found.interval[1] <= 1


def ranked(real, generated, side):
    order = sorted({*real, *generated})
    return [order.index(place) for place in side]


def test_two_clusters_worked_out_by_hand():
    found = mauve(line([0] * 20), line([1] * 20), seed=0)
    share = 20.5 / 21  # of the own cluster, smoothed
    middle = math.exp(-5 * (share * math.log(2 * share) + (1 - share) * math.log(2 - 2 * share)))
    assert found.frontier[13] == pytest.approx((middle, middle))
    assert found.value < 0.15


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_a_set_is_like_itself(n):
    real = cloud(n, n)
    assert mauve(real, real, seed=1).value == pytest.approx(1)


def test_sets_that_share_nothing_score_near_0():
    assert mauve(cloud(0, 300), cloud(1, 300, shift=50), seed=0).value < 0.02


def test_equal_clouds_score_higher_than_moved_ones_and_those_than_others():
    scores = [mauve(cloud(0, 300), cloud(1, 300, shift=d), seed=0).value for d in (0, 0.5, 1)]
    assert scores[0] > 0.9
    assert scores[0] > scores[1] > scores[2]


@settings(max_examples=40)
@given(st.integers(0, 999))
def test_exchanging_the_sides_mirrors_the_frontier(seed):
    real, generated = cloud(seed, 30), cloud(seed + 1, 50, shift=0.3)
    there, back = mauve(real, generated, seed=0), mauve(generated, real, seed=0)
    assert there.value == pytest.approx(back.value)
    mirrored = [(y, x) for x, y in reversed(back.frontier)]
    assert np.array(there.frontier) == pytest.approx(np.array(mirrored), abs=1e-6)


def test_one_real_sentence_repeated_covers_little_though_it_is_real():
    real = cloud(0, 300)
    found = mauve(real, np.repeat(real[:1], 300, axis=0), seed=0)
    assert found.value < 0.1
    assert np.isfinite(found.frontier).all()


def test_all_equal_pieces_on_both_sides_are_alike():
    same = np.ones((50, 4), dtype=np.float32)
    found = mauve(same, same, seed=0)
    assert found.value == pytest.approx(1)
    assert found.interval == (1, 1)


def test_the_same_seed_gives_the_same_figure_and_the_interval_holds_it():
    real, generated = cloud(0, 200), cloud(1, 200, shift=0.5)
    found = mauve(real, generated, seed=5)
    assert found == mauve(real, generated, seed=5)
    assert found.interval[0] < found.value < found.interval[1]


def test_pieces_of_few_documents_have_a_wide_interval_and_of_one_none():
    real, generated = cloud(0, 200), cloud(1, 200, shift=0.5)
    alone = mauve(real, generated, seed=0).interval
    documents = np.arange(200) // 40
    together = mauve(real, generated, groups_generated=documents, seed=0)
    assert together.interval[1] - together.interval[0] != alone[1] - alone[0]
    single = np.zeros(200, dtype=np.int64)
    assert mauve(real, generated, groups_real=single, seed=0).interval is None


def test_axes_of_little_variance_are_not_looked_at_and_others_are():
    def moved(seed, along):
        step = np.eye(3, dtype=np.float32)[along] * [[1], [-1]][seed]
        spread = np.array([10, 6, 1], dtype=np.float32)
        return (cloud(seed, 400, size=3) * spread + step * spread).astype(np.float32)

    assert mauve(moved(0, 1), moved(1, 1), seed=0).value < 0.3
    assert mauve(moved(0, 2), moved(1, 2), seed=0).value > 0.9


@settings(max_examples=40)
@given(st.integers(0, 999), st.integers(1, 5))
def test_every_point_is_nearest_to_the_weighted_mean_of_its_cluster(seed, n_clusters):
    points = cloud(seed, 20, size=2)
    weights = np.random.default_rng(seed).integers(1, 5, 20).astype(np.float32)
    labels = _k_means(points, weights, n_clusters, seed)
    present = sorted(set(labels.tolist()))
    means = [np.average(points[labels == k], axis=0, weights=weights[labels == k]) for k in present]
    for point, label in zip(points, labels, strict=True):
        distances = [np.linalg.norm(point - mean) for mean in means]
        assert distances[present.index(label)] == pytest.approx(min(distances), abs=1e-5)


def test_another_seed_changes_the_figure_little():
    real, generated = cloud(0, 400), cloud(1, 400, shift=0.5)
    values = [mauve(real, generated, seed=seed).value for seed in range(6)]
    assert 0 < np.std(values) < 0.012
