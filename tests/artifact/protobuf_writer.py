"""Just enough of protocol buffers to write good and bad ONNX files by hand."""


def protobuf(*fields):
    """Encode (number, content) pairs: a number as varint, bytes with their length."""
    encoded = b""
    for number, content in fields:
        if isinstance(content, int):
            encoded += _varint(number << 3) + _varint(content)
        else:
            encoded += _varint(number << 3 | 2) + _varint(len(content)) + content
    return encoded


def _varint(value):
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def model_proto(*graph_fields, opset_domain=b"", extra=()):
    """Encode an ONNX model with one standard node and what the caller adds to its graph."""
    node = protobuf((1, b"x"), (2, b"y"), (4, b"Tanh"))
    graph = protobuf((1, node), (2, b"step"), *graph_fields)
    return protobuf((1, 9), (7, graph), (8, protobuf((1, opset_domain), (2, 17))), *extra)
