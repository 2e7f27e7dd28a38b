"""How much of what a training reads comes from each of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serinette.kinds.corpus import Corpus


@dataclass(frozen=True, kw_only=True)
class SourceShare:
    """One of the data."""

    name: str
    """As it was given."""
    n_characters: int
    """Of its train part."""
    times: float
    """How many times they are read in an epoch."""
    share: float
    """Of all that is read, in [0, 1]."""


def shares_of(train: Corpus, sources: Sequence[Any]) -> tuple[SourceShare, ...]:
    """Return the share of each of several files and folders; of a single one, or texts, nothing.

    Args:
        train: The train part.
        sources: The data as they were given.
    """
    if len(sources) < 2 or not all(isinstance(source, Path) for source in sources):  # noqa: PLR2004
        return ()
    counts = np.zeros(len(sources), dtype=np.int64)
    for sequence in train.sequences:
        counts[sequence.source] += sequence.n_characters
    times = np.array(train.weights or [1.0] * len(sources))
    total = max(1.0, float(counts @ times))
    return tuple(
        SourceShare(
            name=str(source), n_characters=int(n), times=float(t), share=float(n * t / total)
        )
        for source, n, t in zip(sources, counts, times, strict=True)
    )
