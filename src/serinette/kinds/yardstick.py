"""How the sequences of a kind are cut, counted and embedded, so that they can be measured.

Long sequences are measured in pieces. Neighbouring pieces resemble one another, so they are cut
from *stretches*: whatever is resampled, held apart or drawn is a whole stretch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.metric import Metric

OwnMetrics = Callable[[Sequence[str], np.ndarray], list[Metric]]
"""Measures samples in ways that are special to a kind: the pieces, and the stretch of each."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Content without a gap, and the pieces that it is cut into."""

    content: str
    spans: tuple[tuple[int, int], ...]
    """First character of each piece, and the one after its last; in order, apart."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces themselves."""
        return tuple(self.content[start:stop] for start, stop in self.spans)


@runtime_checkable
class Yardstick(Protocol):
    """What a kind knows about measuring its sequences."""

    @property
    def piece_name(self) -> str:
        """What a piece is, in the plural: `documents`, `passages of 30 words`."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether a piece is a whole sequence with its end."""
        ...

    @property
    def pieces_per_stretch(self) -> int:
        """How many pieces a stretch has at most."""
        ...

    def cut(self, content: str) -> list[Stretch]:
        """Cut one sequence; what is too short to be a piece is left out."""
        ...

    def tokens(self, piece: str) -> list[str]:
        """Return what is counted: words, notes."""
        ...

    def embed(
        self, pieces: Sequence[str], on_progress: Callable[[int], None]
    ) -> Float32[np.ndarray, "N D"]:
        """Return what a piece is about, as a vector; `on_progress` is told how many are done."""
        ...

    @property
    def embedding(self) -> str:
        """What made the vectors, for the report."""
        ...

    def own_metrics(
        self,
        real: Sequence[str],
        groups: Int[np.ndarray, " N"],
        others: Sequence[str],
        *,
        seed: int,
    ) -> OwnMetrics:
        """Return what measures samples in ways that are special to the kind.

        Args:
            real: Pieces of held-out data, whose figures are the floors.
            groups: Which of them were cut from one stretch.
            others: Other real data, all there are.
            seed: Of the intervals.
        """
        ...
