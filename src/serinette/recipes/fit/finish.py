"""From trained weights to an artifact: held-out figures, step graph, checks, model card."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from serinette.artifact.card import CardFacts, model_card
from serinette.artifact.folder import ArtifactContents, Guide, save
from serinette.artifact.int8_graph import build_int8_graph, has_int8_graph
from serinette.artifact.precision import MOST_LOST
from serinette.artifact.step_graph import build_step_graph
from serinette.batching.corpus import EncodedCorpus
from serinette.core.config import Resolved, plain
from serinette.core.metric import Metric
from serinette.decoding.checks import check_causality, check_parity
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.kinds.corpus import Corpus
from serinette.nets.config import n_parameters
from serinette.nets.model import SequenceModel, weights_of
from serinette.nets.stepper import TorchStepper
from serinette.recipes.baseline import MOST_MEASURED, LineToBeat
from serinette.recipes.game_words import kept_words
from serinette.recipes.prepare import Prepared
from serinette.recipes.tuning_words import tuned_words, tuning_facts, tuning_metrics
from serinette.training.gradients import Precision
from serinette.training.validation import held_out_loss

_ROW, _N_ROWS = 512, 32
"""Steps of a row, and rows, on which whole numbers are compared with fp32."""


@dataclass(frozen=True, kw_only=True)
class Finishing:
    """What an artifact is made of."""

    name: str
    model: SequenceModel
    """With the weights to keep, on the CPU."""
    prepared: Prepared
    settings: Resolved
    baseline: LineToBeat
    source: Mapping[str, Any]
    training: Mapping[str, Any]
    history: list[dict[str, Any]]
    guide: Guide | None = None
    """A critic that chooses among candidates."""


def held_out_metrics(work: Finishing) -> tuple[Metric, ...]:
    """Measure validation and test in fp32, with the count model's figure beside each."""
    parts = (
        ("validation", work.prepared.parts.validation, work.prepared.validation),
        ("test", work.prepared.parts.test, work.prepared.test),
    )
    found = []
    for name, part, encoded in parts:
        if encoded.n_steps > 0:
            found.append(_metric(work, name, part, encoded))
    facts = tuning_facts(work.training)
    return (*found, *(() if facts is None else tuning_metrics(facts)))


def _metric(work: Finishing, name: str, part: Corpus, encoded: EncodedCorpus) -> Metric:
    precision = Precision(torch.device("cpu"), is_bf16=False)
    factor = work.prepared.steps_per_character(part, encoded) / np.log(2)
    encoded = encoded.thinned(MOST_MEASURED)
    loss = held_out_loss(work.model, encoded, precision)
    counted = work.baseline.nats[name]
    return Metric(
        name=f"{name} bits per character",
        value=float(loss.mean() * factor),
        unit="bits",
        better="lower",
        n=encoded.n_steps,
        baseline=None if counted is None else float(counted * factor),
    )


def _notes(training: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the model card says of a fine-tuning and of a game."""
    facts, game = tuning_facts(training), training.get("adversarial")
    tuned = () if facts is None else (f"It was {tuned_words(facts)}.",)
    if game is None or "criterion" not in game:
        return tuned
    return (
        *tuned,
        f"An adversarial stage followed the likelihood stage; {kept_words(game)}.",
    )


def export_graph(model: SequenceModel) -> bytes:
    """Write the step graph and check it against the network.

    Raises:
        QualityError: If a logit differs by more than the tolerance, or a later symbol changes an
            earlier prediction.
    """
    graph = build_step_graph(model.config, model.schema, weights_of(model))
    stepper = OnnxStepper(graph, model.schema)
    check_parity(stepper, TorchStepper(model))
    check_causality(stepper)
    return graph


class WholeNumbers(NamedTuple):
    """The step graph in whole numbers."""

    graph: bytes
    lost: Metric
    """What it costs."""


def whole_numbers(work: Finishing, fp32_graph: bytes) -> WholeNumbers | None:
    """Write the step graph in whole numbers and measure what it loses; None: it would not pay.

    Raises:
        QualityError: If a later symbol changes an earlier prediction.
    """
    model, prepared = work.model, work.prepared
    if not has_int8_graph(model.config):
        return None
    graph = build_int8_graph(model.config, model.schema, weights_of(model))
    whole, exact = (OnnxStepper(each, model.schema) for each in (graph, fp32_graph))
    check_causality(whole)
    part, encoded = prepared.parts.validation, prepared.validation
    if encoded.n_steps == 0:
        part, encoded = prepared.parts.train, prepared.train
    rows, context = _some_rows(encoded)
    nats = (np.concatenate(list(sequence_nats(each, rows, context))) for each in (whole, exact))
    lost = np.subtract(*nats)
    factor = prepared.steps_per_character(part, encoded) / np.log(2)
    metric = Metric(
        name="lost by whole numbers",
        value=float(lost.mean() * factor),
        unit="bits",
        better="lower",
        n=len(lost),
    )
    return WholeNumbers(graph, metric)


def _some_rows(encoded: EncodedCorpus) -> tuple[list[np.ndarray], np.ndarray]:
    """Return beginnings of sequences, and pieces of long ones."""
    rows: list[np.ndarray] = []
    owners: list[int] = []
    for k, (start, end) in enumerate(pairwise(encoded.starts)):
        for first in range(int(start), int(end), _ROW):
            if len(rows) == _N_ROWS:
                break
            rows.append(np.asarray(encoded.symbols[first : min(first + _ROW, end) + 1]))
            owners.append(k)
    return rows, encoded.context[owners]


def write_artifact(work: Finishing, folder: Path, samples: tuple[str, ...]) -> tuple[Metric, ...]:
    """Measure, export, check and publish; an older artifact in `folder` is replaced."""
    metrics = held_out_metrics(work)
    graph = export_graph(work.model)
    whole = whole_numbers(work, graph)
    metrics = (*metrics, *(() if whole is None else (whole.lost,)))
    read_as = {section: plain(work.settings.groups[section]) for section in ("data", "split")}
    sources = [source.path for source in work.prepared.corpus.sources]
    card = CardFacts(
        name=work.name,
        kind=work.prepared.kind,
        sources=[Path(path).name for path in sources],
        n_characters=work.prepared.parts.train.n_characters,
        n_parameters=n_parameters(work.model.config, work.model.schema),
        model=plain(work.model.config),
        metrics=metrics,
        samples=samples,
        notes=(work.prepared.parts.how, *_notes(work.training)),
    )
    contents = ArtifactContents(
        kind=work.prepared.kind,
        schema=work.model.schema,
        codec=work.prepared.codec.to_json(),
        model=plain(work.model.config),
        training=dict(work.training),
        source={**work.source, **read_as},
        evaluation={"metrics": [metric.to_json() for metric in metrics]},
        history=work.history,
        weights=weights_of(work.model),
        graph=graph,
        int8_graph=None if whole is None or whole.lost.value > MOST_LOST else whole.graph,
        card=model_card(card),
        guide=work.guide,
    )
    save(folder, contents, replace=True)
    return metrics
