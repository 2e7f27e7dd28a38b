import numpy as np
import pytest

from serinette.core.metric import Metric
from serinette.evaluation.figure import (
    Figure,
    differences,
    in_setting,
    ratio_figure,
    with_floors,
)

FACTS = {"name": "a", "key": "a", "unit": "", "better": "lower"}


def figure(values, sizes=None, **changes):
    arrays = [None if part is None else np.asarray(part, dtype=float) for part in (values, sizes)]
    return ratio_figure(arrays[0], arrays[1], seed=0, **{**FACTS, **changes})


def unpaired(value, interval=None, **changes):
    return Figure(metric=Metric(**{**FACTS, "n": 3, **changes}, value=value, interval=interval))


def test_a_ratio_is_a_sum_over_a_sum_and_never_a_mean_of_means():
    assert figure([1, 9], [1, 3]).metric.value == 2.5


def test_a_scale_multiplies_value_interval_and_pieces():
    values = np.random.default_rng(0).random(40)
    plain, scaled = figure(values).metric, figure(values, scale=100.0).metric
    assert scaled.value == pytest.approx(100 * plain.value)
    assert scaled.interval == pytest.approx([100 * end for end in plain.interval])


def test_a_floor_is_found_by_key_with_its_interval():
    floor = figure(np.arange(9), key="b")
    found = with_floors([figure([1.0]), figure([1.0], key="b")], [floor])
    assert found[0].metric.floor is None
    assert (found[1].metric.floor, found[1].metric.floor_interval) == (
        floor.metric.value,
        floor.metric.interval,
    )


def test_the_interval_of_a_paired_difference_is_that_of_the_differences():
    generator = np.random.default_rng(1)
    common = generator.normal(0, 5, 400)
    a, b = figure(common + 0.3), figure(common + generator.normal(0, 0.1, 400))
    (found,) = differences([a], [b], seed=0)
    assert found.is_paired
    assert found.value == pytest.approx(0.3, abs=0.02)
    assert found.interval[0] > 0.25
    assert found.interval[1] < 0.35
    assert found.better == "second"
    # Unpaired, the spread of the pieces would have hidden it.
    assert np.diff(a.metric.interval)[0] > 0.5


def test_a_difference_of_ratios_agrees_with_resampling_both_together():
    generator = np.random.default_rng(2)
    sizes = [generator.integers(1, 9, 300).astype(float) for _ in range(2)]
    totals = [size * generator.random(300) for size in sizes]
    pair = [figure(t, s) for t, s in zip(totals, sizes, strict=True)]
    (found,) = differences([pair[0]], [pair[1]], seed=0)
    draws = generator.integers(0, 300, (2000, 300))
    slow = [
        totals[0][d].sum() / sizes[0][d].sum() - totals[1][d].sum() / sizes[1][d].sum()
        for d in draws
    ]
    assert found.interval == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.01)


def test_draws_that_were_cut_differently_are_no_pairs():
    values = np.arange(8.0)
    alike, other = np.repeat([0, 1], 4), np.repeat([0, 1], [3, 5])
    a, b, c = (figure(values, groups=groups) for groups in (alike, alike.copy(), other))
    found = [differences([a], [x], seed=0)[0].is_paired for x in (b, c, figure(values))]
    assert found == [True, False, False]


def test_figures_without_pieces_are_compared_unpaired_and_only_with_intervals():
    a, b = unpaired(1.0, (0.9, 1.1)), unpaired(2.0, (1.9, 2.1))
    (found,) = differences([a], [b], seed=0)
    assert not found.is_paired
    assert found.interval == pytest.approx((-1 - 2**0.5 / 10, -1 + 2**0.5 / 10))
    assert found.better == "first"
    (found,) = differences([unpaired(1.0)], [b], seed=0)
    assert (found.interval, found.better) == (None, "even")


def test_nearer_to_real_text_is_better_whatever_the_direction():
    a = unpaired(3.0, (2.9, 3.1), better="real", floor=2.0)
    b = unpaired(1.5, (1.4, 1.6), better="real", floor=2.0)
    assert differences([a], [b], seed=0)[0].better == "second"


def test_only_figures_that_both_have_are_compared():
    a = in_setting([unpaired(1.0), unpaired(1.0, key="b")], "T=1")
    b = [*in_setting([unpaired(2.0)], "T=1"), *in_setting([unpaired(2.0, key="b")], "T=0.8")]
    assert [(d.first.key, d.first.setting) for d in differences(a, b, seed=0)] == [("a", "T=1")]
