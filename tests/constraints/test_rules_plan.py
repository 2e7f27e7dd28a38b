import re

import pytest
import rule_drawing
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_drawing import BYTES, spelling_of

from serinette.constraints.config import RulesConfig, span_of
from serinette.constraints.plan import constraint_of
from serinette.core.errors import ConfigError, ConstraintError

LETTERS = spelling_of(*"abcdeé ()\n")
WORDS = spelling_of(*"abcdeé ()\n", " ab", "cab", "de\n", "()")
PREFIX = "ab"


def plan(config, spelling=LETTERS, prefix="", max_steps=40, training_text=None):
    return constraint_of(
        config, spelling, prefix=prefix, max_steps=max_steps, training_text=training_text
    )


settings_of = st.fixed_dictionaries(
    {},
    optional={
        "regex": st.sampled_from(["[^d]*", "(.|\n)*é(.|\n)*", r"[\w\s]+", "ab.*"]),
        "acrostic": st.sampled_from(["a", "ac", "aéc"]),
        "lines": st.sampled_from(["2", "1-3", "2-"]),
        "line_length": st.sampled_from(["5", "2-6", "1-"]),
        "length": st.sampled_from(["5-20", "11", "3-"]),
        "characters": st.sampled_from([r"a-d\n", r"\w\n ", r"ab\n()"]),
        "ban": st.sampled_from([("aa",), ("ca", "é"), ("b b",)]),
        "require": st.sampled_from([("cc",), ("ab", "ba"), ("(",)]),
        "fixed": st.sampled_from([{"4": "cab"}, {"1": "a", "5": "a"}]),
        "balanced": st.sampled_from(["plain", "python"]),
        "no_repeat": st.integers(2, 4),
        "no_copy": st.integers(1, 3),
        "avoid": st.just({"ab": 2.0}),
    },
)


def within(n, text):
    least, most = span_of(text)
    return n >= least and (most is None or n <= most)


def keeps(text, wish, source):
    """Every rule of a wish, checked by plain Python."""
    rows = text.split("\n")
    heads = wish.get("acrostic")
    flat = [
        heads is None or [row[:1] for row in rows] == list(heads),
        "regex" not in wish or bool(re.fullmatch(wish["regex"], text)),
        "lines" not in wish or within(len(rows), wish["lines"]),
        "line_length" not in wish or all(within(len(row), wish["line_length"]) for row in rows),
        "length" not in wish or within(len(text), wish["length"]),
        "characters" not in wish or bool(re.fullmatch(f"[{wish['characters']}]*", text)),
        not any(word in text for word in wish.get("ban", ())),
        all(word in text for word in wish.get("require", ())),
        all(text[int(at) - 1 :].startswith(part) for at, part in wish.get("fixed", {}).items()),
        "balanced" not in wish or is_nested(text),
    ]
    n = wish.get("no_repeat")
    if n is not None:
        grams = [text[i : i + n] for i in range(len(text) - n + 1)]
        flat.append(len(grams) == len(set(grams)))
    if "no_copy" in wish:
        n = wish["no_copy"] + 1
        flat.append(not any(text[i : i + n] in source for i in range(len(text) - n + 1)))
    return all(flat)


def is_nested(text):
    while "()" in (text := re.sub("[^()]", "", text)):
        text = text.replace("()", "")
    return not text


@settings(max_examples=30)
@given(settings_of, st.sampled_from(["", PREFIX]), st.integers(0, 999))
def test_every_drawn_text_keeps_every_rule_in_every_codec(wish, prefix, seed):
    source = "cade dade é"
    config = RulesConfig(depth=2, **wish)
    for spelling in (LETTERS, WORDS, BYTES):
        try:
            constraint = plan(config, spelling, prefix, training_text=source)
        except ConstraintError:
            continue
        if constraint is None:
            assert not wish
            continue
        for text in rule_drawing.draw(constraint, spelling, 40, n_rows=4, seed=seed, prefix=prefix):
            assert text is not None or constraint.may_dead_end
            assert text is None or (text.startswith(prefix) and keeps(text, wish, source))


def test_nothing_asked_for_is_no_constraint():
    assert plan(RulesConfig(depth=3)) is None


