"""Cells are chosen on one half and measured on the other; chance looks like chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.explaining.probes import Cell, StateSample, probe, questions
from serinette.explaining.ranking import area, area_interval, areas
from serinette.kinds.trait import Trait


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_the_share_of_pairs_in_the_right_order(pairs):
    values, is_so = np.array([v for v, _ in pairs], dtype=float), np.array([s for _, s in pairs])
    if is_so.all() or not is_so.any():
        return
    won = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, b in itertools.product(values[is_so], values[~is_so])
    ]
    assert area(values, is_so) == pytest.approx(np.mean(won))


def test_many_columns_at_once_give_what_one_gives():
    r = np.random.default_rng(0)
    columns = r.normal(size=(97, 300)).astype(np.float32)
    is_so = r.random((97, 3)) < 0.3
    found = areas(columns, is_so)
    for m, k in itertools.product(range(3), (0, 150, 299)):
        assert found[m, k] == pytest.approx(area(columns[:, k], is_so[:, m]))


def states(n=2_000, seed=0):
    """Noise in 2 layers of 9 cells; cell 1:4 keeps whether something holds, in its c."""
    r = np.random.default_rng(seed)
    is_so = np.repeat(r.random(n // 10) < 0.4, 10)
    h, c = r.normal(size=(2, n, 2, 9)).astype(np.float32)
    c[:, 1, 4] -= 6 * is_so
    return StateSample(h, c), is_so


def test_the_cell_that_knows_is_found_with_its_sign():
    sample, is_so = states()
    blocks = np.arange(len(is_so)) // 50
    trait = Trait(name="inside", values=is_so)
    (found,) = probe(sample, [trait], states(seed=1)[0], blocks)
    assert (found.cell, found.of, found.sign) == (Cell(1, 4), "c", -1)
    assert str(found.cell) == "1:4"
    assert found.auc > 0.99
    assert found.linear > 0.99
    assert found.interval is not None
    assert found.interval[0] <= found.auc <= found.interval[1] + 1e-9
    assert found.n == len(is_so) // 2
    assert found.to_json()["cell"] == "1:4"


def test_noise_is_not_flattered_by_the_choice_among_many_cells():
    r = np.random.default_rng(3)
    h, c = r.normal(size=(2, 1_000, 2, 200)).astype(np.float32)
    trait = Trait(name="nothing", values=r.random(1_000) < 0.5)
    (found,) = probe(StateSample(h, c), [trait], None, np.arange(1_000) // 20)
    columns = StateSample(h, c).columns()
    flattered = areas(columns[500:], trait.values[500:, None]).max()
    assert flattered > 0.56
    assert abs(found.auc - 0.5) < 0.06
    assert abs(found.chance - 0.5) < 0.06
    assert found.untrained is None


def test_an_untrained_network_and_chance_stand_beside_each_finding():
    sample, is_so = states()
    (found,) = probe(sample, [Trait(name="x", values=is_so)], sample, np.arange(2_000) // 50)
    assert found.untrained == found.auc
    assert abs(found.chance - 0.5) < 0.1


def test_numbers_are_held_against_the_median_of_the_first_half_and_rare_traits_left_out():
    values = np.concatenate([np.arange(100), np.arange(1_000, 1_100)])
    asked = questions(
        [
            Trait(name="place", values=values),
            Trait(name="place", values=values % 100, is_ahead=True),
            Trait(name="never", values=np.zeros(200, dtype=bool)),
            Trait(name="once", values=np.arange(200) == 7),
        ],
        100,
    )
    assert [(q.name, q.is_ahead) for q in asked] == [("place > 49.5", True)]


def test_nothing_to_ask_gives_no_findings():
    sample, _ = states()
    assert (
        probe(sample, [Trait(name="n", values=np.zeros(2_000, bool))], None, np.zeros(2_000, int))
        == []
    )


def test_the_interval_of_separate_classes_is_narrow_and_within_bounds():
    is_so = np.arange(400) % 7 < 3
    values = is_so + np.random.default_rng(0).normal(size=400) * 0.1
    low, high = area_interval(values, is_so, np.arange(400) // 20)
    assert 0.97 < low <= high <= 1.0
