import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from serinette.core.errors import ConfigError
from serinette.exporting.weights import pack

NUMBERS = st.floats(-(2**15), 2**15, width=32)
MATRICES = arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=2), elements=NUMBERS)
VECTORS = arrays.arrays(np.float32, arrays.array_shapes(max_dims=1), elements=NUMBERS)


def unpacked(packed, name):
    place = packed.places[name]
    form = {"int8": "i1", "fp16": "<f2", "fp32": "<f4"}[place["form"]]
    n = int(np.prod(place["shape"]))
    return np.frombuffer(packed.content, form, n, place["at"]).reshape(place["shape"])


@given(matrix=MATRICES, vector=VECTORS)
def test_a_byte_a_weight_is_off_by_half_a_level_of_its_row_at_most(matrix, vector):
    packed = pack({"w": matrix, "b": vector}, "int8")
    scales = np.frombuffer(packed.content, "<f4", len(matrix), packed.places["w"]["scales"]["at"])
    np.testing.assert_array_equal(scales, np.abs(matrix).max(1) / np.float32(127))
    read = unpacked(packed, "w").astype(np.float32) * scales[:, None]
    np.testing.assert_array_equal(read, packed.read["w"])
    assert (np.abs(read - matrix) <= 0.50001 * scales[:, None] + 1e-37).all()
    np.testing.assert_array_equal(unpacked(packed, "b"), vector)
    np.testing.assert_array_equal(packed.read["b"], vector)


@given(matrix=MATRICES, vector=VECTORS)
def test_half_and_whole_precision_are_numpys(matrix, vector):
    for precision, form in (("fp16", np.float16), ("fp32", np.float32)):
        packed = pack({"w": matrix, "b": vector}, precision)
        for name, weight in (("w", matrix), ("b", vector)):
            expected = weight.astype(form)
            np.testing.assert_array_equal(unpacked(packed, name), expected)
            np.testing.assert_array_equal(packed.read[name], expected.astype(np.float32))


@given(n=st.integers(1, 9), m=st.integers(1, 9))
def test_every_weight_begins_where_four_bytes_do(n, m):
    packed = pack({"a": np.ones((n, m), np.float32), "b": np.ones(3, np.float32)}, "int8")
    places = [
        packed.places["a"]["at"],
        packed.places["a"]["scales"]["at"],
        packed.places["b"]["at"],
    ]
    assert [at % 4 for at in places] == [0, 0, 0]
    assert len(packed.content) % 4 == 0


def test_what_half_precision_cannot_hold_is_refused():
    with pytest.raises(ConfigError, match="weights fp16: 'w' holds 7e\\+04, beyond half precision"):
        pack({"w": np.array([[-7e4]], np.float32)}, "fp16")
