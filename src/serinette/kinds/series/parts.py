"""Divide a table into train, validation and test, before anything is cut into windows.

Many sequences are divided whole, by a hash of their content: equal ones fall on one side. A single
long series is cut into blocks, which are dealt out: its end differs from its beginning more than
any two models do, so a tail that is held out would measure the times, not the model.

Shape letters: `S` sequences or blocks (`S1` is one more).
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from serinette.core.seeds import derive
from serinette.kinds.series.store import BLOCK_ROWS, release
from serinette.kinds.series.table import Table
from serinette.kinds.split import SplitConfig

_MOST_BLOCKS = 40
_FEWEST_BLOCKS = 10
_ROWS_A_BLOCK = 40
_FEWEST_SEQUENCES = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Which sequences, or blocks of a single one, are for what."""

    starts: Int[np.ndarray, " S1"]
    """First row of each, and the number of rows."""
    train: Int[np.ndarray, " _"]
    validation: Int[np.ndarray, " _"]
    test: Int[np.ndarray, " _"]
    how: str
    """What was done, in words."""


def split_table(table: Table, config: SplitConfig) -> Parts:
    """Divide a table; nothing is held out where too little would be left to learn from."""
    if table.n_sequences == 1:
        return _blocks(table.n_rows, config)
    n = table.n_sequences
    if n < _FEWEST_SEQUENCES:
        return _all(table.starts, f"{n} sequences are too few to hold any out: all train")
    places = _places(table, config.seed)
    order = np.argsort(places, kind="stable")
    groups = places[order]
    held = [config.validation_share, config.test_share]
    counts = [max(1, round(share * n)) if share > 0 else 0 for share in held]
    bounds = np.minimum(np.cumsum(counts), n - 1)
    bounds = [_whole(groups, int(bound)) for bound in bounds]
    validation, test = order[: bounds[0]], order[bounds[0] : bounds[1]]
    train = order[bounds[1] :]
    return Parts(
        starts=table.starts,
        train=np.sort(train),
        validation=np.sort(validation),
        test=np.sort(test),
        how=f"split by sequence, by a hash of its content (seed {config.seed}): train "
        f"{len(train):,} sequences, validation {len(validation):,}, test {len(test):,}",
    )


def _all(starts: Int[np.ndarray, " S1"], how: str) -> Parts:
    none = np.zeros(0, dtype=np.int64)
    every = np.arange(len(starts) - 1)
    return Parts(starts=starts, train=every, validation=none, test=none, how=how)


def _blocks(n_rows: int, config: SplitConfig) -> Parts:
    whole = np.array([0, n_rows], dtype=np.int64)
    if config.validation_share == 0 and config.test_share == 0:
        return _all(whole, "nothing is held out, as asked: all rows are for training")
    n_blocks = min(_MOST_BLOCKS, n_rows // _ROWS_A_BLOCK)
    if n_blocks < _FEWEST_BLOCKS:
        return _all(whole, f"{n_rows:,} rows are too few to hold any out: all are for training")
    starts = np.linspace(0, n_rows, n_blocks + 1).astype(np.int64)
    counts = [
        max(1, round(share * n_blocks)) if share > 0 else 0
        for share in (config.validation_share, config.test_share)
    ]
    order = np.random.Generator(np.random.Philox(derive(config.seed, 7))).permutation(n_blocks)
    owner = np.zeros(n_blocks, dtype=np.int64)
    owner[order[: counts[0]]] = 1
    owner[order[counts[0] : sum(counts)]] = 2
    is_joined = np.r_[False, (owner[1:] == owner[:-1]) & (owner[1:] == 0)]  # longer windows
    starts, owner = starts[np.r_[~is_joined, True]], owner[~is_joined]
    train, validation, test = (np.flatnonzero(owner == k) for k in range(3))
    return Parts(
        starts=starts,
        train=train,
        validation=validation,
        test=test,
        how=f"one series, cut into {n_blocks} blocks of {n_rows // n_blocks:,} rows, dealt out at "
        f"random (seed {config.seed}): validation {counts[0]}, test {counts[1]}, the rest train",
    )


def _places(table: Table, seed: int) -> Int[np.ndarray, " S"]:
    places = np.empty(table.n_sequences, dtype=np.int64)
    n_read = 0
    for k in range(table.n_sequences):
        places[k] = _place(table, k, seed)
        n_read += int(table.starts[k + 1] - table.starts[k])
        if n_read > BLOCK_ROWS:
            n_read = 0
            for column in table.stepwise:
                release(column.values)
    return places


def _place(table: Table, k: int, seed: int) -> int:
    """Return where a sequence falls: a hash of all that stands in it."""
    rows = slice(int(table.starts[k]), int(table.starts[k + 1]))
    digest = hashlib.blake2b(seed.to_bytes(8, "big", signed=True), digest_size=8)
    for column in table.stepwise:
        digest.update(np.asarray(column.values[rows], dtype=np.float64).tobytes())
    return int.from_bytes(digest.digest(), "big") >> 1


def _whole(groups: Int[np.ndarray, " S"], bound: int) -> int:
    """Move a border to where the content changes."""
    while 0 < bound < len(groups) and groups[bound] == groups[bound - 1]:
        bound += 1
    return bound
