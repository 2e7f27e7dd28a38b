"""Features of windows become rows that keep what the codec promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import fitted, mixed_table, waves

from serinette.core.seeds import stream_keys
from serinette.decoding.growing_wishes import Wishes
from serinette.decoding.latent_decoder import LatentDecoder
from serinette.decoding.latent_writing import (
    FeatureWindows,
    WindowNetwork,
    rows_of,
    write_windows,
)
from serinette.kinds.series.whole_windows import (
    fact_shares,
    feature_places,
    rows_of_window,
    whole_windows,
    window_schema,
)
from serinette.nets.latent_config import FACTS, LatentConfig, artifact_shapes

CONFIG = LatentConfig(hidden_size=7, latent_size=5, generator_size=9, n_blocks=2)
TABLES = {"sequences": mixed_table(), "one series": waves()}


def network_of(codec, steps, seed=0):
    """A network of random weights for a table."""
    r = np.random.default_rng(seed)
    schema = window_schema(codec)
    weights = {
        name: (0.5 * r.normal(size=shape)).astype(np.float32)
        for name, shape in artifact_shapes(CONFIG, schema).items()
    }
    weights["features.sd"] = np.abs(weights["features.sd"])
    if FACTS in weights:
        weights[FACTS] = fact_shares(codec, steps.static_symbols)
    return WindowNetwork(LatentDecoder(weights, CONFIG), weights, schema)


def wishes_for(codec, n, **settled):
    times = np.full(n, 1_500_000_000.0)
    n_rows = np.full(n, rows_of_window(codec))
    return Wishes(times=times, n_rows=n_rows, n_told=np.zeros(n, dtype=np.int64), **settled)


@pytest.mark.parametrize("name", TABLES)
def test_the_features_of_a_window_give_its_cells_back(name):
    table = TABLES[name]
    codec, steps = fitted(table, window=6 if name == "one series" else 0)
    first = steps.starts[:-1] if table.n_sequences > 1 else np.array([0, 40, 41, 200])
    windows = whole_windows(codec, steps, first)
    sequence = np.searchsorted(steps.starts, first, side="right") - 1
    places = feature_places(codec)
    n_drawn = (len(places.missing) + len(places.symbols)) * windows.values.shape[1]
    grown = rows_of(
        codec,
        FeatureWindows(
            values=windows.values, lengths=windows.lengths,
            facts=steps.static_symbols[sequence], times=steps.times[first],
            u=np.full((n_drawn, len(first)), 0.5),
        ),
    )  # fmt: skip
    there = np.arange(windows.values.shape[1]) < windows.lengths[:, None]
    rows = (first[:, None] + np.arange(windows.values.shape[1]))[there]
    names = [r.name for r in codec.columns if r.part == "number"]
    for k, column in enumerate(names):
        expected = table.column(column).values[rows]
        assert np.allclose(grown.cells[there][:, k], expected, atol=2e-3, equal_nan=True), column
    assert np.array_equal(grown.symbols[there], steps.symbols[rows])
    if codec.time:
        assert np.allclose(grown.times[there], steps.times[rows], atol=1)
    for k, code in enumerate(codec.static_values):
        if code.name == "age":
            expected = steps.static_numbers[sequence, k]
            assert np.allclose(grown.static_cells[:, k], expected, atol=1e-3)


@settings(max_examples=20)
@given(st.integers(0, 20), st.floats(0.3, 3))
def test_relations_and_ranges_hold_whatever_the_network_says(seed, temperature):
    codec, steps = fitted(TABLES["sequences"])
    keys = stream_keys(seed, np.arange(9))
    grown = write_windows(
        network_of(codec, steps, seed), codec, keys, wishes_for(codec, 9, temperature=temperature)
    )
    there = np.arange(grown.cells.shape[1]) < grown.lengths[:, None]
    starts = np.r_[0, grown.lengths.cumsum()]
    assert dict(codec.relations.violations(grown.cells[there], starts)) == {}
    names = [r.name for r in codec.columns if r.part == "number"]
    walk = grown.cells[there][:, names.index("walk")]
    table = TABLES["sequences"].column("walk").values
    assert table.min() <= walk.min()
    assert walk.max() <= table.max()


@pytest.mark.parametrize("n", [1, 5, 17])
def test_a_sequence_never_depends_on_how_many_are_written(n):
    codec, steps = fitted(TABLES["sequences"])
    network = network_of(codec, steps)
    many = write_windows(network, codec, stream_keys(3, np.arange(40)), wishes_for(codec, 40))
    few = write_windows(network, codec, stream_keys(3, np.arange(n)), wishes_for(codec, n))
    assert np.array_equal(few.lengths, many.lengths[:n])
    width = few.cells.shape[1]
    assert np.array_equal(few.cells, many.cells[:n, :width], equal_nan=True)
    assert np.array_equal(few.symbols, many.symbols[:n, :width])
    assert np.array_equal(few.static_symbols, many.static_symbols[:n])


def test_facts_are_as_given_or_as_often_as_in_the_data():
    codec, steps = fitted(TABLES["sequences"])
    network = network_of(codec, steps)
    keys = stream_keys(1, np.arange(2000))
    drawn = write_windows(network, codec, keys, wishes_for(codec, 2000)).static_symbols[:, 0]
    share = steps.static_symbols[:, 0].mean()
    assert drawn.mean() == pytest.approx(share, abs=0.05)
    given_ = wishes_for(codec, 2000, opening={0: np.ones(2000, dtype=np.int64)})
    assert (write_windows(network, codec, keys, given_).static_symbols == 1).all()


def test_without_ends_all_sequences_have_the_rows_that_are_asked_for():
    codec, steps = fitted(TABLES["sequences"])
    wishes = wishes_for(codec, 4, ends=False)
    grown = write_windows(network_of(codec, steps), codec, stream_keys(1, np.arange(4)), wishes)
    assert grown.lengths.tolist() == [rows_of_window(codec)] * 4
