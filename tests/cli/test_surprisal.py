import math
import re

from hypothesis import given
from hypothesis import strategies as st

from serinette.cli.surprisal import coloured, legend

LN2 = math.log(2)


def bits(*values):
    return [value * LN2 for value in values]


def test_what_was_expected_has_no_colour_and_what_was_not_is_red():
    assert coloured("abc", bits(0.5, 12, 12)) == "a\x1b[38;5;16;48;5;196mbc\x1b[0m"


def test_a_surprising_line_break_is_shown_and_ends_the_colour():
    assert coloured("a\nb", bits(0, 9, 0)) == "a\x1b[38;5;16;48;5;203m⏎\x1b[0m\nb"
    assert coloured("a\nb", bits(0, 0, 0)) == "a\nb"


def test_control_characters_of_the_text_are_pictures():
    assert coloured("\x1b[2J", bits(0, 0, 0, 0)) == "␛[2J"


def test_the_legend_names_every_step():
    assert re.sub(r"\x1b\[[0-9;]*m", "", legend()) == (
        "surprisal in bits, from:  1   2   3   4   6   8   10+ "
    )


@given(st.lists(st.tuples(st.sampled_from("ab\n"), st.floats(0, 20))))
def test_no_character_is_lost_and_every_colour_ends(pairs):
    text = "".join(character for character, _ in pairs)
    shown = coloured(text, [nats for _, nats in pairs])
    assert re.sub(r"\x1b\[[0-9;]*m|⏎", "", shown) == text
    codes = re.findall(r"\x1b\[[0-9;]*m", shown)
    assert not codes or codes[-1] == "\x1b[0m"


def test_a_colour_never_tears_a_character_from_its_mark_or_an_emoji_apart():
    family = "👩‍👩‍👧"
    assert coloured("e\u0301", bits(0, 12)) == "\x1b[38;5;16;48;5;196me\u0301\x1b[0m"
    assert coloured(family, bits(1, 1, 1, 1, 2)) == f"\x1b[38;5;16;48;5;209m{family}\x1b[0m"


def test_hebrew_and_chinese_are_coloured_in_the_order_in_which_they_are_read():
    shown = coloured("אב 月", bits(12, 0, 0, 12))
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == "אב 月"
    assert shown.index("א") < shown.index("ב") < shown.index("月")


def test_a_direction_override_is_shown_and_does_not_turn_the_line():
    assert coloured("a\u202eb", bits(0, 0, 0)) == "a<202E>b"


def test_the_break_of_a_carriage_return_ends_the_colour_too():
    assert coloured("a\r\nb", bits(0, 5, 4, 0)) == "a\x1b[38;5;16;48;5;203m⏎\x1b[0m␍\nb"
