"""The Python API: `serinette.train` and `serinette.load`."""

import os
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

from serinette.artifact.folder import Artifact
from serinette.artifact.folder import load as load_artifact
from serinette.artifact.precision import Precision, in_precision
from serinette.artifact.runs import find_model
from serinette.core.config import Layer, parse_duration
from serinette.core.errors import ConfigError
from serinette.kinds.table import SERIES, kind_of
from serinette.recipes.given import Source, as_records, is_frame, sources_of
from serinette.recipes.model import Model
from serinette.recipes.presets import find_preset
from serinette.recipes.requests import TrainRequest
from serinette.recipes.series.model import SeriesModel, as_settings
from serinette.recipes.train import train as run_training
from serinette.training.events import Listener, silent

DEFAULT_BUDGET = "5m"
"""Time for a training when neither budget nor updates are given."""


def load(
    name: Source, *, runs: Source = "runs", precision: Precision = "auto"
) -> "Model | SeriesModel":
    """Open a model folder, or the model of a run.

    Args:
        name: A folder, a zip that `export` wrote, or the name of a run in `runs`.
        runs: Folder of the runs.
        precision: Of the step graph, of texts and poems: `auto` is `int8` where the model has a
            graph in whole numbers, else `fp32`.

    Raises:
        ConfigError: If `int8` is asked for and the model has no such graph.
        NotFoundError: If there is no such model.
        ArtifactError: If it is damaged or of a newer format.
    """
    artifact = load_artifact(find_model(os.fspath(name), Path(runs)))
    return _model_of(in_precision(artifact, precision), None)


def train(
    source: Any,
    *,
    budget: str | float | None = None,
    runs: Source = "runs",
    listener: Listener = silent,
    **settings: Any,
) -> "Model | SeriesModel":
    """Train a model on a file, a folder, a list of texts or of records, or a table.

    Args:
        source: A path, or the texts themselves, or records (dictionaries; `data__text_field` names
            the one of their fields that holds the text, `text` if not set); of a table also a
            pandas or polars frame, an array [rows, columns] or [sequences, steps, columns], or a
            dictionary of columns.
        budget: Wall-clock time for everything: "5m", "90s" or seconds. Without it, and without
            `updates` or a `preset` that ends by itself, five minutes.
        runs: Folder of the runs.
        listener: Told of decisions, progress and evaluations.
        **settings: `name`, `updates`, `size`, `seed`, `resume`, `preset`, `objective` as for the
            command line, and `section__key` for any setting: `model__hidden_size=384`. Of a table
            `entity`, `time`, `constraints`, `window`, `engine`, or as SDV says `sequence_key`,
            `sequence_index`, `context_columns`. To fine-tune, `base_model`: a model of texts or
            poems, its folder or the name of a run to go on from; and `replay`, the share of the
            rows that go on reading its old text.

    Raises:
        ConfigError: If a setting is unknown or out of range, or does not suit the base model.
        DataError: If the data cannot be used.
        NotFoundError: If there is no such base model.
    """
    started = time.monotonic()
    is_table_given = is_frame(source)
    tabular = as_records(source) | as_settings(settings)
    tabular |= {key: settings.pop(name) for name, key in _SHORT.items() if name in settings}
    if is_table_given:
        settings.setdefault("kind", "series")
    if "objective" in settings:
        sources = source if is_table_given else sources_of(source)
        is_table = kind_of(sources, settings.get("kind")) == SERIES
        key = "engine.objective" if is_table else "training.objective"
        tabular[key] = settings.pop("objective")
    own = {key: settings.pop(key) for key in list(settings) if key in _REQUEST_FIELDS}
    own["base_model"] = _place_of(own.get("base_model"))
    unknown = [key for key in settings if "__" not in key]
    if unknown:
        raise ConfigError(
            f"train: unknown argument '{unknown[0]}'; known: {', '.join(sorted(_REQUEST_FIELDS))}, "
            "section__key"
        )
    values = tabular | {key.replace("__", ".", 1): value for key, value in settings.items()}
    if budget is None and "updates" not in own and "training.updates" not in values:
        preset = own.get("preset")
        has_end = preset is not None and not find_preset(preset).needs_budget
        budget = None if has_end or "resume" in own else DEFAULT_BUDGET
    seconds = parse_duration(budget) if isinstance(budget, str) else budget
    request = TrainRequest(
        sources=source if is_table_given else sources_of(source),
        layers=(Layer(origin="train()", values=values),),
        runs=Path(runs),
        budget_seconds=seconds,
        started=started,
        **own,
    )
    artifact = load_artifact(run_training(request, listener).model)
    return _model_of(artifact, source if is_table_given else None)


def _place_of(model: "Model | SeriesModel | Source | None") -> str | None:
    """Return the folder of a model, or the path or name that was given."""
    if isinstance(model, Model | SeriesModel):
        return os.fspath(model.artifact.folder)
    return None if model is None else os.fspath(model)


def _model_of(artifact: Artifact, like: Any) -> "Model | SeriesModel":
    if artifact.kind != SERIES:
        return Model(artifact)
    from serinette.kinds.series import frames

    return SeriesModel(artifact, "dict" if like is None else frames.kind_of(like))


_SHORT = {
    "entity": "data.entity",
    "time": "data.time",
    "constraints": "data.constraints",
    "window": "data.window",
    "engine": "engine.name",
    "replay": "fine_tuning.replay",
}
"""Settings that have a short name."""
_REQUEST_FIELDS = {f.name for f in fields(TrainRequest)} - {
    "sources",
    "layers",
    "runs",
    "budget_seconds",
    "started",
}
