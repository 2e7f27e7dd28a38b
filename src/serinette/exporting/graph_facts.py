"""The step graph with all that a stranger needs to use it, written into the file itself.

An ONNX file is a protocol buffer: fields of one message that stand in two places are one list, so
facts are added at the end without reading the graph, and without the onnx package.

Reference: onnx.proto of ONNX 1.18, messages ModelProto and StringStringEntryProto.
"""

import json
from collections.abc import Mapping
from typing import Any

_DOC_STRING, _METADATA = 6, 14
_KEY, _VALUE = 1, 2
_CONTENT = 2
"""How a field of bytes is stored."""


def with_facts(graph: bytes, usage: str, facts: Mapping[str, Any]) -> bytes:
    """Return the graph with a text for people and facts for programs.

    Args:
        graph: An ONNX file.
        usage: Becomes the model's `doc_string`.
        facts: Become metadata, each as JSON.
    """
    entries = [
        _field(_METADATA, _text(_KEY, name) + _text(_VALUE, json.dumps(value, ensure_ascii=False)))
        for name, value in facts.items()
    ]
    return graph + _text(_DOC_STRING, usage) + b"".join(entries)


def _text(number: int, text: str) -> bytes:
    # A lone surrogate has no UTF-8; Python's own escape of it is also JSON's.
    return _field(number, text.encode("utf-8", "backslashreplace"))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _CONTENT) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:  # noqa: PLR2004 - seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
