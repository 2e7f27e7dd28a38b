import numpy as np
import pytest

from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.features import Features
from serinette.evaluation.series.judge import judge_metrics, look
from serinette.evaluation.series.sets import SeriesColumn, SeriesSet


def walks(seed, n=60, length=48, noise=0.0):
    """Prices: two columns that walk together, on different levels, with `noise` of the range."""
    generator = np.random.default_rng(seed)
    levels = generator.uniform(20, 80, (n, 1))
    first = levels + np.cumsum(generator.normal(size=(n, length)) * 0.3, axis=1)
    second = first + 0.2 * np.abs(generator.normal(size=(n, length)))
    values = np.stack([first, second], axis=2)
    values = values + noise * 60 * generator.normal(size=values.shape)
    return SeriesSet(
        values=values.reshape(-1, 2),
        starts=np.arange(n + 1) * length,
        columns=(SeriesColumn(name="low"), SeriesColumn(name="high")),
    )


def judged(train, held_out, generated, n_judges=2, **more):
    comparison = compare(train, held_out, generated, seed=5, window=24, n_resamples=10)
    told = []
    found = judge_metrics(comparison, told.append, n_judges=n_judges, n_windows=150, **more)
    return {metric.key: metric for metric in found}, told


def test_real_series_are_not_told_from_real_ones():
    found, told = judged(walks(0), walks(1), walks(2))
    assert found["judge"].value < 0.08
    assert found["judge"].floor < 0.08
    assert "judge_training" not in found
    assert found["frechet"].value < 2 * found["frechet"].floor
    assert len(told) == 2


def test_one_percent_of_noise_is_seen_far_above_the_floor():
    found, _ = judged(walks(0), walks(1), walks(2, noise=0.01))
    assert found["judge"].interval[0] > 0.35
    assert found["judge"].floor_interval[1] < 0.2
    assert found["frechet"].interval[0] > found["frechet"].floor_interval[1]


def test_columns_that_no_longer_belong_together_are_seen():
    odd = walks(2)
    shuffled = odd.values.copy()
    shuffled[:, 1] = walks(3).values[:, 1]
    apart = SeriesSet(values=shuffled, starts=odd.starts, columns=odd.columns)
    assert judged(walks(0), walks(1), apart)[0]["judge"].value > 0.35


def test_where_held_out_series_differ_the_training_series_are_asked_about():
    later = walks(1)
    moved = SeriesSet(values=later.values + 500, starts=later.starts, columns=later.columns)
    found, _ = judged(walks(0), moved, walks(2))
    assert found["judge"].floor > 0.4
    assert found["judge_training"].value < 0.1
    noisy, _ = judged(walks(0), moved, walks(2, noise=0.01))
    assert noisy["judge_training"].value > 0.3


def test_too_few_windows_are_not_judged_and_it_is_said():
    few = walks(0, n=3, length=24)
    found, told = judged(few, few, few)
    assert found == {}
    assert told == ["judge: too few windows, nothing is judged"]


def test_one_judge_has_no_interval():
    assert judged(walks(0), walks(1), walks(2), n_judges=1)[0]["judge"].interval is None


def test_sides_have_equally_many_windows_and_the_same_seed_sees_the_same():
    comparison = compare(walks(0), walks(1, n=25), walks(2), seed=5, window=40, n_resamples=2)
    first, again = (look(comparison, 300, 7) for _ in range(2))
    assert {len(one.owners) for one in first} == {25 * 9}
    for one, other in zip(first, again, strict=True):
        assert (one.features == other.features).all()


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 2, 1), (4, 5, 2), (2, 30, 70)])
def test_features_are_finite_for_windows_of_any_size(shape):
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    features = Features.fit(rows, 1)
    assert np.isfinite(features.of(rows)).all()


def test_features_of_a_window_do_not_depend_on_the_windows_beside_it():
    rows = np.random.default_rng(0).normal(size=(9, 20, 3)).astype(np.float32)
    features = Features.fit(rows, 1)
    assert features.of(rows[4:5]) == pytest.approx(features.of(rows)[4:5], abs=1e-3)
