import pytest

from serinette.core.errors import DataError
from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.survey import Survey
from serinette.kinds.series.types import decide, is_named_id

MANY = [f"{n * 7919 % 1000}" for n in range(100)]
LONG = [f"a sentence with the number {n} in it" for n in range(50)]


def finding(cells, name="x", most_levels=1000, **settings):
    config = SeriesConfig(**settings)
    numerals = Numerals(".", frozenset(config.missing))
    survey = Survey(name=name, numerals=numerals, most_levels=most_levels)
    half = len(cells) // 2
    survey.add(cells[:half])
    survey.add(cells[half:])
    return decide(survey, config, lambda row: f"t.csv:{row + 2}")


@pytest.mark.parametrize(
    ("cells", "name", "type_"),
    [
        (["1", "2", "", "3"], "x", "integer"),
        (["1.0", "2.0"], "x", "real"),
        (["1e3", "2"], "x", "integer"),
        (["1", "2.5"], "x", "real"),
        (["0", "1", "0", "1"], "x", "integer"),
        (["yes", "no", "NA"], "x", "boolean"),
        (["true", "true"], "x", "boolean"),
        (["t", "t"], "x", "category"),
        (["True", "TRUE", "False", "True"], "x", "category"),
        (["a", "b", "a"], "x", "category"),
        (["a", "b", "c"], "x", "identifier"),
        (["007", "012", "007"], "x", "category"),
        (["12345678901234567890", "12345678901234567891"] * 2, "x", "category"),
        (["1_000", "2_000", "1_000"], "x", "category"),
        (["1", "2", "1", "2"], "bike_id", "category"),
        (["1", "2", "3", "4"], "userId", "identifier"),
        (["1", "2", "3", "4"], "humid", "integer"),
        (LONG, "x", "text"),
        (LONG[:3] * 10, "x", "category"),
        (["2024-01-01", "", "2024-01-02"], "x", "datetime"),
        (["2024-01-01 10:00", "2024-01-02 11:30"], "x", "datetime"),
        (["2024-01-01", "oops", "oops"], "x", "category"),
    ],
)
def test_a_column_is_what_its_cells_say(cells, name, type_):
    assert finding(cells, name).type == type_


def test_levels_stand_by_how_often_they_occur_then_by_name():
    assert finding(["c", "b", "a", "c", "NA"]).levels == ("c", "a", "b")
    assert finding(["Yes", "No", "Yes"]).levels == ("No", "Yes")
    assert finding(["TRUE", "TRUE"]).levels == ("FALSE", "TRUE")


def test_decimals_are_the_most_that_are_written():
    assert finding(["1.5", "2.250", "3"]).decimals == 3
    assert finding(["1.5", "2.5e-3"]).decimals is None
    assert finding(["0.1234567890123", "1"]).decimals is None


def test_more_spellings_than_allowed_are_an_identifier_or_a_text():
    words = [f"w{n % 60}" for n in range(120)]
    assert finding(words, most_levels=20).type == "identifier"
    assert finding(LONG * 2, most_levels=20).type == "text"


def test_ambiguous_days_are_told_and_can_be_settled():
    cells = ["01/02/2024", "03/04/2024"]
    found = finding(cells)
    assert found.format == "%d/%m/%Y"
    assert "no day is above 12" in found.warning
    assert finding(cells, day_first=False).format == "%m/%d/%Y"
    assert finding(cells, day_first=False).warning is None
    assert finding([*cells, "03/14/2024"]).format == "%m/%d/%Y"


@pytest.mark.parametrize(
    ("cells", "told", "format_"),
    [
        (["1700000000", "1700000060"], "datetime", "%s"),
        (["1700000000000", "1700000060000"], "datetime", "%s000"),
        (["20240101", "20240102"], "datetime", "%Y%m%d"),
        (["1", "2", "1"], "category", None),
        (["1", "2"], "real", None),
        (["u", "d", "u"], "boolean", None),
        (["1", "2"], "text", None),
        (["1", "2"], "identifier", None),
    ],
)
def test_what_the_user_says_comes_first(cells, told, format_):
    found = finding(cells, types={"x": told})
    assert (found.type, found.format) == (told, format_)


@pytest.mark.parametrize(
    ("cells", "told", "message"),
    [
        (["1", "a"], "real", "t.csv:3, column `x`: 'a' is not real, as data.types says"),
        (["1", "1.5"], "integer", r"t.csv:3, column `x`: '1.5' is not integer"),
        (["1", "inf"], "real", "t.csv:3, column `x`: inf is no number"),
        (["1", "2", "3"], "boolean", "a boolean has two spellings"),
        (["1", "a"], "datetime", "t.csv:3, column `x`: 'a' is no date that can be read"),
        ([f"a{n}" for n in range(99)], "category", "more than 5 different spellings"),
    ],
)
def test_what_the_user_says_must_fit(cells, told, message):
    with pytest.raises(DataError, match=message):
        finding(cells, most_levels=5 if told == "category" else 50, types={"x": told})


def test_names_of_identifiers_are_known():
    named = ["id", "ID", "bike_id", "bike id", "bikeId", "uuid", "Customer.Key"]
    assert all(map(is_named_id, named))
    assert not any(map(is_named_id, ["humid", "bid", "idle", "monkey", "x"]))
