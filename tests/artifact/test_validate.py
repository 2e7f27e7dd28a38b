import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from serinette.artifact.validate import (
    MAX_HEADER_BYTES,
    check_shapes,
    first_non_finite,
    read_header,
    read_tensors,
)
from serinette.core.errors import ArtifactError

TENSORS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array(3, dtype=np.int64),
    "c": np.zeros((0, 5), dtype=np.float64),
    "d": np.array([True, False, True]),
    "e": np.arange(7, dtype=np.uint16),
    "f": np.float16([1.5]),
}


def packed(header, n_bytes):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(n_bytes)


def tensor(start, end, shape=None, dtype="F32"):
    shape = [(end - start) // 4] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_every_dtype_and_shape_comes_back_and_can_be_written_to():
    found = read_tensors(save(TENSORS), "x")
    for name, array in TENSORS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


def test_metadata_is_no_tensor():
    content = save({"a": np.zeros(3, dtype=np.float32)}, metadata={"format": "pt"})
    assert read_header(content, "x").keys() == {"a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x is cut off: its header is not whole"),
        (b"\x00" * 7, "x is cut off"),
        (b"\xff" * 8 + b"{}", "x is cut off"),
        (packed(b" " * (MAX_HEADER_BYTES + 1), 0), "header is 1,048,577 bytes, 1,048,576 allowed"),
        (packed(b"{", 0), "its header cannot be read"),
        (packed(b"\xff\xfe", 0), "its header cannot be read"),
        (packed(b"[" * 100_000, 0), "its header cannot be read"),
        (packed([], 0), "its header cannot be read"),
        (packed({"a": 7}, 0), "its header cannot be read"),
        (packed(b'{"a": 1, "a": 1}', 0), "a name stands in it twice"),
        (packed({"a": tensor(0, 8, [3])}, 8), r"\[3\] of F32 do not fill 8 bytes"),
        (packed({"a": tensor(0, 8, [-2])}, 8), "-2 is not a size"),
        (packed({"a": tensor(0, 8, [True, 2])}, 8), "True is not a size"),
        (packed({"a": tensor(0, 8, [2.0])}, 8), r"2\.0 is not a size"),
        (packed({"a": tensor(0, 8, [2**62, 2**62, 0])}, 8), "do not fill 8 bytes"),
        (packed({"a": tensor(0, 8, [2**63 + 1])}, 8), "do not fill 8 bytes"),
        (packed({"a": tensor(8, 0, [])}, 8), "do not fill -8 bytes"),
        (packed({"a": tensor(0, 8, dtype="F128")}, 8), "its header cannot be read: 'F128'"),
        (packed({"a": tensor(0, 8), "b": tensor(4, 12)}, 12), "overlap or leave a gap"),
        (packed({"a": tensor(0, 8), "b": tensor(12, 16)}, 16), "overlap or leave a gap"),
        (packed({"a": tensor(4, 8)}, 8), "overlap or leave a gap"),
        (packed({"a": tensor(0, 8)}, 7), "7 bytes of numbers, its header speaks of 8"),
        (packed({"a": tensor(0, 8)}, 9), "9 bytes of numbers, its header speaks of 8"),
    ],
)
def test_a_header_that_is_not_right_is_refused_with_the_reason(content, message):
    with pytest.raises(ArtifactError, match=message):
        read_tensors(content, "x")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"a": (2, 3), "z": (1,)}, "x: weight 'z' is missing; restore it"),
        ({}, "x: 'a' is no weight of this model"),
        ({"a": (3, 2)}, r"weight 'a' is F32 \[2, 3\], the model's sizes ask for F32 \[3, 2\]"),
    ],
)
def test_weights_must_be_those_that_the_sizes_ask_for(shapes, message):
    content = save({"a": TENSORS["a"]})
    with pytest.raises(ArtifactError, match=message):
        read_tensors(content, "x", shapes=shapes)


def test_weights_must_be_float32_and_finite():
    double = save({"a": np.zeros((2, 3))})
    with pytest.raises(ArtifactError, match=r"weight 'a' is F64 \[2, 3\], .* ask for F32 \[2, 3\]"):
        read_tensors(double, "x", shapes={"a": (2, 3)})
    broken = save({"a": np.float32([1.0, np.nan])})
    with pytest.raises(ArtifactError, match="x: weight 'a' holds NaN or infinity"):
        read_tensors(broken, "x", shapes={"a": (2,)})
    assert read_tensors(broken, "x").keys() == {"a"}


def test_finite_is_asked_of_floats_only():
    tensors = {**TENSORS, "g": np.float32([[1.0, -np.inf]])}
    assert first_non_finite(TENSORS) is None
    assert first_non_finite(tensors) == "g"


def test_shapes_that_fit_pass():
    check_shapes(read_header(save({"a": TENSORS["a"]}), "x"), {"a": (2, 3)}, "x")


@settings(max_examples=300)
@given(st.integers(0, 10_000), st.integers(0, 7), st.integers(-3, 3))
def test_a_changed_file_loads_or_is_refused_and_nothing_else(place, bit, longer):
    content = bytearray(save(TENSORS))
    content[place % len(content)] ^= 1 << bit
    content = content[:longer] if longer < 0 else content + bytes(longer)
    try:
        read_tensors(bytes(content), "x")
    except ArtifactError as error:
        assert str(error).startswith("x")  # noqa: PT017 - loading is the other right answer


@given(st.binary(max_size=60))
def test_rubbish_is_refused(content):
    with pytest.raises(ArtifactError):
        read_tensors(len(content).to_bytes(8, "little") + content + b"!", "x")
