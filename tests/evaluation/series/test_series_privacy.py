import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.privacy import attack_auc, closeness, privacy_metrics
from serinette.evaluation.series.sets import SeriesColumn, SeriesSet

numbers = st.lists(st.integers(0, 5), min_size=1, max_size=8)


def noise(seed, n=60, length=16):
    values = np.random.default_rng(seed).normal(size=(n * length, 2))
    columns = (SeriesColumn(name="a"), SeriesColumn(name="b"))
    return SeriesSet(values=values, starts=np.arange(n + 1) * length, columns=columns)


def measured(train, held_out, generated, window=8):
    comparison = compare(train, held_out, generated, seed=1, window=window, n_resamples=10)
    found = closeness(comparison)
    return {metric.key: metric for metric in privacy_metrics(comparison, found)}, found


@settings(max_examples=60)
@given(numbers, numbers)
def test_the_auc_is_the_share_of_pairs_and_ties_count_half(members, others):
    found = attack_auc(np.array(members, dtype=float), np.array(others, dtype=float))
    pairs = [(one < other) + (one == other) / 2 for one in members for other in others]
    assert found[0] == pytest.approx(np.mean(pairs))


@settings(max_examples=60)
@given(numbers, numbers, st.data())
def test_a_weight_is_as_good_as_a_repeat(members, others, data):
    sides = [np.array(side, dtype=float) for side in (members, others)]
    counts = [
        np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(side), max_size=len(side))))
        for side in sides
    ]
    repeated = [np.repeat(side, times) for side, times in zip(sides, counts, strict=True)]
    weights = [times[None, :].astype(float) for times in counts]
    assert attack_auc(*sides, weights) == pytest.approx(attack_auc(*repeated))


def test_series_of_one_kind_are_no_copies_and_nobody_is_recognised():
    found, _ = measured(noise(0), noise(1), noise(2))
    assert found["copies"].value == 0
    assert found["near_copies"].value < 4
    assert found["dcr"].interval[0] < 1 < found["dcr"].interval[1] + 0.05
    assert found["mia"].interval[0] < 0.5 < found["mia"].interval[1]


def test_copies_are_found_wherever_they_begin():
    train = noise(0)
    shifted = np.vstack([train.values[3:], train.values[:3]])
    copy = SeriesSet(values=shifted, starts=train.starts, columns=train.columns)
    found, _ = measured(train, noise(1), copy)
    assert 50 < found["copies"].value < 100  # those over the border of two sequences are none
    assert found["copies"].floor == 0
    assert found["dcr"].value < 0.01
    assert found["mia_calibrated"].value > 0.8


def test_a_little_noise_on_copies_leaves_them_near():
    train = noise(0)
    values = train.values + 0.1 * noise(5).values
    near = SeriesSet(values=values, starts=train.starts, columns=train.columns)
    found, _ = measured(train, noise(1), near)
    assert found["copies"].value == 0
    assert found["near_copies"].value > 90
    assert found["mia"].interval[0] > 0.9


def test_the_nearest_neighbour_is_that_of_the_plain_definition():
    sides = [noise(k, n=20, length=10) for k in range(3)]
    comparison = compare(*sides, seed=1, window=10, n_resamples=2)
    found = closeness(comparison)
    rows = [comparison.scaler.rows(side).reshape(20, -1) for side in sides]
    apart = np.square(rows[2][:, None] - rows[0][None]).sum(axis=2) / (10 * 3)
    expected = np.sqrt(apart.min(axis=1))
    assert found.generated_to_train.distances == pytest.approx(expected, rel=1e-4)
    own = np.square(rows[0][:, None] - rows[0][None]).sum(axis=2) / (10 * 3)
    np.fill_diagonal(own, np.inf)
    assert found.train_to_rest.distances == pytest.approx(np.sqrt(own.min(axis=1)), rel=1e-4)