@pytest.mark.parametrize(
    ("wish", "prefix", "message"),
    [
        (
            {"acrostic": "ABCDE", "lines": "4"},
            "",
            "'A', 'B', 'C', 'D', 'E' in --acrostic are not among the model's characters; ask for "
            "others, or train on text that has them",
        ),
        (
            {"acrostic": "abcde", "lines": "4", "ban": ("aa",)},
            "",
            "--acrostic 'abcde' and --lines 4 cannot both hold; drop or change one of them",
        ),
        ({"require": ("ÿ",)}, "", "'ÿ' in --require is not among the model's characters; ask"),
        (
            {"regex": "a*", "length": "3-5", "require": ("b",)},
            "",
            "--regex 'a*' and --require 'b' cannot both hold; drop or change one of them",
        ),
        (
            {"acrostic": "ab"},
            "c",
            "--acrostic 'ab' cannot hold after the prefix 'c'; change one of them",
        ),
        (
            {"length": "50"},
            "ab",
            "--text-length 50 needs at least 48 more steps; allow them with --max-steps 48 ",
        ),
        (
            {"lines": "10", "line_length": "5", "ban": ("é",)},
            "",
            "--lines 10 and --line-length 5 together need at least 59 more steps; allow them with "
            "--max-steps 59 (now 40)",
        ),
        (
            {"characters": "xyz", "length": "1-"},
            "",
            "--characters 'xyz' and --text-length 1- cannot both hold; drop or change one of them",
        ),
        (
            {"regex": "x+"},
            "",
            "--regex 'x+' cannot hold: no text of the model's characters keeps it; change it",
        ),
        ({"regex": "x+", "lines": "2"}, "", "--regex 'x+' cannot hold: no text of the model's"),
        (
            {"characters": "ab", "regex": "(a|b|c)*", "require": ("cc", "ac"), "lines": "1"},
            "",
            "--characters 'ab' and --require 'cc', 'ac' cannot both hold; drop or change one of",
        ),
        (
            {"lines": "3", "line_length": "2-3", "length": "12-"},
            "",
            "--lines 3, --line-length 2-3 and --text-length 12- cannot hold together; drop",
        ),
        (
            {"fixed": {"3": "ab", "4": "a"}},
            "",
            "--fixed 3='ab', 4='a': position 4 cannot be both 'b' and 'a'; change one of them",
        ),
        (
            {"no_repeat": 2},
            "abab",
            "--no-repeat 2 cannot hold: 'ab' in the prefix comes again; change one of them",
        ),
        (
            {"no_copy": 2},
            "dade",
            "--no-copy 2 cannot hold: 'dad' in the prefix stands in the training text; change one",
        ),
        (
            {"no_copy": 3, "ending": "cade"},
            "",
            "--no-copy 3 cannot hold: 'cade' in the suffix stands in the training text; change",
        ),
    ],
)
def test_what_cannot_hold_is_refused_with_the_fewest_rules(wish, prefix, message):
    with pytest.raises(ConstraintError) as caught:
        plan(RulesConfig(**wish), prefix=prefix, training_text="cade dad")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_ban_on_copies_needs_the_training_text():
    with pytest.raises(ConfigError, match=r"rules\.no_copy 5 needs the text"):
        plan(RulesConfig(no_copy=5))


def test_rules_that_are_too_large_together_are_named():
    config = RulesConfig(length="1-999999", line_length="1-999999")
    with pytest.raises(
        ConstraintError, match=r"--line-length 1-999999 and --text-length .*too large"
    ):
        plan(config, max_steps=9)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"lines": "four"}, "rules.lines must be a number, a span 2-5 or a least 2-; got 'four'"),
        ({"lines": "0"}, "rules.lines must allow at least 1 line; got '0'"),
        ({"length": "5-2"}, "rules.length must not run backwards; got '5-2', write 2-5"),
        ({"depth": 11}, "rules.depth must be in [1, 10]; got 11"),
        ({"no_repeat": 0}, "rules.no_repeat must be at least 1; got 0"),
        ({"acrostic_at": "0"}, "rules.acrostic_at must be first, last or a place from 1 to 9999"),
        ({"acrostic": ""}, "rules.acrostic must have at least one character and no line break"),
        ({"ban": ("",)}, "rules.ban must not hold an empty text"),
        ({"require": ("a",) * 13}, "rules.require must have at most 12 texts; got 13"),
        ({"fixed": {"0": "a"}}, "rules.fixed: a position is a number from 1 to 999999; got '0'"),
        ({"fixed": {"1": ""}}, "rules.fixed must not hold an empty text"),
        ({"avoid": {"a": -1.0}}, "rules.avoid for 'a' must be above 0 and finite, in nats; got -1"),
        ({"avoid": {"": 1.0}}, "rules.avoid must not hold an empty text"),
        ({"regex": "(a"}, "rules.regex '(a', position 1: the group is not closed"),
        ({"regex": "[a-\n]"}, r"position 2: the range 'a-\n' runs backwards; write '\n-a'"),
        ({"characters": "z-a"}, "rules.characters, position 1: the range 'z-a' runs backwards"),
    ],
)
def test_a_wish_out_of_range_is_refused_with_its_value(wish, message):
    with pytest.raises(ConfigError) as caught:
        RulesConfig(**wish)
    assert message in str(caught.value)
