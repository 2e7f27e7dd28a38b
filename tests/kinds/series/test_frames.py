import datetime as dt

import numpy as np
import pytest

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.writer import to_frame

COLUMNS = {
    "n": np.array([3, 1, 2], dtype=np.int16),
    "x": np.array([0.5, np.nan, 1.5], dtype=np.float32),
    "yes": np.array([True, False, True]),
    "when": np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[us]"),
    "word": np.array(["a", None, "a"], dtype=object),
}


def same(left, right):
    assert left.dtype == right.dtype
    np.testing.assert_array_equal(left, right)


def test_a_dictionary_of_columns_goes_and_comes_back():
    table = read_table(COLUMNS)
    assert [c.type for c in table.columns] == ["integer", "real", "boolean", "datetime", "category"]
    back = to_frame(table, COLUMNS)
    assert list(back) == list(COLUMNS)
    for name, column in COLUMNS.items():
        same(back[name], column)


def test_lists_of_mixed_cells_are_read():
    table = read_table({"a": [1, None, 3], "b": ["1", "2", "x"], "c": [True, None, False]})
    assert [column.type for column in table.columns] == ["integer", "category", "boolean"]
    assert np.isnan(table.column("a").values[1])
    dates = read_table({"d": [dt.date(2024, 1, n) for n in (1, 2, 3)], "x": [1, 2, 3]})
    assert dates.time == "d"


def test_an_array_goes_and_comes_back():
    array = np.arange(12.0).reshape(4, 3)
    table = read_table(array)
    assert [column.name for column in table.columns] == ["c1", "c2", "c3"]
    same(to_frame(table, array), array)


def test_each_first_index_of_three_axes_is_a_sequence():
    array = np.random.default_rng(0).normal(size=(5, 7, 2)).astype(np.float32)
    table = read_table(array)
    assert table.entity == ("sequence",)
    assert table.starts.tolist() == list(range(0, 36, 7))
    same(to_frame(table, array), array)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (np.zeros(3), ConfigError, "an array of 1 axes"),
        (3, ConfigError, "int is no table; give paths"),
        ({}, DataError, "the table is empty"),
        (np.zeros((0, 3)), DataError, "the array is empty"),
        ({"a": [1, 2], "b": [1]}, DataError, "columns of different lengths"),
        ({"a": [1.0, np.inf]}, DataError, r"the table, row 1 \(from 0\), column `a`: inf is no"),
        (np.full((2, 2), 1e301), DataError, r"the array, row 0 \(from 0\), column `c1`: 1e\+301"),
        (np.zeros((1, 10_001)), DataError, "10001 columns; at most 10000"),
    ],
)
def test_what_is_no_table_is_refused(source, error, message):
    with pytest.raises(error, match=message):
        read_table(source)


def test_words_make_no_array():
    table = read_table({"a": ["x", "y", "x"], "b": [1, 2, 3]})
    with pytest.raises(ConfigError, match="column `a` holds words"):
        to_frame(table, "numpy")
    with pytest.raises(ConfigError, match="no frame is named 'excel'"):
        to_frame(table, "excel")


def test_types_that_the_user_names_hold_for_frames_too():
    config = SeriesConfig(types={"a": "category"})
    assert read_table({"a": [1, 2, 1], "b": [1, 2, 4]}, config).column("a").levels == ("1", "2")


def test_a_polars_frame_goes_and_comes_back():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "n": polars.Series([3, None, 2], dtype=polars.Int16),
            "x": polars.Series([0.5, None, 1.5], dtype=polars.Float32),
            "ok": [True, None, False],
            "day": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 3)],
            "at": [dt.datetime(2024, 1, 1, 5), None, dt.datetime(2024, 1, 3)],
            "utc": polars.Series([dt.datetime(2024, 1, 1, 5), None, None]).dt.replace_time_zone(
                "Europe/Berlin"
            ),
            "word": ["a", None, "a"],
            "kind": polars.Series(["u", "u", None], dtype=polars.Categorical),
        }
    )
    back = to_frame(read_table(frame), frame)
    assert back.equals(frame)
    assert back.schema == frame.schema


def test_a_pandas_frame_goes_and_comes_back():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": pandas.array([3, None, 2], dtype="Int64"),
            "x": np.array([0.5, np.nan, 1.5], dtype=np.float32),
            "at": pandas.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]).tz_localize("UTC"),
            "word": ["a", None, "a"],
            "kind": pandas.Categorical(["u", "v", "u"]),
        }
    )
    pandas.testing.assert_frame_equal(to_frame(read_table(frame), frame), frame)
