import math

import numpy as np
import pytest

from serinette.training.logistic import fit_logistic


@pytest.mark.parametrize("n_second", [20_000, 4_000])
def test_between_two_gaussians_the_weights_are_their_distance(n_second):
    """Bayes: log N(x; d/2, 1) - log N(x; -d/2, 1) = d x, whatever the numbers of rows."""
    generator = np.random.default_rng(0)
    distance = np.array([0.8, 0.0, -0.5])
    first = generator.normal(size=(20_000, 3)) + distance / 2
    second = generator.normal(size=(n_second, 3)) - distance / 2
    rows = np.concatenate([first, second]).astype(np.float32)
    weights = fit_logistic(rows, np.arange(len(rows)) < 20_000, 0.0)
    assert weights[:-1] == pytest.approx(distance, abs=0.06)
    assert weights[-1] == pytest.approx(0, abs=0.06)


def test_a_ridge_holds_the_weights_back_and_not_the_bias():
    rows = np.repeat(np.array([[1.0], [3.0]], dtype=np.float32), 50, axis=0)
    is_first = np.arange(100) >= 50
    plain, held = (fit_logistic(rows, is_first, ridge) for ridge in (0.01, 1.0))
    assert 0 < held[0] < 0.5 < plain[0]
    for weights in (plain, held):  # half way between the two the odds are even
        assert 2 * weights[0] + weights[1] == pytest.approx(0, abs=1e-3)


def test_the_gradient_is_zero_where_it_ends_and_a_better_start_ends_there_too():
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(400, 5)).astype(np.float32)
    is_first = rows[:, 0] + generator.normal(size=400) > 0
    weights = fit_logistic(rows, is_first, 0.1)
    odds = rows @ weights[:-1] + weights[-1]
    share = np.where(is_first, is_first.mean(), 1 - is_first.mean())
    residual = (1 / (1 + np.exp(-odds)) - is_first) * 0.5 / share / 400
    assert np.abs(rows.T @ residual + 0.2 * weights[:-1]).max() < 1e-4
    assert fit_logistic(rows, is_first, 0.1, start=weights) == pytest.approx(weights, abs=1e-3)


def test_a_blind_critic_costs_the_logarithm_of_two():
    rows = np.zeros((30, 2), dtype=np.float32)
    weights = fit_logistic(rows, np.arange(30) < 7, 0.1)
    assert np.logaddexp(0, rows @ weights[:-1] + weights[-1]) == pytest.approx(math.log(2))
