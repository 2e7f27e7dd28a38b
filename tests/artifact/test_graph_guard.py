import pytest
from hypothesis import given
from hypothesis import strategies as st
from protobuf_writer import model_proto, protobuf

from serinette.artifact.graph_guard import check_graph
from serinette.core.errors import ArtifactError

TENSOR = protobuf((1, 2), (2, 1), (9, b"1234"))
EXTERNAL = protobuf((1, 2), (13, protobuf((1, b"location"), (2, b"../../etc/passwd"))), (14, 1))
ALIEN = protobuf((1, b"x"), (4, b"Run"), (7, b"com.example"))


def node(*attributes):
    return protobuf((4, b"If"), *((5, attribute) for attribute in attributes))


def nested(depth):
    graph = protobuf((2, b"inner"))
    for _ in range(depth):
        graph = protobuf((1, node(protobuf((6, graph)))))
    return graph


@pytest.mark.parametrize(
    "content",
    [
        model_proto(),
        model_proto((5, TENSOR), opset_domain=b"ai.onnx"),
        model_proto((1, node(protobuf((1, b"value"), (5, TENSOR))))),
        model_proto((1, node(protobuf((6, nested(3)))))),
        model_proto((5, TENSOR + b"\x0d1234" + b"\x0912345678")),
    ],
)
def test_a_graph_that_stands_alone_passes(content):
    check_graph(content, "g")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (model_proto((5, EXTERNAL)), "it keeps numbers in another file"),
        (model_proto((5, protobuf((14, 1)))), "it keeps numbers in another file"),
        (model_proto((1, node(protobuf((5, EXTERNAL))))), "it keeps numbers in another file"),
        (model_proto((1, node(protobuf((10, EXTERNAL))))), "it keeps numbers in another file"),
        (
            model_proto((1, node(protobuf((11, protobuf((5, EXTERNAL))))))),
            "it keeps numbers in another file",
        ),
        (model_proto((1, ALIEN)), "it needs operators of 'com.example'"),
        (model_proto(opset_domain=b"com.example"), "it needs operators of 'com.example'"),
        (model_proto(extra=[(25, b"")]), "it holds functions of its own"),
        (model_proto(extra=[(20, b"")]), "it holds functions of its own"),
        (model_proto((15, b"")), "it holds sparse tensors"),
        (model_proto((1, node(protobuf((22, b""))))), "it holds sparse tensors"),
        (
            model_proto((1, node(protobuf((6, nested(9)))))),
            "its graphs are nested more than 8 deep",
        ),
        (b"", "it holds no graph"),
        (b"\x0b", "a field of wire type 3"),
        (b"\x3a\x05abc", "a field leads past its end"),
        (b"\x02\x00", "a field leads past its end"),
        (b"\x80", "it ends in the middle of a number"),
        (b"\xff" * 11, "a number of more than 64 bits"),
    ],
)
def test_a_graph_that_does_not_is_refused(content, message):
    with pytest.raises(ArtifactError, match=f"g is not a step graph: {message}; restore"):
        check_graph(content, "g")


@given(st.binary(max_size=200))
def test_any_bytes_pass_or_are_refused(content):
    try:
        check_graph(b"\x3a" + bytes([len(content) % 128]) + content, "g")
    except ArtifactError as error:
        assert str(error).startswith("g is not a step graph")  # noqa: PT017 - both are right


def test_the_real_thing_is_read_as_the_onnx_package_reads_it():
    onnx = pytest.importorskip("onnx")
    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [2, 3], [0.5] * 6)
    ports = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [5, size])
        for name, size in (("x", 2), ("y", 3))
    ]
    step = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([step], "step", ports[:1], ports[1:], [weight])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    check_graph(model.SerializeToString(), "g")
    weight = model.graph.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../weights.bin")
    with pytest.raises(ArtifactError, match="it keeps numbers in another file"):
        check_graph(model.SerializeToString(), "g")
