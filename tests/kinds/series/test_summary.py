import numpy as np

from serinette.kinds.series.reader import read_table
from serinette.kinds.series.summary import table_lines


def test_the_lines_say_what_is_what_and_how_to_say_otherwise():
    table = read_table(
        {
            "bike_id": [1, 1, 1, 2, 2],
            "t": [0, 1, 2, 0, 1],
            "x": [0.5, np.nan, 2.5, 1.0, 0.0],
            "size": ["L", "L", "L", "S", "S"],
            "name": ["a", "b", "c", "d", "e"],
        }
    )
    lines = table_lines(table)
    assert lines[0] == "5 rows, 5 columns"
    assert lines[1] == "2 sequences by `bike_id`, of 2 to 3 rows, median 2.5"
    rows = {line.split()[0]: line.split() for line in lines[4:9]}
    assert rows["bike_id"][1:4] == ["category", "entity", "none"]
    assert rows["t"][1:3] == ["integer", "time"]
    assert " ".join(rows["x"][1:]) == "real step 20.0% 0.0 to 2.5, 4 different, first 0.5"
    assert rows["size"][1:] == ["category", "static", "none", "2:", "L,", "S"]
    assert rows["name"][1:4] == ["identifier", "left", "out"]
    assert "--entity COLUMN" in lines[-2]
    assert any("`name` is left out: an identifier" in line for line in lines)


def test_many_columns_are_shortened():
    lines = table_lines(read_table(np.ones((3, 70)) * np.arange(3.0)[:, None]))
    assert "... and 10 columns more" in lines
    assert lines[1] == "one sequence; no column names several"
