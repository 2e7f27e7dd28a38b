"""Windows of random places, each read from a state of zeros: the framing of the notebooks.

*Many-to-many*: every step of a window is predicted. *Many-to-one*: only its last one is, from all
before it; a prediction then costs as many steps as a window has. Nothing is carried over.

Shape letters: `B` rows, `T` steps of a window.
"""

import numpy as np
import torch
from jaxtyping import Int

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.streams import RELEASED_EVERY, Batch
from serinette.core.seeds import derive


class RandomWindows:
    """An endless supply of windows; batch k of a seed is the same whatever came before.

    Args:
        corpus: What to read.
        n_rows: Windows of a batch.
        window: Steps of a window; one that begins with its sequence may be shorter.
        seed: Where the places come from.
        is_last_only: Whether only the last step of a window is predicted.
    """

    def __init__(
        self, corpus: EncodedCorpus, n_rows: int, window: int, seed: int, *, is_last_only: bool
    ) -> None:
        self._corpus = corpus
        self._n_rows, self._window, self._seed = n_rows, window, seed
        self._is_last_only = is_last_only
        lengths = np.diff(corpus.starts)
        shares = lengths if corpus.weights is None else lengths * corpus.weights
        self._cumulative = np.cumsum(shares / shares.sum())
        self._next = 0

    @property
    def epoch(self) -> int:
        """How often as many predictions as the corpus has were made, from 0."""
        n_each = 1 if self._is_last_only else self._window
        return self._next * self._n_rows * n_each // max(1, self._corpus.n_steps)

    def next(self) -> Batch:
        """Return the next batch."""
        generator = np.random.Generator(np.random.Philox(derive(self._seed, self._next)))
        self._next += 1
        starts = self._corpus.starts
        chosen = np.searchsorted(self._cumulative, generator.random(self._n_rows), side="right")
        chosen = np.minimum(chosen, len(starts) - 2)
        last = starts[chosen] + np.floor(
            generator.random(self._n_rows) * (starts[chosen + 1] - starts[chosen])
        ).astype(np.int64)
        batch = self._read(np.maximum(last - self._window + 1, starts[chosen]), last, chosen)
        if self._next % RELEASED_EVERY == 0:
            self._corpus.release()
        return batch

    def _read(
        self,
        first: Int[np.ndarray, " B"],
        last: Int[np.ndarray, " B"],
        sequence: Int[np.ndarray, " B"],
    ) -> Batch:
        """Read windows from their first to their last place; after it is padding."""
        corpus = self._corpus
        places = first[:, None] + np.arange(self._window)
        there = places <= last[:, None]
        mask = places == last[:, None] if self._is_last_only else there
        clipped = np.minimum(places, last[:, None])
        inputs = corpus.symbols[clipped].astype(np.int64)
        opening = corpus.is_border(first)
        inputs[opening, 0] = corpus.symbols[0]  # `end`: a line is a beginning too
        targets = corpus.symbols[clipped + 1].astype(np.int64)
        return Batch(
            inputs=torch.from_numpy(inputs),
            targets=torch.from_numpy(targets),
            mask=torch.from_numpy(mask),
            measured=torch.from_numpy(mask & corpus.is_measured(targets)),
            fresh=torch.ones(self._n_rows, dtype=torch.bool),
            context=torch.from_numpy(corpus.context[sequence]),
        )

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands; `seek` goes back to it."""
        return {"next": np.array([self._next], dtype=np.int64)}

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        self._next = int(position["next"][0])
