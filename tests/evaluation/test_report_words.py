import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.report.markup import plain_words, words
from serinette.evaluation.report.numerals import decimals, numeral, span


@pytest.mark.parametrize(
    ("value", "interval", "told"),
    [
        (1.6532, (1.641, 1.665), "1.653 1.641–1.665"),
        (3.2, (2.9, 3.6), "3.2 2.9–3.6"),
        (3.2, (2.7, 3.7), "3.2 2.7–3.7"),
        (0.8, (0.55, 1.05), "0.80 0.55–1.05"),
        (12345.678, (12000.0, 12700.0), "12,346 12,000–12,700"),
        (0.01, (-0.02, 0.04), "0.010 −0.020 to 0.040"),
    ],
)
def test_a_figure_has_no_more_digits_than_its_interval_bears(value, interval, told):
    n = decimals(value, interval)
    assert f"{numeral(value, n)} {span(interval, n)}" == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (1.60114, "bits", "1.601"),
        (0.000123456, "", "0.000123"),
        (17.0, "", "17"),
        (-17.25, "%", "−17.25\u202f%"),
        (-0.0, "", "0"),
        (math.nan, "%", "undefined"),
        (math.inf, "", "∞"),
        (-math.inf, "", "−∞"),
        (1_115_394.0, "", "1,115,394"),
    ],
)
def test_a_figure_without_interval_has_four_digits_or_is_whole(value, unit, told):
    assert numeral(value, decimals(value, None), unit) == told


def test_an_empty_interval_is_no_reason_for_more_digits():
    assert decimals(0.5, (0.5, 0.5)) == decimals(0.5, None) == 4
    assert decimals(0.5, (math.nan, math.nan)) == 4
    assert numeral(-0.04, 1) == "0.0"


@given(st.text())
def test_nothing_that_is_written_is_markup_or_invisible(text):
    shown = plain_words(text)
    shown.encode("utf-8")
    assert not set('<>"') & set(shown)
    hidden = {c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    assert hidden <= set("\t\n")
    assert "\u202e" not in shown
    assert "\u200f" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & 'c'", "a &lt; b &amp; &#x27;c&#x27;"),
        ("\x00\x1b\x7f\x85", "U+0000U+001BU+007FU+0085"),
        ("\u202e\u2066\u200b\ufeff\u2028", "U+202EU+2066U+200BU+FEFFU+2028"),
        ("\ud83d\uffff\U0010ffff", "U+D83DU+FFFFU+10FFFF"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("春\n\té e\u0301 \u0600", "春\n\té e\u0301 \u0600"),
    ],
)
def test_control_characters_are_named(text, shown):
    assert plain_words(text) == shown


def test_inside_an_element_control_characters_are_set_apart():
    assert words("a\x00<") == 'a<span class="control">U+0000</span>&lt;'
    assert words("é") == "é"
