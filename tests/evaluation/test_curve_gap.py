"""Whether a model leaves the curve of another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.evaluation.curve_gap import Place, gap_words, gaps

NUMBERS = st.floats(-5, 5, allow_nan=False)
CURVES = st.lists(
    st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=6, unique_by=lambda xy: round(xy[0], 2)
)
CURVE = [Place(name="T=0.7", x=2.0, y=6.0, half=0.1), Place(name="T=1", x=4.0, y=4.0, half=0.3)]


def places(pairs):
    return [Place(name=f"{k}", x=x, y=y) for k, (x, y) in enumerate(pairs)]


@given(CURVES, st.randoms(use_true_random=False))
def test_a_curve_lies_on_itself_in_any_order(pairs, random):
    curve = places(pairs)
    shuffled = random.sample(curve, len(curve))
    found = gaps(curve, shuffled)
    assert [gap.name for gap in found] == [place.name for place in curve]
    assert np.allclose([gap.value for gap in found], 0)


@given(CURVES, st.floats(0.01, 3), st.floats(0, 1))
def test_what_is_moved_off_the_curve_is_that_far_off_it(pairs, moved, share):
    curve = sorted(places(pairs), key=lambda place: place.x)
    first, second = curve[0], curve[1]
    x = min(first.x + share * (second.x - first.x), second.x)
    y = np.interp(x, [first.x, second.x], [first.y, second.y])
    (gap,) = gaps([Place(name="p", x=x, y=y - moved)], curve)
    assert gap.value == pytest.approx(-moved, abs=1e-6)
    assert gap.side == "better"
    (gap,) = gaps([Place(name="p", x=x, y=y + moved, half=2 * moved)], curve)
    assert gap.side == "on"


def test_beyond_the_ends_nothing_is_said():
    outside = [Place(name="T=0.1", x=1.9, y=0.0), Place(name="T=2", x=4.1, y=0.0)]
    assert gaps(outside, CURVE) == ()
    assert gaps(outside, []) == ()
    assert "measure at more --temperatures" in gap_words((), "nats")


def test_words_for_a_model_that_stays_and_for_one_that_leaves():
    stays = gaps([Place(name="T=1", x=3.0, y=5.1, half=0.0)], CURVE)
    assert stays[0].half == pytest.approx(0.2)
    assert gap_words(stays, "nats") == (
        "It stays on its likelihood start's curve (T=1: +0.1 ± 0.2 nats at the same quality; below "
        "0 is better): another temperature would have done as much."
    )
    both = [Place(name="T=0.7", x=2.0, y=5.0), Place(name="T=1", x=3.0, y=6.5)]
    assert gap_words(gaps(both, CURVE), "nats") == (
        "It leaves its likelihood start's curve to the better at T=0.7, by up to 1 nats at the "
        "same quality. It leaves its likelihood start's curve to the worse at T=1, by up to 1.5 "
        "nats at the same quality."
    )
