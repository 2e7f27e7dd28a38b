import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.graphemes import tears
from serinette.decoding.stop import StopMatcher

texts = st.text("ab", max_size=12)
stops = st.lists(st.text("ab", min_size=1, max_size=4), max_size=3)


def slow(text, stop):
    """The obvious version: after every character, does the text end with a stop text?"""
    for n in range(1, len(text) + 1):
        for candidate in sorted(stop, key=len, reverse=True):
            if text[:n].endswith(candidate):
                return text[: n - len(candidate)], True
    return text, False


@given(texts, stops, st.integers(1, 5))
def test_streaming_agrees_with_comparing_suffixes(text, stop, piece):
    matcher = StopMatcher(stop)
    passed = "".join(matcher.push(text[i : i + piece]) for i in range(0, len(text), piece))
    if not matcher.has_stopped:
        passed += matcher.flush()
    assert (passed, matcher.has_stopped) == slow(text, stop)


def test_a_repeated_beginning_is_not_lost():
    matcher = StopMatcher(["aab"])
    assert [matcher.push(letter) for letter in "aaab"] == ["", "", "a", ""]
    assert matcher.has_stopped


def test_what_may_become_a_stop_text_is_held_back():
    matcher = StopMatcher(["\n\n"])
    assert matcher.push("one\n") == "one"
    assert matcher.push("two") == "\ntwo"
    assert matcher.push("\n") + matcher.flush() == "\n"


def slow_by_graphemes(text, stop):
    """The obvious version: a stop text that the next character belongs to is none."""
    for n in range(1, len(text) + 1):
        for candidate in sorted(stop, key=len, reverse=True):
            if text[:n].endswith(candidate) and not tears(text[:n], text[n:]):
                return text[: n - len(candidate)], True
    return text, False


accented = st.text("ae\u0301", max_size=12)


@given(
    accented, st.lists(st.text("ae\u0301", min_size=1, max_size=3), max_size=3), st.integers(1, 5)
)
def test_a_stop_text_never_ends_within_a_grapheme(text, stop, piece):
    matcher = StopMatcher(stop, may_extend=True)
    passed = "".join(matcher.push(text[i : i + piece]) for i in range(0, len(text), piece))
    if not matcher.has_stopped:
        passed += matcher.flush()
    assert (passed, matcher.has_stopped) == slow_by_graphemes(text, stop)


@pytest.mark.parametrize(
    ("text", "stop", "passed"),
    [
        ("cafe\u0301 e", "e", "cafe\u0301 "),
        ("cafe\u0301 e", "e\u0301", "caf"),
        ("a👩\u200d👧 👩.", "👩", "a👩\u200d👧 "),
        ("x👍🏽👍", "👍", "x👍🏽"),
        ("🇫🇷🇫", "🇫", "🇫🇷"),
    ],
)
def test_what_a_reader_takes_for_one_character_is_not_cut(text, stop, passed):
    matcher = StopMatcher([stop], may_extend=True)
    assert matcher.push(text) + matcher.flush() == passed
    assert matcher.has_stopped


def test_a_line_break_is_known_at_once():
    matcher = StopMatcher(["\n"], may_extend=True)
    assert matcher.push("a\n") == "a"
    assert matcher.has_stopped
