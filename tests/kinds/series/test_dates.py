import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.kinds.series.dates import (
    formats_of,
    read_dates,
    swapped,
    with_optional_times,
    write_dates,
)

FORMATS = [
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%b-%Y", "%B %d, %Y", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d",
]  # fmt: skip
moments = st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(2999, 12, 31))


def seconds_of(moment):
    return (moment - dt.datetime(1970, 1, 1)) / dt.timedelta(seconds=1)


@pytest.mark.parametrize("format_", FORMATS)
@settings(max_examples=15)
@given(st.lists(moments, min_size=1, max_size=5))
def test_what_python_writes_is_read_and_written_again(format_, found):
    cells = [moment.strftime(format_.replace("%z", "Z")) for moment in found]
    wanted = [seconds_of(dt.datetime.strptime(cell, format_.replace("%z", "Z"))) for cell in cells]
    seconds = read_dates(cells, format_)
    np.testing.assert_allclose(seconds, wanted, rtol=0, atol=5e-6)
    assert write_dates(np.round(seconds, 5), format_)[0][:8] == cells[0][:8]
    if "%f" not in format_:
        assert write_dates(seconds, format_) == cells


@pytest.mark.parametrize("format_", [f for f in FORMATS if f != "%Y%m%d"])
def test_the_format_of_a_cell_is_among_those_found(format_):
    cell = dt.datetime(2024, 2, 13, 14, 5, 6, 120000).strftime(format_.replace("%z", "Z"))
    assert format_ in formats_of(cell)


@pytest.mark.parametrize("cell", ["", "12", "3.5", "abc", "2024", "1-2", "2024-13-01", "2024-02-30",
                                  "2024-01-01 25:00", "10.0.0.1", "1/2", "x" * 99])  # fmt: skip
def test_what_is_no_date_has_no_format(cell):
    assert formats_of(cell) == ()


def test_zones_become_utc():
    cells = ["2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00-0230", "2024-01-01T00:00:00Z"]
    found = read_dates(cells, "%Y-%m-%dT%H:%M:%S%z") - 1704067200
    assert found.tolist() == [-3600, 9000, 0]


def test_day_and_month_are_told_apart_by_a_day_above_12():
    assert swapped("%d/%m/%Y %H:%M") == "%m/%d/%Y %H:%M"
    assert swapped("%Y-%m-%d") is None
    assert read_dates(["13/01/2024"], "%m/%d/%Y") is None


def test_a_cell_of_several_lines_is_no_date():
    assert read_dates(["x", "2024-01-01\n2024-01-02"], "%Y-%m-%d") is None


def test_missing_times_are_empty_and_fractions_keep_their_digits():
    written = write_dates(np.array([np.nan, 0.25]), "%Y-%m-%d %H:%M:%S.%f", 3)
    assert written == ["", "1970-01-01 00:00:00.250"]


@pytest.mark.parametrize("cell", ["2020Q3", "2020-Q3", "2020 Q3", "Q3 2020"])
def test_quarters_begin_on_their_first_day(cell):
    (format_,) = formats_of(cell)
    seconds = read_dates([cell, cell.replace("Q3", "Q1")], format_)
    assert seconds.astype("datetime64[s]").astype(str).tolist() == [
        "2020-07-01T00:00:00", "2020-01-01T00:00:00",
    ]  # fmt: skip
    assert write_dates(seconds, format_)[0] == cell
    assert formats_of(cell.replace("Q3", "Q5")) == ()


@pytest.mark.parametrize(
    ("day", "clock"),
    [("%Y-%m-%d", "T%H:%M:%S%z"), ("%d/%m/%Y", " %I:%M %p"), ("%Y-%m-%d", " %H:%M")],
)
def test_dates_with_and_without_a_time_of_day_are_read_together(day, clock):
    whole = day + clock
    assert f"{day}[{clock}]" in with_optional_times([day])
    assert with_optional_times([whole]) == (f"{day}[{clock}]",)
    assert with_optional_times(with_optional_times([whole])) == ()
    cells = write_dates(np.array([86_400.0, 90_000.0]), whole)
    assert read_dates([write_dates(np.zeros(1), day)[0], *cells], f"{day}[{clock}]").tolist() == [
        0, 86_400, 90_000,
    ]  # fmt: skip
    assert write_dates(np.array([90_000.0]), f"{day}[{clock}]") == cells[1:]
