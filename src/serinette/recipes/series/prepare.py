"""From a table to encoded parts: read, split, fit the codec on the training part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from serinette.core.config import Resolved
from serinette.core.errors import DataError
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.fitting import fit_codec
from serinette.kinds.series.parts import Parts, split_table
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.table import Table
from serinette.kinds.series.wording import described
from serinette.training.events import Listener, Note


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedSeries:
    """A table, ready to train on."""

    table: Table
    parts: Parts
    codec: SeriesCodec
    steps: Steps

    @property
    def n_training_rows(self) -> int:
        """Rows of the training part."""
        return self.n_rows_of(self.parts.train)

    def n_rows_of(self, sequences: Int[np.ndarray, " S"]) -> int:
        """Return the rows of some sequences."""
        return int(np.diff(self.parts.starts)[sequences].sum())


def prepare_series(
    source: Sequence[Path] | Any,
    settings: Resolved,
    listener: Listener,
    scratch: Path | None = None,
) -> PreparedSeries:
    """Read, split and encode; every decision is told to the listener.

    Args:
        source: Files, or what else `read_table` takes.
        settings: Of the run.
        listener: Told every decision.
        scratch: Folder for numbers that are too many for memory; None: the system's.

    Raises:
        DataError: If the data cannot be used, or are too little.
    """
    table = read_table(source, settings.groups["data"], for_training=True, scratch=scratch)
    for note in table.notes:
        listener(Note(text=note))
    for warning in table.warnings:
        listener(Note(text=warning, is_warning=True))
    parts = split_table(table, settings.groups["split"])
    listener(Note(text=parts.how))
    codec, steps = fit_codec(table, settings.groups["data"], parts.train, parts.starts, scratch)
    if not codec.parallel_values and not codec.symbols:
        where = table.sources[0].path if table.sources else "the table"
        raise DataError(
            f"{where}: all that changes from row to row follows from the rest "
            f"({'; '.join(codec.relations.sentences[:3])}), so there is nothing to learn; see with "
            "`serinette inspect` what was found"
        )
    for sentence in (*codec.relations.sentences, *codec.relations.notes, *described(codec)):
        listener(Note(text=sentence))
    return PreparedSeries(table=table, parts=parts, codec=codec, steps=steps)
