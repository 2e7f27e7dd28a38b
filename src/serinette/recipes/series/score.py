"""`score` for tables: how likely given series are under a model, and where they are least likely.

Shape letters: `S` sequences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.artifact.folder import Artifact
from serinette.core.config import build
from serinette.core.errors import ConfigError, DataError
from serinette.decoding.fields_reading import window_nats
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.encoding import encode_windows
from serinette.kinds.series.fitting import take_apart
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.table import Table
from serinette.recipes.series.engines import AutoregressiveEngine
from serinette.recipes.series.generate import OpenedSeries

_STRETCH = 8
_TOGETHER = 64


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Rows that the model did not expect."""

    sequence: int
    """Number of the sequence, from 0."""
    first_row: int
    """Its first row within the sequence, from 0."""
    n_rows: int
    nats_per_row: float
    """Mean -log p, in nats."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesScore:
    """How likely a table is."""

    nats: Float[np.ndarray, " S"]
    """-log p of each sequence, in nats."""
    n_rows: Float[np.ndarray, " S"]
    """Rows of each."""
    stretches: tuple[Stretch, ...]
    """The least likely ones first, none over another."""

    @property
    def nats_per_row(self) -> float:
        """-log p of all rows, in nats, by their number."""
        return float(self.nats.sum() / max(self.n_rows.sum(), 1))


def settings_again(artifact: Artifact, codec: SeriesCodec) -> SeriesConfig:
    """Return how the training data were read, nothing left to be found out."""
    stored: Mapping[str, Any] = artifact.source["data"]
    settled = {
        "entity": codec.entity or ("-",),
        "time": codec.time or "-",
        "statics": [r.name for r in codec.columns if r.part.startswith("static")] or ["-"],
        "types": {r.name: r.type for r in codec.columns},
        "left_out": [r.name for r in codec.columns if r.part == "left out"],
    }
    return build(SeriesConfig, {**stored, **settled}, source="config.json [data]")


def table_again(artifact: Artifact, codec: SeriesCodec, source: Sequence[Path] | Any) -> Table:
    """Read a table of the columns that a model knows.

    Raises:
        DataError: If a column is not there, or a category has a value that the model never saw.
    """
    try:
        table = read_table(source, settings_again(artifact, codec))
    except ConfigError as error:
        raise DataError(f"the table does not fit the model: {error}") from error
    names = {column.name for column in table.columns}
    lost = [r.name for r in codec.columns if r.name not in names and r.part != "left out"]
    if lost:
        raise DataError(f"the table has no column '{lost[0]}', which the model knows")
    return renumbered(table, codec)


def renumbered(table: Table, codec: SeriesCodec) -> Table:
    """Number the values of categories as the model does.

    Raises:
        DataError: If a category has a value that the model never saw.
    """
    columns = []
    for column in table.columns:
        record = next((r for r in codec.columns if r.name == column.name), None)
        if record is None or not record.levels or record.levels == column.levels:
            columns.append(column)
            continue
        place = {level: k for k, level in enumerate(record.levels)}
        # An apostrophe is what keeps a spreadsheet from reading a written "=5" as a formula.
        place |= {f"'{level}": k for level, k in place.items() if f"'{level}" not in place}
        unknown = [level for level in column.levels if level not in place]
        if unknown:
            raise DataError(f"column '{column.name}': the model never saw the value {unknown[0]!r}")
        numbers = np.array([*(place[level] for level in column.levels), np.nan], dtype=np.float64)
        cells = np.asarray(column.values)
        chosen = np.where(np.isnan(cells), len(column.levels), np.nan_to_num(cells)).astype(int)
        columns.append(record.filled(numbers[chosen]))
    return Table(
        columns=tuple(columns), starts=table.starts, entity=table.entity, time=table.time,
        statics=table.statics, left_out=table.left_out, sources=table.sources, notes=table.notes,
        warnings=table.warnings,
    )  # fmt: skip


def score_series(
    opened: OpenedSeries, source: Sequence[Path] | Any, *, most: int = 5
) -> SeriesScore:
    """Measure how well a model predicts a table.

    Args:
        opened: The model.
        source: Files, a data frame or an array of the same columns.
        most: How many unlikely stretches are returned.

    Raises:
        ConfigError: If the model's engine knows no likelihoods.
        DataError: If it lacks a column, or holds a value that the model never saw.
    """
    codec, engine = opened.codec, opened.engine
    if not isinstance(engine, AutoregressiveEngine):
        raise ConfigError(
            f"score: {opened.artifact.folder} has the {engine.name} engine, which writes sequences "
            "but knows no likelihoods; train with --engine autoregressive"
        )
    table = table_again(opened.artifact, codec, source)
    steps = take_apart(codec, table)
    lengths = np.diff(table.starts)
    nats = np.zeros(len(lengths))
    found: list[Stretch] = []
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), _TOGETHER):
        some = order[begin : begin + _TOGETHER]
        longest = max(2, int(lengths[some].max()))
        windows = encode_windows(codec, steps, table.starts[some], longest)
        by_row = window_nats(engine.network, windows)
        nats[some] = by_row.sum(1)
        for k, row in zip(some, by_row, strict=True):
            found += _stretches(int(k), row[: lengths[k]], most)
    found.sort(key=lambda stretch: -stretch.nats_per_row)
    return SeriesScore(nats=nats, n_rows=lengths.astype(np.float64), stretches=tuple(found[:most]))


def _stretches(sequence: int, nats: Float[np.ndarray, " T"], most: int) -> list[Stretch]:
    """Return the least likely stretches of a sequence, none over another."""
    length = min(_STRETCH, len(nats))
    means = np.convolve(nats, np.full(length, 1 / length), mode="valid")
    found: list[Stretch] = []
    for _ in range(most):
        at = int(np.argmax(means))
        if not np.isfinite(means[at]):
            break
        found.append(
            Stretch(sequence=sequence, first_row=at, n_rows=length, nats_per_row=float(means[at]))
        )
        means[max(0, at - length + 1) : at + length] = -np.inf
    return found
