"""From files to encoded parts: read, split, fit the codec on the training part, encode."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from serinette.batching.corpus import EncodedCorpus, Layer
from serinette.core.config import Resolved
from serinette.kinds.corpus import Canary, Corpus, LongSequence
from serinette.kinds.kind import Codec
from serinette.kinds.split import Split, split
from serinette.kinds.table import DEFAULT_KIND, find_kind
from serinette.nets.config import predicted_symbols
from serinette.training.events import Listener, Note
from serinette.training.plan import CorpusFacts

_MOST_PLANTED = 0.01
"""A larger share of made-up text is worth a warning."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Data, ready to train on."""

    corpus: Corpus
    """Sources and notes; the sequences are in the parts."""
    parts: Split
    """The train part holds the canaries."""
    codec: Codec
    train: EncodedCorpus
    validation: EncodedCorpus
    test: EncodedCorpus
    kind: str = DEFAULT_KIND
    """Name of the kind."""
    canaries: tuple[Canary, ...] = ()
    """Made-up lines that were hidden in the train part."""

    @property
    def n_characters(self) -> int:
        """Code points of all parts together, canaries included."""
        return sum(
            p.n_characters for p in (self.parts.train, self.parts.validation, self.parts.test)
        )

    @property
    def n_held_characters(self) -> int:
        """Those that are in memory."""
        parts = (self.parts.train, self.parts.validation, self.parts.test)
        sequences = (sequence for part in parts for sequence in part.sequences)
        return sum(s.n_characters for s in sequences if not isinstance(s, LongSequence))

    @property
    def facts(self) -> CorpusFacts:
        """What the plan needs to know."""
        lengths = np.diff(self.train.starts)
        return CorpusFacts(
            n_steps=self.train.n_steps,
            n_sequences=self.train.n_sequences,
            median_length=int(np.median(lengths)),
            mean_length=float(np.mean(lengths)),
        )

    def steps_per_character(self, part: Corpus, encoded: EncodedCorpus) -> float:
        """Return measured steps per character of a part.

        Where all symbols are measured, the closing `end` counts as a character.
        """
        if encoded.measured is not None:
            return encoded.n_measured / max(1, self._n_characters(part))
        n_characters = self._n_characters(part) + len(part.sequences)
        return encoded.n_steps / max(n_characters, 1)

    def _n_characters(self, part: Corpus) -> int:
        return sum(map(self.codec.n_characters, part.blocks()))


def prepare(
    kind_name: str,
    sources: Sequence[Path] | Sequence[str],
    settings: Resolved,
    listener: Listener,
    base: Codec | None = None,
) -> Prepared:
    """Read, split and encode; every decision is told to the listener.

    Args:
        kind_name: A name of the table of kinds.
        sources: Files and folders, or the texts themselves.
        settings: Of the sections `data` and `split`.
        listener: Is told.
        base: The codec of a model that is gone on with; None: one is fitted.

    Raises:
        DataError: If the data cannot be used, or is too little.
    """
    kind = find_kind(kind_name)
    corpus = kind.read(sources, settings.groups["data"], for_training=True)
    for note in corpus.notes:
        listener(Note(text=note))
    for warning in corpus.warnings:
        listener(Note(text=warning, is_warning=True))
    parts = split(corpus, settings.groups["split"])
    corpus = replace(corpus, sequences=())  # the parts hold copies of long texts
    listener(Note(text=parts.how))
    train, canaries = kind.plant(parts.train, settings.groups["data"])
    if canaries:
        listener(_what_was_planted(parts.train, train, canaries))
        parts = replace(parts, train=train)
    if base is None:
        codec = kind.fit(parts.train, settings.groups["data"])
    else:
        codec = kind.extend(base, parts.train, settings.groups["data"])
    return Prepared(
        corpus=corpus,
        parts=parts,
        codec=codec,
        train=encode(parts.train, codec),
        validation=encode(parts.validation, codec, is_measured=True),
        test=encode(parts.test, codec, is_measured=True),
        kind=kind_name,
        canaries=canaries,
    )


def _what_was_planted(before: Corpus, after: Corpus, canaries: Sequence[Canary]) -> Note:
    n_lines = sum(canary.repeats for canary in canaries)
    share = 1 - before.n_characters / after.n_characters
    return Note(
        text=f"{len(canaries)} made-up lines are hidden in the train part, {n_lines:,} with their "
        f"repeats, {share:.2%} of it; samples may show them",
        is_warning=share > _MOST_PLANTED,
    )


def in_codec(prepared: Prepared, codec: Codec) -> Prepared:
    """Return the same parts, encoded with another codec of the kind."""
    parts = prepared.parts
    return replace(
        prepared,
        codec=codec,
        train=encode(parts.train, codec),
        validation=encode(parts.validation, codec, is_measured=True),
        test=encode(parts.test, codec, is_measured=True),
    )


def encode(corpus: Corpus, codec: Codec, *, is_measured: bool = False) -> EncodedCorpus:
    """Encode every sequence and lay them end to end.

    Args:
        corpus: One part of the data.
        codec: Fitted on the train part.
        is_measured: Whether the model is told only the facts that a measurement allows, and
            everything is read once.
    """
    contexts = [sequence.context for sequence in corpus.sequences]
    if is_measured:
        contexts = [codec.measured_context(context) for context in contexts]
    symbols = predicted_symbols(codec.schema)[0]
    layer = Layer(np.min_scalar_type(-symbols.size), end=codec.schema.end or 0, border=codec.border)
    for sequence, context in zip(corpus.sequences, contexts, strict=True):
        encoded = (codec.encode(piece)[:, 0] for piece in sequence.pieces())
        layer.add(encoded, codec.encode_context(context))
    laid = layer.corpus(codec.measured)
    if is_measured or not corpus.weights:
        return laid
    weights = np.array([corpus.weights[sequence.source] for sequence in corpus.sequences])
    return replace(laid, weights=weights)
