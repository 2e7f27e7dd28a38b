import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serinette.core import spool
from serinette.core.spool import Spool, release

PARTS = st.lists(st.lists(st.integers(-128, 127), max_size=9), max_size=9)


@given(parts=PARTS, held=st.integers(0, 20))
def test_numbers_come_back_from_memory_and_from_a_file(parts, held):
    before, spool.HELD_BYTES = spool.HELD_BYTES, held
    try:
        kept = Spool(np.dtype(np.int8))
        for part in parts:
            kept.add(np.array(part, dtype=np.int64))
        n = len(kept)
        array = kept.array()
    finally:
        spool.HELD_BYTES = before
    expected = [number for part in parts for number in part]
    assert n == len(expected)
    assert array.dtype == np.int8
    assert array.tolist() == expected
    release(array)
    assert array.tolist() == expected
    assert isinstance(array, np.memmap) == any(
        sum(map(len, parts[: k + 1])) > held for k in range(len(parts))
    )
