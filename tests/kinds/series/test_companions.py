"""Columns that go close beside another are found, and how far they are apart is read."""

import numpy as np
from small_tables import fitted, prices, waves

from serinette.kinds.series.codec import SeriesCodec


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
