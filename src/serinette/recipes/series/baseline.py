"""The line to beat: every column on its own, from the row before, without memory.

A symbol has its frequency given the symbol before; the change of a value is one of the atoms or
Gaussian. Fitted on the training part, like the model.

Shape letters: `B` windows, `T` steps, `F` fields.
"""

import math
from collections.abc import Iterable

import numpy as np

from serinette.core.schema import SymbolField
from serinette.kinds.series.codec import SeriesCodec
from serinette.nets.fields import StepBatch

_PSEUDO = 0.5


class ColumnsAlone:
    """Columns that know nothing of one another.

    Args:
        codec: Fitted.
        batches: Of the training part.
    """

    def __init__(self, codec: SeriesCodec, batches: Iterable[StepBatch]) -> None:
        schema = codec.schema(1, 1)
        self._blocks = {"following": schema.fields, "opening": schema.opening}
        gathered = [_drawn(batch) for batch in batches]
        self._tables: dict[str, list[tuple[np.ndarray, float, float]]] = {}
        for name, fields in self._blocks.items():
            found = []
            for k, kind in enumerate(fields):
                parts = [_column(drawn[name], k) for drawn in gathered]
                choices = np.concatenate([part[0] for part in parts] or [np.zeros(0, dtype=int)])
                values = np.concatenate([part[1] for part in parts] or [np.zeros(0)])
                size = kind.size if isinstance(kind, SymbolField) else kind.n_atoms + 1
                counts = np.bincount(choices, minlength=size) + _PSEUDO
                found.append((np.log(counts / counts.sum()), *_gaussian(choices, values, size)))
            self._tables[name] = found

    def nats(self, batches: Iterable[StepBatch]) -> tuple[float, int]:
        """Return -log p of some windows and how many rows they hold."""
        total, n_rows = 0.0, 0
        for batch in batches:
            drawn = _drawn(batch)
            n_rows += batch.n_steps
            for name, fields in self._blocks.items():
                for k, kind in enumerate(fields):
                    choices, values = _column(drawn[name], k)
                    log_counts, mean, spread = self._tables[name][k]
                    total -= float(log_counts[choices].sum())
                    if not isinstance(kind, SymbolField):
                        z = (values[choices == kind.n_atoms] - mean) / spread
                        total += float((z**2 / 2 + math.log(spread * math.sqrt(2 * math.pi))).sum())
        return total, n_rows


def _gaussian(choices: np.ndarray, values: np.ndarray, size: int) -> tuple[float, float]:
    there = values[choices == size - 1]
    if len(there) < 2:  # noqa: PLR2004
        return 0.0, 1.0
    return float(there.mean()), max(float(there.std()), 1e-3)


def _drawn(batch: StepBatch) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return {
        "following": (batch.choices.numpy(), batch.values.numpy(), batch.counts.numpy()),
        "opening": (
            batch.opening_choices.numpy(),
            batch.opening_values.numpy(),
            batch.opening_counts.numpy(),
        ),
    }


def _column(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray], k: int
) -> tuple[np.ndarray, np.ndarray]:
    choices, values, counts = drawn
    is_counted = counts[..., k]
    return choices[..., k][is_counted], values[..., k][is_counted]
