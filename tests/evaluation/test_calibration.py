import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation import calibration
from serinette.evaluation.calibration import (
    Tally,
    expected_calibration_error,
    fitted_temperature,
    reliability,
    reliability_chart,
    top_tally,
)
from serinette.evaluation.proportion import wilson_interval


def tally(n_forecasts, expected, came_true):
    return Tally(
        n_forecasts=np.array(n_forecasts),
        expected=np.array(expected, dtype=float),
        came_true=np.array(came_true),
    )


def slow_error(confidence, is_hit, n_bins):
    """Bins cut at the quantiles of the sorted confidences; equal ones stay together."""
    order = sorted(confidence)
    edges = [order[k * len(order) // n_bins] for k in range(1, n_bins)]
    total = 0.0
    for k in range(n_bins):
        low = edges[k - 1] if k else -math.inf
        high = edges[k] if k < n_bins - 1 else math.inf
        inside = [i for i, c in enumerate(confidence) if low <= c < high]
        total += abs(sum(is_hit[i] - confidence[i] for i in inside))
    return total / len(confidence)


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.9, 1.0]), st.booleans()), min_size=1)
)
def test_the_error_is_that_of_the_slow_way(pairs):
    confidence, hits = [c for c, _ in pairs], [h for _, h in pairs]
    for n_bins in (1, 4, 15):
        top = top_tally(np.array(confidence), np.array(hits), n_bins=n_bins)
        found = expected_calibration_error(top)
        assert found.value == pytest.approx(slow_error(confidence, hits, n_bins))
        assert found.n == top.n_forecasts.sum() == len(pairs)


def test_distinct_confidences_fill_the_bins_equally():
    confidence = np.random.default_rng(0).permutation(np.linspace(0.2, 0.9, 3000))
    top = top_tally(confidence, np.ones(3000, dtype=bool))
    assert top.n_forecasts.shape == (3, 15)
    assert top.n_forecasts.sum(axis=0).tolist() == [200] * 15
    assert top.n_forecasts.sum(axis=1).tolist() == [1000] * 3


def drawn(n, shift, seed=0):
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(0.3, 0.8, n)
    return confidence, generator.random(n) < confidence - shift


def test_too_sure_by_a_tenth_is_an_error_of_a_tenth():
    found = expected_calibration_error(top_tally(*drawn(40_000, 0.1)))
    assert found.value == pytest.approx(0.1, abs=0.01)
    low, high = found.interval
    assert low < found.value < high < low + 0.03


def test_the_interval_of_the_error_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(100):
        top = top_tally(*drawn(20_000, 0.1, seed))
        low, high = expected_calibration_error(top, seed=seed).interval
        held += low <= 0.1 <= high
    assert held >= 87


def test_a_perfect_model_scores_its_bias_only():
    found = expected_calibration_error(top_tally(*drawn(15_000, 0.0)))
    assert found.value == pytest.approx(math.sqrt(2 * 0.24 / math.pi / 1000), abs=0.006)
    assert found.interval[0] >= 0


def test_the_same_seed_gives_the_same_interval_and_one_block_gives_none():
    top = top_tally(*drawn(5000, 0.1))
    assert expected_calibration_error(top, seed=3) == expected_calibration_error(top, seed=3)
    assert expected_calibration_error(top_tally(*drawn(1000, 0.1))).interval is None


def test_joining_blocks_loses_nothing(monkeypatch):
    top = top_tally(*drawn(7100, 0.1))
    whole = expected_calibration_error(top)
    monkeypatch.setattr(calibration, "_MOST_BLOCKS", 3)
    joined = expected_calibration_error(top)
    assert (joined.value, joined.n) == (whole.value, whole.n)
    assert calibration._joined(top.n_forecasts).sum(axis=1).tolist() == [3000, 3000, 1100]


def test_a_reliability_point_says_what_was_forecast_and_what_came():
    first, second = reliability(
        tally([[10, 0, 4], [30, 0, 6]], [[1.0, 0, 3.0], [3.0, 0, 5.0]], [[2, 0, 4], [6, 0, 6]])
    )
    assert (first.forecast, first.observed, first.n) == (0.1, 0.2, 40)
    assert (second.forecast, second.observed, second.n) == (0.8, 1.0, 10)
    # The blocks agree, so every forecast counts as independent.
    assert first.interval == wilson_interval(0.2, 40.0)
    assert second.interval == wilson_interval(1.0, 10.0)


def test_blocks_that_disagree_widen_the_interval():
    (point,) = reliability(tally([[50], [50]], [[25.0], [25.0]], [[50], [0]]))
    assert point.interval == wilson_interval(0.5, 1.0)


def test_the_interval_of_dependent_forecasts_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        rates = np.clip(generator.normal(0.3, 0.1, 40), 0, 1)
        came = generator.binomial(100, rates)[:, None]
        (point,) = reliability(tally(np.full((40, 1), 100), np.full((40, 1), 30.0), came))
        held += point.interval[0] <= 0.3 <= point.interval[1]
    assert 0.91 <= held / 300 <= 0.98


def test_the_chart_leaves_out_what_a_logarithmic_axis_cannot_hold():
    every = tally([[1000, 100]], [[1.0, 50.0]], [[0, 40]])
    chart = reliability_chart(every, top_tally(np.array([0.5, 0.5]), np.array([True, False])))
    assert [line.name for line in chart.lines] == [
        "every symbol",
        "the likeliest symbol",
        "as sure as right",
    ]
    assert chart.lines[0].points == ((0.5, 0.4),)
    assert chart.lines[1].points == ((0.5, 0.5),)
    assert all(low > 0 for line in chart.lines for low, _ in line.band)
    assert chart.lines[2].points == ((0.5, 0.5), (1.0, 1.0))


def test_the_chart_of_nothing_has_no_points():
    nothing = top_tally(np.zeros(0), np.zeros(0, dtype=bool))
    chart = reliability_chart(nothing, nothing)
    assert chart.lines[0].points == chart.lines[1].points == ()


@given(st.floats(0.7, 1.3), st.floats(0.1, 50), st.floats(-10, 10))
def test_the_lowest_point_of_a_parabola_is_found(lowest, bend, height):
    sharpness = np.arange(4, 13) / 8
    found = fitted_temperature(sharpness, bend * (sharpness - lowest) ** 2 + height)
    assert found.temperature == pytest.approx(1 / lowest, rel=1e-6)
    assert found.saved_nats == pytest.approx(bend * (1 - lowest) ** 2, abs=1e-6)
    assert not found.is_at_edge


def test_a_best_temperature_beyond_what_was_tried_is_said_to_be_at_the_edge():
    sharpness = np.array([0.5, 1.0, 1.5])
    found = fitted_temperature(sharpness, np.array([1.0, 2.0, 4.0]))
    assert (found.temperature, found.saved_nats, found.is_at_edge) == (2.0, 1.0, True)


def test_a_model_that_is_best_as_it_is_saves_nothing():
    found = fitted_temperature(np.array([0.5, 1.0, 1.5]), np.array([3.0, 2.0, 3.0]))
    assert (found.temperature, found.saved_nats, found.is_at_edge) == (1.0, 0.0, False)


@given(st.integers(1, 200), st.data())
def test_wilson_ends_are_where_the_normal_test_just_rejects(n, data):
    share = data.draw(st.integers(0, n)) / n
    low, high = wilson_interval(share, float(n))
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if 0 < end < 1 and end != share:
            assert (share - end) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / n, rel=1e-6)
