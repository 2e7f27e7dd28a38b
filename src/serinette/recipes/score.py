"""Score a text with a model: a full pass, the state carried from the start of each sequence."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from serinette.artifact.folder import Artifact
from serinette.core.errors import DataError
from serinette.core.schema import SymbolField
from serinette.decoding.checks import check_causality
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.decoding.stepper import Stepper
from serinette.evaluation.score import (
    Score,
    SequenceScore,
    summarise,
    surprisal_per_character,
    unknown_nats,
)
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.nets.config import predicted_symbols


@runtime_checkable
class CountModel(Protocol):
    """The baseline: a model fitted by counting."""

    @property
    def n_given(self) -> int:
        """Symbols at the front of a sequence that are read and not predicted; 0 or 1."""
        ...

    def nats(self, sequence: Int[np.ndarray, " T"]) -> Float[np.ndarray, " P"]:
        """Return -log p of every predicted symbol."""
        ...


def score(
    artifact: Artifact,
    corpus: Corpus,
    *,
    baseline: CountModel | None = None,
    stepper: Stepper | None = None,
    seed: int = 0,
) -> Score:
    """Score a corpus with a saved model.

    Args:
        artifact: The model.
        corpus: What to predict.
        baseline: The count model fitted on the model's training part.
        stepper: What runs the network; by default ONNX Runtime on the artifact's step graph.
        seed: Of the bootstrap interval.

    Raises:
        DataError: If there is nothing to score.
        QualityError: If the network looks ahead.
    """
    codec = find_kind(artifact.kind).codec_from_json(artifact.codec)
    if stepper is None:
        stepper = OnnxStepper(artifact.decoding_graph(), artifact.schema)
    return score_with(codec, stepper, corpus, baseline=baseline, seed=seed)


def score_with(
    codec: Codec,
    stepper: Stepper,
    corpus: Corpus,
    *,
    baseline: CountModel | None = None,
    seed: int = 0,
) -> Score:
    """Score with a codec and a stepper that belong together.

    Every sequence is opened and closed: [end] + steps predicts steps + [end]. An unknown
    character costs what the model gives `missing`, and the naming of one code point among all
    that its vocabulary lacks; the baseline pays the same.
    """
    if not corpus.sequences:
        raise DataError("there is no text to score; give a file that holds some")
    check_causality(stepper)
    closed = [closed_steps(codec, sequence.content) for sequence in corpus.sequences]
    results = sequence_nats(stepper, closed, contexts_of(codec, corpus))
    return scored(codec, corpus, results, baseline=baseline, seed=seed)


def scored(
    codec: Codec,
    corpus: Corpus,
    nats: Iterable[Float[np.ndarray, " _"]],
    *,
    baseline: CountModel | None = None,
    seed: int = 0,
) -> Score:
    """Add up what a model gave every step of `closed_steps`.

    Args:
        codec: Of the model.
        corpus: What was predicted.
        nats: Of every predicted step of every sequence, in order.
        baseline: The count model fitted on the model's training part.
        seed: Of the bootstrap interval.
    """
    closed = [closed_steps(codec, sequence.content) for sequence in corpus.sequences]
    sequences = [
        _sequence_score(codec, sequence, symbols, given)
        for sequence, symbols, given in zip(corpus.sequences, closed, nats, strict=True)
    ]
    baseline_nats = None if baseline is None else _baseline_nats(codec, baseline, closed)
    return summarise(sequences, baseline_nats=baseline_nats, seed=seed)


def contexts_of(codec: Codec, corpus: Corpus) -> Int[np.ndarray, "N C"]:
    """Return the context symbols of every sequence."""
    told = [codec.measured_context(sequence.context) for sequence in corpus.sequences]
    contexts = np.stack([codec.encode_context(context) for context in told])
    return contexts.astype(np.int64)


def closed_steps(codec: Codec, content: str) -> Int[np.ndarray, " T"]:
    """Encode a content between two ends: [end] + steps predicts steps + [end]."""
    end = np.array([codec.schema.end], dtype=np.int64)
    return np.concatenate([end, codec.encode(content)[:, 0].astype(np.int64), end])


def _sequence_score(
    codec: Codec,
    sequence: RawSequence,
    symbols: Int[np.ndarray, " T"],
    nats: Float[np.ndarray, " P"],
) -> SequenceScore:
    is_unknown = _is_unknown(codec, symbols)
    nats = nats + is_unknown * unknown_nats(_field(codec).size)
    lengths = codec.step_lengths(sequence.content).astype(np.int64)
    return SequenceScore(
        place=sequence.place,
        text=sequence.content,
        surprisal=surprisal_per_character(nats[:-1], lengths),
        end_nats=float(nats[-1]),
        n_bytes=codec.n_bytes(sequence.content),
        n_steps=len(nats),
        n_unknown=int(is_unknown.sum()),
    )


def _baseline_nats(codec: Codec, baseline: CountModel, closed: Sequence[np.ndarray]) -> float:
    total = 0.0
    for symbols in closed:
        total += float(baseline.nats(symbols if baseline.n_given else symbols[1:]).sum())
        total += float(_is_unknown(codec, symbols).sum()) * unknown_nats(_field(codec).size)
    return total


def _is_unknown(codec: Codec, symbols: Int[np.ndarray, " T"]) -> Int[np.ndarray, " P"]:
    """Tell which predicted symbols stand for a character that the vocabulary lacks."""
    is_unknown: np.ndarray = (symbols[1:] == _field(codec).missing).astype(np.int64)
    return is_unknown


def _field(codec: Codec) -> SymbolField:
    (symbol_field,) = predicted_symbols(codec.schema)
    return symbol_field
