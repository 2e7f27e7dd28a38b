import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.kinds.series.cells import Numerals, loses_zeros

numbers = st.floats(-1e15, 1e15).map(lambda x: round(x, 3))


def grouped(number, group, point):
    return f"{number:,.3f}".replace(",", "#").replace(".", point).replace("#", group)


@given(st.lists(numbers, min_size=1, max_size=5), st.sampled_from([",.", ".,", " ,", "'.", " ."]))
def test_thousands_marks_never_change_a_number(values, marks):
    group, point = marks
    cells = [grouped(value, group, point) for value in values]
    np.testing.assert_array_equal(Numerals(point).numbers(cells), values)


@given(st.lists(st.floats(allow_nan=False), max_size=5))
def test_what_python_writes_is_read_exactly(values):
    np.testing.assert_array_equal(Numerals().numbers([repr(value) for value in values]), values)


@given(st.lists(st.one_of(numbers.map(repr), st.just(""), st.just(" "), st.just("NA"))))
def test_missing_cells_are_no_numbers(cells):
    numerals = Numerals(missing=frozenset({"", "NA"}))
    found = numerals.numbers(cells)
    assert [bool(gone) for gone in np.isnan(found)] == [numerals.is_missing(c) for c in cells]


@pytest.mark.parametrize(
    "cell", ["1_000", "0x10", "1e", "1,2,3", "12,34", "1 2", "--1", "abc", "1.2.3"]
)
def test_what_no_table_means_as_a_number_is_none(cell):
    assert Numerals().numbers(["1", cell]) is None


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_decimals_are_counted(digits):
    cells = ["7." + "1" * n if n else "7" for n in digits]
    assert Numerals().decimals(cells) == max(digits)
    assert Numerals(",").decimals([cell.replace(".", ",") for cell in cells]) == max(digits)


def test_an_exponent_or_too_many_digits_hide_the_decimals():
    assert Numerals().decimals(["1e-3", "2.5"]) is None
    assert Numerals().decimals(["0." + "1" * 13]) is None


def test_zeros_in_front_are_seen():
    assert loses_zeros(["12", "007"])
    assert not loses_zeros(["0", "0.5", "10", "-0.5"])


def test_a_number_that_means_missing_is_missing_whatever_stands_beside_it():
    numerals = Numerals(missing=frozenset({"", "-999"}))
    for cells in (["1", "-999"], ["1", "-999", ""]):
        np.testing.assert_array_equal(numerals.numbers(cells)[:2], [1.0, np.nan])
