"""A typical meteorological year (TMY3) as a plain table of hours.

The months of such a year come from different years; here they are one year, 2001, so that time runs
on. Reference: Wilcox and Marion 2008, "Users manual for TMY3 data sets", NREL/TP-581-43156.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from serinette.core.errors import DataError

_COLUMNS: Final = {
    "ghi": "GHI (W/m^2)",
    "dni": "DNI (W/m^2)",
    "dhi": "DHI (W/m^2)",
    "clouds": "TotCld (tenths)",
    "temperature": "Dry-bulb (C)",
    "dew_point": "Dew-point (C)",
    "humidity": "RHum (%)",
    "pressure": "Pressure (mbar)",
    "wind_speed": "Wspd (m/s)",
}
_YEAR: Final = 2001
_DAYS: Final = 365


@dataclass(frozen=True, kw_only=True)
class PlainYear:
    """A year of hours."""

    data: bytes
    """CSV in UTF-8."""
    n_rows: int
    about: str


def plain_year(content: bytes) -> PlainYear:
    """Take the measured columns of a TMY3 file, without sources and uncertainties.

    Raises:
        DataError: If it is not a whole year of hours.
    """
    lines = content.decode("latin-1").splitlines()[1:]  # the first line describes the station
    rows = list(csv.DictReader(lines))
    if len(rows) != 24 * _DAYS or any(name not in rows[0] for name in _COLUMNS.values()):
        raise DataError(f"not a TMY3 file of {24 * _DAYS} hours: {len(rows)} rows")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time", *_COLUMNS])
    moment = datetime(_YEAR, 1, 1)
    for row in rows:
        writer.writerow([moment.isoformat(), *(row[name] for name in _COLUMNS.values())])
        moment += timedelta(hours=1)
    return PlainYear(
        data=out.getvalue().encode(),
        n_rows=len(rows),
        about="months of different years stand side by side, as one year; irradiance in W/m2, "
        "clouds in tenths, temperatures in C, pressure in mbar, wind in m/s",
    )
