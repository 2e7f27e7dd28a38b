from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.dependence import dependence, dependence_metrics, static_metric
from serinette.evaluation.series.drift import drift_metrics, quarters
from serinette.evaluation.series.marginals import (
    column_spreads,
    fact_metric,
    length_metric,
    marginal_metrics,
    row_metrics,
)
from serinette.evaluation.series.prediction import prediction_metrics, says_nothing
from serinette.evaluation.series.sets import SeriesColumn, SeriesSet


def autoregressive(seed, n=60, length=24, *, memory=0.8, n_columns=3, noise=1.0):
    generator = np.random.default_rng(seed)
    values = np.zeros((n, length, n_columns))
    values[:, 0] = generator.normal(size=(n, n_columns)) / np.sqrt(1 - memory**2)
    for t in range(1, length):
        values[:, t] = memory * values[:, t - 1] + noise * generator.normal(size=(n, n_columns))
    return values


def sets(values, *, categories=(), statics=None):
    n, length, n_columns = values.shape
    columns = tuple(
        SeriesColumn(name=f"c{k}", is_category=k in categories) for k in range(n_columns)
    )
    named = () if statics is None else (SeriesColumn(name="s"),)
    return SeriesSet(
        values=values.reshape(-1, n_columns),
        starts=np.arange(n + 1) * length,
        columns=columns,
        statics=statics,
        static_columns=named,
    )


def compared(train, held_out, generated, n_resamples=20):
    return compare(train, held_out, generated, seed=3, n_resamples=n_resamples)


def wasserstein(one, other):
    shares = (np.arange(20_000) + 0.5) / 20_000
    return np.abs(np.quantile(one, shares) - np.quantile(other, shares)).mean()


def furthest(one, other):
    points = np.concatenate([one, other])
    cumulated = [np.searchsorted(np.sort(side), points, side="right") / len(side)
                 for side in (one, other)]  # fmt: skip
    return np.abs(cumulated[0] - cumulated[1]).max()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_distances_of_values_are_those_of_the_plain_definitions(scale):
    sides = [autoregressive(k, n_columns=1) * (scale if k == 2 else 1) for k in range(3)]
    found = {m.key: m for m in marginal_metrics(compared(*map(sets, sides)))}
    flat = [side.ravel() for side in sides]
    exact = wasserstein(flat[2], flat[1]) / flat[0].std()
    assert found["w1"].value == pytest.approx(exact, rel=0.03, abs=0.002)
    assert found["ks"].value == pytest.approx(furthest(flat[2], flat[1]), abs=0.012)
    assert found["ks"].floor == pytest.approx(furthest(flat[0], flat[1]), abs=0.012)


def test_one_value_in_a_thousand_far_out_is_seen():
    sides = [autoregressive(k, n=100, n_columns=1) for k in range(3)]
    sides[2].reshape(-1)[::1_000] = 1e4
    found = {m.key: m for m in marginal_metrics(compared(*map(sets, sides)))}
    assert found["w1"].value > 2
    assert found["w1"].floor < 0.3


def test_shares_of_categories_and_holes_are_counted():
    sides = [np.zeros((40, 10, 1)) for _ in range(3)]
    for side, n_ones in zip(sides, (5, 5, 7), strict=True):
        side[:, :n_ones] = 1.0
    sides[2][:, 9] = np.nan
    found = {m.key: m for m in marginal_metrics(
        compared(*(sets(side, categories=(0,)) for side in sides)))}  # fmt: skip
    assert found["tv"].value == pytest.approx(7 / 9 - 5 / 10)
    assert found["tv"].floor == 0
    assert found["missing"].value == pytest.approx(10)
    assert "c0, 10 % (real: 0 %)" in found["missing"].note


def test_repeats_and_steps_are_taken_within_sequences_only():
    sides = [np.tile(np.arange(8.0)[None, :, None], (30, 1, 1)) for _ in range(3)]
    sides[2] = sides[2] // 2  # every other value repeats: 4 of 7 steps
    found = {m.key: m for m in row_metrics(compared(*map(sets, sides)))}
    assert found["repeats"].value == pytest.approx(100 * 4 / 7)
    assert found["steps"].value == pytest.approx(4 / 7)  # sizes 0 and 1 against 1
    assert found["sequence_min"].value == 0
    assert found["sequence_max"].value == 1


