"""The Python API: `serinette.train`, `serinette.load` and the model they return."""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from serinette.artifact.folder import Artifact
from serinette.artifact.folder import load as load_artifact
from serinette.artifact.runs import find_model
from serinette.core.config import Layer, build, nearest, parse_duration
from serinette.core.durable import read_folder, write_folder
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.evaluation.score import Score
from serinette.explaining.explanation import Explanation
from serinette.kinds.corpus import Corpus
from serinette.kinds.table import SERIES, find_kind, kind_of
from serinette.kinds.text.config import LABEL
from serinette.kinds.text.records import DEFAULT_TEXT
from serinette.recipes.adapting import Adapted, adapt_config, adapted, score_adapting
from serinette.recipes.count_model import count_model_of, reading_settings
from serinette.recipes.evaluate.report import Report
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.run import evaluate
from serinette.recipes.explain.request import ExplainRequest
from serinette.recipes.explain.run import explain
from serinette.recipes.generate import GenerateRequest, Opened, Piece, Sample, generate
from serinette.recipes.infilling import DEFAULT_CANDIDATES, DEFAULT_MIDDLE, infill
from serinette.recipes.mixing import fitted, mix_into
from serinette.recipes.presets import find_preset
from serinette.recipes.requests import TrainRequest
from serinette.recipes.score import score
from serinette.recipes.series.model import SeriesModel, as_settings
from serinette.recipes.sheets import SheetConfig, on_sheet, sheet_of
from serinette.recipes.train import train as run_training
from serinette.training.events import Listener, silent

Source = str | os.PathLike[str]
Texts = Sequence[str | Mapping[str, Any]]
"""Texts, or records that hold them."""
DEFAULT_BUDGET = "5m"
"""Time for a training when neither budget nor updates are given."""


