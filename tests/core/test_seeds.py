import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.seeds import derive, mix, stream_key, stream_keys, uniforms

SEEDS = st.integers(-(2**70), 2**70)


def drawn(seed, rows, n, before=0):
    keys = np.array([stream_key(seed, row) for row in rows], dtype=np.uint64)
    return uniforms(keys, np.full(len(rows), before), n)  # [n, B]


@given(SEEDS, st.lists(st.integers(0, 2**40), min_size=1, max_size=7), st.integers(1, 40))
def test_a_row_draws_the_same_numbers_in_any_company(seed, rows, n):
    together = drawn(seed, rows, n)
    for place, row in enumerate(rows):
        np.testing.assert_array_equal(together[:, place], drawn(seed, [row], n)[:, 0])


@pytest.mark.parametrize("n_before", [0, 1, 63, 64, 65, 600])
def test_a_stream_goes_on_where_it_stopped(n_before):
    whole = drawn(7, [8, 11], n_before + 30)
    np.testing.assert_array_equal(drawn(7, [8, 11], 30, before=n_before), whole[n_before:])


def test_rows_may_be_at_different_places_of_their_streams():
    keys = np.array([stream_key(7, row) for row in (8, 11)], dtype=np.uint64)
    both = uniforms(keys, np.array([3, 0]), 5)
    np.testing.assert_array_equal(both[:, 0], drawn(7, [8], 8)[3:, 0])
    np.testing.assert_array_equal(both[:, 1], drawn(7, [11], 5)[:, 0])


def test_no_rows_have_no_numbers():
    assert drawn(7, [], 4).shape == (4, 0)


def test_numbers_are_uniform_and_rows_are_not_alike():
    numbers = drawn(7, list(range(13)), 5_000)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    # 65,000 draws: the standard error of a tenth's count is 76; five of them are 382.
    counts, _ = np.histogram(numbers, bins=10, range=(0, 1))
    assert abs(counts - 6_500).max() < 382
    between_rows = np.corrcoef(numbers.T) - np.eye(13)
    assert abs(between_rows).max() < 5 / np.sqrt(5_000)
    lagged = np.corrcoef(numbers[1:].ravel(), numbers[:-1].ravel())[0, 1]
    assert abs(lagged) < 5 / np.sqrt(65_000)


def test_neighbouring_seeds_share_nothing():
    first, second = drawn(7, [0, 1], 500), drawn(8, [0, 1], 500)
    assert not np.isin(first, second).any()


@given(SEEDS, st.lists(st.integers(0, 2**63), max_size=4))
def test_a_derived_seed_is_a_63_bit_number_and_depends_on_every_part(seed, place):
    found = derive(seed, *place)
    assert 0 <= found < 2**63
    assert found == derive(seed, *place)
    assert found != derive(seed, *place, 0)
    assert found != derive(seed + 1, *place)


def test_derived_seeds_do_not_collide():
    found = {derive(s, a, b) for s in range(11) for a in range(13) for b in range(17)}
    assert len(found) == 11 * 13 * 17


def test_the_scrambler_is_the_published_one():
    # First outputs of SplitMix64 from state 0: the finaliser of 1, 2 and 3 times the golden ratio.
    golden = np.uint64(0x9E3779B97F4A7C15)
    states = np.arange(1, 4, dtype=np.uint64) * golden
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(value) for value in mix(states)] == expected


def test_the_numbers_of_a_seed_never_change():
    np.testing.assert_array_equal(drawn(7, [0, 3], 2), GOLDEN)


GOLDEN = [[0.7161715188354523, 0.17642813063848495], [0.5121992729395309, 0.8141040364651345]]


@given(st.integers(-(2**70), 2**70), st.lists(st.integers(0, 2**40), min_size=1, max_size=5))
def test_many_keys_at_once_are_the_keys_one_by_one(seed, rows):
    found = stream_keys(seed, np.array(rows))
    assert found.tolist() == [stream_key(seed, row) for row in rows]
