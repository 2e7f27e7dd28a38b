"""A step graph must stand alone: no file beside it, no code but the standard operators.

Checked before the runtime sees the graph, and without the onnx package: an ONNX file is a tree of
numbered fields (protocol buffers), of which a handful matter here.

Reference: onnx.proto of ONNX 1.18, field numbers of the messages named below.
"""

from serinette.artifact.wire import fields_of
from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY

_STANDARD_DOMAINS = (b"", b"ai.onnx")
_MAX_DEPTH = 8

# ModelProto
_GRAPH, _OPSET, _TRAINING, _FUNCTIONS = 7, 8, 20, 25
_OPSET_DOMAIN = 1
# GraphProto
_NODE, _INITIALIZER, _SPARSE_INITIALIZER = 1, 5, 15
# NodeProto
_ATTRIBUTE, _NODE_DOMAIN = 5, 7
# AttributeProto
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS, _SPARSE, _SPARSES = 5, 6, 10, 11, 22, 23
# TensorProto
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


def check_graph(content: bytes, place: str) -> None:
    """Refuse a graph that reads other files or brings operators of its own.

    Args:
        content: The bytes of an ONNX file.
        place: What to call it in messages.

    Raises:
        ArtifactError: If it does, or if it is no ONNX file.
    """
    try:
        _check_model(memoryview(content))
    except ValueError as error:
        raise ArtifactError(f"{place} is not a step graph: {error}; {REMEDY}") from error


def _check_model(model: memoryview) -> None:
    has_graph = False
    for number, value in fields_of(model):
        if number in (_TRAINING, _FUNCTIONS):
            raise ValueError("it holds functions of its own")
        if number == _OPSET:
            _check_domains(value, _OPSET_DOMAIN)
        if number == _GRAPH:
            _check_graph(value, 0)
            has_graph = True
    if not has_graph:
        raise ValueError("it holds no graph")


def _check_graph(graph: memoryview, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"its graphs are nested more than {_MAX_DEPTH} deep")
    for number, value in fields_of(graph):
        if number == _NODE:
            _check_node(value, depth)
        if number == _INITIALIZER:
            _check_tensor(value)
        if number == _SPARSE_INITIALIZER:
            raise ValueError("it holds sparse tensors")


def _check_node(node: memoryview, depth: int) -> None:
    _check_domains(node, _NODE_DOMAIN)
    for number, attribute in fields_of(node):
        if number != _ATTRIBUTE:
            continue
        for part, value in fields_of(attribute):
            if part in (_TENSOR, _TENSORS):
                _check_tensor(value)
            if part in (_SUBGRAPH, _SUBGRAPHS):
                _check_graph(value, depth + 1)
            if part in (_SPARSE, _SPARSES):
                raise ValueError("it holds sparse tensors")


def _check_tensor(tensor: memoryview) -> None:
    if any(number in (_EXTERNAL_DATA, _DATA_LOCATION) for number, _ in fields_of(tensor)):
        raise ValueError("it keeps numbers in another file")


def _check_domains(message: memoryview, domain: int) -> None:
    for number, value in fields_of(message):
        if number == domain and bytes(value) not in _STANDARD_DOMAINS:
            raise ValueError(f"it needs operators of {bytes(value).decode('ascii', 'replace')!r}")
