import numpy as np
import pytest
from ruled_drawing import (
    BAIT,
    END,
    NO_CONTEXT,
    Anything,
    Dear,
    NoDouble,
    Script,
    Trap,
    draw_ruled,
    sampler_of,
)
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ConstraintError
from serinette.decoding.engine import MOST_ATTEMPTS
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats

SETTINGS = {
    "plain": {},
    "cool": {"temperature": 0.7},
    "filters": {"top_k": 6, "top_p": 0.9, "min_p": 0.01, "typical_p": 0.95},
    "penalties": {"repetition_penalty": 1.2, "frequency_penalty": 0.1, "penalty_window": 5},
}


@pytest.fixture(scope="module")
def lstm():
    graph = build_step_graph(config(), schema(), weights(config(), schema()))
    return OnnxStepper(graph, schema())


def assert_same(one, other):
    for name in ("symbols", "log_probs", "kept"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    np.testing.assert_allclose(one.sampling_log_probs, other.sampling_log_probs, rtol=1e-12)
    assert one.finish_reason == other.finish_reason


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_rule_that_allows_everything_changes_nothing(lstm, settings):
    free = draw_ruled(lstm, range(20), sampler_of(lstm, **settings))
    ruled = draw_ruled(lstm, range(20), sampler_of(lstm, Anything(), **settings))
    for number, drawn in ruled.items():
        np.testing.assert_allclose(drawn.kept, 1.0, rtol=1e-6)
        assert np.array_equal(drawn.symbols, free[number].symbols)
        np.testing.assert_allclose(drawn.log_probs, free[number].log_probs, rtol=1e-6)
        np.testing.assert_allclose(
            drawn.sampling_log_probs, free[number].sampling_log_probs, rtol=1e-6
        )


def test_log_probability_under_a_rule_is_the_score_of_the_result(lstm):
    for one in draw_ruled(lstm, range(12), sampler_of(lstm, NoDouble())).values():
        assert (one.symbols[1:] != one.symbols[:-1]).all()
        (nats,) = sequence_nats(
            lstm, [np.concatenate([np.array([END]), one.symbols])], NO_CONTEXT[None]
        )
        np.testing.assert_allclose(one.log_probs, -nats, rtol=1e-6)
        np.testing.assert_allclose(
            one.sampling_log_probs, one.log_probs - np.log(one.kept), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("constraint", [NoDouble(), Trap(), Dear()], ids=["mask", "trap", "dear"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_row_under_a_rule_never_depends_on_its_batch(lstm, constraint, settings):
    many = draw_ruled(lstm, range(23), sampler_of(lstm, constraint, **settings))
    for batch_size in (1, 3):
        sampler = sampler_of(lstm, constraint, **settings)
        few = draw_ruled(lstm, range(5, 14), sampler, batch_size=batch_size)
        for number, drawn in few.items():
            assert_same(drawn, many[number])
            assert drawn.attempt == many[number].attempt


def test_what_the_rule_keeps_is_the_share_worked_out_by_hand():
    """Four symbols: end .1, missing .2, a .3, b .4."""
    stepper = FixedStepper(schema(4), np.log([0.1, 0.2, 0.3, 0.4]))
    sampler = sampler_of(stepper, Script([(2,), (2, 3), (0,)], 4), temperature=0.5)
    for drawn in draw_ruled(stepper, range(3), sampler).values():
        assert drawn.symbols[0] == 2
        assert drawn.symbols[2] == END
        np.testing.assert_allclose(drawn.kept, [0.3, 0.7, 0.1], rtol=1e-6)
        assert drawn.sampling_log_probs[[0, 2]].tolist() == [0, 0]


def test_a_penalty_of_a_rule_leaves_the_kept_share_alone():
    drawn = draw_ruled(FixedStepper(), range(60), sampler_of(FixedStepper(), Dear()))
    symbols = np.concatenate([one.symbols for one in drawn.values()])
    assert BAIT not in symbols
    assert all((one.kept == 1).all() for one in drawn.values())


@pytest.mark.parametrize("settings", [{}, {"top_k": 8, "top_p": 0.95, "typical_p": 0.99}])
def test_a_row_at_a_dead_end_is_begun_afresh_and_no_other_is_disturbed(settings):
    stepper, restarted = FixedStepper(), []
    free = draw_ruled(stepper, range(60), sampler_of(stepper, **settings), max_steps=10_000)
    ruled = draw_ruled(
        stepper,
        range(60),
        sampler_of(stepper, Trap(), **settings),
        max_steps=10_000,
        restart=restarted.append,
    )
    assert sorted(ruled) == list(range(60))
    for number, drawn in ruled.items():
        assert BAIT not in drawn.symbols
        assert len(drawn.symbols) == len(drawn.kept) == len(drawn.log_probs)
        assert restarted.count(number) == drawn.attempt
        assert (drawn.attempt == 0) == (BAIT not in free[number].symbols)
        if drawn.attempt == 0:
            assert np.array_equal(drawn.symbols, free[number].symbols)
    assert max(drawn.attempt for drawn in ruled.values()) > 1


def test_a_rule_that_always_ends_dead_is_given_up():
    stepper, restarted = FixedStepper(logits=[0.0, 0, 90, *[0] * 8]), []
    with pytest.raises(ConstraintError, match=r"sample 4: .* no symbol to draw in 30 attempts"):
        draw_ruled(stepper, [4], sampler_of(stepper, Trap()), restart=restarted.append)
    assert len(restarted) == MOST_ATTEMPTS - 1


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_leaving_out_what_no_row_may_draw_changes_nothing(lstm, settings):
    script = Script([{3}, {4, 5}, {2, 7, 9}, {5}, {0, 2, 3, 4, 5, 6, 8, 9, 10}] * 2)
    sampler = sampler_of(lstm, script, **settings)
    n_compact = 0
    generator = np.random.default_rng(1)
    memory = sampler.start(5)
    for step in range(8):
        logits = generator.standard_normal((5, 11)).astype(np.float32)
        remaining = np.full(5, 8 - step)
        whole = sampler.shape(logits, memory, remaining)
        compact = sampler.shape(logits, memory, remaining, is_compact=True)
        u = generator.random(5)
        assert np.array_equal(whole.kept, compact.kept)
        n_compact += compact.columns is not None
        drawn, log_probs = sampler.draw_shaped(whole, u)
        again, log_probs_again = sampler.draw_shaped(compact, u)
        assert np.array_equal(drawn, again)
        assert np.array_equal(log_probs, log_probs_again)
        memory = sampler.remember(memory, drawn)
    assert n_compact == (0 if "repetition_penalty" in settings else 7)
