"""Random numbers that depend on nothing but (seed, row, position).

Sample 3 of seed 7 is the same whether 4 or 400 samples were asked for, in one batch or in many,
streamed or not. There is no generator to share and no state to save: the k-th number of a row is a
hash of its place.

Reference: SplitMix64, Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".

Shape letters: `B` rows, `T` steps.
"""

import numpy as np
from jaxtyping import Float, Int, UInt64

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(values: UInt64[np.ndarray, "..."]) -> UInt64[np.ndarray, "..."]:
    """Scramble 64-bit numbers (the SplitMix64 finaliser); a bijection, vectorised."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64[np.ndarray, "..."] = values ^ (values >> np.uint64(31))
    return mixed


def derive(seed: int, *place: int) -> int:
    """Return a 63-bit seed for one place: `derive(seed, update, worker)`.

    Args:
        seed: The user's seed, any integer.
        *place: Whatever tells the place apart: an epoch, an update, a worker.
    """
    state = np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    for part in (len(place), *place):
        state = mix(state + GOLDEN * np.array([part + 1 & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))
    return int(state[0] >> np.uint64(1))


def stream_key(seed: int, row: int) -> int:
    """Return what tells the stream of one row of one seed from all others."""
    return derive(seed, row)


def stream_keys(seed: int, rows: Int[np.ndarray, " B"]) -> UInt64[np.ndarray, " B"]:
    """Return `stream_key` of many rows at once."""
    golden = np.array([GOLDEN])
    first = mix(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64) + golden * np.uint64(2))
    keys: UInt64[np.ndarray, " B"] = mix(first + GOLDEN * (rows.astype(np.uint64) + np.uint64(1)))
    return keys >> np.uint64(1)


def uniforms(
    keys: UInt64[np.ndarray, " B"], positions: Int[np.ndarray, " B"], n_steps: int
) -> Float[np.ndarray, "n_steps B"]:
    """Return the next `n_steps` numbers in [0, 1) of every stream.

    Args:
        keys: From `stream_key`.
        positions: How many numbers each stream has given already; rows may be at different places.
        n_steps: How many are wanted.
    """
    steps = np.arange(1, n_steps + 1, dtype=np.uint64)
    places = positions.astype(np.uint64)[None, :] + steps[:, None]  # [T, B]
    bits = mix(keys[None, :] + places * GOLDEN)
    numbers: Float[np.ndarray, "n_steps B"] = (bits >> np.uint64(11)) * 2.0**-53
    return numbers
