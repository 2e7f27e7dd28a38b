"""Windows of many rows that read on where they stopped.

Truncated back-propagation through time with a carried state, and a reset flag wherever a row starts
something new.

Every window has the same shape, which the fused LSTM kernels like. A row whose stretch ends
inside a window is padded; padding never counts.

Shape letters: `B` rows, `T` steps of a window, `C` context fields.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.segments import Segments, held_out_segments, training_segments

RELEASED_EVERY = 4
"""Windows after which the mapped memory of a long corpus is given back."""


class Batch(NamedTuple):
    """One window of every row, with all that the loss needs."""

    inputs: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    mask: Bool[Tensor, "B T"]
    """Which steps count in the loss."""
    measured: Bool[Tensor, "B T"]
    """Which of them count in the figure that is reported."""
    fresh: Bool[Tensor, " B"]
    """Which rows start a new stretch: their state is reset first."""
    context: Int[Tensor, "B C"]

    @property
    def n_steps(self) -> int:
        """How many steps count in the loss."""
        return int(self.mask.sum())

    @property
    def n_measured(self) -> int:
        """How many of them count in the figure that is reported."""
        return int(self.measured.sum())

    def part(self, k: int, n_parts: int) -> "Batch":
        """Return the k-th of `n_parts` equal groups of rows."""
        size = len(self.fresh) // n_parts
        return Batch(*(column[k * size : (k + 1) * size] for column in self))

    def to(self, device: torch.device) -> "Batch":
        """Move to the device that computes."""
        return Batch(*(column.to(device) for column in self))


class Cursors:
    """Where each row stands in its stretch.

    Args:
        corpus: What is read.
        n_rows: Rows of a window.
        window: Steps of a window.
        opens_at_borders: Whether a stretch that starts where a line has just ended reads `end`
            there, like a sequence of its own.
    """

    def __init__(
        self, corpus: EncodedCorpus, n_rows: int, window: int, *, opens_at_borders: bool = False
    ) -> None:
        self.corpus = corpus
        self.opens_at_borders = opens_at_borders
        self.window = window
        self.place = np.zeros(n_rows, dtype=np.int64)
        self.counted_from = np.zeros(n_rows, dtype=np.int64)
        self.stop = np.zeros(n_rows, dtype=np.int64)
        self.sequence = np.zeros(n_rows, dtype=np.int64)
        self.fresh = np.zeros(n_rows, dtype=np.bool_)
        self._n_read = 0

    def load(self, row: int, segments: Segments, k: int) -> None:
        """Put a row at the beginning of the k-th stretch."""
        self.place[row] = segments.start[k]
        self.counted_from[row] = segments.counted_from[k]
        self.stop[row] = segments.stop[k]
        self.sequence[row] = segments.sequence[k]
        self.fresh[row] = True

    def read(self) -> Batch:
        """Read one window and move on."""
        places = self.place[:, None] + np.arange(self.window)  # [B, T]
        mask = (places >= self.counted_from[:, None]) & (places < self.stop[:, None])
        clipped = np.minimum(places, np.maximum(self.stop[:, None] - 1, 0))
        symbols = self.corpus.symbols
        inputs = symbols[clipped].astype(np.int64)
        if self.opens_at_borders and self.fresh.any():
            opening = self.fresh & self.corpus.is_border(self.place)
            inputs[opening, 0] = symbols[0]  # `end`
        targets = symbols[clipped + 1].astype(np.int64)
        batch = Batch(
            inputs=torch.from_numpy(inputs),
            targets=torch.from_numpy(targets),
            mask=torch.from_numpy(mask),
            measured=torch.from_numpy(mask & self.corpus.is_measured(targets)),
            fresh=torch.from_numpy(self.fresh.copy()),
            context=torch.from_numpy(self.corpus.context[self.sequence]),
        )
        self.place = np.minimum(self.place + self.window, self.stop)
        self.fresh[:] = False
        self._n_read += 1
        if self._n_read % RELEASED_EVERY == 0:
            self.corpus.release()
        return batch


class TrainingStreams:
    """An endless supply of windows; epochs follow one another without a gap.

    Args:
        corpus: What to read.
        n_rows: Rows of a batch.
        window: Steps of a window, the reach of back-propagation through time.
        seed: Where the order comes from.
        resets: Whether the state begins anew where a row is given another stretch; else it is
            carried on, and a document is read with the one before it in mind.
    """

    def __init__(
        self, corpus: EncodedCorpus, n_rows: int, window: int, seed: int, *, resets: bool = True
    ) -> None:
        self._cursors = Cursors(corpus, n_rows, window, opens_at_borders=True)
        self._resets = resets
        self._seed = seed
        self._epoch = -1
        self._segments = training_segments(corpus, n_rows, seed, 0)
        self._next = len(self._segments.start)  # "epoch -1 is used up"

    @property
    def epoch(self) -> int:
        """The epoch that rows are being given stretches of, from 0."""
        return max(self._epoch, 0)

    def next(self) -> Batch:
        """Return the next window of every row."""
        cursors = self._cursors
        for row in np.flatnonzero(cursors.place >= cursors.stop):
            self._feed(int(row))
        return cursors.read()

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands; `seek` goes back to it."""
        cursors = self._cursors
        return {
            "place": cursors.place.copy(),
            "counted_from": cursors.counted_from.copy(),
            "stop": cursors.stop.copy(),
            "sequence": cursors.sequence.copy(),
            "epoch_and_next": np.array([self._epoch, self._next], dtype=np.int64),
        }

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        cursors = self._cursors
        for name in ("place", "counted_from", "stop", "sequence"):
            setattr(cursors, name, position[name].copy())
        self._epoch, self._next = (int(n) for n in position["epoch_and_next"])
        self._load_epoch()

    def _feed(self, row: int) -> None:
        if self._next >= len(self._segments.start):
            self._epoch += 1
            self._next = 0
            self._load_epoch()
        self._cursors.load(row, self._segments, self._next)
        if not self._resets:
            self._cursors.fresh[row] = False
        self._next += 1

    def _load_epoch(self) -> None:
        n_rows = len(self._cursors.place)
        self._segments = training_segments(self._cursors.corpus, n_rows, self._seed, self.epoch)


def held_out_batches(
    corpus: EncodedCorpus, *, n_rows: int, window: int, warm_up: int
) -> Iterator[Batch]:
    """Read a held-out part once; every prediction counts exactly once.

    Long sequences are cut so that all rows work; a stretch that starts inside a sequence reads
    `warm_up` steps before it without counting them. The exact pass without cuts is `score`'s.
    """
    segments = held_out_segments(corpus, n_rows, warm_up)
    cursors = Cursors(corpus, min(n_rows, len(segments.start)), window)
    following = 0
    while True:
        for row in np.flatnonzero(cursors.place >= cursors.stop):
            if following < len(segments.start):
                cursors.load(int(row), segments, following)
                following += 1
        if (cursors.place >= cursors.stop).all():
            return
        yield cursors.read()
