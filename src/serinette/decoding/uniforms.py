"""Uniform numbers in blocks, for rows that are at different places of their streams.

The numbers are those of `core.seeds.RowStreams`, which hands them out a step at a time to rows
that run together; here a finished row's slot goes to a row that begins.

Shape letters: `B` rows, `T` steps.
"""

import numpy as np
from jaxtyping import Float, Int, UInt64

from serinette.core.seeds import GOLDEN, derive, mix


def stream_key(seed: int, row: int) -> int:
    """Return what tells the stream of one row of one seed from all others."""
    return derive(seed, row)


def uniforms(
    keys: UInt64[np.ndarray, " B"], positions: Int[np.ndarray, " B"], n_steps: int
) -> Float[np.ndarray, "n_steps B"]:
    """Return the next `n_steps` numbers in [0, 1) of every stream.

    Args:
        keys: From `stream_key`.
        positions: How many numbers each stream has given already.
        n_steps: How many are wanted.
    """
    steps = np.arange(1, n_steps + 1, dtype=np.uint64)
    places = positions.astype(np.uint64)[None, :] + steps[:, None]  # [T, B]
    bits = mix(keys[None, :] + places * GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
