"""What is known of each row of a table."""

import numpy as np

from serinette.kinds.series.table import Column, Table
from serinette.kinds.series.traits import series_traits

MONDAY = np.datetime64("2024-01-01T06:00:00").astype("datetime64[s]").astype(float)


def table():
    times = MONDAY + 3_600.0 * np.array([0, 1, 2, 120, 121, 4_500])
    speed = np.array([1.0, 3, 2, np.nan, 5, 5])
    columns = (
        Column(name="when", type="datetime", values=times),
        Column(name="speed", type="real", values=speed, decimals=1),
        Column(
            name="state", type="category", values=np.array([0.0, 1, 1, 0, 0, 1]), levels=("a", "b")
        ),
    )
    return Table(columns=columns, starts=np.array([0, 3, 6]), time="when")


def traits(rows=(0, 1, 2, 3, 4, 5), ages=(0, 1, 2, 0, 1, 2)):
    found = series_traits(table(), np.array(rows), np.array(ages))
    return {trait.name: trait.values.tolist() for trait in found}


def test_the_calendar_is_read_from_the_time():
    found = traits()
    assert found["hour of the day"] == [6, 7, 8, 6, 7, 18]
    assert found["weekend"] == [False, False, False, True, True, True]  # both are Saturdays
    assert found["day of the week"][0] == 0.25
    assert found["month"] == [1, 1, 1, 1, 1, 7]
    assert found["winter half of the year"] == [True] * 5 + [False]


def test_a_column_has_its_level_its_change_and_its_holes():
    found = traits()
    assert found["speed"] == [1, 3, 2, 3, 5, 5]  # a hole counts as the median
    assert found["speed is rising"] == [False, True, False, False, False, False]
    assert found["size of the change of speed"] == [0, 2, 1, 0, 0, 0]
    assert found["speed is missing"] == [False, False, False, True, False, False]
    assert found["state is b"] == [False, True, True, False, False, True]
    assert found["row of the sequence"] == [0, 1, 2, 0, 1, 2]


def test_the_first_row_of_a_sequence_changes_from_nothing():
    assert traits(rows=(1, 2), ages=(0, 1))["speed is rising"] == [False, False]
