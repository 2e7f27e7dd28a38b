"""Mixtures that are cut off at bounds: a density again, and draws that have it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.core.distributions import (
    mixture_draw,
    mixture_log_inside,
    mixture_log_prob,
    mixture_of,
)
from serinette.nets.fields import _log_inside

PARAMS = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).normal(size=(1, 3 * 4 + 1)) * 1.5
)
"""One atom and four logistics."""


def cut(low, high, n=1):
    return np.full(n, low), np.full(n, high)


@given(PARAMS, st.floats(-5, 5), st.floats(0.01, 6))
@settings(deadline=None)
def test_a_cut_density_adds_up_to_what_the_parts_weigh(params, low, width):
    mixture = mixture_of(params, 1)
    y = np.linspace(low, low + width, 20_001)
    many = type(mixture)(*(np.repeat(part, len(y), axis=0) for part in mixture))
    ones, bounds = np.ones(len(y), dtype=np.int64), cut(low, low + width, len(y))
    density = np.exp(mixture_log_prob(many, ones, y, bounds))
    atom = np.exp(mixture_log_prob(mixture, np.zeros(1, dtype=np.int64), np.zeros(1)))[0]
    assert np.trapezoid(density, y) == pytest.approx(1 - atom, rel=0.02)


@given(PARAMS, st.floats(-300, 300), st.floats(0, 6), st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_a_draw_lies_within_its_bounds_however_far_they_are(params, low, width, u):
    choice, value = mixture_draw(mixture_of(params, 1), np.array([u]), bounds=cut(low, low + width))
    assert choice[0] == 0 or low <= value[0] <= low + width


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.5), (2.0, 9.0), (-1e6, 0.0)])
def test_draws_have_the_density_that_is_told(low, high):
    n = 40_000
    params = np.random.default_rng(3).normal(size=(1, 12)).repeat(n, axis=0)
    mixture = mixture_of(params, 0)
    u = (np.arange(n) + 0.5) / n
    drawn = mixture_draw(mixture, u, bounds=cut(low, high, n))[1]
    for place in (0.2, 0.5, 0.8):
        at = float(np.quantile(drawn, place))
        whole = np.exp(mixture_log_inside(mixture, cut(low, high, n))[0])
        part = np.exp(mixture_log_inside(mixture, cut(low, at, n))[0])
        weights = np.exp(mixture.logits[0] - np.logaddexp.reduce(mixture.logits[0]))
        assert (weights * part).sum() / (weights * whole).sum() == pytest.approx(place, abs=5e-3)


def test_torch_and_numpy_cut_alike():
    params = np.random.default_rng(1).normal(size=(7, 9))
    mixture = mixture_of(params, 0)
    low, high = np.linspace(-20, 3, 7), np.linspace(-19, 30, 7)
    expected = mixture_log_inside(mixture, (low, high))
    means, raw = (torch.from_numpy(params[:, k : k + 3]) for k in (3, 6))
    found = _log_inside(means, raw, torch.from_numpy(low), torch.from_numpy(high))
    assert np.allclose(found.numpy(), expected, atol=1e-6)
