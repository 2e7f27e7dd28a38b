"""Windows as plain numbers: where they begin, what stands where, what counts how much."""

import numpy as np
import pytest
from small_tables import fitted, mixed_table, waves

from serinette.kinds.series.whole_windows import (
    fact_shares,
    feature_places,
    feature_weights,
    first_rows,
    missing_cells,
    rows_of_window,
    whole_windows,
    window_schema,
)


@pytest.fixture(scope="module")
def mixed():
    codec, steps = fitted(mixed_table())
    return codec, steps, whole_windows(codec, steps, steps.starts[:-1])


def test_a_window_is_as_long_as_the_longest_sequence_and_says_where_it_ends(mixed):
    codec, steps, windows = mixed
    assert windows.values.shape[1] == rows_of_window(codec) == np.diff(steps.starts).max()
    assert np.array_equal(windows.lengths, np.diff(steps.starts))


def test_the_schema_says_how_wide_a_row_and_its_context_are(mixed):
    codec, _, windows = mixed
    schema = window_schema(codec)
    assert schema.n_features == windows.values.shape[2] == feature_places(codec).n_features
    n_context = sum(field.size for field in schema.context) + schema.n_given
    assert n_context == windows.context.shape[1]
    assert schema.end == 1
    assert window_schema(fitted(waves())[0]).end is None


def test_windows_of_a_single_series_begin_anywhere_in_a_part():
    codec, steps = fitted(waves(), window=6)
    assert first_rows(codec, steps, np.array([0])).tolist() == list(range(395))
    short, of_it = fitted(waves(5), window=6)
    assert len(first_rows(short, of_it, np.array([0]))) == 0


def test_a_window_is_never_longer_than_the_longest_sequence():
    codec, _ = fitted(mixed_table(), window=200)
    assert rows_of_window(codec) == codec.lengths[-1] < 200


def test_symbols_are_one_hot_and_flags_say_what_is_missing(mixed):
    codec, steps, windows = mixed
    places = feature_places(codec)
    there = np.arange(windows.values.shape[1]) < windows.lengths[:, None]
    for k, place in enumerate(places.symbols):
        one_hot = windows.values[there][:, place]
        assert (one_hot.sum(axis=1) == 1).all()
        assert np.array_equal(one_hot.argmax(axis=1), steps.symbols[:, k])
    names = [codec.values[k].name for k in places.missing]
    flags = dict(zip(names, windows.values[there][:, places.flags].T, strict=True))
    column = mixed_table().column("level").values
    assert np.array_equal(flags["level"] == 1, np.isnan(column))


def test_a_column_of_symbols_counts_as_one(mixed):
    codec, _, windows = mixed
    weights = feature_weights(codec, windows.values.reshape(-1, windows.values.shape[2]))
    for place in feature_places(codec).symbols:
        assert weights[place].sum() == pytest.approx(1)
    assert (weights[: len(codec.values)] == 1).all()


def test_shares_of_facts_are_those_of_the_table():
    codec, steps = fitted(mixed_table())
    shares = fact_shares(codec, steps.static_symbols)
    counts = np.bincount(steps.static_symbols[:, 0], minlength=2)
    assert shares == pytest.approx(counts / 30)


def test_a_cell_is_missing_as_often_as_its_flag_says(mixed):
    codec, _, _ = mixed
    places = feature_places(codec)
    row = np.zeros((1000, places.n_features))
    row[:, places.flags] = 0.25
    u = np.tile(np.arange(1000) / 1000, (len(places.missing), 1))
    drawn = missing_cells(codec, row, u)
    assert drawn[:, list(places.missing)].mean(axis=0) == pytest.approx(0.25)
    others = [k for k in range(len(codec.values)) if k not in places.missing]
    assert not drawn[:, others].any()
