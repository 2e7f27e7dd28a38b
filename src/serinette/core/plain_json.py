"""JSON as every file of ours holds it: UTF-8, strict (no NaN), readable in any alphabet."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from serinette.core.errors import ArtifactError


def dump(value: object) -> bytes:
    """Return indented JSON; a number that is not finite becomes null."""
    text = json.dumps(_strict(value), ensure_ascii=False, indent=2, allow_nan=False)
    return _encode(text) + b"\n"


def dump_line(record: Mapping[str, Any]) -> str:
    """Return one line of JSON, without its newline; a number that is not finite becomes null."""
    text = json.dumps(_strict(record), ensure_ascii=False, allow_nan=False)
    return _encode(text).decode("utf-8")


def load(content: bytes, place: str) -> Any:
    """Read JSON.

    Args:
        content: The bytes of the file.
        place: What to call the file in the message.

    Raises:
        ArtifactError: If it is not JSON.
    """
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{place} is not JSON: {error}; restore the file") from error


def _encode(text: str) -> bytes:
    # A lone surrogate has no UTF-8; Python's own escape of it is also JSON's.
    return text.encode("utf-8", "backslashreplace")


def _strict(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_strict(item) for item in value]
    return value
