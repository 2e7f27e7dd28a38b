import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.counts import ngram
from serinette.counts.ngram import WittenBell, choose_order

V = 5
sequences = st.lists(st.lists(st.integers(0, V - 1), max_size=12), max_size=5)


def arrays(lists):
    return [np.array(one, dtype=np.int32) for one in lists]


def obvious_nats(train, scored, order, n_given):
    """The definition, with dictionaries."""
    successors = defaultdict(Counter)
    for one in train:
        for i in range(n_given, len(one)):
            for k in range(min(i, order - 1) + 1):
                successors[tuple(one[i - k : i])][one[i]] += 1
    nats = []
    for i in range(n_given, len(scored)):
        p = 1 / V
        for k in range(min(i, order - 1) + 1):
            seen = successors.get(tuple(scored[i - k : i]))
            if seen is None:
                break
            p = (seen[scored[i]] + len(seen) * p) / (seen.total() + len(seen))
        nats.append(-math.log(p))
    return nats


@given(
    train=sequences, scored=st.lists(st.integers(0, V - 1), max_size=9), n_given=st.integers(0, 1)
)
def test_every_order_agrees_with_the_definition(train, scored, n_given):
    model = WittenBell.fit(arrays(train), 4, V, n_given=n_given)
    for order in range(1, 5):
        found = model.nats(np.array(scored, dtype=np.int32), order)
        expected = obvious_nats(train, scored, order, n_given)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@given(train=sequences, context=st.lists(st.integers(0, V - 1), max_size=6))
def test_the_probabilities_of_all_successors_add_up_to_one(train, context):
    model = WittenBell.fit(arrays(train), 3, V)
    last = [model.nats(np.array([*context, symbol]))[-1] for symbol in range(V)]
    assert np.exp(-np.array(last)).sum() == pytest.approx(1, abs=1e-12)


def test_one_fit_of_the_highest_order_is_a_fit_of_every_lower_one():
    train = [np.arange(30) % 4]
    scored = np.array([0, 1, 2, 2, 3, 0])
    low = WittenBell.fit(train, 2, V)
    high = WittenBell.fit(train, 6, V)
    np.testing.assert_array_equal(low.nats(scored), high.nats(scored, order=2))
    np.testing.assert_array_equal(low.nats(scored), high.at(2).nats(scored))


def test_a_context_never_reaches_into_the_sequence_before():
    apart = WittenBell.fit([np.array([0, 1]), np.array([2, 3])], 2, V)
    # After 1 nothing was ever seen, so order 2 falls back to order 1: 2 was one symbol of four.
    order_one = (1 + 4 / V) / (4 + 4)
    assert apart.nats(np.array([1, 2]))[1] == pytest.approx(-math.log(order_one), abs=1e-12)


def test_a_given_first_symbol_is_context_and_never_predicted():
    train = [np.array([4, 0, 1]), np.array([4, 0, 2])]
    model = WittenBell.fit(train, 2, V, n_given=1)
    nats = model.nats(np.array([4, 0]))
    order_one = (2 + 3 / V) / (4 + 3)
    order_two = (2 + 1 * order_one) / (2 + 1)
    assert nats.tolist() == pytest.approx([-math.log(order_two)], abs=1e-12)


def test_the_order_with_the_fewest_validation_nats_is_chosen():
    generator = np.random.default_rng(0)
    train = np.array([0, 1, 2, 3, 0, 2, 1, 3] * 40)
    train[::7] = generator.integers(0, V, len(train[::7]))
    choice = choose_order([train[:250]], [train[250:]], V, orders=(2, 3, 4, 5))
    assert set(choice.table) == {2, 3, 4, 5}
    assert choice.table[choice.order] == min(choice.table.values())
    assert choice.model.order == choice.order
    found = choice.model.nats(train[250:]).mean()
    assert found == pytest.approx(choice.table[choice.order], abs=1e-12)


def test_without_validation_the_middle_order_is_taken():
    choice = choose_order([np.arange(4)], [], V, orders=(2, 3, 4))
    assert (choice.order, choice.table) == (3, {})


def test_only_the_first_symbols_are_counted_when_there_are_too_many():
    train = [np.array([0, 1, 2]), np.array([3, 3, 3]), np.array([4])]
    choice = choose_order(train, [np.array([3, 3])], V, orders=(1,), max_symbols=4)
    assert choice.n_symbols == 4
    # Counted: 0 1 2 3, each once.
    assert choice.table[1] == pytest.approx(-math.log((1 + 4 / V) / 8), abs=1e-12)


def test_a_model_of_nothing_is_uniform():
    nats = WittenBell.fit([], 3, V).nats(np.array([0, 4]))
    assert nats.tolist() == pytest.approx([math.log(V)] * 2, abs=1e-12)


@given(train=sequences)
def test_packed_and_plain_sorting_count_the_same(train):
    packed = WittenBell.fit(arrays(train), 4, V)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram, "_WORD_BITS", 0)
        plain = WittenBell.fit(arrays(train), 4, V)
    for one, other in zip(packed.levels, plain.levels, strict=True):
        np.testing.assert_array_equal(one.grams, other.grams)
        np.testing.assert_array_equal(one.counts, other.counts)
