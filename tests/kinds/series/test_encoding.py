"""Encoding whole windows and unrolling row by row are one thing done twice."""

import numpy as np
import pytest
from small_tables import fitted, mixed_table, paced, prices, shares, waves

from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.fitting import take_apart
from serinette.kinds.series.unrolling import Unrolling

TABLES = {
    "regular": mixed_table(),
    "irregular": mixed_table(seed=1, is_regular=False),
    "one series": waves(),
    "companions": prices(),
    "gaps that go on": paced(),
    "bounds": shares(),
}


def unrolled(codec, windows, times):
    """Feed a window's own fields to the unrolling; yield it at every row."""
    unrolling = Unrolling(codec, times.copy())
    unrolling.open(windows.opening_choices, windows.opening_values.astype(np.float64))
    yield unrolling
    for t in range(windows.choices.shape[1]):
        unrolling.push(windows.choices[:, t], windows.values[:, t].astype(np.float64))
        yield unrolling


@pytest.mark.parametrize("name", TABLES)
def test_what_is_read_is_the_same_row_by_row(name):
    table = TABLES[name]
    codec, steps = fitted(table, window=6)
    first = steps.starts[:-1][:8] if table.n_sequences > 1 else np.array([0, 40, 41, 200])
    windows = encode_windows(codec, steps, first, 6)
    for t, unrolling in enumerate(unrolled(codec, windows, steps.times[first])):
        if t == windows.numbers.shape[1]:
            break
        assert np.allclose(unrolling.numbers(), windows.numbers[:, t], atol=2e-4), t
        assert np.array_equal(unrolling.read_symbols(), windows.symbols[:, t])


@pytest.mark.parametrize("name", TABLES)
def test_the_fields_of_a_window_give_its_cells_back(name):
    table = TABLES[name]
    codec, steps = fitted(table, window=6)
    first = steps.starts[:-1][:8] if table.n_sequences > 1 else np.array([0, 40, 41, 200])
    windows = encode_windows(codec, steps, first, 6)
    names = [r.name for r in codec.columns if r.part == "number"]
    for t, unrolling in enumerate(unrolled(codec, windows, steps.times[first])):
        if t == 6:
            break
        for k, column in enumerate(names):
            expected = table.column(column).values[first + t]
            assert np.allclose(unrolling.cells[:, k], expected, atol=2e-3, equal_nan=True), column
        if codec.time:
            assert np.allclose(unrolling.times, steps.times[first + t], atol=1)


def test_gaps_that_go_on_are_drawn_as_their_changes():
    assert fitted(paced())[0].gap.mode == "increment"


def test_a_codec_comes_back_from_json():
    codec, steps = fitted(TABLES["irregular"])
    again = SeriesCodec.from_json(codec.to_json())
    assert again.to_json() == codec.to_json()
    assert np.array_equal(
        take_apart(again, TABLES["irregular"]).numbers, steps.numbers, equal_nan=True
    )


def test_the_end_is_asked_for_after_the_last_row_alone():
    table = TABLES["regular"]
    codec, steps = fitted(table)
    longest = int(np.diff(steps.starts).max())
    windows = encode_windows(codec, steps, steps.starts[:-1], longest)
    lengths = np.diff(steps.starts)
    ends = (windows.choices[..., 0] == 1) & windows.counts[..., 0]
    assert np.array_equal(ends.argmax(1) + 1, lengths)
    assert np.array_equal(ends.sum(1), np.ones(len(lengths)))
    assert np.array_equal(windows.counts[..., 0].sum(1), lengths)


def test_padding_counts_nowhere():
    codec, steps = fitted(TABLES["regular"])
    windows = encode_windows(codec, steps, steps.starts[:-1], 40)
    lengths = np.diff(steps.starts)
    for k, length in enumerate(lengths):
        assert not windows.counts[k, length:].any()
    assert np.array_equal(windows.n_told, lengths)


def test_modes_are_chosen_by_the_data():
    codec, _ = fitted(TABLES["one series"])
    assert [code.mode for code in codec.values] == ["curve", "increment"]
    mixed, _ = fitted(TABLES["regular"])
    rain = next(code for code in mixed.values if code.name == "rain")
    assert rain.mode == "level"
    assert rain.atoms
    level = next(code for code in mixed.values if code.name == "level")
    assert level.missing
