"""What is known of each character of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.text.traits import text_traits


def traits(content):
    return {trait.name: trait for trait in text_traits(content)}


def marked(content, name):
    """Return the characters at which a trait holds."""
    return "".join(c for c, so in zip(content, traits(content)[name].values, strict=True) if so)


@pytest.mark.parametrize(
    ("content", "name", "held"),
    [
        ('a "bc" d', "inside double quotes", '"bc'),
        ('a "b\nc" d', "inside double quotes", '"b" d'),
        ("don't 'x y'", "inside single quotes", "'x y"),
        ('x """a\nb""" c', "inside triple quotes", '"a\nb""'),
        ("say “no” or 「是」!", "inside paired quotes", "“no「是"),
        ("f(a[b]) + c)d(", "inside brackets", "(a[b]("),
        ("x = 1  # no\ny", "after # on the line", "# no"),
        ("  ab\n\tc", "inside the indentation", "  \t"),
        ("ab cd\n e", "at the start of a word", " \n "),
        ("ab_c don't 4", "inside a word", "ab_cdon't4"),
        ("ab cd", "the word ends here", "bd"),
        ("The Ox", "after a capital", "TO"),
        ("KING Oxford I AB", "inside a word in capitals", "INGB"),
        ("The ox Runs", "inside a word that began with a capital", "TheRuns"),
        ("a1 22", "inside a number", "122"),
        ("Go. Now! so\n", "after a sentence", "  "),
        ("ab\ncdefghij\n", "within 5 characters of the line's end", "abefghij\n"),
    ],
)
def test_a_trait_holds_where_it_should(content, name, held):
    assert marked(content, name) == held


@pytest.mark.parametrize(
    ("content", "name", "values"),
    [
        ("ab\nc\n", "position in the line", [1, 2, 0, 1, 0]),
        ("  a\n b", "indentation of the line", [1, 2, 2, 0, 1, 1]),
        ("ab\n\nc\n", "length of the line before", [0, 0, 2, 0, 0, 1]),
        ("a\nb\n\nc\n", "lines since a blank line", [0, 1, 1, 2, 0, 0, 1]),
        ("ab c", "letters of the word so far", [1, 2, 0, 1]),
    ],
)
def test_a_number_counts_what_it_should(content, name, values):
    assert traits(content)[name].values.tolist() == values


@given(st.text("aB1 \n\t\"'()[]#.“”_", max_size=60), st.text("aB1 \n\"'(#", max_size=20))
def test_what_is_not_ahead_never_depends_on_what_comes_later(content, later):
    longer = traits(content + later)
    assert bool(longer) == bool(content + later)
    for name, trait in traits(content).items():
        assert len(trait.values) == len(content)
        if not trait.is_ahead:
            np.testing.assert_array_equal(trait.values, longer[name].values[: len(content)])
