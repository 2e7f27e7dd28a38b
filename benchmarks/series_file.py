"""A long CSV of mixed columns for the benchmarks of tables: the same file for the same size."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

LENGTH = 2_000
"""Rows of a sequence."""
_SEQUENCES = 100
"""Written at a time."""
_BEGIN = datetime(2020, 1, 1)


def write_file(path: Path, n_bytes: int, *, seed: int = 0, is_shuffled: bool = False) -> int:
    """Write devices one after another until a file is so long; return its rows.

    An entity, a time by the minute, four real numbers (one of them a sum of two others), a whole
    number and two categories: about 80 bytes a row.

    Args:
        path: Of the file.
        n_bytes: The file is about so long, and no shorter.
        seed: Of the values, and of the order.
        is_shuffled: Whether rows stand in no order; all of them are then held in memory.
    """
    generator = np.random.default_rng(seed)
    times = [_BEGIN + timedelta(minutes=k) for k in range(LENGTH)]
    n_done = 0
    kept: list[pl.DataFrame] = []
    with path.open("wb") as file:
        while file.tell() < n_bytes:
            block = _block(generator, times, n_done)
            _write(block, file, has_header=n_done == 0)
            n_done += _SEQUENCES
            if is_shuffled:
                kept.append(block)
    if is_shuffled:
        whole = pl.concat(kept)
        with path.open("wb") as file:
            _write(whole[generator.permutation(len(whole))], file, has_header=True)
    return n_done * LENGTH


def _write(block: pl.DataFrame, file: BinaryIO, *, has_header: bool) -> None:
    block.write_csv(
        file,
        include_header=has_header,
        datetime_format="%Y-%m-%d %H:%M:%S",
        float_precision=3,
    )


def _block(generator: np.random.Generator, times: list[datetime], first: int) -> pl.DataFrame:
    shape = (_SEQUENCES, LENGTH)
    drift = generator.normal(size=(2, *shape)).cumsum(-1) / 20
    heating = np.round(50 + 5 * drift[0], 3)
    pumps = np.round(20 + generator.gamma(2.0, 2.0, size=shape), 3)
    state = generator.choice(4, size=shape, p=[0.6, 0.2, 0.15, 0.05])
    return pl.DataFrame(
        {
            "device": np.repeat([f"dev{first + k:06d}" for k in range(_SEQUENCES)], LENGTH),
            "time": times * _SEQUENCES,
            "temperature": (18 + drift[1]).ravel(),
            "heating": heating.ravel(),
            "pumps": pumps.ravel(),
            "power": (heating + pumps).ravel(),
            "visits": generator.poisson(40, size=shape).ravel(),
            "state": np.array(["running", "idle", "cleaning", "fault"])[state].ravel(),
            "shift": np.array(["early", "late", "night"])[
                (np.arange(LENGTH) // 480 % 3) * np.ones((_SEQUENCES, 1), dtype=np.int64)
            ].ravel(),
        }
    )
