"""A model of tables in the hands of a Python user."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.artifact.folder import Artifact
from serinette.core.config import build
from serinette.core.durable import write_folder
from serinette.core.errors import ConfigError
from serinette.explaining.explanation import Explanation
from serinette.kinds.series.table import Table
from serinette.kinds.series.writer import to_frame, write_table
from serinette.recipes.evaluate.report import Report
from serinette.recipes.explain.request import ExplainRequest
from serinette.recipes.explain.run import explain
from serinette.recipes.export import Exported, export
from serinette.recipes.series.evaluate import (
    SeriesEvaluateRequest,
    evaluate_table,
    table_and_parts,
)
from serinette.recipes.series.generate import OpenedSeries, SeriesRequest, generate_series
from serinette.recipes.series.history import read_history
from serinette.recipes.series.score import SeriesScore, score_series
from serinette.recipes.series.written import joined

_AS_ARRAY = ("number", "symbol")


class SeriesModel:
    """A trained model of tables. Generating and scoring never import torch.

    Args:
        artifact: A verified model folder.
        like: What `generate` gives back: `pandas`, `polars`, `numpy` or `dict`.
    """

    def __init__(self, artifact: Artifact, like: str = "dict") -> None:
        self.artifact = artifact
        self.like = like
        self._opened = OpenedSeries(artifact)

    @property
    def relations(self) -> tuple[str, ...]:
        """What holds in every row of the data, and of all that is written."""
        return self._opened.codec.relations.sentences

    def generate(self, n: int = 1, *, like: Any = None, **settings: Any) -> Any:
        """Write `n` sequences; the same seed gives the same ones.

        Args:
            n: How many.
            like: What comes back: `pandas`, `polars`, `numpy`, `dict`, or any such object; None:
                what the model was trained on.
            **settings: Fields of `SeriesRequest`: `length`, `seed`, `start`, `statics`,
                `scenario`, `temperature`... `history` takes a path, a data frame or an array of
                sequences, each of which `n` are continuations of.

        Raises:
            ConfigError: If a setting is unknown or out of range.
            DataError: If a history does not fit the model.
        """
        return to_frame(self._table(n, settings), self.like if like is None else like)

    def generate_array(self, n: int, *, length: int, **settings: Any) -> Float[np.ndarray, "n T D"]:
        """Write `n` sequences of one length as numbers: columns in the order of the data.

        Args:
            n: How many.
            length: Rows of each.
            **settings: As for `generate`.
        """
        table = self._table(n, {**settings, "length": length})
        names = [r.name for r in self._opened.codec.columns if r.part in _AS_ARRAY]
        cells = table.numbers(names)
        found: Float[np.ndarray, "n T D"] = cells.reshape(-1, length, len(names))
        return found

    def write(self, path: str | os.PathLike[str], n: int = 1, **settings: Any) -> None:
        """Write `n` sequences to a file: `.csv`, `.parquet`, `.arrow`; arguments as `generate`."""
        write_table(self._table(n, settings), Path(path))

    def score(self, source: str | os.PathLike[str] | Any) -> SeriesScore:
        """Measure how likely a table is under the model, and where it is least likely.

        Args:
            source: A path, a data frame or an array of the same columns.
        """
        return score_series(self._opened, _source(source))

    def evaluate(self, *, data: Any = None, quick: bool = False, seed: int = 0) -> Report:
        """Find out how real what the model writes is, and what it gives away.

        Args:
            data: Where the training data are now, or the data frame; None: where they were.
            quick: Less of everything.
            seed: Same seed, same report.

        Raises:
            NotFoundError: If the training data are gone.
            DataError: If they have changed, or nothing was held out.
        """
        request = SeriesEvaluateRequest(seed=seed, is_quick=quick)
        real = table_and_parts(self._opened, () if data is None else _source(data))
        return Report(evaluation=evaluate_table(self._opened, real, request))

    def explain(self, source: str | os.PathLike[str] | None = None, **request: Any) -> Explanation:
        """Look into the network while it reads rows: surprisal, cells, gates, how far back.

        Args:
            source: A path; None: what was held out of the training.
            **request: Fields of `ExplainRequest`: `cells`, `limit`, `is_quick`...

        Raises:
            ConfigError: If an argument is unknown or out of range, or the engine writes whole
                windows.
            NotFoundError: If there is no table.
            DataError: If it does not fit the model.
        """
        asked = build(ExplainRequest, request, source="explain")
        return explain(self.artifact, None if source is None else os.fspath(source), asked)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Copy the model to `folder`, which must not exist yet."""
        write_folder(Path(folder), self.artifact.files)

    def export(self, path: str | os.PathLike[str], form: str | None = None) -> Exported:
        """Write the whole model as one file, which must not exist yet.

        Args:
            path: Where.
            form: `zip`; None: by the ending of `path`.

        Raises:
            ConfigError: If the form is another, or the file exists.
        """
        return export(self.artifact, Path(path), form)

    def _table(self, n: int, settings: dict[str, Any]) -> Table:
        source = settings.pop("history", None)
        request = build(SeriesRequest, {"n": n, **settings}, source="generate")
        if source is not None:
            past = read_history(self.artifact, self._opened.codec, _source(source))
            for warning in past.warnings:
                warnings.warn(warning, stacklevel=3)
            request = replace(request, history=past)
        return joined(list(generate_series(self._opened, request)))


def _source(source: Any) -> Any:
    if isinstance(source, (str, os.PathLike)):
        return (Path(source),)
    return source


SDV_NAMES = {
    "sequence_key": "data.entity",
    "sequence_index": "data.time",
    "context_columns": "data.statics",
}
"""What users of SDV call the settings of a table."""


def as_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Take SDV's names out of some arguments; return them as settings.

    Raises:
        ConfigError: If a list of names is something else.
    """
    found: dict[str, Any] = {}
    for name, key in SDV_NAMES.items():
        value = values.pop(name, None)
        if value is None:
            continue
        if name == "sequence_index":
            found[key] = value
        elif isinstance(value, str):
            found[key] = [value]
        elif isinstance(value, Sequence):
            found[key] = list(value)
        else:
            raise ConfigError(f"{name} must be a name or a list of names, got {value!r}")
    return found
