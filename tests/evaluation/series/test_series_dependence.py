import numpy as np
import pytest

from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.dependence import dependence, dependence_metrics
from serinette.evaluation.series.rules import series_verdicts
from serinette.evaluation.series.sets import SeriesColumn, SeriesSet

LENGTH = 24
FLAT = np.zeros(LENGTH)
HUMP = 4 * np.sin(np.pi * np.arange(LENGTH) / LENGTH)
"""A course that all sequences share: rows with a partner lie elsewhere than all rows."""


def sequences(seed, course, n=50, memory=0.8):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(n, LENGTH, 2))
    for t in range(1, LENGTH):
        values[:, t] = memory * values[:, t - 1] + np.sqrt(1 - memory**2) * values[:, t]
    return values + course[:, None]


def compared(*sides):
    columns = (SeriesColumn(name="a"), SeriesColumn(name="b"))
    sets = (
        SeriesSet(
            values=values.reshape(-1, 2), starts=np.arange(len(values) + 1) * LENGTH,
            columns=columns,
        )
        for values in sides
    )  # fmt: skip
    return compare(*sets, seed=3, n_resamples=20)


def plain(scaled, first, second, lag):
    """Add up pairs one after the other; NaN is missing."""
    centred = scaled - np.nanmean(scaled, axis=(0, 1))
    deviations = np.nanstd(scaled, axis=(0, 1))
    early, late = centred[:, : LENGTH - lag, first], centred[:, lag:, second]
    together = np.nanmean(early * late) / deviations[first] / deviations[second]
    return np.clip(together, -1, 1)


@pytest.mark.parametrize("course", [FLAT, HUMP], ids=["flat", "hump"])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_correlations_at_any_lag_are_those_of_the_plain_definition(course, shift):
    sides = [sequences(k, course) for k in range(3)]
    sides[2] += shift
    sides[2][np.random.default_rng(7).random(sides[2].shape) < 0.1] = np.nan
    comparison = compared(*sides)
    found = dependence(comparison)
    scaled = comparison.scaler.rows(comparison.generated.series).reshape(50, LENGTH, -1)
    numbers = [channel for channel, _ in comparison.scaler.numbers]
    scaled = np.where(np.isnan(sides[2]), np.nan, scaled[:, :, numbers].astype(np.float64))
    assert found.correlations[2][0, 0, 1] == pytest.approx(plain(scaled, 0, 1, 0), abs=1e-5)
    for place, lag in enumerate((1, 2, 4, 8, 16)):
        own = found.autocorrelations[2][0, lag - 1]
        assert own == pytest.approx([plain(scaled, k, k, lag) for k in (0, 1)], abs=1e-5)
        crossed = found.crossed[2][0, 2 * place : 2 * place + 2]
        expected = [plain(scaled, *pair, lag) for pair in ((0, 1), (1, 0))]
        assert crossed == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("memory", [0.8, 0.3])
def test_values_that_lie_higher_are_no_fault_of_memory_and_lost_memory_is(memory):
    sides = [sequences(k, HUMP) for k in range(2)] + [sequences(2, HUMP, memory=memory) + 0.6]
    comparison = compared(*sides)
    verdicts = series_verdicts(dependence_metrics(comparison, dependence(comparison)))
    assert [one.light == "green" for one in verdicts] == [memory == 0.8]
