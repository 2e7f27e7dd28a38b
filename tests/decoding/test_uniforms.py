import numpy as np

from serinette.core.seeds import RowStreams
from serinette.decoding.uniforms import stream_key, uniforms


def test_rows_at_different_places_read_the_streams_of_the_seed():
    streams = RowStreams(7, [4, 9])
    expected = np.stack([streams.take().copy() for _ in range(12)])
    keys = np.array([stream_key(7, row) for row in (4, 9)], dtype=np.uint64)
    together = uniforms(keys, np.array([0, 5]), 7)
    assert np.array_equal(together[:, 0], expected[:7, 0])
    assert np.array_equal(together[:, 1], expected[5:12, 1])
