"""What a user asks of every row is read, checked and kept, or refused in one line."""

import numpy as np
import pytest

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.relations import Columns, find_relations

UP = np.arange(40.0)


def columns(names, *values, starts=(0, 40), decimals=0):
    return Columns(
        names=tuple(names),
        values=np.round(np.stack(values, axis=-1) * 1.0, 12 if decimals is None else decimals),
        starts=np.array(starts),
        decimals=(decimals,) * len(values),
        is_integer=(decimals == 0,) * len(values),
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("a >= ", r"constraint 'a >= ': not understood at position"),
        ("a ? b", r"not understood at position 3 \('\? b'\)"),
        ("a + b", r"not understood at position 6"),
        ("a >= b >= 0", r"not understood at position 8"),
        ("a * b > 1", r"not understood at position 3"),
        ("a >= z", r"no column of numbers 'z' \(known: a, b\)"),
        ("a - a >= 0", r"'a - a >= 0': no column is left in it"),
    ],
)
def test_a_constraint_that_cannot_be_read_is_refused(rule, words):
    with pytest.raises(ConfigError, match=words):
        find_relations(columns("ab", UP, UP[::-1]), constraints=[rule])


def test_a_constraint_that_the_data_break_is_refused_with_the_row():
    words = r"'a >= b' does not hold in 20 of 40 training rows \(50 %\); .* row 1 .* a = 0, b = 39;"
    with pytest.raises(DataError, match=words):
        find_relations(columns("ab", UP, UP[::-1]), constraints=["a >= b"])


def test_a_constraint_on_a_product_is_refused():
    r = np.random.default_rng(0)
    a, b = r.integers(1, 99, size=(2, 40)).astype(float)
    with pytest.raises(ConfigError, match="'p > 0': one of its columns is a product of two others"):
        find_relations(columns("abp", a, b, a * b), constraints=["p > 0"])


def test_a_constraint_that_only_rounding_can_break_is_refused():
    r = np.random.default_rng(1)
    a = r.integers(0, 90, size=40) * 10.0
    data = columns("abc", a, (0.3 * a).round(2), r.uniform(0, 0.004, size=40), decimals=None)
    data = Columns(**{**vars(data), "decimals": (0, 2, None)})
    with pytest.raises(ConfigError, match="no row of the data keeps it with room for the rounding"):
        find_relations(data, constraints=["b + c >= 0.3 * a"])
    with pytest.raises(ConfigError, match=r"'b >= 0.3 \* a': its columns follow from others"):
        find_relations(data, constraints=["b >= 0.3 * a"])
    assert find_relations(data, constraints=["b >= 0.3 * a - 0.005"]).rules[0].moved is None


def test_constraints_may_have_factors_quotes_and_signs():
    data = columns(["x y", "b"], UP, 2 * UP + 7)
    found = find_relations(data, constraints=["2 * `x y` - b < -6.5 + 0", "b >= 7"], search=False)
    assert found.rules[0].form.factors == (-2.0, 1.0)
    assert found.sentences == (
        "b is 1 plus a multiple of 2 (40 values)",
        "2 * `x y` - b < -6.5 + 0, as asked",
        "b >= 7, as asked",
    )
    restored = found.restore(np.array([[50.0, 1.0], [3.0, 90.0]]), np.array([0, 2]))
    assert found.violations(restored, np.array([0, 2])) == {}
    assert (2 * restored[:, 0] - restored[:, 1] < -6.5).all()


def test_an_equation_is_kept_within_the_rounding_of_its_coarsest_column():
    r = np.random.default_rng(2)
    net, tax = r.uniform(0, 50, size=(2, 25)).round(2)
    data = columns(["net", "tax", "total"], net, tax, net + tax, starts=(0, 25), decimals=2)
    found = find_relations(data, constraints=["total = net + tax"])
    assert found.reduced_names == ("net", "tax")
    restored = found.restore(r.normal(size=(90, 2)) * 100, np.array([0, 90]))
    assert np.allclose(restored[:, 2], restored[:, 0] + restored[:, 1], atol=1e-9)


