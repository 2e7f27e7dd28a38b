import errno
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core import spool
from serinette.core.errors import ResourceError
from serinette.core.long_text import LongTextWriter
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


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, r"no space left on the disk of .* \(need 1 MB, .*use the variable TMPDIR$"),
        (errno.EROFS, r"read-only; choose another place with the variable TMPDIR$"),
        (errno.ENXIO, r"; choose another place with the variable TMPDIR$"),
    ],
)
def test_a_disk_that_takes_no_scratch_file_is_one_line_with_a_remedy(monkeypatch, number, message):
    def refuse():
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr(spool, "HELD_BYTES", 8)
    with pytest.raises(ResourceError, match=message):
        Spool(np.dtype(np.int64)).add(np.arange(9))


def test_where_there_is_no_folder_for_scratch_files_that_is_said(monkeypatch):
    def nowhere():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    for name in ("gettempdir", "TemporaryFile"):
        monkeypatch.setattr(f"tempfile.{name}", nowhere)
    with pytest.raises(ResourceError, match=r"a scratch file cannot be written: no usable"):
        LongTextWriter()
