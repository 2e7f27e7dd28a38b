"""Facts added to an ONNX file are read by the runtime, and change nothing else."""

import json

import onnxruntime
import text_models
from hypothesis import given
from hypothesis import strategies as st

from serinette.artifact.graph_guard import check_graph
from serinette.exporting.graph_facts import with_facts

FACTS = st.dictionaries(st.text(max_size=20), st.text(max_size=400) | st.integers(), max_size=4)


@given(FACTS, st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
def test_facts_are_read_back(tmp_path_factory, facts, usage):
    import onnx

    empty = onnx.helper.make_graph([], "g", [], [])
    model = onnx.helper.make_model(empty, opset_imports=[onnx.helper.make_opsetid("", 17)])
    read = onnx.load_from_string(with_facts(model.SerializeToString(), usage, facts))
    assert {entry.key: json.loads(entry.value) for entry in read.metadata_props} == facts
    assert read.doc_string == usage


def test_the_runtime_takes_the_graph_with_its_facts(tmp_path):
    artifact = text_models.save_model(tmp_path / "m")
    graph = with_facts(artifact.graph(), "use it", {"serinette.end": 0})
    check_graph(graph, "graph")
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta()
    assert meta.description == "use it"
    assert set(meta.custom_metadata_map) == {"serinette.schema", "serinette.end"}
