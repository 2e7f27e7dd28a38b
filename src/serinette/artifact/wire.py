"""The parts of an ONNX file without the onnx package: a tree of numbered fields.

Reference: the wire format of protocol buffers (field keys, varints, lengths).
"""

from collections.abc import Iterator

_NUMBER, _CONTENT = 0, 2
_FIXED_BYTES = {1: 8, 5: 4}


def fields_of(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Walk over the fields of a message: number and raw content, of numbers empty.

    What is yielded are views: of a `bytearray`, they can be written to.

    Raises:
        ValueError: If it is no message.
    """
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
