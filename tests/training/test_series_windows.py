"""Noise on levels: for columns that wander, none for those that come back to their mean."""

import numpy as np
import pytest

from serinette.core.config import Layer, resolve
from serinette.recipes.requests import groups_of
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.prepare import prepare_series
from serinette.training.config import TrainingConfig
from serinette.training.windows import WindowBatches

N, WINDOW = 6_000, 30


@pytest.fixture(scope="module")
def prepared():
    """A walk, and a column whose shocks are gone after ten rows: both move step by step."""
    steps = np.random.default_rng(0).normal(size=(2, N))
    walk, returning = steps[0].cumsum(), np.zeros(N)
    for k in range(1, N):
        returning[k] = 0.9 * returning[k - 1] + steps[1, k]
    values = {"data.window": WINDOW, "split.validation_share": 0.0, "split.test_share": 0.0}
    layers = (Layer(origin="kind", values=HABITS), Layer(origin="test", values=values))
    settings = resolve(groups_of("series"), layers)
    return prepare_series({"walk": walk, "returning": returning}, settings, lambda note: None)


def levels_of(prepared, level_noise):
    config = TrainingConfig(n_rows=64, seed=3)
    batches = WindowBatches(
        prepared.codec, prepared.steps, prepared.parts.train, config, level_noise=level_noise
    )
    places = list(prepared.codec.moving_level_places)
    assert len(places) == 2
    return batches.next().numbers.numpy()[:, :, places]


def test_only_levels_that_wander_are_disturbed(prepared):
    plain, disturbed = (levels_of(prepared, noise) for noise in (0.0, 0.8))
    shifts = disturbed - plain
    np.testing.assert_allclose(shifts, shifts[:, :1].repeat(WINDOW - 1, axis=1), atol=1e-5)
    assert shifts[:, 0, 0].std() == pytest.approx(0.8, abs=0.2)
    assert not shifts[:, :, 1].any()
