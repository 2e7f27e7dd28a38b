import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.config import format_duration, parse_duration
from serinette.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("90s", 90),
        ("1h30m", 5400),
        ("150", 150),
        ("1.5h", 5400),
        ("1h 2m 3s", 3723),
        (" 2 min ", 120),
        ("1 hour", 3600),
        ("0.5", 0.5),
        ("2M", 120),
    ],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "5x", "-5m", "0", "0m", "5m1h", "five", "nan", "inf", "٥m", "9" * 400]
)
def test_nonsense_is_refused_with_examples(text):
    with pytest.raises(ConfigError) as caught:
        parse_duration(text)
    assert str(caught.value).startswith(f"'{text}' is not a duration; write hours, minutes and")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7.4, "7 s"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (5400.0, "1 h 30 min"),
        (-1, "0 s"),
    ],
)
def test_durations_are_written_to_the_second(seconds, text):
    assert format_duration(float(seconds)) == text


@given(st.integers(1, 3599))
def test_what_is_written_below_an_hour_can_be_read_back(seconds):
    assert parse_duration(format_duration(float(seconds))) == seconds
