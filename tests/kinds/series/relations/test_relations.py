"""Relations are found where they hold, and kept whatever is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.relations import Columns, Relations, find_relations


def columns(names, *values, starts=None, decimals=2):
    table = np.stack(values, axis=-1).astype(float)
    if decimals is not None:
        table = np.round(table, decimals)
    n = table.shape[1]
    return Columns(
        names=tuple(names),
        values=table,
        starts=np.array([0, len(table)]) if starts is None else starts,
        decimals=(decimals,) * n,
        is_integer=(False,) * n,
    )


def prices(n=500, seed=0):
    r = np.random.default_rng(seed)
    start = 100 + np.cumsum(r.normal(size=n))
    end = start + r.normal(size=n)
    low = np.minimum(start, end) - r.exponential(size=n)
    high = np.maximum(start, end) + r.exponential(size=n)
    return start, high, low, end


def test_prices_stay_between_low_and_high():
    data = columns("OHLC", *prices())
    found = find_relations(data)
    assert set(found.sentences) == {
        "O <= H in every row", "L <= O in every row", "L <= C in every row", "C <= H in every row",
    }  # fmt: skip


def test_copies_sums_lines_counters_and_constants_are_found():
    r = np.random.default_rng(1)
    a, b = r.normal(size=(2, 300)).round(2) * 10
    count = np.cumsum(r.integers(0, 5, size=300))
    data = columns(
        ["a", "b", "sum", "line", "copy", "count", "seven"],
        a, b, a + b, 2 * a + 3, b, count, np.full(300, 7.0),
    )  # fmt: skip
    found = find_relations(data)
    assert set(found.sentences) == {
        "seven is 7 in every row",
        "copy equals b in every row",
        "line = 2 * a + 3 in every row",
        "sum = a + b in every row",
        "count never falls within every sequence",
    }
    assert found.reduced_names == ("a", "b", "count")


def test_nothing_is_found_in_independent_noise():
    r = np.random.default_rng(2)
    noise = r.normal(size=(8, 400)) * np.arange(1, 9)[:, None] + np.arange(8)[:, None]
    assert find_relations(columns("abcdefgh", *noise)).sentences == ()


def test_columns_whose_ranges_are_apart_are_not_ordered():
    r = np.random.default_rng(3)
    data = columns(["humidity", "year"], r.uniform(0, 100, 200), r.uniform(1990, 2020, 200))
    assert find_relations(data).sentences == ()


@given(st.integers(0, 2**31), st.floats(0.01, 100))
@settings(max_examples=30)
def test_whatever_is_drawn_keeps_every_relation(seed, scale):
    r = np.random.default_rng(seed)
    start, high, low, end = prices(120, seed=4)
    count = np.cumsum(r.integers(1, 5, size=120))
    data = columns(["o", "h", "l", "c", "sum", "n"], start, high, low, end, start.round(2)
                   + end.round(2), count)  # fmt: skip
    found = find_relations(data, constraints=["h - l < 40", "o > 1"])
    reduced = r.normal(size=(60, len(found.reduced_names))) * scale
    reduced[r.random(reduced.shape) < 0.05] = np.nan
    starts = np.array([0, 7, 20, 60])
    assert found.violations(found.restore(reduced, starts), starts) == {}


def test_the_checker_sees_a_broken_row():
    data = columns("OHLC", *prices())
    found = find_relations(data)
    broken = data.values.copy()
    broken[5, 1] = broken[5, 0] - 50
    assert sum(found.violations(broken, data.starts).values()) >= 1
    assert found.violations(data.values, data.starts) == {}


def test_what_was_reduced_comes_back():
    data = columns("OHLC", *prices(), starts=np.array([0, 100, 500]))
    found = Relations.from_json(find_relations(data).to_json())
    back = found.restore(found.reduce(data.values, data.starts), data.starts)
    assert np.allclose(back, data.values, atol=1e-9)


def test_rows_are_restored_one_by_one_as_all_at_once():
    data = columns(["o", "n"], np.random.default_rng(0).normal(size=90), np.arange(90) + 5.0,
                   starts=np.array([0, 30, 60, 90]))  # fmt: skip
    found = find_relations(data)
    reduced = np.random.default_rng(1).normal(size=(90, 2)) * 3
    whole = found.restore(reduced, data.starts)
    restorer = found.restorer(3)
    for t in range(30):
        row = restorer.push(reduced[[t, 30 + t, 60 + t]])
        assert np.array_equal(row, whole[[t, 30 + t, 60 + t]])
        again = found.reduce(whole, data.starts)[[t, 30 + t, 60 + t]]
        assert np.allclose(restorer.reduced, again)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("a >= ", r"constraint 'a >= ': not understood at position"),
        ("a ? b", r"not understood at position 3 \('\? b'\)"),
        ("a + b", r"not understood at position 6"),
        ("a >= z", r"no column of numbers 'z'"),
    ],
)
def test_a_constraint_that_cannot_be_read_is_refused(rule, words):
    data = columns("ab", np.arange(40.0), np.arange(40.0)[::-1])
    with pytest.raises(ConfigError, match=words):
        find_relations(data, constraints=[rule])


def test_a_constraint_that_the_data_break_is_refused_with_the_row():
    data = columns("ab", np.arange(40.0), np.arange(40.0)[::-1])
    with pytest.raises(DataError, match=r"'a >= b' does not hold in 20 of 40 .* row 1 .* a = 0, b"):
        find_relations(data, constraints=["a >= b"])


def test_constraints_may_have_factors_quotes_and_signs():
    a = np.arange(40.0)
    data = columns(["x y", "b"], a, 2 * a + 7)
    found = find_relations(data, constraints=["2 * `x y` - b < -6.5 + 0", "b >= 7"], search=False)
    assert found.rules[0].factors == (-2.0, 1.0)
    assert found.violations(found.restore(np.array([[50.0, 1.0], [3.0, 90.0]]), np.array([0, 2])),
                            np.array([0, 2])) == {}  # fmt: skip
