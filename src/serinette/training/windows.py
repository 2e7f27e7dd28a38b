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


class WindowBatches:
    """An endless supply of windows; batch k of a seed is the same whatever came before.

    Args:
        codec: Fitted.
        steps: The table.
        sequences: Numbers of the sequences to read.
        config: How many windows a batch has, and the seed.
        level_noise: Spread of the noise on the levels that are read, in standard deviations of a
            column, where it moves step by step: its exact level tells a network which row of the
            data it is in.
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
        self._level_noise = level_noise
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
            levels = list(self._codec.moving_level_places)
            shift = generator.normal(0, self._level_noise, size=(n, 1, len(levels)))
            windows.numbers[:, :, levels] += shift.astype(np.float32)
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
