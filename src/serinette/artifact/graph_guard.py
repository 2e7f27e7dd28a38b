"""A step graph must stand alone: no file beside it, no code but the standard operators.

Checked before the runtime sees the graph, and without the onnx package: an ONNX file is a tree of
numbered fields (protocol buffers), of which a handful matter here.

Reference: onnx.proto of ONNX 1.18, field numbers of the messages named below.
"""

from collections.abc import Iterator

from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY

_STANDARD_DOMAINS = (b"", b"ai.onnx")
_MAX_DEPTH = 8

# How a field is stored.
_NUMBER, _CONTENT = 0, 2
_FIXED_BYTES = {1: 8, 5: 4}
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
    for number, value in _fields(model):
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
    for number, value in _fields(graph):
        if number == _NODE:
            _check_node(value, depth)
        if number == _INITIALIZER:
            _check_tensor(value)
        if number == _SPARSE_INITIALIZER:
            raise ValueError("it holds sparse tensors")


def _check_node(node: memoryview, depth: int) -> None:
    _check_domains(node, _NODE_DOMAIN)
    for number, attribute in _fields(node):
        if number != _ATTRIBUTE:
            continue
        for part, value in _fields(attribute):
            if part in (_TENSOR, _TENSORS):
                _check_tensor(value)
            if part in (_SUBGRAPH, _SUBGRAPHS):
                _check_graph(value, depth + 1)
            if part in (_SPARSE, _SPARSES):
                raise ValueError("it holds sparse tensors")


def _check_tensor(tensor: memoryview) -> None:
    if any(number in (_EXTERNAL_DATA, _DATA_LOCATION) for number, _ in _fields(tensor)):
        raise ValueError("it keeps numbers in another file")


def _check_domains(message: memoryview, domain: int) -> None:
    for number, value in _fields(message):
        if number == domain and bytes(value) not in _STANDARD_DOMAINS:
            raise ValueError(f"it needs operators of {bytes(value).decode('ascii', 'replace')!r}")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Walk over the fields of a message: number and raw content, of numbers empty."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire_type = key >> 3, key & 7
        start, length = position, 0
        if wire_type == _NUMBER:
            _, position = _varint(message, position)
        elif wire_type in _FIXED_BYTES:
            position += _FIXED_BYTES[wire_type]
        elif wire_type == _CONTENT:
            length, start = _varint(message, position)
            position = start + length
        else:
            raise ValueError(f"a field of wire type {wire_type}")
        if position > len(message) or number == 0:
            raise ValueError("a field leads past its end")
        yield number, message[start : start + length]


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("it ends in the middle of a number")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:  # the last byte of the number
            return value, position
    raise ValueError("a number of more than 64 bits")
