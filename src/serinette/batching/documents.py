"""Batches of whole sequences of like lengths: for poems, names, captions.

A stream of short sequences is padding for a good part, since every window has one shape. Here all
rows of a batch begin together, and the batch is as long as the longest of them; sequences of like
lengths share a batch. Nothing is carried from one batch to the next.

Shape letters: `N` batches, `B` rows.
"""

import numpy as np
import torch
from jaxtyping import Int

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.segments import Segments, training_pieces
from serinette.batching.streams import Batch
from serinette.core.seeds import derive

_POOL = 64
"""Batches among which sequences are sorted: enough that hardly anything is padding."""


class DocumentBatches:
    """An endless supply of batches; epochs follow one another without a gap.

    Args:
        corpus: What to read.
        n_rows: Sequences of a batch; the last batch of an epoch is filled up with padding.
        longest: Steps of the longest batch; longer sequences are cut, at a line's end if one is
            near, and the pieces are read like sequences of their own.
        seed: Where the order comes from.
        is_sorted: Whether sequences of like lengths share a batch; else a batch is a fair draw,
            and so is every part of its rows.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        n_rows: int,
        longest: int,
        seed: int,
        *,
        is_sorted: bool = True,
    ) -> None:
        self._corpus = corpus
        self._pool = n_rows * _POOL if is_sorted else 0
        self._n_rows = n_rows
        self._longest = longest
        self._seed = seed
        self._epoch, self._next = 0, 0
        self._load_epoch()

    @property
    def epoch(self) -> int:
        """The epoch that is being read, from 0."""
        return self._epoch

    def next(self) -> Batch:
        """Return the next batch."""
        if self._next >= len(self._batches):
            self._epoch += 1
            self._next = 0
            self._load_epoch()
        chosen = self._batches[self._next]
        self._next += 1
        return self._read(chosen)

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands; `seek` goes back to it."""
        return {"epoch_and_next": np.array([self._epoch, self._next], dtype=np.int64)}

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        self._epoch, self._next = (int(n) for n in position["epoch_and_next"])
        self._load_epoch()

    def _load_epoch(self) -> None:
        epoch = self._epoch
        self._corpus.release()
        self._pieces = training_pieces(self._corpus, self._longest, self._seed, epoch)
        self._batches = _batches(
            self._pieces, self._n_rows, self._pool, derive(self._seed, epoch, 1)
        )

    def _read(self, chosen: Int[np.ndarray, " B"]) -> Batch:
        corpus, pieces = self._corpus, self._pieces
        is_there = chosen >= 0
        start = np.where(is_there, pieces.start[chosen], 0)
        stop = np.where(is_there, pieces.stop[chosen], 0)
        n_steps = int((stop - start).max())
        places = start[:, None] + np.arange(n_steps)  # [B, T]
        mask = places < stop[:, None]
        clipped = np.minimum(places, np.maximum(stop[:, None] - 1, 0))
        inputs = corpus.symbols[clipped].astype(np.int64)
        targets = corpus.symbols[clipped + 1].astype(np.int64)
        inputs[corpus.is_border(start), 0] = corpus.symbols[0]  # `end`
        sequence = np.where(is_there, pieces.sequence[chosen], 0)
        return Batch(
            inputs=torch.from_numpy(inputs),
            targets=torch.from_numpy(targets),
            mask=torch.from_numpy(mask),
            measured=torch.from_numpy(mask & corpus.is_measured(targets)),
            fresh=torch.ones(len(chosen), dtype=torch.bool),
            context=torch.from_numpy(corpus.context[sequence]),
        )


def _batches(pieces: Segments, n_rows: int, pool: int, seed: int) -> Int[np.ndarray, "N B"]:
    """Return the numbers of the pieces of each batch; -1 is padding.

    Args:
        pieces: In the order in which they were shuffled.
        n_rows: Of a batch.
        pool: Pieces that are sorted among themselves; 0: none are.
        seed: Of the order of the batches.
    """
    order = np.arange(len(pieces.start))  # `training_pieces` has shuffled them
    lengths = pieces.stop - pieces.start
    if pool:
        parts = np.split(order, range(pool, len(order), pool))
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    padded = np.full(-(-len(order) // n_rows) * n_rows, -1)
    padded[: len(order)] = order
    batches = padded.reshape(-1, n_rows)
    generator = np.random.Generator(np.random.Philox(seed))
    return batches[generator.permutation(len(batches))]
