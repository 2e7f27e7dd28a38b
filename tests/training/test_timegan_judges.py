"""TimeGAN's two judges: real against itself is not told apart, another process is."""

import numpy as np
import pytest

from serinette.training.timegan_judges import discriminative_score, predictive_score, sines

pytestmark = pytest.mark.slow


def test_waves_lie_in_the_unit_range_and_depend_on_the_seed():
    waves = sines(50, 24, 5, seed=1)
    assert waves.shape == (50, 24, 5)
    assert 0.5 <= waves.min() <= waves.max() <= 1
    assert np.array_equal(waves, sines(50, 24, 5, seed=1))
    assert not np.array_equal(waves, sines(50, 24, 5, seed=2))


def test_real_windows_are_not_told_from_themselves_but_shifted_ones_are():
    waves = sines(400, 24, 4, seed=0)
    assert discriminative_score(waves, waves, seed=0, n_updates=150) < 0.15
    assert discriminative_score(waves, waves - 0.5, seed=0, n_updates=600) > 0.4


def test_the_same_seed_judges_the_same():
    waves, others = sines(200, 12, 4, seed=0), sines(200, 12, 4, seed=1)
    first = discriminative_score(waves, others, seed=3, n_updates=20)
    assert first == discriminative_score(waves, others, seed=3, n_updates=20)


def test_a_predictor_that_learnt_from_waves_predicts_waves_better_than_one_that_learnt_from_noise():
    waves = sines(300, 24, 3, seed=0)
    noise = np.random.default_rng(0).random(waves.shape).astype(np.float32)
    good = predictive_score(waves, waves, seed=0, n_updates=200)
    assert good < predictive_score(waves, noise, seed=0, n_updates=200)
