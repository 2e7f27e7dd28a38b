import sys

import numpy as np
import onnx
import pytest
from tiny_models import config, schema, weights

from serinette.artifact.graph_guard import check_graph
from serinette.artifact.step_graph import build_step_graph, onnx_gates
from serinette.core.errors import MissingExtraError


def graph(**changes):
    return build_step_graph(config(**changes), schema(), weights(config(**changes), schema()))


def test_the_same_weights_give_the_same_bytes():
    assert graph(layer_norm=True) == graph(layer_norm=True)


def test_the_graph_stands_alone():
    proto = onnx.load_from_string(graph())
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", 17)]
    assert proto.ir_version == 9
    assert not any(c.external_data for c in proto.graph.initializer)
    assert proto.metadata_props[0].key == "serinette.schema"
    check_graph(graph(), "decode.fp32.onnx")


def test_a_tied_table_is_stored_once():
    shapes = [tuple(c.dims) for c in onnx.load_from_string(graph(tied=True)).graph.initializer]
    assert shapes.count((11, 5)) == 1
    assert (5, 11) not in shapes


def test_gates_are_reordered():
    assert onnx_gates(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [1, 4, 2, 3]


def test_without_onnx_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"needs onnx; install serinette\[train\]"):
        graph()
