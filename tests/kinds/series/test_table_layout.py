from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.layout import arrange
from serinette.kinds.series.reader import read_table

HOUR = 3600.0


def table_of(**columns):
    settings = columns.pop("settings", {})
    return read_table(columns, SeriesConfig(**settings))


def hours(*numbers):
    return np.datetime64("2024-01-01") + np.array(numbers) * np.timedelta64(1, "h")


def text(table):
    return "\n".join((*table.notes, *table.warnings))


rows_drawn = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=15)


@given(rows_drawn)
def test_arranging_groups_and_sorts_and_keeps_ties_in_order(drawn):
    codes, times = np.array(drawn, dtype=float).T
    starts, order = arrange([codes], times, len(codes))
    order = np.arange(len(codes)) if order is None else order
    assert sorted(order.tolist()) == list(range(len(codes)))
    firsts = []
    for begin, end in pairwise(starts):
        rows = order[begin:end]
        assert len(set(codes[rows])) == 1
        keys = list(zip(times[rows], rows, strict=True))
        assert keys == sorted(keys)
        firsts.append(rows.min())
    assert firsts == sorted(firsts)
    assert len(firsts) == len(set(codes.tolist()))


def test_an_entity_is_what_makes_repeated_times_differ():
    table = table_of(city=["A", "B"] * 6, time=np.repeat(hours(*range(6)), 2),
                     x=np.arange(12.0), color=["r", "g", "g"] * 4)  # fmt: skip
    assert table.entity == ("city",)
    assert table.starts.tolist() == [0, 6, 12]
    assert table.column("x").values.tolist() == [*range(0, 12, 2), *range(1, 12, 2)]
    assert "entity: `city` (times repeat without it" in text(table)
    assert "rows were not in order; sorted by `city` and `time`" in text(table)
    assert "time: `time` (regular, every 1 h" in text(table)


def test_runs_of_something_named_like_an_entity_are_sequences():
    table = table_of(bike_id=[7, 7, 7, 9, 9, 9, 9], x=np.arange(7.0), size=[1, 1, 1, 2, 2, 2, 2])
    assert (table.entity, table.statics) == (("bike_id",), ("size",))
    assert table.starts.tolist() == [0, 3, 7]
    assert "its values come in runs" in text(table)


def test_a_category_of_one_rising_series_is_no_entity():
    table = table_of(time=hours(*range(8)), weather=["s", "r"] * 4, x=np.arange(8.0))
    assert table.entity == ()
    assert "one sequence of 8 rows; --entity divides it" in table.notes


def test_a_minus_means_none():
    columns = {"bike_id": [7, 7, 9, 9], "t": [1, 2, 1, 2], "size": [1, 1, 2, 2], "x": [1, 2, 3, 5]}
    assert table_of(**columns).entity == ("bike_id",)
    none = table_of(**columns, settings={"entity": ("-",), "time": "-", "statics": ("-",)})
    assert (none.entity, none.time, none.statics) == ((), None, ())
    no_statics = table_of(**columns, settings={"statics": ("-",)})
    assert (no_statics.entity, no_statics.statics) == (("bike_id",), ())


def test_what_the_user_says_of_entity_and_time_is_done():
    table = table_of(a=[1, 2, 1, 2], b=["u", "u", "v", "v"], x=[4.0, 3.0, 2.0, 1.0],
                     settings={"entity": ("a", "b"), "time": "x"})  # fmt: skip
    assert (table.entity, table.time, table.n_sequences) == (("a", "b"), "x", 4)


def test_a_number_named_time_that_does_not_rise_is_no_time():
    table = table_of(time=[5, 3, 4, 1], x=[1.0, 2.0, 3.0, 4.0])
    assert table.time is None
    assert "`time` is not taken for the time: it does not rise" in text(table)


def test_a_number_that_restarts_with_each_entity_is_the_time():
    table = table_of(id=["a"] * 3 + ["b"] * 3, step=[0, 1, 2] * 2, x=np.arange(6.0))
    assert (table.entity, table.time) == (("id",), "step")
    assert "time: `step` (regular, every 1; --time)" in table.notes


def test_times_that_repeat_with_no_entity_are_warned_of():
    table = table_of(time=hours(0, 0, 1, 1, 2, 2), x=np.arange(6.0))
    assert any("60% of the rows have a `time` that another" in told for told in table.warnings)
    assert any("the same `time` as the row before" in warning for warning in table.warnings)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (hours(*range(10)), "regular, every 1 h"),
        (hours(*range(0, 24 * 14, 24))[[0, 1, 2, 3, 4, 7, 8, 9, 10, 11]], "business days"),
        (np.arange("2023-01", "2024-01", dtype="datetime64[M]").astype("M8[s]"), "every month"),
        (hours(*range(20), 25), "every 1 h, but 1 other gap"),
        (hours(0, 1, 5, 7, 20), "irregular, 1 h to 13 h apart"),
    ],
)
def test_the_pace_is_said(times, said):
    assert said in text(table_of(when=times, x=np.arange(float(len(times)))))


def test_a_date_that_hardly_ever_changes_is_no_time():
    table = table_of(born=np.repeat(hours(0, 1), 20), x=np.arange(40.0))
    assert table.time is None
    assert "`born` is not taken for the time: 97% of the rows repeat it" in text(table)


def test_daylight_saving_is_said():
    local = np.concatenate([np.arange(100), np.arange(101, 5000), np.arange(4999, 6000)])
    table = table_of(when=hours(*local), x=np.arange(float(len(local))))
    assert "jump by an hour 2 times, as daylight saving makes them" in text(table)


def test_constants_are_no_statics_and_neither_are_columns_of_one_sequence():
    table = table_of(id=["a", "a", "b", "b"], c=[1, 1, 1, 1], s=[1, 1, 2, 2], x=[1, 2, 3, 4])
    assert table.statics == ("s",)
    assert [column.name for column in table.stepwise] == ["c", "x"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"entity": ("bik",)}, "data.entity: no column is named 'bik'; did you mean 'bike'?"),
        ({"time": "when"}, "data.time: no column is named 'when'; there are: bike, x"),
        ({"time": "bike"}, "data.time: `bike` is category, neither a date nor a number"),
        ({"statics": ("x",), "entity": ("bike",)}, "data.statics: `x` changes within sequence 1"),
        ({"types": {"y": "real"}}, "data.types: no column is named 'y'"),
    ],
)
def test_settings_that_do_not_fit_the_table_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        table_of(bike=["a", "a", "b"], x=[1.0, 2.0, 3.0], settings=settings)


def test_a_missing_time_is_refused_if_the_user_names_it():
    columns = {"t": [1.0, np.nan, 3.0], "x": [1.0, 2.0, 3.0]}
    assert table_of(**columns).time is None
    with pytest.raises(DataError, match="row 2, column `t`: the time is missing"):
        table_of(**columns, settings={"time": "t"})


def test_an_entity_of_many_names_is_not_said_to_be_left_out():
    names = [f"n{k // 3}" for k in range(90)]
    table = table_of(
        who=names, note=[f"word {k}" for k in range(90)], x=np.arange(90.0),
        settings={"entity": ("who",), "most_levels": 20},
    )  # fmt: skip
    assert table.n_sequences == 30
    assert "`who` is left out" not in text(table)
    assert "`note` is left out" in text(table)