def test_lengths_are_compared_where_there_are_sequences():
    def ragged(lengths):
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return SeriesSet(
            values=np.ones((starts[-1], 1)), starts=starts, columns=(SeriesColumn(name="a"),)
        )

    real = ragged([5, 9] * 20)
    found = length_metric(compared(real, real, ragged([5, 5, 5, 9] * 10)))
    assert found.value == pytest.approx(0.25)
    assert found.floor == 0
    assert length_metric(compared(ragged([500]), ragged([500]), real)) is None


def test_dependence_is_that_of_the_plain_definitions():
    values = [autoregressive(k, n=40, length=30) for k in range(3)]
    found = dependence(compared(*map(sets, values)))
    scaled = values[2].copy()
    for k in range(3):
        low, middle, high = np.quantile(values[0][:, :, k], [0.25, 0.5, 0.75])
        scaled[:, :, k] = np.arcsinh((scaled[:, :, k] - middle) / ((high - low) / 1.349))
    plain = np.corrcoef(scaled.reshape(-1, 3).T)
    assert found.correlations[2][0] == pytest.approx(plain, abs=1e-9)
    centred = scaled - scaled.mean(axis=(0, 1))
    for lag in (1, 4):
        pairs = (centred[:, :-lag] * centred[:, lag:]).mean(axis=(0, 1))
        expected = pairs / centred.var(axis=(0, 1))
        assert found.autocorrelations[2][0, lag - 1] == pytest.approx(expected, abs=1e-9)
        crossed = (centred[:, :-lag, 0] * centred[:, lag:, 1]).mean() / np.sqrt(
            centred[:, :, 0].var() * centred[:, :, 1].var()
        )
        place = (1, 2, 4, 8, 16).index(lag) * 6
        assert found.crossed[2][0, place] == pytest.approx(crossed, abs=1e-9)


def test_a_missing_value_is_left_out_pair_by_pair():
    values = [autoregressive(k, n=40, length=30, n_columns=2) for k in range(3)]
    values[2][:, 3, 0] = np.nan
    found = dependence(compared(*map(sets, values)))
    assert np.isfinite(found.autocorrelations[2]).all()
    assert found.autocorrelations[2][0, 0, 0] == pytest.approx(0.8, abs=0.08)


def test_white_noise_has_a_flat_spectrum_at_nought_decibels():
    values = [np.random.default_rng(k).normal(size=(200, 32, 1)) for k in range(3)]
    found = dependence(compared(*map(sets, values)))
    assert len(found.frequencies) == 16
    assert np.abs(found.spectra[0][0, 1:, 0]).max() < 1.2


def test_a_lost_memory_shows_in_autocorrelation_and_spectrum_but_not_in_values():
    sides = [autoregressive(0), autoregressive(1), autoregressive(2, memory=0.0, noise=5 / 3)]
    comparison = compared(*map(sets, sides))
    found = {m.key: m for m in dependence_metrics(comparison, dependence(comparison))}
    assert found["acf"].interval[0] > found["acf"].floor_interval[1]
    assert found["spectrum"].interval[0] > found["spectrum"].floor_interval[1]
    values = {m.key: m for m in marginal_metrics(comparison)}
    assert values["ks"].value < 0.06


def test_a_column_shuffled_against_the_others_shows_in_the_correlations():
    sides = [autoregressive(k) for k in range(3)]
    for side in sides:
        side[:, :, 1] = side[:, :, 0] + 0.1 * side[:, :, 1]
    sides[2][:, :, 1] = sides[2][::-1, :, 1]
    comparison = compared(*map(sets, sides))
    found = {m.key: m for m in dependence_metrics(comparison, dependence(comparison))}
    assert found["correlation"].value > 0.2
    assert found["correlation"].floor < 0.1


def test_static_values_that_explain_nothing_any_more_are_seen():
    sides = []
    for k in range(3):
        site = np.random.default_rng(k + 9).integers(0, 2, 60).astype(float)
        shifted = autoregressive(k) + (0 if k == 2 else 4) * site[:, None, None]
        sides.append(sets(shifted, statics=site[:, None]))
    found = static_metric(compared(*sides))
    assert found.value > 0.4
    assert found.floor < 0.1
    assert static_metric(compared(*(sets(autoregressive(k)) for k in range(3)))) is None


