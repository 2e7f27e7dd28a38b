import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.cli.desk_commands import HELP, WORDS, Command, parse, place_in, places_in
from serinette.core.errors import ConfigError

LINES = ("春山明月", "月下月明")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("3", Command("choose", "3")),
        (" 锁 2.3 ", Command("lock", "2.3")),
        ("锁2.3", Command("lock", "2.3")),
        ("LOCK 2", Command("lock", "2")),
        ("lock月", Command("lock", "月")),
        ("候选 2.3", Command("top", "2.3")),
        ("换", Command("redraw", "")),
        ("换 2", Command("redraw", "2")),
        ("put 2.3=月", Command("put", "2.3=月")),
        ("形七律", Command("form", "七律")),
        ("?", Command("help", "")),
        ("", None),
        ("  ", None),
    ],
)
def test_a_line_is_read_as_a_command(line, command):
    assert parse(line) == command


@given(st.sampled_from(sorted(WORDS)), st.data(), st.text("0123456789.月=", max_size=6))
def test_every_word_of_a_command_means_it(name, data, argument):
    word = data.draw(st.sampled_from(WORDS[name]))
    assert parse(f"{word} {argument}") == Command(name, argument)


def test_no_word_means_two_commands():
    words = [word for several in WORDS.values() for word in several]
    assert len(set(words)) == len(words)


def test_the_help_names_every_command():
    for name, words in WORDS.items():
        if name != "choose":
            assert words[0] in HELP
            assert name in HELP


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lok 2", "'lok' is no command (did you mean 'lock'?); 助 or help lists them"),
        ("locked", "'locked' is no command (did you mean 'lock'?); 助 or help lists them"),
        ("月", "'月' is no command; 助 or help lists them"),
    ],
)
def test_what_is_no_command_is_refused_with_a_hint(line, message):
    with pytest.raises(ConfigError) as caught:
        parse(line)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("argument", "places"),
    [
        ("2.3", [(2, 3)]),
        ("2。3", [(2, 3)]),
        ("1", [(1, 1), (1, 2), (1, 3), (1, 4)]),
        ("月", [(1, 4), (2, 1), (2, 3)]),
        ("明月 2.4", [(1, 3), (1, 4), (2, 4)]),
        ("2.3 2.3", [(2, 3)]),
    ],
)
def test_places_are_named_by_number_by_line_or_by_what_stands_there(argument, places):
    assert places_in(argument, LINES) == places


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("3.1", "3.1: no such place; the poem has 2 lines, and both numbers are counted from 1"),
        ("1.5", "1.5: no such place; the poem has 2 lines, and both numbers are counted from 1"),
        ("0.1", "0.1: no such place; the poem has 2 lines, and both numbers are counted from 1"),
        ("3", "line 3: the poem has 2 lines"),
        (
            "月春",
            "'月春' does not stand in the poem; give a place 2.3, a line 2 or characters of it",
        ),
    ],
)
def test_a_place_that_is_not_there_is_refused(argument, message):
    with pytest.raises(ConfigError) as caught:
        places_in(argument, LINES)
    assert str(caught.value) == message


def test_one_place_must_be_one_place():
    with pytest.raises(ConfigError, match=r"'2' is no place; write it like 2\.3: line 2, place 3"):
        place_in("2", LINES)
