"""The step graph in whole numbers: near fp32, exact in its sums, left out where it cannot be."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import text_models
from tiny_models import config, schema

from serinette.artifact.folder import GRAPH, INT8_GRAPH
from serinette.artifact.graph_guard import check_graph
from serinette.artifact.graph_weights import with_weights_of
from serinette.artifact.int8_graph import build_int8_graph, has_int8_graph, quantised
from serinette.artifact.precision import in_precision
from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.nets.config import expected_shapes

V = 11
TITLE = tuple(SymbolField(name=f"title_{k}", size=6, missing=0, table="title") for k in range(3))
VARIANTS = {
    "plain": ({}, ()),
    "one layer": ({"n_layers": 1, "readout": "sum"}, ()),
    "three layers, tied": ({"n_layers": 3, "tied": True, "readout": "last"}, ()),
    "a label and a title": ({}, (SymbolField(name="label", size=3, missing=0), *TITLE)),
    "tied, a title": ({"tied": True}, TITLE),
}


def wide(**changes):
    return config(**{"hidden_size": 64, "embedding_size": 24} | changes)


def trained_like(a_config, a_schema, seed=0):
    """Weights of the size that training gives."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.normal(0, 0.15, shape).astype(np.float32)
        for name, shape in expected_shapes(a_config, a_schema).items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_nearly_those_of_fp32(variant):
    sizes, context = VARIANTS[variant]
    a_config, a_schema = wide(**sizes), replace(schema(V), context=context)
    weights = trained_like(a_config, a_schema)
    generator = np.random.default_rng(1)
    steps = generator.integers(0, V, (5, 60, 1))
    facts = generator.integers(0, [field.size for field in context], (5, len(context)))
    exact, whole = (
        OnnxStepper(build(a_config, a_schema, weights), a_schema)
        for build in (build_step_graph, build_int8_graph)
    )
    (logits, _), (found, _) = (s.advance(steps, s.start(facts)) for s in (exact, whole))
    assert 0 < np.abs(found - logits).max() < 0.1 * logits.std()


def test_what_is_read_is_the_same_whether_its_table_is_folded_or_not(monkeypatch):
    a_config, context = wide(), TITLE
    a_schema = replace(schema(V), context=context)
    weights = trained_like(a_config, a_schema)
    folded = build_int8_graph(a_config, a_schema, weights)
    monkeypatch.setattr("serinette.artifact.int8_graph._MOST_FOLDED", 0)
    plain = build_int8_graph(a_config, a_schema, weights)
    assert {"layers.0.read"} == names(plain) - names(folded) - {"layers.0.bias"}
    steps, facts = np.arange(V)[None, :, None], np.array([[1, 2, 5]])
    first, second = (OnnxStepper(graph, a_schema) for graph in (folded, plain))
    (one, _), (other, _) = (s.advance(steps, s.start(facts)) for s in (first, second))
    np.testing.assert_allclose(one, other, atol=2e-3)


def names(graph):
    return {constant.name for constant in onnx.load_from_string(graph).graph.initializer}


def test_sums_are_exact_at_the_ends_of_the_range():
    """Products of 255 and 63, two of them added: with 127 they would not fit 16 bits."""
    hidden = 192
    a_config = config(hidden_size=hidden, n_layers=1, embedding_size=1)
    weights = {n: np.zeros(s, np.float32) for n, s in expected_shapes(a_config, schema(V)).items()}
    weights["layers.0.weight_hh_l0"][:] = 0.01
    weights["layers.0.weight_hh_l0"][hidden : 2 * hidden] = -0.01
    stepper = OnnxStepper(build_int8_graph(a_config, schema(V), weights), schema(V))
    state = stepper.start(np.zeros((1, 0), dtype=np.int64))
    state.buffers.h[:] = 1.0
    _, after = stepper.advance(np.zeros((1, 1, 1), dtype=np.int64), state)
    reached = 0.01 * hidden
    c = np.tanh(reached) / (1 + np.exp(-reached))
    np.testing.assert_allclose(after.buffers.c, c, rtol=1e-5)
    np.testing.assert_allclose(after.buffers.h, np.tanh(c) / (1 + np.exp(-reached)), rtol=1e-5)


def test_whole_numbers_are_within_63_and_rows_of_zeros_stay_zeros():
    weight = np.random.default_rng(0).normal(size=(8, 40)).astype(np.float32)
    weight[3] = 0
    levels, scales = quantised(weight)
    assert np.abs(levels).max(axis=1).tolist() == [63, 63, 63, 0, 63, 63, 63, 63]
    assert np.abs(levels * scales[:, None] - weight).max() <= scales.max() / 2 + 1e-6


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"hidden_size": 176}, False), ({"hidden_size": 200}, False),
     ({"layer_norm": True}, False)],
)  # fmt: skip
def test_where_whole_numbers_pay(changes, expected):
    assert has_int8_graph(config(**{"hidden_size": 192} | changes)) is expected


def test_the_graph_stands_alone_and_the_same_weights_give_the_same_bytes():
    a_schema: Schema = schema(V)
    weights = trained_like(wide(), a_schema)
    graph = build_int8_graph(wide(), a_schema, weights)
    assert graph == build_int8_graph(wide(), a_schema, weights)
    check_graph(graph, INT8_GRAPH)
    proto = onnx.load_from_string(graph)
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", 17)]


@pytest.fixture
def model(tmp_path):
    """A saved model with both graphs."""
    return text_models.save_model(tmp_path / "m", has_int8=True, hidden_size=16)


def test_a_model_runs_in_whole_numbers_unless_fp32_is_asked_for(model):
    assert model.decoding_graph() == model.files[INT8_GRAPH]
    assert in_precision(model, "auto") is model
    assert in_precision(model, "int8") is model
    exact = in_precision(model, "fp32")
    assert exact.decoding_graph() == model.graph() == model.files[GRAPH]
    with pytest.raises(ConfigError, match="precision int8: m has no graph in whole numbers"):
        in_precision(exact, "int8")


def test_other_weights_leave_no_graph_of_the_old_ones(model):
    changed = with_weights_of(model, model.weights())
    assert INT8_GRAPH not in changed.files
    assert changed.decoding_graph() == model.graph()


def test_a_graph_in_whole_numbers_that_is_none_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"decode\.int8\.onnx is not a step graph"):
        text_models.save_model(tmp_path / "m", int8_graph=b"not a graph")
