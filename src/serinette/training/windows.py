"""Windows of a table's sequences, drawn anew for every update, encoded as they are needed.

A short sequence is read whole. Of a longer one half the windows begin where it begins and half
anywhere; in a single long series every place is as good as any other.

Shape letters: `S` sequences, `B` rows of a batch.
"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Int

from serinette.core.seeds import derive
from serinette.core.thinning import thinned
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.encoding import Windows, encode_windows
from serinette.nets.fields import StepBatch
from serinette.training.config import TrainingConfig

_LOOKED_AT = 512
"""Windows that say how steady a column is."""
_RETURNING, _WANDERING = 0.9, 0.99
"""Correlation of a window's first and last level up to which a column is held to come back to its
mean, and from which it is held to wander."""


class WindowBatches:
    """An endless supply of windows; batch k of a seed is the same whatever came before.

    Args:
        codec: Fitted.
        steps: The table.
        sequences: Numbers of the sequences to read.
        config: How many windows a batch has, and the seed.
        level_noise: Spread of the noise on the levels that are read, in standard deviations of a
            column, where it moves step by step: its exact level tells a network which row of the
            data it is in. Where all columns come back to their means within a window there is none:
            where they go depends on where they are.
    """

    def __init__(
        self,
        codec: SeriesCodec,
        steps: Steps,
        sequences: Int[np.ndarray, " S"],
        config: TrainingConfig,
        *,
        level_noise: float = 0.0,
    ) -> None:
        n_rows, window, seed = config.n_rows, codec.window, config.seed
        self._codec, self._steps = codec, steps
        self._n_rows, self._window, self._seed = n_rows, window, seed
        self._starts = steps.starts[sequences]
        lengths = steps.starts[sequences + 1] - self._starts
        self._free = np.maximum(lengths - window, 0)
        weights = (self._free + 1) if codec.is_single else np.minimum(lengths, 4 * window)
        self._cumulative = np.cumsum(weights / weights.sum())
        self._per_epoch = max(1, int(lengths.sum()) // (n_rows * window))
        self._next = 0
        self._levels = list(codec.moving_level_places)
        self._level_noise = level_noise * self._steadiness() if level_noise else 0.0

    def _steadiness(self) -> float:
        """Say whether a moving column wanders (1) or all come back within a window (0)."""
        shares = np.linspace(0, 1, _LOOKED_AT, endpoint=False)
        places = (shares * (self._free.sum() + 1)).astype(int)
        before = np.cumsum(self._free + 1) - (self._free + 1)
        owners = np.searchsorted(before, places, side="right") - 1
        first = self._starts[owners] + np.minimum(places - before[owners], self._free[owners])
        numbers = encode_windows(self._codec, self._steps, first, self._window).numbers
        levels = numbers[:, :, self._levels].astype(np.float64)
        begin, end = levels[:, 0], levels[:, -1]
        begin, end = begin - begin.mean(0), end - end.mean(0)
        spread = np.sqrt(np.square(begin).mean(0) * np.square(end).mean(0))
        likeness = (begin * end).mean(0) / np.where(spread > 0, spread, 1)
        share = (likeness.max(initial=0.0) - _RETURNING) / (_WANDERING - _RETURNING)
        return float(np.clip(share, 0, 1))

    @property
    def epoch(self) -> int:
        """How often as many rows as there are have been read, from 0."""
        return self._next // self._per_epoch

    def next(self) -> StepBatch:
        """Return the next batch."""
        generator = np.random.Generator(np.random.Philox(derive(self._seed, self._next)))
        self._next += 1
        n = self._n_rows
        chosen = np.searchsorted(self._cumulative, generator.random(n), side="right")
        chosen = np.minimum(chosen, len(self._starts) - 1)
        offset = np.floor(generator.random(n) * (self._free[chosen] + 1)).astype(np.int64)
        if not self._codec.is_single:
            offset[generator.random(n) < 0.5] = 0  # noqa: PLR2004
        first = self._starts[chosen] + offset
        windows = encode_windows(self._codec, self._steps, first, self._window)
        if self._level_noise:
            shift = generator.normal(0, self._level_noise, size=(n, 1, len(self._levels)))
            windows.numbers[:, :, self._levels] += shift.astype(np.float32)
        noise = generator.random(windows.spreads.shape, dtype=np.float32) * 2 - 1
        return step_batch(
            windows._replace(values=windows.values + noise * windows.spreads),
            is_opened=offset == 0 if not self._codec.is_single else np.ones(n, dtype=np.bool_),
        )

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands."""
        return {"next": np.array([self._next], dtype=np.int64)}

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        self._next = int(position["next"][0])


def held_out_windows(
    codec: SeriesCodec,
    steps: Steps,
    sequences: Int[np.ndarray, " S"],
    *,
    window: int,
    most: int,
    n_rows: int = 128,
) -> Iterator[StepBatch]:
    """Yield windows side by side, from the beginning of each sequence; at most `most` of them."""
    firsts = [
        np.arange(steps.starts[k], max(steps.starts[k + 1] - 1, steps.starts[k] + 1), window)
        for k in sequences
    ]
    first = np.concatenate(firsts) if firsts else np.zeros(0, dtype=np.int64)
    first = thinned(first, most)
    for begin in range(0, len(first), n_rows):
        some = first[begin : begin + n_rows]
        is_start = np.isin(some, steps.starts) | codec.is_single
        yield step_batch(encode_windows(codec, steps, some, window), is_opened=is_start)


def step_batch(windows: Windows, is_opened: np.ndarray) -> StepBatch:
    """Turn encoded windows into tensors.

    Args:
        windows: Encoded.
        is_opened: Which of them begin like sequences of their own: only those learn openings.
    """
    counts = windows.opening_counts & is_opened[:, None]
    told = np.maximum(windows.n_told - (~is_opened).astype(np.int64), 1)
    arrays = windows._replace(opening_counts=counts, n_told=told)
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(array))
        for name, array in arrays._asdict().items()
        if name != "spreads"
    }
    return StepBatch(**tensors)
