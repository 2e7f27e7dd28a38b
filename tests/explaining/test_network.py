"""The equations in NumPy give the states, the predictions and the derivatives of the network."""

import numpy as np
import pytest
import tiny_models

from serinette.artifact.step_graph import build_step_graph
from serinette.core.distributions import categorical_log_prob
from serinette.core.schema import Schema, SymbolField
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.explaining.network import SymbolNetwork, untrained
from serinette.nets.config import expected_shapes

KINDS_OF_NETWORK = [
    {},
    {"readout": "sum", "layer_norm": True},
    {"readout": "last", "tied": True, "n_layers": 1},
    {"tied": True, "layer_norm": True},
]


def a_schema():
    title = [SymbolField(name=f"title{k}", size=4, missing=0, table="title") for k in range(2)]
    form = SymbolField(name="form", size=3)
    return Schema(
        fields=(SymbolField(name="character", size=11, missing=1),), context=(form, *title), end=0
    )


def made(changes, dtype=np.float64):
    schema, config = a_schema(), tiny_models.config(**changes)
    weights = tiny_models.weights(config, schema)
    return SymbolNetwork(weights, config, schema, dtype=dtype), weights, config, schema


@pytest.fixture
def read():
    r = np.random.default_rng(0)
    return r.integers(0, 11, (3, 9)), np.stack([r.integers(0, n, 3) for n in (3, 4, 4)], axis=1)


@pytest.mark.parametrize("changes", KINDS_OF_NETWORK, ids=str)
def test_states_and_logits_are_those_of_the_step_graph(changes, read):
    symbols, context = read
    network, weights, config, schema = made(changes)
    way = network.forward(network.embed(symbols, context), network.empty(3))
    stepper = OnnxStepper(build_step_graph(config, schema, weights), schema)
    state = stepper.start(context)
    for t in range(symbols.shape[1]):
        logits, state = stepper.advance(symbols[:, t : t + 1, None], state)
        for k, trace in enumerate(way.traces):
            np.testing.assert_allclose(trace.h[:, t], state.buffers.h[k], atol=2e-6)
            np.testing.assert_allclose(trace.c[:, t], state.buffers.c[k], atol=4e-6)
    np.testing.assert_allclose(way.logits, logits[:, 0], atol=1e-5)


@pytest.mark.parametrize("changes", KINDS_OF_NETWORK, ids=str)
def test_gradients_are_central_differences_of_the_surprisal(changes, read):
    symbols, context = read
    network, *_ = made(changes)
    targets = np.array([2, 0, 10])
    embedded = network.embed(symbols, context)
    found = network.input_gradients(network.forward(embedded, network.empty(3)), targets)

    def nats(x):
        return -categorical_log_prob(network.forward(x, network.empty(3)).logits, targets).sum()

    for place in [(0, 0, 1), (1, 4, 0), (2, 8, 3), (0, 7, 4)]:
        nudge = np.zeros_like(embedded)
        nudge[place] = 1e-6
        slope = (nats(embedded + nudge) - nats(embedded - nudge)) / 2e-6
        assert found[place] == pytest.approx(slope, abs=1e-7, rel=1e-5)


def test_an_untrained_network_has_the_shapes_and_forgets_as_it_should():
    schema, config = a_schema(), tiny_models.config(layer_norm=True, forget_bias=1.5)
    weights = untrained(config, schema)
    shapes = expected_shapes(config, schema)
    assert {name: w.shape for name, w in weights.items()} == shapes
    bias = weights["layers.1.bias_ih_l0"]
    assert (bias[7:14] == 1.5).all()
    assert (bias[:7] == 0).all()
    block = weights["layers.0.weight_hh_l0"][:7]
    np.testing.assert_allclose(block @ block.T, np.eye(7), atol=1e-5)
    again = untrained(config, schema)
    assert all((weights[name] == again[name]).all() for name in weights)
    assert (untrained(config, schema, 1)["embedding.weight"] != weights["embedding.weight"]).any()
