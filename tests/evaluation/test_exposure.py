import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.evaluation.exposure import SkewNormal, by_repeats, exposures

REFERENCES = np.arange(1.0, 128.0)  # 127 of them, so 128 candidates and a ceiling of 7 bits


@settings(max_examples=40)
@given(st.integers(0, 999), st.integers(-1, 10))
def test_the_rank_counts_every_reference_that_is_as_likely(seed, canary):
    references = np.random.default_rng(seed).integers(0, 10, 100 + seed % 7)
    found = exposures(np.array([float(canary)]), references.astype(float))
    rank = 1 + sum(nats <= canary for nats in references.tolist())
    assert found.by_rank[0] == pytest.approx(math.log2((len(references) + 1) / rank))
    assert found.is_beyond[0] == (rank == 1)


def test_exposure_runs_from_nothing_to_the_ceiling():
    found = exposures(np.array([0.5, 1.0, 63.5, 500.0]), REFERENCES)
    assert found.by_rank.tolist() == [7, 6, 1, 0]
    assert (found.ceiling, found.n_references) == (7, 127)
    assert found.is_beyond.tolist() == [True, False, False, False]
    assert found.bits[1:].tolist() == [6, 1, 0]


def test_a_line_that_was_never_planted_has_a_median_exposure_of_one_bit():
    draw = np.random.default_rng(0).normal
    found = exposures(draw(size=4000), draw(size=2000))
    assert np.median(found.bits) == pytest.approx(1, abs=0.1)


def test_beyond_the_ceiling_the_tail_is_extrapolated_up_to_the_whole_space():
    references = np.random.default_rng(1).normal(160, 5, 4000)
    canaries = np.array([160 - 5 * 6.0, 160 - 5 * 20.0])
    found = exposures(canaries, references)
    assert found.is_beyond.all()
    assert found.bits[0] == pytest.approx(29.9, abs=3)  # -log2 of the normal tail at -6
    assert found.bits[1] > 200
    assert exposures(canaries, references, space_bits=40.0).bits[1] == 40
    assert (found.bits >= found.ceiling).all()


def test_a_canary_just_ahead_is_never_below_the_ceiling():
    found = exposures(np.array([0.9999]), REFERENCES)
    assert found.extrapolated[0] < 7
    assert found.bits[0] == 7


def test_equal_references_leave_nothing_to_extrapolate():
    found = exposures(np.array([1.0, 2.0, 3.0]), np.full(127, 2.0))
    assert found.extrapolated.tolist() == found.by_rank.tolist() == [7, 0, 0]


def test_too_few_references_are_refused():
    with pytest.raises(ConfigError, match="needs at least 100 reference lines, got 99; draw more"):
        exposures(np.zeros(1), np.arange(99.0))


def test_no_canaries_have_no_exposure():
    assert exposures(np.zeros(0), REFERENCES).bits.shape == (0,)


def normal_below(z):
    """Log of the normal distribution function, by a continued fraction where it is deep."""
    if z > -6:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2)))
    fraction = 0.0
    for k in range(200, 0, -1):
        fraction = k / (-z + fraction)
    return -z * z / 2 - math.log(math.sqrt(2 * math.pi) * (-z + fraction))


@pytest.mark.parametrize("z", [-60.0, -38.0, -30.0, -12.0, -3.0, -0.5, 0.0, 1.0, 8.0])
def test_the_tail_is_exact_where_it_has_a_formula(z):
    """With slant 0 it is the normal one; with 1 its square; with -1 what mirrors the square."""
    below = normal_below(z)
    expected = {0.0: below, 1.0: 2 * below, -1.0: below + math.log(2 - math.exp(below))}
    for slant, value in expected.items():
        shape = SkewNormal(location=5.0, scale=2.0, slant=slant)
        (found,) = shape.log_below(np.array([5.0 + 2.0 * z]))
        assert found == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("slant", [-9.0, -2.0, 0.7, 9.0])
def test_the_tail_is_the_sum_of_the_density(slant):
    grid = np.linspace(-12.0, 1.5, 40_001)
    half = np.array([0.5 * math.erfc(-slant * z / math.sqrt(2)) for z in grid.tolist()])
    density = 2 * half * np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    total = np.trapezoid(density, grid)
    (found,) = SkewNormal(location=0.0, scale=1.0, slant=slant).log_below(np.array([1.5]))
    assert math.exp(found) == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("slant", [-9.0, -2.0, 0.7, 9.0])
def test_quantiles_are_where_the_shares_lie(slant):
    shape = SkewNormal(location=5.0, scale=2.0, slant=slant)
    shares = np.array([0.0005, 0.1, 0.5, 0.9])
    assert np.exp(shape.log_below(shape.quantiles(shares))) == pytest.approx(shares, rel=0.06)


@pytest.mark.parametrize("slant", [-3.0, 0.0, 2.0])
def test_a_fit_finds_the_shape_that_the_values_were_drawn_from(slant):
    delta = slant / math.hypot(1, slant)
    u, v = np.random.default_rng(2).normal(size=(2, 200_000))
    values = 60 + 5 * (delta * np.abs(u) + math.sqrt(1 - delta**2) * v)
    fitted = SkewNormal.fit(values)
    points = np.quantile(values, [0.001, 0.1, 0.5])
    assert np.exp(fitted.log_below(points)) == pytest.approx([0.001, 0.1, 0.5], rel=0.1)


def test_a_heavy_upper_half_does_not_touch_the_lower_tail():
    z = np.random.default_rng(3).normal(size=4000)
    one, other = (SkewNormal.fit(np.where(z > 0.1, factor * z, z)) for factor in (1.0, 9.0))
    assert one == other
    (bits,) = -one.log_below(np.array([-5.0])) / math.log(2)
    assert bits == pytest.approx(21.7, abs=2)


def test_a_line_known_by_heart_is_exposed_for_certain():
    """Two nats: at most 7 lines of the 2^40 can be as likely."""
    draw = np.random.default_rng(4).normal
    found = exposures(np.array([2.0, 40.0]), draw(60, 9, 500), space_bits=40.0)
    assert found.certain == pytest.approx([40 - 2 / math.log(2), 0])
    assert found.certain[0] <= found.bits[0] <= 40
    tail_says_little = exposures(np.array([0.0]), draw(60, 900, 500), space_bits=40.0)
    assert tail_says_little.bits[0] in (40.0, tail_says_little.by_rank[0])
    assert exposures(np.array([2.0]), draw(60, 9, 500)).certain[0] == 0


def test_the_summary_tells_each_number_of_repeats_apart():
    bits = np.array([1.0, 9.0, 2.0, 10.0, 3.0, 30.0])
    repeats = np.array([1, 4, 1, 4, 1, 16])
    rare, more, often = by_repeats(bits, repeats, seed=1)
    assert (rare.repeats, rare.n, rare.median, rare.interval) == (1, 3, 2, (1, 3))
    assert (more.repeats, more.n, more.median, more.interval) == (4, 2, 9.5, (9, 10))
    assert (often.repeats, often.n, often.median, often.interval) == (16, 1, 30, None)
    assert by_repeats(bits, repeats, seed=1) == (rare, more, often)
