"""The equations of the network of tables give the states of the fast path, and true derivatives."""

import numpy as np
import pytest

from serinette.core.schema import Schema, SymbolField, ValueField
from serinette.decoding.fields import FieldsNetwork
from serinette.explaining.fields import RowNetwork, untrained_rows
from serinette.nets.fields_config import FieldsConfig, expected_shapes

SCHEMA = Schema(
    fields=(SymbolField(name="colour", size=5), ValueField(name="a", parts=3)),
    context=(SymbolField(name="place", size=3),),
    n_features=3,
    n_given=2,
)
CONFIG = FieldsConfig(hidden_size=7, n_layers=2, embedding_size=3, field_units=6)


def made(seed=0):
    r = np.random.default_rng(seed)
    weights = {
        name: r.uniform(-0.7, 0.7, shape).astype(np.float32)
        for name, shape in expected_shapes(CONFIG, SCHEMA).items()
    }
    numbers = r.normal(size=(4, 9, 5)).astype(np.float32)
    return weights, numbers, r.integers(0, 5, (4, 9, 1)), r.integers(0, 3, (4, 1))


def test_states_are_those_of_the_fast_network():
    weights, numbers, symbols, context = made()
    rows = RowNetwork(weights, CONFIG)
    traces = rows.forward(rows.inputs(numbers, symbols, context))
    fast = FieldsNetwork(weights, CONFIG, SCHEMA)
    memory = fast.start(4)
    for t in range(9):
        _, memory = fast.advance(numbers[:, t], symbols[:, t], context, memory)
        for k, trace in enumerate(traces):
            np.testing.assert_allclose(trace.h[:, t], memory.h[k], atol=2e-6)
            np.testing.assert_allclose(trace.c[:, t], memory.c[k], atol=4e-6)


def test_derivatives_are_central_differences_of_the_last_output():
    weights, numbers, symbols, context = made(1)
    rows = RowNetwork(weights, CONFIG, dtype=np.float64)
    inputs = rows.inputs(numbers, symbols, context)
    d_last = np.random.default_rng(2).normal(size=(4, 7))
    found = rows.input_gradients(rows.forward(inputs), d_last)
    for place in [(0, 0, 1), (3, 8, 4), (2, 5, 7)]:
        nudge = np.zeros_like(inputs)
        nudge[place] = 1e-6
        ends = [rows.forward(inputs + sign * nudge)[-1].h[:, -1] for sign in (1, -1)]
        slope = ((ends[0] - ends[1]) * d_last).sum() / 2e-6
        assert found[place] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_an_untrained_network_reads_the_same_rows():
    _, numbers, symbols, context = made()
    rows = untrained_rows(CONFIG, SCHEMA)
    traces = rows.forward(rows.inputs(numbers, symbols, context))
    assert traces[-1].h.shape == (4, 9, 7)
    assert (np.abs(traces[-1].h) < 1).all()
