"""Columns between others: found, told to the network, kept in what is drawn."""

import numpy as np
from small_tables import fitted, shares, waves

from serinette.decoding.fields import FieldsNetwork
from serinette.decoding.growing import grow
from serinette.decoding.growing_wishes import Wishes
from serinette.kinds.series.bounds import FAR
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.encoding import encode_windows
from serinette.nets.fields import FieldsModel
from serinette.nets.fields_config import FieldsConfig
from serinette.nets.model import weights_of


def test_columns_that_move_are_drawn_between_those_before_them():
    codec, _ = fitted(shares())
    assert [code.name for code in codec.values] == ["price", "low", "high"]
    assert [(b.lower, b.upper) for b in codec.bounds] == [((), ()), ((), (0,)), ((0, 1), ())]
    assert all(code.is_log and code.mode == "increment" for code in codec.values)
    fields = codec.schema(4, 4).fields
    assert [field.is_bounded for field in fields] == [False, True, True]
    assert SeriesCodec.from_json(codec.to_json()).bounds == codec.bounds


def test_a_table_without_such_columns_has_no_bounds():
    codec, steps = fitted(waves())
    assert codec.bounds == ()
    windows = encode_windows(codec, steps, np.arange(4), 6)
    assert (windows.lows[..., codec.value_offset :] == -FAR).all()


def test_what_stands_in_the_data_lies_between_its_bounds():
    codec, steps = fitted(shares(), window=8)
    windows = encode_windows(codec, steps, np.arange(0, 390, 8), 8)
    for lows, values, highs in (
        (windows.lows, windows.values, windows.highs),
        (windows.opening_lows, windows.opening_values, windows.opening_highs),
    ):
        assert (lows <= values + 1e-4).all()
        assert (values <= highs + 1e-4).all()
    assert (windows.lows[..., 2] > -FAR).all()
    assert (windows.highs[..., 1] < FAR).all()


def test_nothing_heaps_up_at_a_bound_however_wild_the_network():
    table = shares()
    codec, _ = fitted(table)
    config = FieldsConfig(hidden_size=8, opening_units=8)
    schema = codec.schema(config.parts, config.opening_parts)
    network = FieldsNetwork(weights_of(FieldsModel(config, schema, seed=3)), config, schema)
    n = 300
    wishes = Wishes(
        times=np.zeros(n), n_rows=np.full(n, 6), n_told=np.zeros(n, dtype=np.int64), ends=False
    )
    grown = grow(network, codec, np.arange(n, dtype=np.uint64), wishes)
    names = [column.name for column in table.columns]
    price, low, high = (grown.cells[..., names.index(name)] for name in ("price", "low", "high"))
    assert ((low <= price) & (price <= high)).all()
    inside = (price > price.min()) & (price < price.max())
    assert ((low == price) & inside).mean() < 0.05
    assert ((high == price) & inside).mean() < 0.05
