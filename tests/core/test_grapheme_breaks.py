import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.graphemes import extends, tears

WHOLE = (
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    "🇫🇷",
    "👍🏽",
    "한",
    "\u1112\u1161\u11ab",
    "कि",
    "\r\n",
    "❤️",
    "각",
)
"""What a reader takes for one character."""


@pytest.mark.parametrize("grapheme", WHOLE)
def test_a_cut_within_a_grapheme_tears_it(grapheme):
    for k in range(1, len(grapheme)):
        assert tears("a" + grapheme[:k], grapheme[k:] + "b"), k


@pytest.mark.parametrize("one", WHOLE)
@pytest.mark.parametrize("other", [*WHOLE, "a", " ", "\n"])
def test_a_cut_between_graphemes_does_not(one, other):
    assert not tears(one, other)


def test_flags_are_pairs_counted_from_where_they_begin():
    flags = "🇫🇷🇩🇪"
    assert [tears("x" + flags[:k], flags[k:]) for k in range(1, 4)] == [True, False, True]


def test_nothing_is_torn_at_an_edge_or_after_a_line_break():
    assert not tears("", "\u0301")
    assert not tears("e", "")
    assert not tears("\n", "\u0301")
    assert tears("e", "\u0301")


@given(st.characters(), st.characters())
def test_letters_of_one_character_are_never_torn_apart_but_by_marks(one, other):
    if unicodedata.category(one)[0] == unicodedata.category(other)[0] == "L":
        hangul = "HANGUL" in unicodedata.name(one, "") and "HANGUL" in unicodedata.name(other, "")
        assert hangul or not tears(one, other)
    assert not (extends(other) and one.isalnum() and not tears(one, other))
