"""TimeGAN's two judges: real against itself is not told apart, another process is."""

import numpy as np
import pytest

from serinette.training.timegan_judges import discriminative_scores, predictive_scores, sines

pytestmark = pytest.mark.slow


def test_waves_lie_in_the_unit_range_and_depend_on_the_seed():
    waves = sines(50, 24, 5, seed=1)
    assert waves.shape == (50, 24, 5)
    assert 0.5 <= waves.min() <= waves.max() <= 1
    assert np.array_equal(waves, sines(50, 24, 5, seed=1))
    assert not np.array_equal(waves, sines(50, 24, 5, seed=2))


def test_real_windows_are_not_told_from_themselves_but_shifted_ones_are():
    waves = sines(400, 24, 4, seed=0)
    assert max(discriminative_scores(waves, waves, seeds=[0, 1], n_updates=150)) < 0.15
    assert min(discriminative_scores(waves, waves - 0.5, seeds=[0, 1], n_updates=600)) > 0.4


@pytest.mark.parametrize("scores", [discriminative_scores, predictive_scores])
def test_a_judge_finds_the_same_alone_and_beside_others(scores):
    waves, others = sines(200, 12, 4, seed=0), sines(200, 12, 4, seed=1) - 0.1
    together = scores(waves, others, seeds=[5, 3, 7], n_updates=20)
    assert len(set(together)) > 1
    alone = [scores(waves, others, seeds=[seed], n_updates=20)[0] for seed in (5, 3, 7)]
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_predictor_that_learnt_from_waves_predicts_waves_better_than_one_that_learnt_from_noise():
    waves = sines(300, 24, 3, seed=0)
    noise = np.random.default_rng(0).random(waves.shape).astype(np.float32)
    (good,) = predictive_scores(waves, waves, seeds=[0], n_updates=200)
    assert good < predictive_scores(waves, noise, seeds=[0], n_updates=200)[0]
