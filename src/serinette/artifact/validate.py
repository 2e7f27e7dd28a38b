"""What a weights file must be before anything loads it: our own reading of the safetensors header.

A file is 8 bytes (length of the header, little-endian), the header (JSON: name -> dtype, shape,
offsets), and the numbers, without a gap between them. The library that loads them is written in a
fast language and trusts more than we do.

Reference: the safetensors format, and the audit of it by Trail of Bits, 2023.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors

from serinette.core.errors import ArtifactError
from serinette.core.manifest import REMEDY

MAX_HEADER_BYTES = 1 << 20

_PREFIX = 8
"""Bytes that tell the length of the header."""

_SIZES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
    "U8": 1,
    "BOOL": 1,
}


@dataclass(frozen=True, kw_only=True)
class TensorPlace:
    """Where one tensor lies in the file, and what it is."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_tensors(
    content: bytes, place: str, *, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, np.ndarray]:
    """Check a safetensors file, then load it. The arrays can be written to.

    Args:
        content: The bytes of the file.
        place: What to call it in messages.
        shapes: If given, exactly these tensors must be there, in float32, and all finite.

    Raises:
        ArtifactError: If the file is not what it should be, with the tensor's name.
    """
    header = read_header(content, place)
    if shapes is not None:
        check_shapes(header, shapes, place)
    tensors: dict[str, np.ndarray] = load_tensors(content)
    name = None if shapes is None else first_non_finite(tensors)
    if name is not None:
        raise ArtifactError(f"{place}: weight '{name}' holds NaN or infinity; {REMEDY}")
    return tensors


def read_header(content: bytes, place: str) -> dict[str, TensorPlace]:
    """Read and check the header of a safetensors file.

    Raises:
        ArtifactError: If it is too long, no JSON, or its offsets overlap, leave a gap or lead out.
    """
    length = int.from_bytes(content[:_PREFIX], "little")
    if len(content) < _PREFIX or length > len(content) - _PREFIX:
        raise ArtifactError(f"{place} is cut off: its header is not whole; {REMEDY}")
    if length > MAX_HEADER_BYTES:
        limit = f"{MAX_HEADER_BYTES:,} allowed"
        raise ArtifactError(f"{place}: its header is {length:,} bytes, {limit}; {REMEDY}")
    try:
        plain = json.loads(
            content[_PREFIX : _PREFIX + length].decode(), object_pairs_hook=_without_doubles
        )
        places = {name: _place(facts) for name, facts in plain.items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{place}: its header cannot be read: {error}; {REMEDY}") from error
    _check_offsets(places, len(content) - _PREFIX - length, place)
    return places


def check_shapes(
    header: Mapping[str, TensorPlace], shapes: Mapping[str, tuple[int, ...]], place: str
) -> None:
    """Check that a file holds exactly the weights that the model's sizes ask for, in float32.

    Raises:
        ArtifactError: For the first weight that is missing, unknown or of another shape.
    """
    for name in sorted(shapes.keys() - header.keys()):
        raise ArtifactError(f"{place}: weight '{name}' is missing; {REMEDY}")
    for name in sorted(header.keys() - shapes.keys()):
        raise ArtifactError(f"{place}: '{name}' is no weight of this model; {REMEDY}")
    for name, tensor in header.items():
        if tensor.shape != shapes[name] or tensor.dtype != "F32":
            got = f"{tensor.dtype} {list(tensor.shape)}"
            wanted = f"F32 {list(shapes[name])}"
            raise ArtifactError(
                f"{place}: weight '{name}' is {got}, the model's sizes ask for {wanted}; {REMEDY}"
            )


def first_non_finite(tensors: Mapping[str, np.ndarray]) -> str | None:
    """Return the name of the first tensor that holds NaN or infinity; None if all are finite."""
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            return name
    return None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands in it twice")
    return content


def _place(facts: Mapping[str, Any]) -> TensorPlace:
    shape, (start, end) = facts["shape"], facts["data_offsets"]
    for number in (*shape, start, end):
        if type(number) is not int or number < 0:
            raise ValueError(f"{number!r} is not a size")
    if end - start != math.prod(shape) * _SIZES[facts["dtype"]]:
        raise ValueError(f"{shape} of {facts['dtype']} do not fill {end - start} bytes")
    return TensorPlace(dtype=facts["dtype"], shape=tuple(shape), start=start, end=end)


def _check_offsets(places: Mapping[str, TensorPlace], n_bytes: int, name: str) -> None:
    position = 0
    for tensor in sorted(places.values(), key=lambda tensor: (tensor.start, tensor.end)):
        if tensor.start != position:
            raise ArtifactError(f"{name}: its tensors overlap or leave a gap; {REMEDY}")
        position = tensor.end
    if position != n_bytes:
        raise ArtifactError(
            f"{name}: {n_bytes:,} bytes of numbers, its header speaks of {position:,}; {REMEDY}"
        )
