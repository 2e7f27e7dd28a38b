import numpy as np
import pytest

from serinette.core.errors import DataError
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.reader import read_table


def table_of(folder, cells, **settings):
    (folder / "t.csv").write_text("d;x\n" + "".join(f"{c};{n % 3}\n" for n, c in enumerate(cells)))
    return read_table(folder / "t.csv", SeriesConfig(delimiter=";", **settings))


def test_a_fraction_of_a_second_may_be_left_away(tmp_path):
    cells = ["2024-01-01T00:00:00", "2024-01-01T00:00:00.25", "2024-01-01T00:00:00.500"]
    for order in (cells, cells[::-1]):
        column = table_of(tmp_path, order).column("d")
        assert column.type == "datetime"
        np.testing.assert_array_equal(np.sort(column.values) % 1, [0.0, 0.25, 0.5])
        assert column.decimals == 3


def test_months_and_capital_months_are_dates(tmp_path):
    for cells in (["2024-01", "2024-02", "2024-03"], ["Jan 2024", "Feb 2024", "Mar 2024"]):
        table = table_of(tmp_path, cells)
        assert table.column("d").values[1] == 19_754 * 86_400
        assert "time: `d` (regular, every month; --time)" in table.notes
    for cells in (["01-JAN-2024", "01-FEB-2024"], ["1-jan-2024", "1-feb-2024"]):
        assert table_of(tmp_path, cells).column("d").values[1] == 19_754 * 86_400
    assert table_of(tmp_path, ["2018-19", "2019-20", "2020-21"]).column("d").type != "datetime"


def test_a_cell_that_makes_dates_words_is_named(tmp_path):
    cells = ["2024-01-01", "2024-01-02", "2024-02-30", "2024-01-04"]
    warning = table_of(tmp_path, cells).warnings
    assert (
        f"`d` begins with dates, but '2024-02-30' ({tmp_path}/t.csv:4) is none, or is written in "
        'another way: read as identifier; mend it, or say --data.missing \'["", "2024-02-30"]\''
    ) in warning
    assert table_of(tmp_path, cells, missing=("", "2024-02-30")).column("d").type == "datetime"


def test_the_named_cell_counts_rows_before_it_that_are_missing(tmp_path):
    warnings = table_of(tmp_path, ["2024-01-01", "", "soon", "2024-01-03"]).warnings
    assert any("'soon' " in warning and "t.csv:4)" in warning for warning in warnings)


def test_days_that_the_calendar_lacks_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"column `d`: '20240230' is no day of the calendar; mend"):
        table_of(tmp_path, ["20240101", "20240230"], types={"d": "datetime"})


def test_the_order_of_day_and_month_that_cannot_be_is_warned_of(tmp_path):
    warnings = table_of(tmp_path, ["03/04/2024", "03/14/2024"], day_first=True).warnings
    assert warnings == (
        "`d`: a number above 12 stands where data.day_first puts the month; read as %m/%d/%Y",
    )
    assert table_of(tmp_path, ["03/04/2024", "03/14/2024"], day_first=False).warnings == ()


def test_a_table_of_one_column_has_no_entity(tmp_path):
    (tmp_path / "t.csv").write_text("state\n" + "on\n" * 30 + "up\n" * 30)
    table = read_table(tmp_path / "t.csv", SeriesConfig())
    assert table.entity == ()
    assert [column.name for column in table.stepwise] == ["state"]


def test_seconds_since_1970_and_days_without_signs_are_read_where_the_user_says_so(tmp_path):
    told = {"types": {"d": "datetime"}}
    assert table_of(tmp_path, ["1700000000", "", "1700000060"], **told).column("d").values[2] == (
        1_700_000_060
    )
    assert table_of(tmp_path, ["1700000000123", "1700000060123"], **told).column("d").values[0] == (
        1_700_000_000.123
    )
    assert table_of(tmp_path, ["20240131", "20240201"], **told).column("d").values[1] == (
        19_754 * 86_400
    )


def test_days_and_times_of_day_in_one_column_are_one_time(tmp_path):
    cells = ["2024-01-01", "2024-01-01 10:00", "2024-01-02", "2024-01-02 10:30"]
    for order in (cells, cells[1:] + cells[:1]):
        table = table_of(tmp_path, order)
        column = table.column("d")
        assert column.format == "%Y-%m-%d[ %H:%M]"
        assert np.diff(np.sort(column.values)).tolist() == [36_000, 50_400, 37_800]
        assert (
            "`d`: some cells have a time of day and some have none; those are read as midnight, "
            "which is written as 00:00"
        ) in table.notes


def test_quarters_are_regular(tmp_path):
    table = table_of(tmp_path, ["2020Q1", "2020Q2", "2020Q3", "2020Q4", "2021Q1"])
    assert "time: `d` (regular, every quarter; --time)" in table.notes
