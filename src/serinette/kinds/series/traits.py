"""Simple facts about each row of a table: where in the calendar, how high, rising or falling.

Shape letters: `N` rows.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series.table import Column, Table
from serinette.kinds.trait import Trait

_MOST_COLUMNS = 10
_HOUR, _DAY, _WEEK = 3_600.0, 86_400.0, 604_800.0
_FIRST_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""
_SATURDAY = 5


def series_traits(
    table: Table, rows: Int[np.ndarray, " N"], ages: Int[np.ndarray, " N"]
) -> tuple[Trait, ...]:
    """Return the facts about some rows.

    Args:
        table: As it was read.
        rows: Numbers of the rows, in the order in which they are read.
        ages: Of each, how many rows of its sequence were read before.
    """
    return tuple(_traits(table, rows, ages))


def _traits(
    table: Table, rows: Int[np.ndarray, " N"], ages: Int[np.ndarray, " N"]
) -> Iterator[Trait]:
    if table.time is not None:
        yield from _calendar(np.asarray(table.column(table.time).values)[rows])
    yield Trait(name="row of the sequence", values=ages)
    told = [column for column in table.stepwise if column.name != table.time]
    for column in told[:_MOST_COLUMNS]:
        values = np.asarray(column.values, dtype=np.float64)
        before = np.where(ages > 0, values[np.maximum(rows - 1, 0)], values[rows])
        yield from _column(column, values[rows], before)


def _calendar(times: Float[np.ndarray, " N"]) -> Iterator[Trait]:
    yield Trait(name="hour of the day", values=np.mod(times, _DAY) / _HOUR)
    weekday = (np.floor(times / _DAY) + _FIRST_WEEKDAY) % 7
    yield Trait(name="weekend", values=weekday >= _SATURDAY)
    yield Trait(name="day of the week", values=np.mod(times / _DAY + _FIRST_WEEKDAY, 7))
    months = times.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    yield Trait(name="month", values=months)
    yield Trait(name="winter half of the year", values=(months <= 3) | (months >= 10))  # noqa: PLR2004


def _column(
    column: Column, now: Float[np.ndarray, " N"], before: Float[np.ndarray, " N"]
) -> Iterator[Trait]:
    name = column.name
    if np.isnan(now).any():
        yield Trait(name=f"{name} is missing", values=np.isnan(now))
    if column.levels:
        for k, level in enumerate(column.levels[:_MOST_COLUMNS]):
            yield Trait(name=f"{name} is {level}", values=now == k)
        return
    change = np.nan_to_num(now - before)
    filled = np.where(np.isnan(now), np.nanmedian(now) if len(now) else 0.0, now)
    yield Trait(name=name, values=filled)
    yield Trait(name=f"{name} is rising", values=change > 0)
    yield Trait(name=f"size of the change of {name}", values=np.abs(change))