class Model:
    """A trained model. Generating and scoring never import torch.

    Args:
        artifact: A verified model folder.
        adapted: What the model has become after reading a text; None: it is as it was saved.
    """

    def __init__(self, artifact: Artifact, *, adapted: Adapted | None = None) -> None:
        self.artifact = artifact
        self._opened = Opened(artifact, make_stepper=None if adapted is None else adapted.stepper)
        self._is_adapted = adapted is not None

    def generate(
        self,
        n: int = 1,
        *,
        prefix: str = "",
        seed: int = 0,
        label: str | None = None,
        given: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> list[Sample]:
        """Draw `n` samples; the same seed gives the same samples.

        Args:
            n: How many samples.
            prefix: Text that every sample goes on from.
            seed: Any integer; sample k of a seed is the same whatever `n`.
            label: Condition on this label of the training data, where there are labels.
            given: Condition on these facts, by context field: `{"author": "Austen", "year": 1813}`.
            **settings: How symbols are drawn (`DecodingConfig`: `temperature`, `top_p`, `stop`...),
                what is asked for (`RulesConfig` of a text model, `PoemWishes` of a poem model:
                `acrostic`, `form`, `regex`...), `best_of`, `resample` and `beam`; `mix`, a
                dictionary of other models and their weights in [0, 1], and `mix_by`:
                "probabilities" or "logits".

        Raises:
            ConfigError: If a setting is unknown or out of range.
            ConstraintError: If the rules cannot hold.
        """
        opened = self._mixed(settings)
        request = self._request(n, prefix, seed, self._facts(label, given), settings)
        drawn = generate(self.artifact, request, opened=opened)
        return [sample for sample in drawn if isinstance(sample, Sample)]

    def infill(
        self,
        prefix: str,
        suffix: str,
        *,
        middle: str = DEFAULT_MIDDLE,
        candidates: int = DEFAULT_CANDIDATES,
        **settings: Any,
    ) -> list[Sample]:
        """Write what leads from a beginning to an end.

        Args:
            prefix: The beginning; empty: none.
            suffix: The end, which every sample has exactly.
            middle: Characters between them: "40", or "20-60".
            candidates: How many are drawn for a sample, to choose from; more find better joins.
            **settings: As for `generate`, `n`, `seed`, `label` and `given` among them.

        Returns:
            Samples whose `join_nats` is what the end costs after what was written.

        Raises:
            ConfigError: If a setting is unknown, out of range, or does not go with an end.
            ConstraintError: If the rules cannot hold.
        """
        opened = self._mixed(settings)
        n, seed = settings.pop("n", 1), settings.pop("seed", 0)
        facts = self._facts(settings.pop("label", None), settings.pop("given", None))
        settings |= {"best_of": candidates}
        request = self._request(n, prefix, seed, facts, settings | {"ending": suffix})
        drawn = infill(self.artifact, request, middle=middle, opened=opened)
        return [sample for sample in drawn if isinstance(sample, Sample)]

    def stream(
        self,
        *,
        prefix: str = "",
        seed: int = 0,
        label: str | None = None,
        given: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Iterator[str]:
        """Draw one sample and yield its text as it comes; arguments as for `generate`."""
        opened = self._mixed(settings)
        request = self._request(1, prefix, seed, self._facts(label, given), settings)
        for drawn in generate(self.artifact, request, opened=opened):
            if isinstance(drawn, Piece):
                yield drawn.text

    def sheet(self, samples: Sequence[Sample], **settings: Any) -> str:
        """Set generated poems on a sheet of paper.

        Args:
            samples: One to eight, of a poem model.
            **settings: Fields of `SheetConfig`: `title`, `acrostic`, `seal`, `paper`, `page`...

        Returns:
            An SVG document.

        Raises:
            ConfigError: If the model writes no poems, or a setting is unknown or out of range.
            DataError: If there are no poems or too many.
        """
        if self.artifact.kind != "poem":
            raise ConfigError(
                f"sheet: only poems go on one, and this model is of kind {self.artifact.kind}"
            )
        config = build(SheetConfig, settings, source="sheet")
        return sheet_of([on_sheet(sample.full_text, config) for sample in samples], config)

    def score(
        self,
        source: Source | Texts,
        *,
        adapt: bool = False,
        adapt_rate: float | None = None,
        **mixing: Any,
    ) -> Score:
        """Measure how well the model predicts a file, a folder or texts.

        Args:
            source: A path, or a list of texts or of records.
            adapt: Let the weights follow the text (dynamic evaluation): each piece is predicted
                before it is learnt from. The model stays as it is.
            adapt_rate: How far weights go at a step.
            **mixing: `mix` and `mix_by`, as for `generate`: the score of the mixture.

        Raises:
            ConfigError: If a setting is unknown or out of range, or a mixture is to adapt.
        """
        opened = self._mixed(mixing)
        if mixing:
            raise ConfigError(f"score: unknown argument '{next(iter(mixing))}'; known: mix, mix_by")
        corpus = self._read(source)
        baseline = count_model_of(self.artifact).model
        if not adapt and adapt_rate is None:
            stepper = opened.steppers(1)[0]
            return score(self.artifact, corpus, baseline=baseline, stepper=stepper)
        config = adapt_config(adapt_rate, is_asked=adapt)
        if opened.mix is not None:
            raise ConfigError("score: adapt and mix: a mixture follows no text; give one of them")
        return score_adapting(self.artifact, corpus, config, baseline=baseline)

    def fitted_mix(
        self, *others: "Model", data: Source | Texts | None = None
    ) -> "dict[Model, float]":
        """Return the weights of other models with which a text is predicted best.

        Args:
            *others: Models of texts; the result can be given to `generate` and `score` as `mix`.
            data: The text; None: what this model held out for validation.

        Raises:
            ConfigError: If they cannot be mixed.
            NotFoundError: If the training data of this model are gone.
        """
        corpus = None
        if data is not None:
            corpus = self._read(data)
        mix = fitted(self.artifact, mix_into(self.artifact, dict.fromkeys(others, 0.0)), corpus)
        return dict(zip(others, (one.weight for one in mix.partners), strict=True))

    def _mixed(self, settings: dict[str, Any]) -> Opened:
        """Take what is to be mixed in out of the settings."""
        others, by = settings.pop("mix", None), settings.pop("mix_by", "probabilities")
        if not others:
            return self._opened
        return Opened(self.artifact, mix_into(self.artifact, others, by))

    def adapted(self, source: Source | Texts, *, rate: float | None = None) -> "Model":
        """Return a model whose weights have followed a text once, to write more like it.

        Args:
            source: A path, or a list of texts.
            rate: How far weights go at a step; None: as far as `score` has found best.

        Raises:
            ConfigError: If the rate is out of range.
        """
        corpus = self._read(source)
        found = adapted(self.artifact, corpus, adapt_config(rate, is_asked=True))
        return Model(found.artifact, adapted=found)

    def _read(self, source: Source | Texts) -> Corpus:
        kind, settings = reading_settings(self.artifact, {})
        return kind.read(_sources(source), settings)

    def evaluate(
        self,
        *,
        data: Source | Texts | None = None,
        against: "Model | None" = None,
        quick: bool = False,
        **request: Any,
    ) -> Report:
        """Find out how real, varied, original and discreet the model is.

        Args:
            data: Where the training data are now, or the texts; None: where they were.
            against: A second model to compare with.
            quick: Less of everything, in under a minute.
            **request: Fields of `EvaluateRequest`: `temperatures`, `top_p`, `n_pieces`, `seed`...

        Raises:
            ConfigError: If an argument is unknown or out of range.
            NotFoundError: If the training data are gone.
            DataError: If they have changed, or there is too little held-out text.
        """
        asked = build(EvaluateRequest, request, source="evaluate")
        evaluation = evaluate(
            self.artifact,
            asked.quick if quick else asked,
            data=() if data is None else _sources(data),
            against=None if against is None else against.artifact,
        )
        return Report(evaluation=evaluation)

    def explain(self, text: Source | None = None, **request: Any) -> Explanation:
        """Look into the network while it reads: surprisal, cells, gates, how far back it looks.

        Args:
            text: The text, or the path of a file (`-`: standard input); None: what was held out of
                the training.
            **request: Fields of `ExplainRequest`: `cells`, `top`, `limit`, `is_quick`...

        Raises:
            ConfigError: If an argument is unknown or out of range, or there is no such cell.
            NotFoundError: If there is no text.
            DataError: If it cannot be read.
        """
        asked = build(ExplainRequest, request, source="explain")
        return explain(self.artifact, None if text is None else os.fspath(text), asked)

    def save(self, folder: Source) -> None:
        """Copy the model to `folder`, which must not exist yet.

        Raises:
            ConfigError: If `folder` exists, or the model has been adapted.
        """
        if self._is_adapted:
            raise ConfigError(
                "save: an adapted model is not kept; adapt again, or train on the text"
            )
        write_folder(Path(folder), read_folder(self.artifact.folder).files)

    def _facts(self, label: str | None, given: Mapping[str, Any] | None) -> dict[str, str]:
        facts = {} if label is None else {LABEL: label}
        facts |= {name: str(value) for name, value in (given or {}).items()}
        if facts and self.artifact.kind != "text":
            name = "label" if label is not None else "given"
            raise ConfigError(
                f"generate: {name} is for text models; this one is of kind {self.artifact.kind}"
            )
        return facts

    def _request(
        self, n: int, prefix: str, seed: int, facts: Mapping[str, str], settings: Mapping[str, Any]
    ) -> GenerateRequest:
        wishes_type = find_kind(self.artifact.kind).wishes_type
        decoding, wishes, search = _dealt_out(
            settings, (DecodingConfig, wishes_type, _SearchConfig), source="generate"
        )
        return GenerateRequest(
            n=n,
            prefixes=(prefix,),
            seed=seed,
            labels=facts,
            decoding=build(DecodingConfig, decoding, source="generate"),
            wishes=build(wishes_type, wishes, source="generate") if wishes else None,
            **vars(build(_SearchConfig, search, source="generate")),
        )


@dataclass(frozen=True, kw_only=True)
class _SearchConfig:
    """How many candidates a sample is chosen from; checked by `GenerateRequest`."""

    best_of: int = 1
    resample: int | None = None
    beam: int | None = None


def _dealt_out(
    values: Mapping[str, Any], configs: Sequence[type], *, source: str
) -> list[dict[str, Any]]:
    """Give every config dataclass the values that it knows.

    Raises:
        ConfigError: If a name is not known to any; it lists every such name.
    """
    names = [[item.name for item in fields(config)] for config in configs]
    known = [name for part in names for name in part]
    problems = [
        f"{source}: unknown setting '{name}' ({nearest(name, known)})"
        for name in values
        if name not in known
    ]
    if problems:
        raise ConfigError("; ".join(problems))
    return [{name: values[name] for name in part if name in values} for part in names]


def load(name: Source, *, runs: Source = "runs") -> "Model | SeriesModel":
    """Open a model folder, or the model of a run.

    Args:
        name: A folder, or the name of a run in `runs`.
        runs: Folder of the runs.

    Raises:
        NotFoundError: If there is no such model.
        ArtifactError: If it is damaged or of a newer format.
    """
    return _model_of(load_artifact(find_model(os.fspath(name), Path(runs))), None)


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
    is_frame = _is_frame(source)
    tabular = _as_records(source) | as_settings(settings)
    tabular |= {key: settings.pop(name) for name, key in _SHORT.items() if name in settings}
    if is_frame:
        settings.setdefault("kind", "series")
    if "objective" in settings:
        sources = source if is_frame else _sources(source)
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
        sources=source if is_frame else _sources(source),
        layers=(Layer(origin="train()", values=values),),
        runs=Path(runs),
        budget_seconds=seconds,
        started=started,
        **own,
    )
    artifact = load_artifact(run_training(request, listener).model)
    return _model_of(artifact, source if is_frame else None)


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


def _is_frame(source: Any) -> bool:
    """Tell a table in memory from paths and texts."""
    return isinstance(source, (Mapping, np.ndarray)) or hasattr(source, "columns")


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


def _sources(
    source: Source | Iterable[str | os.PathLike[str] | Mapping[str, Any]],
) -> tuple[Any, ...]:
    """Return paths or texts; a record in memory becomes a line of JSON."""
    if isinstance(source, (str, os.PathLike)):
        return (Path(source),)
    return tuple(_line(each) if isinstance(each, Mapping) else each for each in source)


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)


def _as_records(source: Any) -> dict[str, Any]:
    """Return the settings that records in memory are read with; none for anything else."""
    if isinstance(source, list | tuple) and any(isinstance(each, Mapping) for each in source):
        return {"data.text_field": DEFAULT_TEXT}
    return {}
