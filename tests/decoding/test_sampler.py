import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import schema

from serinette.core.errors import ConstraintError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.sampler import Sampler

SCHEMA = schema(5)
logits_rows = st.lists(
    st.lists(st.integers(-3, 3).map(float), min_size=5, max_size=5), min_size=1, max_size=4
).map(lambda rows: np.array(rows, dtype=np.float32))


def drawn(sampler, logits, u, *, plainly):
    u = np.full(len(logits), u)
    if plainly:
        return sampler.draw_plain(logits, u)
    memory = sampler.start(len(logits))
    return sampler.draw(sampler.shape(logits, memory, np.full(len(logits), 9)).logits, u)


@given(logits_rows, st.floats(0, 1, exclude_max=True), st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_the_short_way_draws_what_the_long_way_draws(logits, u, temperature):
    sampler = Sampler(DecodingConfig(temperature=temperature), SCHEMA)
    # A number on the very border between two symbols may fall on either side.
    u = float(np.floor(u * 997) + 0.5) / 998
    long_way = drawn(sampler, logits, u, plainly=False)
    assert np.array_equal(drawn(sampler, logits, u, plainly=True), long_way)
    assert (long_way != 1).all()  # `missing`


@given(logits_rows, st.floats(0, 1, exclude_max=True))
def test_a_row_draws_the_same_alone_even_beside_absurd_logits(logits, u):
    logits = np.concatenate([logits, np.array([[9e4, 0, 0, 9e4, -9e4]], dtype=np.float32)])
    sampler = Sampler(DecodingConfig(temperature=0.7), SCHEMA)
    with np.errstate(over="ignore", invalid="ignore"):
        together = drawn(sampler, logits, u, plainly=True)
        for row in range(len(logits)):
            alone = drawn(sampler, logits[row : row + 1], u, plainly=True)
            assert alone[0] == together[row]


@given(logits_rows, st.floats(0, 1, exclude_max=True))
def test_top_k_of_one_is_greedy(logits, u):
    one = Sampler(DecodingConfig(top_k=1), SCHEMA)
    greedy = Sampler(DecodingConfig(greedy=True), SCHEMA)
    assert np.array_equal(
        drawn(one, logits, u, plainly=False), drawn(greedy, logits, u, plainly=True)
    )


def test_temperature_comes_before_top_p():
    logits = np.log(np.array([[0.5, 1e-9, 0.3, 0.15, 0.05]], dtype=np.float32))
    sampler = Sampler(DecodingConfig(temperature=2.0, top_p=0.8), SCHEMA)
    shaped = sampler.shape(logits, sampler.start(1), np.array([1]))
    assert np.isfinite(shaped.logits).tolist() == [[True, False, True, True, False]]


def test_every_filter_and_penalty_has_its_say():
    logits = np.array([[2.0, 9.0, 1.0, 0.5, -1.0]], dtype=np.float32)
    settings = [
        {"top_k": 2},
        {"top_p": 0.5},
        {"min_p": 0.9},
        {"typical_p": 0.2},
        {"repetition_penalty": 9.0},
        {"presence_penalty": 5.0},
        {"frequency_penalty": 5.0, "penalty_window": 4},
    ]
    plain = Sampler(DecodingConfig(), SCHEMA).shape_plain(logits)
    for setting in settings:
        sampler = Sampler(DecodingConfig(**setting), SCHEMA)
        assert not sampler.is_plain
        memory = sampler.remember(sampler.start(1), np.array([0]))
        memory = memory.select(np.array([0, 0])).join(memory).select(np.array([2]))
        shaped = sampler.shape(logits, memory, np.array([3])).logits
        assert not np.array_equal(shaped, plain), setting


def test_bias_is_added_in_nats():
    sampler = Sampler(DecodingConfig(), SCHEMA, np.array([0, 0, 0, 50.0, 0]))
    assert drawn(sampler, np.zeros((1, 5), dtype=np.float32), 0.5, plainly=True).tolist() == [3]


class Alternating:
    """Even symbols and odd symbols take turns; `dead_end` allows nothing at all."""

    def __init__(self, *, dead_end=False):
        self._dead_end = dead_end

    def start(self, n_rows):
        return np.zeros(n_rows, dtype=np.int64)

    def allowed(self, state, remaining):
        mask = (np.arange(5)[None] + state[:, None]) % 2 == 0
        return mask & (not self._dead_end)

    def advance(self, state, symbols):
        return 1 - state


def test_a_constraint_holds_at_every_step():
    sampler = Sampler(DecodingConfig(), SCHEMA, None, Alternating())
    memory = sampler.start(3)
    logits = np.zeros((3, 5), dtype=np.float32)
    for turn in range(6):
        shaped = sampler.shape(logits, memory, np.full(3, 9))
        symbols = sampler.draw(shaped.logits, np.array([0.1, 0.5, 0.9]))
        assert (symbols % 2 == turn % 2).all()
        memory = sampler.remember(memory, symbols)


def test_a_dead_end_is_refused():
    sampler = Sampler(DecodingConfig(), SCHEMA, None, Alternating(dead_end=True))
    with pytest.raises(ConstraintError, match="the constraints leave no symbol to draw"):
        sampler.shape(np.zeros((1, 5), dtype=np.float32), sampler.start(1), np.array([1]))
