"""A typical year becomes a plain table of hours."""

import pytest

from serinette.core.errors import DataError
from serinette.recipes.weather import plain_year

HEAD = (
    "Date,Time,GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),TotCld (tenths),Dry-bulb (C),Dew-point (C),"
    "RHum (%),Pressure (mbar),Wspd (m/s)"
)


def year(n):
    return "\n".join(
        ["station", HEAD, *["01/01/1988,01:00,1,2,3,4,5.5,-6.1,77,993,8.2"] * n]
    ).encode()


def test_hours_of_different_years_become_one_year():
    found = plain_year(year(8_760))
    lines = found.data.decode().splitlines()
    assert lines[0] == "time,ghi,dni,dhi,clouds,temperature,dew_point,humidity,pressure,wind_speed"
    assert lines[1] == "2001-01-01T00:00:00,1,2,3,4,5.5,-6.1,77,993,8.2"
    assert lines[-1].startswith("2001-12-31T23:00:00,")
    assert found.n_rows == len(lines) - 1 == 8_760


def test_a_file_that_is_no_year_is_refused():
    with pytest.raises(DataError, match="not a TMY3 file of 8760 hours: 7 rows"):
        plain_year(year(7))
