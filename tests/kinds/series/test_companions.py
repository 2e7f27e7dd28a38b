"""Columns that go close beside another are found, and how far they are apart is read."""

import numpy as np
import pytest
from small_tables import fitted, prices, waves

from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.values import fit_value


def test_the_closest_column_before_is_found():
    table = prices()
    codec, _ = fitted(table)
    (found,) = codec.companions
    assert (found.column, found.other) == (1, 0)
    levels = [code.level(table.column(code.name).values) for code in codec.values]
    read = found.feature(levels[1], levels[0])
    read = read[~np.isnan(read)]
    assert abs(read.mean()) < 1e-6
    assert abs(read.std() - 1) < 0.05
    assert codec.n_features == codec.schema(4, 4).n_features


def test_columns_that_go_their_own_ways_are_no_companions():
    assert fitted(waves())[0].companions == ()


def test_a_codec_that_was_stored_without_companions_still_loads():
    codec, _ = fitted(prices())
    plain = codec.to_json()
    del plain["companions"]
    assert SeriesCodec.from_json(plain).companions == ()


def test_prices_that_move_by_shares_of_themselves_are_seen_as_logarithms():
    r = np.random.default_rng(0)
    price = 20 * np.exp(np.cumsum(r.normal(size=600) * 0.05))
    is_first = np.arange(600) == 0
    code = fit_value("price", price, is_first, grid=0.0)
    assert code.is_log
    assert code.mode == "increment"
    assert np.allclose(code.value(code.level(price)), price)
    assert code.value(np.array([-1e9, np.nan, 1e9])).tolist()[::2] == [code.low, code.high]
    assert np.isfinite(code.level(np.array([-5.0, 0.0]))).all()
    steps = np.diff(code.level(price))
    assert abs(np.log(steps[:300].std() / steps[300:].std())) < 0.3


@pytest.mark.parametrize("kind", ["walk", "noise", "negative"])
def test_what_does_not_move_by_shares_of_itself_is_no_logarithm(kind):
    r = np.random.default_rng(0)
    cells = {
        "walk": 500 + np.cumsum(r.normal(size=600)),
        "noise": np.exp(r.normal(size=600) / 5),
        "negative": -np.exp(np.cumsum(r.normal(size=600) * 0.05)),
    }[kind]
    assert not fit_value("x", cells, np.arange(600) == 0, grid=0.0).is_log


def _volumes(spikes: float) -> np.ndarray:
    """Return trading volumes that come and go: their logarithm swings about a mean."""
    r = np.random.default_rng(0)
    z = np.zeros(3_000)
    for t in range(1, len(z)):
        z[t] = 0.95 * z[t - 1] + r.normal() * 0.3
    z[r.random(len(z)) < 0.003] += spikes
    return 1e6 * np.exp(z)


def test_heavy_tails_that_a_logarithm_takes_away_are_seen_as_logarithms():
    code = fit_value("volume", _volumes(0), np.arange(3_000) == 0, grid=0.0)
    assert (code.is_log, code.knots, code.mode) == (True, (), "increment")


def test_tails_that_are_heavy_in_the_logarithm_too_keep_their_normal_scores():
    code = fit_value("volume", _volumes(12), np.arange(3_000) == 0, grid=0.0)
    assert not code.is_log
    assert code.knots
