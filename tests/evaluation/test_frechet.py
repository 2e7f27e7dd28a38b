import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.evaluation.frechet import frechet

seeds = st.integers(0, 2**32)


def cloud(seed, n, size, shift=0.0):
    generator = np.random.default_rng(seed)
    spread = generator.normal(size=(size, size))
    return (generator.normal(size=(n, size)) @ spread + shift).astype(np.float32)


def slow(real, generated, n_components):
    """The formula by the letter, with the trace from the eigenvalues of C1 C2."""
    pooled = np.concatenate([real, generated]).astype(np.float64)
    axes = np.linalg.svd(pooled - pooled.mean(axis=0))[2][:n_components].T
    real, generated = real @ axes, generated @ axes
    one, other = (np.atleast_2d(np.cov(side.T)) for side in (real, generated))
    roots = np.sqrt(np.maximum(np.linalg.eigvals(one @ other).real, 0))
    apart = real.mean(axis=0) - generated.mean(axis=0)
    return apart @ apart + np.trace(one) + np.trace(other) - 2 * roots.sum()


@settings(max_examples=40)
@given(seeds, st.integers(2, 40), st.integers(2, 40), st.integers(1, 6), st.integers(1, 7))
def test_the_distance_is_that_of_the_formula(seed, n, m, size, n_components):
    real, generated = cloud(seed, n, size), cloud(seed + 1, m, size, shift=0.5)
    found = frechet(real, generated, n_components=n_components, seed=0).value
    expected = slow(real, generated, n_components)
    assert found == pytest.approx(max(expected, 0), abs=1e-3 * (1 + abs(expected)))


def test_along_a_line_it_is_the_difference_of_means_and_of_deviations_squared():
    real = np.array([[0.0], [2.0]], dtype=np.float32)  # mean 1, deviation sqrt(2)
    generated = np.array([[1.0], [9.0]], dtype=np.float32)  # mean 5, deviation 4 sqrt(2)
    expected = 4**2 + (4 * 2**0.5 - 2**0.5) ** 2
    assert frechet(real, generated, seed=0).value == pytest.approx(expected)


@settings(max_examples=40)
@given(seeds, st.integers(1, 30))
def test_a_set_is_at_distance_0_from_itself_and_at_a_step_squared_when_moved(seed, n):
    real = cloud(seed, n, 5)
    step = np.array([1, 0, -2, 0, 0.5], dtype=np.float32)
    assert frechet(real, real, seed=0).value == pytest.approx(0, abs=1e-6)
    assert frechet(real, real + step, seed=0).value == pytest.approx(5.25, rel=1e-3)


@settings(max_examples=40)
@given(seeds)
def test_the_sides_are_interchangeable(seed):
    real, generated = cloud(seed, 20, 4), cloud(seed + 1, 30, 4)
    there, back = frechet(real, generated, seed=0), frechet(generated, real, seed=0)
    assert there.value == pytest.approx(back.value, rel=1e-4)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 50), (50, 1), (50, 50)])
def test_one_sentence_repeated_gives_a_number(n, m):
    real = np.repeat(cloud(0, 1, 8), n, axis=0)
    generated = np.repeat(cloud(1, 1, 8), m, axis=0)
    found = frechet(real, generated, seed=0)
    expected = np.square(real[0] - generated[0]).sum()
    assert found.value == pytest.approx(expected, rel=1e-4)
    assert frechet(real, real, seed=0).value == pytest.approx(0, abs=1e-9)


def test_one_sentence_is_farther_from_real_text_than_real_text_is():
    real, twin = cloud(0, 200, 8), cloud(0, 400, 8)[200:]
    repeated = np.repeat(twin[:1], 200, axis=0)
    assert frechet(real, repeated, seed=0).value > 20 * frechet(real, twin, seed=0).value


def test_axes_beyond_the_components_are_not_looked_at():
    real = cloud(0, 50, 3) * np.array([100, 1, 1], dtype=np.float32)
    generated = real + np.array([0, 5, 0], dtype=np.float32)
    assert frechet(real, generated, n_components=1, seed=0).value < 0.1
    assert frechet(real, generated, n_components=3, seed=0).value == pytest.approx(25, rel=1e-2)


def test_the_interval_holds_the_value_is_seeded_and_narrows_with_more_pieces():
    few = frechet(cloud(0, 40, 4), cloud(0, 40, 4, shift=1), seed=3)
    many = frechet(cloud(0, 900, 4), cloud(0, 900, 4, shift=1), seed=3)
    for found in (few, many):
        assert 0 <= found.interval[0] < found.value < found.interval[1]
    assert many.interval[1] - many.interval[0] < (few.interval[1] - few.interval[0]) / 2
    assert few == frechet(cloud(0, 40, 4), cloud(0, 40, 4, shift=1), seed=3)
    assert few.interval != frechet(cloud(0, 40, 4), cloud(0, 40, 4, shift=1), seed=4).interval


def test_pieces_of_one_document_widen_the_interval():
    documents = cloud(0, 30, 4)
    real = np.repeat(documents, 10, axis=0) + cloud(1, 300, 4) / 10
    generated = cloud(2, 300, 4)
    groups = np.repeat(np.arange(30), 10)
    alone = frechet(real, generated, seed=0)
    together = frechet(real, generated, groups_real=groups, seed=0)
    assert together.value == alone.value
    wide, narrow = (f.interval[1] - f.interval[0] for f in (together, alone))
    assert wide > 1.5 * narrow


def test_a_single_document_has_no_interval():
    real, groups = cloud(0, 20, 4), np.zeros(20, dtype=np.int64)
    assert frechet(real, cloud(1, 20, 4), groups_generated=groups, seed=0).interval is None
