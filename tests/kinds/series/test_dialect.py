import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.dialect import sniff

words = st.text(st.sampled_from("ab ;,|\t'\"x\n"), max_size=6)
rows_of = st.lists(st.tuples(words, st.integers(-99, 99), words), min_size=2, max_size=8)


def written(rows, delimiter, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)
    return text.getvalue()


@given(rows_of, st.sampled_from(",;|\t"))
def test_a_file_whose_words_are_quoted_is_read_as_it_was_written(rows, delimiter):
    text = written(rows, delimiter, csv.QUOTE_NONNUMERIC)
    marks = sniff(text, SeriesConfig(delimiter=delimiter))
    assert marks.delimiter == delimiter
    read = list(marks.rows(io.StringIO(text, newline="")))
    assert [tuple(map(str.lstrip, row)) for row in read] == [
        tuple(str(cell).lstrip() for cell in row) for row in rows
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_delimiter_and_decimal_mark_are_found_out(delimiter, decimal):
    rows = [("n", "value"), *((n, f"{n},5".replace(",", decimal)) for n in range(9))]
    marks = sniff(written(rows, delimiter), SeriesConfig())
    assert (marks.delimiter, marks.decimal) == (delimiter, decimal)


def test_what_the_user_says_is_taken():
    marks = sniff("a,b;c\n1,2;3\n", SeriesConfig(delimiter=";", decimal=","))
    assert (marks.delimiter, marks.decimal) == (";", ",")


@pytest.mark.parametrize(
    ("text", "quote"), [("'a','b,c'\n'd','e'\n", "'"), ("it's,a\nb,c\n", '"'), ('"a",b\n', '"')]
)
def test_the_quotation_mark_is_found_out(text, quote):
    assert sniff(text, SeriesConfig()).quote == quote


def test_spaces_divide_where_nothing_else_does():
    assert sniff("a  b c\n1 2  3\n", SeriesConfig()).delimiter == " "
    assert sniff("a word, another\n1, 2\n", SeriesConfig()).delimiter == ","
