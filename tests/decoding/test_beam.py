"""Four symbols and two steps: seven sequences, whose chances are worked out."""

from itertools import permutations, product

import numpy as np
import pytest
from ruled_drawing import (
    BAIT,
    END,
    NO_CONTEXT,
    Anything,
    NoDouble,
    Script,
    Trap,
    sampler_of,
)
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ConstraintError
from serinette.decoding.beam import Beam, stochastic_beam
from serinette.decoding.engine import Row
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats

SHARES = {END: 0.2, 2: 0.5, 3: 0.3}
CHANCES = {(END,): SHARES[END]} | {
    (a, b): SHARES[a] * SHARES[b] for a, b in product((2, 3), SHARES)
}


def stepper():
    return FixedStepper(schema(4), np.log([0.2, 1e-9, 0.5, 0.3]))


def beam(a_stepper, number=0, *, width=4, max_steps=2, constraint=None, seed=1):
    row = Row(number=number, read=np.array([END]), context=NO_CONTEXT)
    sampler = sampler_of(a_stepper, constraint)
    return list(
        stochastic_beam(a_stepper, sampler, row, Beam(width=width, max_steps=max_steps, seed=seed))
    )


@pytest.fixture(scope="module")
def lstm():
    graph = build_step_graph(config(), schema(), weights(config(), schema()))
    return OnnxStepper(graph, schema())


def chi_square(found, chances, n):
    assert set(found) <= set(chances)
    return sum((found.get(key, 0) - n * p) ** 2 / (n * p) for key, p in chances.items())


def counted(keys):
    found = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def test_the_chances_of_the_seven_sequences_add_up():
    assert len(CHANCES) == 7
    assert sum(CHANCES.values()) == pytest.approx(1)


@pytest.mark.slow
def test_a_pair_is_drawn_without_replacement():
    """42 ordered pairs; the sum of squares is above 110 once in 10**7 times."""
    n, a_stepper = 500, stepper()
    pairs = (beam(a_stepper, number, width=2) for number in range(n))
    found = counted(tuple(tuple(one.symbols.tolist()) for one in pair) for pair in pairs)
    chances = {
        (s, t): CHANCES[s] * CHANCES[t] / (1 - CHANCES[s]) for s, t in permutations(CHANCES, 2)
    }
    assert chi_square(found, chances, n) < 110


@pytest.mark.slow
def test_a_beam_of_one_draws_from_the_ordinary_distribution():
    """6 degrees of freedom; above 42 once in 10**7 times."""
    n, a_stepper = 300, stepper()
    drawn = (beam(a_stepper, number, width=1) for number in range(n))
    found = counted(tuple(one.symbols.tolist()) for (one,) in drawn)
    assert chi_square(found, CHANCES, n) < 42


def test_a_beam_as_wide_as_the_world_finds_every_sequence_once():
    found = [tuple(one.symbols.tolist()) for one in beam(stepper(), width=30)]

    assert sorted(found) == sorted(CHANCES)


def test_all_sequences_of_a_beam_are_different_and_keep_the_rules(lstm):
    for number in range(8):
        found = beam(lstm, number, width=9, max_steps=12, constraint=NoDouble())
        texts = {one.symbols.tobytes() for one in found}
        assert len(texts) == len(found) == 9
        for one in found:
            assert (one.symbols[1:] != one.symbols[:-1]).all()
            assert one.finish_reason == ("end" if one.symbols[-1] == END else "length")
            assert END not in one.symbols[:-1]


def test_a_beam_tells_the_score_of_what_it_found(lstm):
    for one in beam(lstm, width=6, max_steps=15, constraint=NoDouble()):
        (nats,) = sequence_nats(
            lstm, [np.concatenate([np.array([END]), one.symbols])], NO_CONTEXT[None]
        )
        np.testing.assert_allclose(one.log_probs, -nats, rtol=1e-5)
        np.testing.assert_allclose(
            one.sampling_log_probs, one.log_probs - np.log(one.kept), rtol=1e-4, atol=1e-6
        )


def test_same_seed_same_beam_and_rows_differ(lstm):
    def symbols(number, seed=1, constraint=None):
        found = beam(lstm, number, max_steps=20, seed=seed, constraint=constraint)
        return [one.symbols.tolist() for one in found]

    assert symbols(3) == symbols(3)
    assert symbols(3) == symbols(3, constraint=Anything())
    assert symbols(3) != symbols(4)
    assert symbols(3) != symbols(3, seed=2)


def test_steps_that_the_rules_force_change_no_order():
    """Noise is handed on: where there is no choice, the perturbed log-probability stays."""
    choice, forced = (2, 3, END), [(2,)] * 5
    for number in range(40):
        short = beam(stepper(), number, width=3, max_steps=1, constraint=Script([choice], 4))
        long = beam(
            stepper(), number, width=3, max_steps=6, constraint=Script([choice, *forced], 4)
        )
        assert [one.symbols[0] for one in long] == [one.symbols[0] for one in short]


def test_a_sequence_that_the_rules_fix_is_the_only_one():
    (one,) = beam(stepper(), max_steps=9, constraint=Script([(2,), (3,), (END,)], 4))
    assert one.symbols.tolist() == [2, 3, END]
    np.testing.assert_allclose(one.kept, [0.5, 0.3, 0.2], rtol=1e-6)


def test_a_dead_end_leaves_the_beam():
    found = beam(stepper(), width=30, max_steps=3, constraint=Trap(4))
    assert all(BAIT not in one.symbols[:-1] for one in found)
    assert len(found) > 3


def test_a_beam_that_is_left_without_a_sequence_is_refused():
    lured = FixedStepper(schema(4), [-90.0, -90, 90, -90])
    with pytest.raises(ConstraintError, match=r"sample 0: .* left the beam no sequence; .*--beam"):
        beam(lured, width=1, max_steps=5, constraint=Trap(4))