@pytest.mark.parametrize("is_category", [False, True])
def test_facts_about_sequences_that_are_spread_otherwise_are_seen(is_category):
    sides = []
    for k in range(3):
        r = np.random.default_rng(k + 9)
        site = r.integers(0, 3, 80).astype(float) + (1 if k == 2 else 0)
        sides.append(sets(autoregressive(k, n=80), statics=site[:, None]))
    if is_category:
        columns = (SeriesColumn(name="s", is_category=True, levels=tuple("abcd")),)
        sides = [replace(side, static_columns=columns) for side in sides]
    found = fact_metric(compared(*sides))
    assert found.value > 0.25
    assert found.floor < 0.2
    assert fact_metric(compared(*(sets(autoregressive(k)) for k in range(3)))) is None


@settings(max_examples=40)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_quarters_are_as_long_as_one_another_and_at_the_ends(lengths):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    series = SeriesSet(
        values=np.zeros((starts[-1], 1)), starts=starts, columns=(SeriesColumn(name="a"),)
    )
    found = quarters(series)
    for first, last in pairwise(starts):
        n = (last - first) // 4 if last - first >= 8 else 0
        inner = found[first:last].tolist()
        assert inner == [0] * n + [-1] * (last - first - 2 * n) + [1] * n


def test_sequences_that_wander_off_are_seen_and_real_ones_are_not():
    sides = [autoregressive(k) for k in range(3)]
    sides[2] = sides[2] + np.linspace(0, 3, 24)[None, :, None]
    found = {m.key: m for m in drift_metrics(compared(*map(sets, sides)))}
    assert found["drift"].value > 0.5
    assert found["drift"].floor < 0.2
    assert found["trend"].interval[0] > found["trend"].floor_interval[1]
    assert drift_metrics(compared(*(sets(side[:, :5]) for side in sides))) == []


def test_one_long_run_that_wanders_off_is_seen():
    real = [autoregressive(k, n=1, length=900, n_columns=1) for k in range(2)]
    far = autoregressive(2, n=1, length=900, n_columns=1) + np.linspace(0, 4, 900)[None, :, None]
    found = {m.key: m for m in drift_metrics(compared(*map(sets, (*real, far))))}
    assert found["drift"].value > found["drift"].floor + 0.5


def test_learning_from_generated_series_is_as_good_as_the_memory_that_they_have():
    sides = [autoregressive(0), autoregressive(1), autoregressive(2, memory=0.0)]
    bad, _ = prediction_metrics(compared(*map(sets, sides)))
    good, notes = prediction_metrics(compared(*map(sets, (*sides[:2], autoregressive(3)))))
    assert good[0].value == pytest.approx(good[0].floor, rel=0.1)
    assert bad[0].value > 1.2 * bad[0].floor
    assert bad[0].floor < bad[0].baseline
    assert not notes
    assert [m.key for m in good] == ["prediction", *(f"prediction:c{k}" for k in range(3))]


def test_noise_that_cannot_be_predicted_is_called_noise():
    sides = [autoregressive(k, n_columns=2) for k in range(3)]
    for k, side in enumerate(sides):
        side[:, :, 1] = np.random.default_rng(k + 50).uniform(size=side.shape[:2])
    metrics, notes = prediction_metrics(compared(*map(sets, sides)))
    assert notes == [
        "The predictive score says nothing of 'c1': it is noise, which real series predict no "
        "better than a constant does."
    ]
    assert [says_nothing(m) for m in metrics] == [False, False, True]


def test_a_side_without_any_value_of_a_column_is_not_compared_in_it():
    sides = [autoregressive(k) for k in range(3)]
    sides[2][:, :, 1] = np.nan
    comparison = compared(*map(sets, sides))
    assert [spread.name for spread in column_spreads(comparison)] == ["c0", "c2"]
    found = {m.key: m for m in marginal_metrics(comparison)}
    assert found["missing"].value == pytest.approx(100 / 3)
