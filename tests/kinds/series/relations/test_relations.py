"""Relations are found where they hold, and kept whatever is drawn."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.kinds.series.relations import Columns, Relations, find_relations

STARTS = np.array([0, 7, 20, 20, 32])


def columns(names, *values, starts=None, decimals=2):
    """Return columns, each rounded: `decimals` is one number for all, or one for each."""
    places = decimals if isinstance(decimals, tuple) else (decimals,) * len(values)
    cells = [v if d is None else np.round(v, d) for v, d in zip(values, places, strict=True)]
    table = np.stack(cells, axis=-1).astype(float)
    return Columns(
        names=tuple(names),
        values=table,
        starts=np.array([0, len(table)]) if starts is None else starts,
        decimals=places,
        is_integer=tuple(d == 0 for d in places),
    )


def prices(n=500, seed=0):
    r = np.random.default_rng(seed)
    start = 100 + np.cumsum(r.normal(size=n))
    end = start + r.normal(size=n)
    low = np.minimum(start, end) - r.exponential(size=n)
    high = np.maximum(start, end) + r.exponential(size=n)
    return start, high, low, end


def wide_numbers(r, found, n):
    """Return numbers far beyond what any model draws, some of them missing."""
    scale = 10.0 ** r.integers(-3, 6)
    reduced = r.normal(size=(n, len(found.reduced_names))) * scale
    reduced[r.random(reduced.shape) < 0.05] = np.nan
    return reduced


def test_prices_stay_between_low_and_high():
    found = find_relations(columns("OHLC", *prices()))
    assert set(found.sentences) == {
        "O <= H in every row (500 rows)",
        "L <= O in every row (500 rows)",
        "L <= C in every row (500 rows)",
        "C <= H in every row (500 rows)",
    }
    assert [role.role for role in found.roles] == ["free", "above", "below", "free"]
    assert [bound.low for bound in found.reduced_bounds[1:3]] == [0, 0]


def test_copies_sums_lines_counters_and_constants_are_found():
    r = np.random.default_rng(1)
    a, b = (r.normal(size=(2, 300)) * 10).round(2)
    a[::7] = np.nan
    count = np.cumsum(r.integers(0, 5, size=300))
    data = columns(
        ["a", "b", "sum", "line", "copy", "count", "seven", "none"],
        a, b, a + b, 2 * a + 3, a, count, np.full(300, 7.0), np.full(300, np.nan),
    )  # fmt: skip
    found = find_relations(data)
    assert set(found.sentences) == {
        "seven is 7 in every row",
        "none is missing in every row",
        "copy equals a in every row",
        "line = 2 * a + 3 (300 rows)",
        "sum = a + b (300 rows)",
        "count is a whole number",
        "count never falls within a sequence (299 steps)",
    }
    assert found.reduced_names == ("a", "b", "count")
    assert found.is_counter.tolist() == [False, False, True]
    again = found.restore(found.reduce(data.values, data.starts), data.starts)
    assert np.allclose(again, data.values, atol=1e-9, equal_nan=True)


def test_of_an_equation_the_column_that_all_others_add_up_to_is_left_out():
    r = np.random.default_rng(3)
    net, tax = r.uniform(0, 100, size=(2, 200)).round(2)
    found = find_relations(columns(["total", "net", "tax"], net + tax, net, tax))
    assert found.sentences == ("total = net + tax (200 rows)",)
    assert found.reduced_names == ("net", "tax")


def test_several_sums_of_the_same_columns_are_all_found():
    r = np.random.default_rng(4)
    a, b, c = r.uniform(0, 100, size=(3, 200)).round(2)
    data = columns("abscwz", a, b, a + b, c, a + b - c, 2 * a + 3 * c)
    found = find_relations(data)
    assert len(found.reduced_names) == 3
    back = found.restore(found.reduce(data.values, data.starts), data.starts)
    assert np.allclose(back, data.values, atol=1e-9)


def test_a_scale_of_another_is_found_through_its_rounding_in_plain_numbers():
    celsius = np.random.default_rng(5).uniform(-20, 35, size=400).round(2)
    data = columns(["f", "c"], 1.8 * celsius + 32, celsius, decimals=(1, 2))
    assert find_relations(data).sentences == ("f = 1.8 * c + 32 (400 rows)",)


def test_a_product_is_found():
    r = np.random.default_rng(6)
    price, n = r.uniform(1, 9, 200).round(2), r.integers(1, 60, 200)
    data = columns(["price", "n", "paid"], price, n, price * n, decimals=(2, 0, 2))
    assert "paid = price * n (200 rows)" in find_relations(data).sentences


def test_steps_and_short_lists_of_values_are_found_and_kept():
    r = np.random.default_rng(7)
    power = 10.0 * r.integers(1, 90, size=900)
    level = r.choice([0.5, 0.75, 3.25], size=900)
    found = find_relations(columns(["power", "level"], power, level, decimals=(0, 2)))
    assert found.sentences == (
        f"power is a multiple of 10 ({len(np.unique(power))} values)",
        "level takes 3 values only",
    )
    back = found.restore(np.array([[14.9, 0.7], [1e9, -5.0], [np.nan, 2.2]]), np.array([0, 3]))
    assert np.array_equal(back, [[10, 0.75], [890, 0.5], [np.nan, 3.25]], equal_nan=True)


def test_a_difference_that_is_one_of_two_neighbours_is_no_line():
    r = np.random.default_rng(11)
    a = r.uniform(0, 50, size=300).round(1)
    found = find_relations(columns("ab", a, a + r.choice([0.1, 0.2], size=300), decimals=1))
    assert not any("=" in words.replace("<=", "") for words in found.sentences)


def steps_between_finer_columns(n=200):
    r = np.random.default_rng(12)
    low = np.cumsum(r.normal(size=n)) * 4
    middle = np.ceil(low.round(2)) + r.integers(0, 2, size=n)
    high = middle + r.exponential(size=n) / 4
    return columns("lmh", low, middle, high, decimals=(2, 0, 2))


def test_a_coarse_column_between_finer_ones_stays_whole_and_between_them():
    data = steps_between_finer_columns()
    found = find_relations(data)
    assert "l <= m in every row (200 rows)" in found.sentences
    assert "m <= h in every row (200 rows)" in found.sentences
    wished = np.random.default_rng(0).normal(size=(500, 3)) * 9
    low, middle, high = found.restore(wished, np.array([0, 500])).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert np.array_equal(middle, np.round(middle))


def test_orderings_hold_where_the_least_of_one_stood_beside_a_missing_cell():
    data = steps_between_finer_columns()
    data.values[np.argsort(data.values[:, 1])[:40], 0] = np.nan
    found = find_relations(data)
    assert found.violations(data.values, data.starts) == {}
    wished = np.random.default_rng(0).uniform(-90, 90, size=(500, 3))
    restored = found.restore(wished, np.array([0, 500]))
    assert found.violations(restored, np.array([0, 500])) == {}
    assert (restored[:, 0] <= restored[:, 1]).all()


def test_nothing_is_found_in_independent_noise():
    r = np.random.default_rng(2)
    noise = r.normal(size=(8, 400)) * np.arange(1, 9)[:, None] + np.arange(8)[:, None]
    assert find_relations(columns("abcdefgh", *noise)).sentences == ()


def test_independent_drifts_that_never_cross_are_not_ordered():
    r = np.random.default_rng(8)
    drift = np.arange(600) * 0.1
    a, b = drift + r.normal(size=600), drift + 8 + r.normal(size=600)
    assert (a < b).all()
    assert find_relations(columns("ab", a, b)).sentences == ()


def test_columns_whose_ranges_are_apart_are_not_ordered():
    r = np.random.default_rng(3)
    data = columns(["humidity", "year"], r.uniform(0, 100, 200), r.uniform(1990, 2020, 200))
    assert find_relations(data).sentences == ()


def test_few_rows_show_only_constants_and_copies():
    a = np.arange(29.0)
    found = find_relations(columns("abcd", a, 2 * a, a, 0 * a))
    assert found.sentences == ("d is 0 in every row", "c equals a in every row")


def test_levels_of_a_category_are_only_compared_for_equality():
    a = np.arange(90.0)
    data = columns("abc", a, 2 * a, a, decimals=0)
    data = Columns(**{**vars(data), "is_number": (True, False, False)})
    assert find_relations(data).sentences == (
        "c equals a in every row",
        "a rises in every row of a sequence (89 steps)",
    )


def test_without_search_only_what_holds_within_a_column_is_kept():
    found = find_relations(columns("OHLC", *prices()), search=False)
    assert found.sentences == ()
    assert {role.role for role in found.roles} == {"free"}


def mixed_table():
    start, high, low, end = prices(240, seed=4)
    r = np.random.default_rng(9)
    low[::9], start[::11] = np.nan, np.nan
    names = ["o", "h", "l", "c", "sum", "n", "m", "step", "coarse", "big"]
    cells = [
        start, high, low, end, start.round(2) + end.round(2),
        np.cumsum(r.integers(1, 5, size=240)), np.cumsum(r.integers(0, 3, size=240)) * 0.1,
        3.0 + 7 * r.integers(0, 40, size=240), np.floor(high * 10) / 10, r.normal(size=240) * 1e15,
    ]  # fmt: skip
    return columns(names, *cells, decimals=(2, 2, 2, 2, 2, 0, 1, 0, 1, None))


MIXED = find_relations(
    mixed_table(), constraints=["h - l < 40", "o > 1", "10 * m <= n + 900", "sum >= 2*l - 30"]
)


@given(st.integers(0, 2**31))
@settings(max_examples=5, deadline=None)
def test_whatever_is_drawn_keeps_every_relation(seed):
    r = np.random.default_rng(seed)
    restored = MIXED.restore(wide_numbers(r, MIXED, 32), STARTS)
    assert MIXED.violations(restored, STARTS) == {}


@given(st.integers(0, 2**31))
@settings(max_examples=5, deadline=None)
def test_rows_are_restored_one_by_one_as_all_at_once_and_are_reduced_to_what_is_kept(seed):
    r = np.random.default_rng(seed)
    starts = np.array([0, 9, 18, 27])
    reduced = wide_numbers(r, MIXED, 27)
    whole = MIXED.restore(reduced, starts)
    kept = MIXED.reduce(whole, starts)
    restorer = MIXED.restorer(3)
    for t in range(9):
        rows = starts[:-1] + t
        assert np.array_equal(restorer.push(reduced[rows]), whole[rows], equal_nan=True)
        assert np.array_equal(restorer.reduced, kept[rows], equal_nan=True)
    again = MIXED.restore(kept, starts)
    assert np.allclose(again, whole, rtol=1e-12, atol=1e-9, equal_nan=True)


@given(st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_whatever_orderings_a_table_has_they_are_kept(seed):
    r = np.random.default_rng(seed)
    middle = np.cumsum(r.normal(size=80)) * 5
    n = int(r.integers(2, 5))
    cells = np.sort(middle + r.exponential(size=(n, 80)) * r.choice([0.1, 1.0]), axis=0)
    places = tuple(r.choice([0, 1, 3, None]) for _ in range(n))
    cells = [np.floor(v) if d == 0 else v for v, d in zip(cells, places, strict=True)]
    data = columns("abcd"[:n], *cells, decimals=places)
    data.values[r.random(data.values.shape) < 0.1] = np.nan
    found = find_relations(data)
    assert found.violations(data.values, data.starts) == {}
    restored = found.restore(wide_numbers(r, found, 32), STARTS)
    assert found.violations(restored, STARTS) == {}
    back = found.restore(found.reduce(data.values, data.starts), data.starts)
    assert np.allclose(back, data.values, atol=1e-9, equal_nan=True)


def test_a_hundred_thousand_rows_break_nothing():
    r = np.random.default_rng(10)
    starts = np.arange(0, 100_001, 100)
    reduced = r.uniform(-200, 400, size=(100_000, len(MIXED.reduced_names)))
    assert MIXED.violations(MIXED.restore(reduced, starts), starts) == {}


@pytest.mark.parametrize(
    ("column", "cell"),
    [("h", -50.0), ("sum", 0.01), ("n", -5.0), ("step", 4.0), ("c", 1e9), ("o", 0.005)],
)
def test_the_checker_sees_a_broken_row(column, cell):
    data = mixed_table()
    assert MIXED.violations(data.values, data.starts) == {}
    broken = data.values.copy()
    broken[5, data.names.index(column)] += cell
    assert sum(MIXED.violations(broken, data.starts).values()) >= 1


def test_the_stored_form_is_plain_and_gives_the_same_relations():
    again = Relations.from_json(json.loads(json.dumps(MIXED.to_json(), allow_nan=False)))
    assert again.sentences == MIXED.sentences
    assert again.roles == MIXED.roles
    reduced = wide_numbers(np.random.default_rng(0), MIXED, 32)
    whole = MIXED.restore(reduced, STARTS)
    assert np.array_equal(again.restore(reduced, STARTS), whole, equal_nan=True)


def test_numbers_near_the_end_of_the_scale_stay_as_they_are():
    a = np.array([1e300, -1e300, 3.25, *np.linspace(0, 1, 40)])
    data = columns("a", a, decimals=None)
    data = Columns(**{**vars(data), "decimals": (12,)})
    found = find_relations(data)
    assert np.array_equal(found.restore(data.values, data.starts)[:3], data.values[:3])
