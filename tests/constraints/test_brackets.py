import inspect
import re
import string
import textwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_drawing import draw, spelling_of

from serinette.constraints.brackets import balanced
from serinette.constraints.lift import lift
from serinette.core.errors import ConstraintError

OPENING = {")": "(", "]": "[", "}": "{"}
PYTHON_TOKEN = re.compile(
    r"(?s:'''(?:[^\\]|\\.)*?'''"
    r'|"""(?:[^\\]|\\.)*?""")'
    r"|'(?!'')(?:[^'\\\n]|\\(?s:.))*'"
    r'|"(?!"")(?:[^"\\\n]|\\(?s:.))*"'
    r"|\#[^\n]*"
)
PLAIN_TOKEN = re.compile(r'"[^"]*"')


def nests(text, depth):
    """An independent check: take out quotes and comments, then keep a stack."""
    stack = []
    for sign in text:
        if sign in "([{":
            stack.append(sign)
        elif sign in OPENING and (not stack or stack.pop() != OPENING[sign]):
            return False
        if len(stack) > depth:
            return False
    return not stack


def is_balanced(text, token, quotes, depth):
    left = token.sub(" ", text)
    return not any(quote in left for quote in quotes) and nests(left, depth)


@given(st.text('()[]{}"a\n', max_size=12), st.integers(1, 3))
def test_plain_brackets_and_quotes_are_judged_by_a_stack(text, depth):
    expected = is_balanced(text, PLAIN_TOKEN, '"', depth)
    assert balanced("plain", depth).matches(text) == expected


PYTHON = balanced("python", 3)


@given(st.lists(st.sampled_from([*"()[]\"'#\\\na", '"""', "'''"]), max_size=12).map("".join))
def test_python_strings_and_comments_are_judged_by_a_stack(text):
    assert PYTHON.matches(text) == is_balanced(text, PYTHON_TOKEN, "\"'", 3)


@pytest.mark.parametrize("module", [inspect, re, string, textwrap])
def test_python_s_own_library_is_balanced(module):
    source = inspect.getsource(module)
    automaton = balanced("python", 9)
    assert automaton.matches(source)
    assert not automaton.matches("".join(source.rpartition(")")[::2]))


def test_drawn_brackets_are_balanced():
    spelling = spelling_of(*"()[]{}\"'#\\\n a", '"""')
    constraint = lift(balanced("python", 4), spelling)
    drawn = draw(constraint, spelling, 60, n_rows=50)
    assert np.mean([len(text) for text in drawn]) > 3
    for text in drawn:
        assert is_balanced(text, PYTHON_TOKEN, "\"'", 4)


def test_too_deep_an_automaton_is_refused_by_name():
    with pytest.raises(ConstraintError, match="--balanced python with --depth 14: too large"):
        balanced("python", 14)
