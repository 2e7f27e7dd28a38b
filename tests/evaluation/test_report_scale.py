import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from serinette.core.chart import Axis
from serinette.evaluation.report.scale import Scale, fitted, ticks

numbers = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9)
positive = st.floats(1e-8, 1e8)
LOG = Axis(label="", scale="log")
LINEAR = Axis(label="")


@given(numbers, numbers, numbers)
def test_a_linear_place_divides_the_axis_as_the_value_divides_the_range(low, high, value):
    assume(high - low > 1e-6 * max(abs(low), abs(high)))
    place = Scale(low=low, high=high, start=300.0, stop=20.0).at(value)
    assert place == pytest.approx(300 - 280 * (value - low) / (high - low))


@given(positive, st.floats(1.1, 1e6), st.floats(0, 1))
def test_on_a_logarithmic_axis_equal_factors_are_equal_distances(low, factor, share):
    scale = Scale(low=low, high=low * factor, start=0.0, stop=100.0, is_log=True)
    assert scale.at(low * factor**share) == pytest.approx(100 * share, abs=1e-6)


@given(st.lists(numbers, min_size=1, max_size=9))
def test_an_axis_that_is_free_holds_all_its_values(values):
    scale = fitted(LINEAR, values, start=0.0, stop=1.0)
    assert all(scale.holds(value) for value in values)
    assert scale.low >= 0 or min(values) < 0
    assert scale.low < scale.high


@given(st.lists(positive, min_size=1, max_size=9))
def test_a_logarithmic_axis_that_is_free_holds_all_its_values(values):
    scale = fitted(LOG, [*values, 0.0, -3.0, math.nan, math.inf], start=0.0, stop=1.0)
    assert all(scale.holds(value) for value in values)
    assert 0 < scale.low < scale.high < math.inf


@given(numbers, numbers)
def test_an_axis_begins_and_ends_where_it_is_told_to(low, high):
    assume(high - low > 1e-6 * max(abs(low), abs(high)))
    scale = fitted(Axis(label="", low=low, high=high), [0.5, 7.0], start=0.0, stop=1.0)
    assert (scale.low, scale.high) == (low, high)


@pytest.mark.parametrize(
    ("axis", "values", "ends"),
    [
        (LINEAR, [], (0.0, 1.05)),
        (LINEAR, [4.0], (2.0, 6.0)),
        (LINEAR, [0.0], (0.0, 1.0)),
        (LINEAR, [-4.0, 6.0], (-4.5, 6.5)),
        (Axis(label="", low=3.0), [1.0, 2.0], (1.5, 4.5)),
        (Axis(label="", low=2.0, high=2.0), [1.0], (1.0, 3.0)),
        (Axis(label="", low=math.nan), [1.0, 3.0], (0.9, 3.1)),
        (Axis(label="", scale="log", low=0.0), [1.0, 100.0], (10**-0.1, 10**2.1)),
        (Axis(label="", scale="log"), [7.0], (7 / 10**0.5, 7 * 10**0.5)),
    ],
)
def test_a_range_is_never_empty(axis, values, ends):
    scale = fitted(axis, values, start=0.0, stop=1.0)
    assert (scale.low, scale.high) == pytest.approx(ends)


@given(st.booleans(), st.lists(positive, min_size=1, max_size=4), st.integers(5, 9))
def test_ticks_are_few_rising_inside_and_truly_labelled(is_log, values, most):
    scale = fitted(LOG if is_log else LINEAR, values, start=0.0, stop=1.0)
    found = ticks(scale, most)
    marked = [value for value, _ in found]
    assert 2 <= len(found) <= most + 1
    assert marked == sorted(set(marked))
    slack = 1e-8 * (scale.high - scale.low)
    assert all(scale.low - slack <= value <= scale.high + slack for value in marked)
    for value, label in found:
        assert read(label) == pytest.approx(value, rel=6e-3, abs=1e-12)


def read(label):
    """Understand a label as a reader would."""
    plain = label.replace(",", "").replace("−", "-")
    if plain[-1] not in "⁰¹²³⁴⁵⁶⁷⁸⁹":
        return float(plain)
    mantissa, _, power = plain.rpartition("10")
    exponent = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    return float(mantissa.rstrip("×") or 1) * 10.0**exponent


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (1.0, 100.0, "1 3 10 30 100"),
        (0.7, 23.0, "1 2 5 10 20"),
        (0.01, 1000.0, "0.01 0.1 1 10 100 1,000"),
        (1.0, 1e9, "1 100 10,000 10⁶ 10⁸"),
        (2e5, 3e6, "2×10⁵ 5×10⁵ 10⁶ 2×10⁶"),
        (2.1, 4.2, "2.5 3.0 3.5 4.0"),
    ],
)
def test_logarithmic_ticks_are_round_numbers(low, high, labels):
    scale = Scale(low=low, high=high, start=0.0, stop=1.0, is_log=True)
    assert [label for _, label in ticks(scale)] == labels.split()


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, "0.0 0.2 0.4 0.6 0.8 1.0"),
        (-3.0, 31.0, "0 10 20 30"),
        (-0.2, 0.2, "−0.2 −0.1 0.0 0.1 0.2"),
        (0.0, 25000.0, "0 5,000 10,000 15,000 20,000 25,000"),
        (-2e6, 1e6, "−2×10⁶ −1.5×10⁶ −10⁶ −5×10⁵ 0 5×10⁵ 10⁶"),
        (0.0, 5e7, "0 10⁷ 2×10⁷ 3×10⁷ 4×10⁷ 5×10⁷"),
        (0.0, 3e-6, "0 5×10⁻⁷ 10⁻⁶ 1.5×10⁻⁶ 2×10⁻⁶ 2.5×10⁻⁶ 3×10⁻⁶"),
    ],
)
def test_linear_ticks_are_round_numbers(low, high, labels):
    scale = Scale(low=low, high=high, start=0.0, stop=1.0)
    assert [label for _, label in ticks(scale)] == labels.split()
