import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.constraints.charset import UNICODE_END, CharSet, named_class, parse_set
from serinette.constraints.regex import regex
from serinette.constraints.tables import both, either, then
from serinette.core.errors import ConfigError, ConstraintError

ATOMS = st.sampled_from(
    ["a", "b", "c", ".", "[ab]", "[^a]", r"\w", r"\d", r"\s", r"\W", r"\.", "[a-c1]", r"[\d_]", "é"]
)
COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0}", "{1,}", "{0,3}", "{2,4}"])


def grown(inner):
    joined = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        joined.map("".join),
        joined.map("|".join).map(lambda text: f"({text})"),
        st.tuples(inner, COUNTS).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


patterns = st.recursive(st.tuples(ATOMS, COUNTS).map("".join), grown, max_leaves=6)
texts = st.text("abc1_. é\n", max_size=8)


@given(patterns, st.lists(texts, max_size=20))
def test_a_pattern_accepts_what_fullmatch_accepts(pattern, examples):
    automaton = regex(pattern)
    for text in ["", *examples]:
        assert automaton.matches(text) == bool(re.fullmatch(pattern, text)), text


@given(patterns)
def test_every_string_of_a_small_alphabet_is_judged_as_fullmatch_does(pattern):
    automaton = regex(pattern)
    for n in range(4):
        for code in range(3**n):
            text = "".join("ab1"[code // 3**i % 3] for i in range(n))
            assert automaton.matches(text) == bool(re.fullmatch(pattern, text)), text


@given(patterns, patterns, texts)
def test_two_automata_are_joined_as_their_patterns_are(first, second, text):
    left, right = regex(first), regex(second)
    is_left, is_right = left.matches(text), right.matches(text)
    assert both(left, right).matches(text) == (is_left and is_right)
    assert either(left, right).matches(text) == (is_left or is_right)
    assert then(left, right).matches(text) == bool(re.fullmatch(f"(?:{first})(?:{second})", text))


def test_long_counts_give_chains():
    automaton = regex(r"\w{3,1000}x?")
    assert automaton.n_states < 1010
    assert automaton.matches("a" * 1000 + "x")
    assert not automaton.matches("a" * 1001 + "y")


def test_anchors_at_the_ends_change_nothing():
    for pattern in ("^ab$", "^ab", "ab$", "ab"):
        assert regex(pattern).matches("ab")
        assert not regex(pattern).matches("abb")
    assert regex(r"a\$").matches("a$")


@pytest.mark.parametrize(
    ("pattern", "position", "remedy"),
    [
        (r"(a)\1", 4, "'\\1' is not supported"),
        ("a(?=b)", 3, "no look-around"),
        ("a^b", 2, "'\\^'"),
        ("a$b", 2, "'\\$'"),
        ("*a", 1, "nothing to repeat"),
        ("a*?", 3, "put the first one in a group"),
        ("(a", 1, "not closed"),
        ("a)", 2, "no group is open"),
        ("[ab", 1, "'\\]'"),
        ("a{2000}", 2, "at most 1000"),
        ("a{3,2}", 2, "{2,3}"),
        ("a{x}", 2, "{m,n}"),
        ("[z-a]", 2, "write 'a-z'"),
        ("ab\\", 3, "write two"),
        (r"\bword", 1, "'\\b' is not supported"),
        ("(" * 60 + "a" + ")" * 60, 52, "deeper than 50"),
    ],
)
def test_what_is_no_regular_language_is_refused_with_its_position(pattern, position, remedy):
    with pytest.raises(ConfigError) as caught:
        regex(pattern)
    assert f"position {position}:" in str(caught.value)
    assert remedy in str(caught.value)
    assert pattern.splitlines()[0][:10].replace("\\", "\\\\") in str(caught.value)


def test_a_pattern_whose_automaton_explodes_is_refused_by_name():
    with pytest.raises(ConstraintError, match="too large to keep exactly"):
        regex("(?:[ab]{0,200}){0,500}")


sets = st.lists(st.characters(max_codepoint=0x3FF), max_size=6).map("".join)


@given(sets, sets)
def test_sets_of_characters_obey_the_algebra_of_sets(first, second):
    universe = np.arange(0x420)
    left, right = CharSet.of(first), CharSet.of(second)
    in_left = np.isin(universe, [ord(c) for c in first])
    in_right = np.isin(universe, [ord(c) for c in second])
    assert np.array_equal(left.contains(universe), in_left)
    assert np.array_equal(left.union(right).contains(universe), in_left | in_right)
    assert np.array_equal(left.intersection(right).contains(universe), in_left & in_right)
    assert np.array_equal(left.complement().contains(universe), ~in_left)
    assert left.complement().complement() == left


def test_named_classes_are_python_s_own_over_all_of_unicode():
    codes = np.arange(UNICODE_END)
    characters = [chr(code) for code in range(UNICODE_END)]
    is_word = np.array([c.isalnum() or c == "_" for c in characters])
    assert np.array_equal(named_class("w").contains(codes), is_word)
    assert np.array_equal(
        named_class("D").contains(codes), ~np.array([*map(str.isdecimal, characters)])
    )
    assert np.array_equal(
        named_class("s").contains(codes), np.array([*map(str.isspace, characters)])
    )


def test_a_set_is_written_as_in_a_pattern():
    charset = parse_set(r"a-cX \-\n-", place="--characters")
    assert charset == CharSet.of("abcX -\n")
    with pytest.raises(ConfigError, match=r"--characters, position 2: the range 'z-a' runs back"):
        parse_set("xz-a", place="--characters")
    with pytest.raises(ConfigError, match="a class cannot bound a range"):
        parse_set(r"\d-z", place="--characters")
