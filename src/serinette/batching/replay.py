"""Batches of two texts: most rows read the new one, some go on reading the old one.

Rehearsal against forgetting. Only the new text's steps are counted in the figure that is reported.

Reference: Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal".

Shape letters: `B` rows, `T` steps.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from serinette.batching.documents import DocumentBatches
from serinette.batching.streams import Batch, TrainingStreams
from serinette.batching.windows import RandomWindows

Reader = TrainingStreams | DocumentBatches | RandomWindows
_OLD = "old_"


class ReplayBatches:
    """An endless supply of batches whose last rows are of the old text.

    Args:
        new: Supplies the first rows.
        old: Supplies the last ones.
    """

    def __init__(self, new: Reader, old: Reader) -> None:
        self._new = new
        self._old = old

    @property
    def epoch(self) -> int:
        """The epoch of the new text, from 0."""
        return self._new.epoch

    def next(self) -> Batch:
        """Return the next batch: of windows of two lengths the shorter ones are padded."""
        new, old = self._new.next(), self._old.next()
        old = old._replace(measured=torch.zeros_like(old.measured))
        longest = max(new.inputs.shape[1], old.inputs.shape[1])
        return Batch(*(_joined(*pair, longest) for pair in zip(new, old, strict=True)))

    def position(self) -> dict[str, np.ndarray]:
        """Return where both readings stand; `seek` goes back to it."""
        old = {f"{_OLD}{name}": value for name, value in self._old.position().items()}
        return {**self._new.position(), **old}

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        is_old = {name: name.startswith(_OLD) for name in position}
        self._new.seek({name: position[name] for name in position if not is_old[name]})
        self._old.seek(
            {name.removeprefix(_OLD): position[name] for name in position if is_old[name]}
        )


def rows_of_old(n_rows: int, share: float) -> int:
    """Return how many of some rows read the old text: at least one, and not all of them."""
    return min(n_rows - 1, max(1, round(share * n_rows)))


def _joined(new: Tensor, old: Tensor, longest: int) -> Tensor:
    """Put rows below rows; a column of steps is padded to `longest`, one of rows is not."""
    parts = [new, old]
    if new.dim() == 2 and new.shape[1] != old.shape[1]:  # noqa: PLR2004 - rows by steps
        parts = [F.pad(part, (0, longest - part.shape[1])) for part in parts]
    return torch.cat(parts)