def test_counters_that_bound_each_other_rise_together():
    r = np.random.default_rng(3)
    begun = np.cumsum(r.integers(1, 5, size=40)).astype(float)
    data = columns(["begun", "done"], begun, begun + r.integers(0, 9) + np.arange(40) // 3)
    found = find_relations(data, constraints=["done >= begun"])
    assert found.is_counter.all()
    restored = found.restore(r.normal(size=(60, 2)) * 9, np.array([0, 20, 60]))
    assert found.violations(restored, np.array([0, 20, 60])) == {}
    assert (restored[:, 1] >= restored[:, 0]).all()


def test_a_column_that_is_not_rounded_is_never_past_its_bound():
    r = np.random.default_rng(8)
    whole = r.integers(0, 90, size=40) + 1.0
    data = columns("ab", whole, whole - r.uniform(0, 1, size=40), decimals=None)
    data = Columns(**{**vars(data), "decimals": (0, None)})
    found = find_relations(data, constraints=["a >= b"], search=False)
    restored = found.restore(r.normal(size=(200, 2)) * 90, np.array([0, 200]))
    assert (restored[:, 0] >= restored[:, 1]).all()


def test_a_strict_rule_never_leaves_two_equal_numbers():
    r = np.random.default_rng(9)
    a = r.integers(0, 90, size=40) / 10
    data = columns("ab", a, a + r.integers(1, 9, size=40) / 10, decimals=1)
    found = find_relations(data, constraints=["a < b"], search=False)
    same = np.repeat(r.integers(1, 80, size=(200, 1)) / 10, 2, axis=1)
    restored = found.restore(same, np.array([0, 200]))
    assert (restored[:, 0] < restored[:, 1]).all()
    assert np.array_equal(restored, np.round(restored, 1))


def test_counters_that_wait_for_one_another_are_refused():
    data = columns("ab", UP, UP + np.sqrt(UP) * 3)
    rules = ["a + 100 >= b", "b + 100 >= a"]
    with pytest.raises(ConfigError, match="the columns 'a', 'b' wait for one another"):
        find_relations(data, constraints=rules)


def test_a_counter_that_is_bounded_from_above_is_none_any_more_and_a_note_says_so():
    found = find_relations(columns("ab", UP, UP[::-1] % 7), constraints=["a < 40"])
    assert not found.is_counter.any()
    assert found.notes == (
        "a never falls within a sequence of the data; this is not kept, because 'a < 40' bounds it",
    )


def test_a_counter_that_may_stand_still_may_be_bounded_from_above():
    r = np.random.default_rng(7)
    data = columns("ab", np.cumsum(r.integers(0, 3, size=40)), r.integers(0, 9, size=40))
    found = find_relations(data, constraints=["a <= 50"])
    restored = found.restore(r.normal(size=(60, 2)) * 9, np.array([0, 20, 60]))
    assert found.is_counter.tolist() == [True, False]
    assert found.violations(restored, np.array([0, 20, 60])) == {}
    assert restored[:, 0].max() <= 50


def test_a_row_that_no_value_can_save_becomes_the_row_before_or_one_of_the_data():
    r = np.random.default_rng(5)
    a, b = r.integers(0, 13, size=(2, 40)).astype(float)
    a[0], b[0], a[1], b[1] = 19, 3, 3, 19
    data = columns("abc", a, b, np.maximum(25 - np.maximum(a + b, 6), 0))
    found = find_relations(data, constraints=["a + b + c <= 25"], search=False)
    wished = np.array([[9.0, 8.0, 30.0], [19.0, 19.0, 5.0], [19.0, 19.0, 19.0]])
    starts = np.array([0, 2, 3])
    restored = found.restore(wished, starts)
    assert restored[:2].tolist() == [[9, 8, 8], [9, 8, 8]]
    assert restored[2].tolist() == list(found.witness)
    assert found.violations(restored, starts) == {}
    assert found.violations(wished[1:2], np.array([0, 1])) == {"a + b + c <= 25": 1}


@pytest.mark.parametrize(("lacking", "role"), [("net", "balance"), ("both", "total")])
def test_a_sum_that_is_there_where_a_part_is_missing_is_kept_where_it_can_be(lacking, role):
    r = np.random.default_rng(6)
    net, tax = r.uniform(0, 50, size=(2, 60)).round(2)
    data = columns(["net", "tax", "total"], net, tax, net + tax, starts=(0, 60), decimals=2)
    data.values[::5, 0] = np.nan
    if lacking == "both":
        data.values[::5, 2] = np.nan
    found = find_relations(data, constraints=["total = net + tax"], search=False)
    assert role in {r.role for r in found.roles}
    assert found.violations(data.values, data.starts) == {}
    back = found.restore(found.reduce(data.values, data.starts), data.starts)
    assert np.allclose(back, data.values, atol=1e-9, equal_nan=True)
    wild = r.normal(size=(90, len(found.reduced_names))) * 100
    restored = found.restore(wild, np.array([0, 90]))
    assert np.allclose(restored[:, 2], restored[:, 0] + restored[:, 1], atol=1e-9)
