"""The model that `serinette.train` and `serinette.load` return."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from serinette.artifact.folder import Artifact
from serinette.core.config import build, nearest
from serinette.core.durable import write_folder
from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.evaluation.score import Score
from serinette.explaining.explanation import Explanation
from serinette.kinds.corpus import Corpus
from serinette.kinds.table import find_kind
from serinette.kinds.text.config import LABEL
from serinette.recipes.adapting import Adapted, adapt_config, adapted, score_adapting
from serinette.recipes.count_model import count_model_of, reading_settings
from serinette.recipes.evaluate.report import Report
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.run import evaluate
from serinette.recipes.explain.request import ExplainRequest
from serinette.recipes.explain.run import explain
from serinette.recipes.export import Exported, export
from serinette.recipes.generate import GenerateRequest, Opened, Piece, Sample, generate
from serinette.recipes.given import Source, Texts, sources_of
from serinette.recipes.infilling import DEFAULT_CANDIDATES, DEFAULT_MIDDLE, infill
from serinette.recipes.mixing import fitted, mix_into
from serinette.recipes.score import score
from serinette.recipes.sheets import SheetConfig, on_sheet, sheet_of


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
        for name, instead in (("best_of", "candidates"), ("ending", "suffix")):
            if name in settings:
                raise ConfigError(f"infill: {name} is {instead} here; leave it out")
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
        others, by = settings.pop("mix", None), settings.pop("mix_by", None)
        if not others:
            if by is not None:
                raise ConfigError("mix_by says how models are mixed: give mix, or leave it out")
            return self._opened
        if self._is_adapted:
            raise ConfigError("mix: a mixture follows no text; mix a model that is not adapted")
        return Opened(self.artifact, mix_into(self.artifact, others, by or "probabilities"))

    def adapted(self, source: Source | Texts, *, rate: float | None = None) -> "Model":
        """Return a model whose weights have followed a text once, to write more like it.

        Args:
            source: A path, or a list of texts.
            rate: How far weights go at a step; None: the default of `AdaptConfig`.

        Raises:
            ConfigError: If the rate is out of range.
            DivergedError: If the weights go astray.
        """
        corpus = self._read(source)
        found = adapted(self.artifact, corpus, adapt_config(rate, is_asked=True))
        return Model(found.artifact, adapted=found)

    def _read(self, source: Source | Texts) -> Corpus:
        kind, settings = reading_settings(self.artifact, {})
        return kind.read(sources_of(source), settings)

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
            data=() if data is None else sources_of(data),
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
        self._check_lasting("save")
        write_folder(Path(folder), self.artifact.files)

    def export(
        self, path: Source, form: str | None = None, *, weights: str | None = None
    ) -> Exported:
        """Write the model as one file for other programs; the file must not exist yet.

        Args:
            path: Where.
            form: `onnx` (the step graph), `zip` (the whole model), `html` (a page that runs a
                model of text); None: by the ending of `path`.
            weights: Of a page: `int8`, `fp16` or `fp32`; None: `int8`.

        Raises:
            ConfigError: If the form is unknown or not one of this model's, the file exists, or the
                model has been adapted.
        """
        self._check_lasting("export")
        return export(self.artifact, Path(path), form, weights=weights)

    def _check_lasting(self, doing: str) -> None:
        if self._is_adapted:
            raise ConfigError(
                f"{doing}: an adapted model is not kept; adapt again, or train on the text"
            )

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
