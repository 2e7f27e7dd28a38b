"""What an evaluation is about: the models, the data of the first one, the held-out text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serinette.artifact.folder import (
    CODEC,
    CONFIG,
    CRITIC,
    GRAPH,
    INT8_GRAPH,
    WEIGHTS,
    Artifact,
)
from serinette.core.cores import available_threads
from serinette.core.errors import DataError, NotFoundError
from serinette.decoding.checks import check_causality
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.row_critic import RowCritic
from serinette.decoding.stepper import Stepper
from serinette.kinds.corpus import Corpus
from serinette.kinds.kind import Codec, Kind
from serinette.kinds.table import find_kind
from serinette.kinds.yardstick import Yardstick
from serinette.recipes.evaluate.cache import key_of
from serinette.recipes.evaluate.drawing import Chooser
from serinette.recipes.prepare import Prepared
from serinette.recipes.training_data import earlier_again, prepared_again
from serinette.recipes.tuning_words import tuned_words, tuning_facts

_OTHER_DATA = (
    "The second model learnt from other data or another split: it may have read the held-out text, "
    "and its figures of prediction are then too good."
)
_REMEDY = "; say with --data where the training data are"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model, ready to read and to write."""

    name: str
    artifact: Artifact
    codec: Codec
    steppers: tuple[Stepper, ...]
    """One for each thread."""

    @property
    def identity(self) -> str:
        """A hash of all that decides what the model does."""
        files = self.artifact.files
        names = (WEIGHTS, GRAPH, INT8_GRAPH, CODEC, CONFIG, CRITIC)
        return key_of(*(files[name] for name in names if name in files))

    @property
    def guide(self) -> Chooser | None:
        """What chooses among candidates where the model writes with one; None: nothing."""
        guide = self.artifact.guide()
        if guide is None or guide.candidates == 1:
            return None
        critic = RowCritic(guide.weights, guide.sizes, guide.window)
        return Chooser(critic=critic, candidates=guide.candidates)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Models and data."""

    subjects: tuple[Subject, ...]
    """The model, and perhaps a second one to compare it with."""
    kind: Kind
    yardstick: Yardstick
    prepared: Prepared
    """The training data of the first model."""
    held_out: Corpus
    caveats: tuple[str, ...] = ()
    """What is to be said about the held-out text."""
    earlier: tuple[Corpus, ...] = ()
    """The training parts of what the first model was fine-tuned from: they may be copied too."""


def open_case(artifacts: Sequence[Artifact], data: Sequence[Path] | Sequence[str]) -> Case:
    """Read the training data of the first model again and make all models ready.

    Raises:
        NotFoundError: If the data are gone.
        DataError: If they have changed, or nothing was held out.
    """
    first = artifacts[0]
    prepared = prepared_again(first, data, remedy=_REMEDY)
    held_out, caveats = _held_out(prepared)
    earlier, said = _earlier(first)
    caveats += said
    if any(_split_of(other) != _split_of(first) for other in artifacts[1:]):
        caveats += (_OTHER_DATA,)
    kind = find_kind(first.kind)
    return Case(
        subjects=tuple(_subject(artifact) for artifact in artifacts),
        kind=kind,
        yardstick=kind.yardstick([s.content for s in prepared.parts.train.sequences]),
        prepared=prepared,
        held_out=held_out,
        caveats=caveats,
        earlier=earlier,
    )


def _earlier(artifact: Artifact) -> tuple[tuple[Corpus, ...], tuple[str, ...]]:
    """Return the training parts before a fine-tuning, and what is to be said of it."""
    facts = tuning_facts(artifact.training)
    said = () if facts is None else (f"The model was {tuned_words(facts)}.",)
    try:
        found = tuple(prepared.parts.train for prepared in earlier_again(artifact))
    except (NotFoundError, DataError) as error:
        return (), (*said, f"Copies from the text before the fine-tuning are not found: {error}.")
    return found, said


def _subject(artifact: Artifact) -> Subject:
    schema, graph = artifact.schema, artifact.decoding_graph()
    steppers = tuple(OnnxStepper(graph, schema) for _ in range(available_threads()))
    check_causality(steppers[0])
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    return Subject(name=artifact.name, artifact=artifact, codec=codec, steppers=steppers)


def _split_of(artifact: Artifact) -> list[object]:
    """Return what decides which text was held out in training."""
    source = artifact.source
    names = ("documents", "labels", "encoding", "text_field", "query")
    documents = [source.get("data", {}).get(name) for name in names]
    return [source.get("sha256"), source.get("split"), *documents]


def _held_out(prepared: Prepared) -> tuple[Corpus, tuple[str, ...]]:
    """Return the part that was looked at least, and what is to be said about it."""
    parts = prepared.parts
    if parts.test.sequences:
        return parts.test, ()
    if parts.validation.sequences:
        caveat = (
            "There is no test part: the figures are of the validation part, by which the "
            "training was steered, and are a little too good."
        )
        return parts.validation, (caveat,)
    raise DataError("nothing was held out in training; train again with --split.test_share above 0")
