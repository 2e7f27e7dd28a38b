"""Noise on levels: where one wanders, none where all come back to their means."""

import numpy as np

from serinette.core.config import Layer, resolve
from serinette.recipes.requests import groups_of
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.prepare import prepare_series
from serinette.training.config import TrainingConfig
from serinette.training.windows import WindowBatches

N, WINDOW = 6_000, 30


def prepared(*decays):
    """Columns that move step by step: of decay 1 a walk, of 0.9 one whose shocks are soon gone."""
    shocks = np.random.default_rng(0).normal(size=(len(decays), N))
    columns = np.zeros((len(decays), N))
    for k in range(1, N):
        columns[:, k] = np.array(decays) * columns[:, k - 1] + shocks[:, k]
    values = {"data.window": WINDOW, "split.validation_share": 0.0, "split.test_share": 0.0}
    layers = (Layer(origin="kind", values=HABITS), Layer(origin="test", values=values))
    settings = resolve(groups_of("series"), layers)
    source = {f"x{k}": column for k, column in enumerate(columns)}
    return prepare_series(source, settings, lambda note: None)


def shifts_of(found):
    """Return what noise adds to the levels of one batch."""
    read = []
    for level_noise in (0.0, 0.8):
        config = TrainingConfig(n_rows=64, seed=3)
        batches = WindowBatches(
            found.codec, found.steps, found.parts.train, config, level_noise=level_noise
        )
        places = list(found.codec.moving_level_places)
        read.append(batches.next().numbers.numpy()[:, :, places])
    return read[1] - read[0]


def test_levels_are_disturbed_where_one_of_them_wanders():
    shifts = shifts_of(prepared(1.0, 0.9))
    assert shifts.shape[2] == 2
    np.testing.assert_allclose(shifts, shifts[:, :1].repeat(WINDOW - 1, axis=1), atol=1e-5)
    np.testing.assert_allclose(shifts[:, 0].std(0), 0.8, atol=0.2)


def test_levels_that_all_come_back_to_their_means_are_read_as_they_are():
    assert not shifts_of(prepared(0.9, 0.85)).any()
