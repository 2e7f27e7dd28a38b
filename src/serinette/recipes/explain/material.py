"""The text that is explained, symbol by symbol, and what is known of each place of it.

Item k of a sequence is its k-th symbol; prediction p is made before it is read, the state after it
makes prediction p + 1. A sequence of n items makes n + 1 predictions, so item and prediction
numbers differ by the number of sequences before.

Shape letters: `C` context fields, `I` items, `M` sequences.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int, Shaped

from serinette.artifact.folder import Artifact
from serinette.core.errors import DataError, NotFoundError, SerinetteError
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.kind import Codec, Kind
from serinette.kinds.trait import Trait
from serinette.recipes.count_model import reading_settings
from serinette.recipes.training_data import prepared_again

STDIN = "-"
_LONGEST_SUFFIX = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Passage:
    """Sequences, as far as they are read."""

    name: str
    """What a person calls it: `held-out text of the model`."""
    symbols: list[Int[np.ndarray, " _"]]
    """Of each sequence: the symbol that opens it, its items, and what comes after them."""
    pieces: list[list[str]]
    """What each item writes."""
    traits: list[tuple[Trait, ...]]
    """Facts about each item."""
    contexts: Int[np.ndarray, "M C"]

    @property
    def n_items(self) -> int:
        """Items of all sequences."""
        return sum(map(len, self.pieces))

    @property
    def predictions(self) -> Int[np.ndarray, " I"]:
        """The prediction of each item; the state after it makes the next one."""
        found: Int[np.ndarray, " I"] = np.arange(self.n_items) + self.sequence_numbers
        return found

    @property
    def sequence_numbers(self) -> Int[np.ndarray, " I"]:
        """The sequence of each item."""
        lengths = [len(pieces) for pieces in self.pieces]
        found: Int[np.ndarray, " I"] = np.repeat(np.arange(len(lengths)), lengths)
        return found

    @property
    def n_predictions(self) -> int:
        """Predictions of all sequences."""
        return self.n_items + len(self.pieces)

    def stream(self) -> tuple[Int[np.ndarray, " P"], Int[np.ndarray, "P C"]]:
        """Return the symbol that was read last before each prediction, and its context."""
        read = np.concatenate([symbols[:-1] for symbols in self.symbols])
        lengths = [len(symbols) - 1 for symbols in self.symbols]
        return read, np.repeat(self.contexts, lengths, axis=0)

    def traits_at(self, items: Int[np.ndarray, " N"]) -> list[Trait]:
        """Return the facts about some items of all."""
        return [
            Trait(
                name=parts[0].name,
                values=np.concatenate([part.values for part in parts])[items],
                is_ahead=parts[0].is_ahead,
            )
            for parts in zip(*self.traits, strict=True)
        ]


def given_text(artifact: Artifact, text: str, codec: Codec, limit: int) -> Passage:
    """Read what the user gave: a file, `-` for standard input, or the text itself.

    Raises:
        NotFoundError: If it looks like a file's name and there is no such file.
        DataError: If there is no text in it.
    """
    if text != STDIN and _is_file(text):
        kind, settings = reading_settings(artifact, {})
        corpus, name = kind.read((Path(text),), settings), Path(text).name
    else:
        # Where labels came from folders, a text alone has none.
        is_labelled = "labels" in artifact.source.get("data", {})
        kind, settings = reading_settings(artifact, {"labels": "none"} if is_labelled else {})
        name = "standard input" if text == STDIN else "the text"
        corpus = kind.read((sys.stdin.read() if text == STDIN else text,), settings)
    return passage(kind, codec, corpus, name, limit)


def held_out_text(artifact: Artifact, codec: Codec, limit: int) -> Passage | SerinetteError:
    """Return text that the model has not learnt from, or why there is none."""
    try:
        parts = prepared_again(artifact).parts
    except SerinetteError as error:
        return error
    sequences = parts.test.sequences + parts.validation.sequences
    if not sequences:
        return DataError("the training held nothing out")
    corpus = Corpus(sequences=sequences)
    kind, _ = reading_settings(artifact, {})
    return passage(kind, codec, corpus, "the model's own held-out text", limit)


def passage(kind: Kind, codec: Codec, corpus: Corpus, name: str, limit: int) -> Passage:
    """Encode sequences until so many symbols are reached.

    Raises:
        DataError: If there are none.
    """
    parts = list(_parts(kind, codec, corpus.sequences, limit))
    if not parts:
        raise DataError("there is nothing to explain; give a text that holds some")
    symbols, pieces, traits, contexts = (list(column) for column in zip(*parts, strict=True))
    return Passage(
        name=name,
        symbols=symbols,
        pieces=pieces,
        traits=traits,
        contexts=np.stack(contexts).astype(np.int64),
    )


_Part = tuple[
    Int[np.ndarray, " _"], list[str], tuple[Trait, ...], Shaped[np.ndarray, " C"]
]  # symbols, pieces, traits, context


def _parts(
    kind: Kind, codec: Codec, sequences: Sequence[RawSequence], limit: int
) -> Iterator[_Part]:
    left = limit
    for sequence in sequences:
        if left <= 0:
            return
        steps = codec.encode(sequence.content)[:, 0].astype(np.int64)
        n = min(len(steps), left)
        if n == 0:
            continue
        end = np.array([codec.schema.end], dtype=np.int64)
        symbols = np.concatenate([end, steps, end])[: n + 2]
        ends = np.cumsum(codec.step_lengths(sequence.content))[:n]
        traits = tuple(
            Trait(
                name=trait.name,
                values=trait.values[np.maximum(ends - 1, 0)],
                is_ahead=trait.is_ahead,
            )
            for trait in kind.traits(codec, sequence.content)
        )
        context = codec.encode_context(codec.measured_context(sequence.context))
        yield symbols, _pieces(codec, sequence.content, steps, ends), traits, context
        left -= n


def _pieces(
    codec: Codec,
    content: str,
    steps: Int[np.ndarray, " T"],
    ends: Int[np.ndarray, " I"],
) -> list[str]:
    """Return what each step writes; a byte that completes no character writes nothing."""
    shown = codec.decode(steps[:, None])
    text = content if len(shown) == len(content) else shown
    starts = np.concatenate([[0], ends[:-1]])
    return [text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _is_file(text: str) -> bool:
    """Tell a file from a text.

    Raises:
        NotFoundError: If it can only be meant as a file, and is not there.
    """
    try:
        if text and Path(text).exists():
            return True
    except (OSError, ValueError):  # longer than a name may be, or holding NUL: a text
        return False
    suffix = Path(text).suffix[1:]
    is_name = 0 < len(suffix) <= _LONGEST_SUFFIX and suffix.isascii() and suffix.isalnum()
    if is_name and not any(map(str.isspace, text)) and not suffix.isdigit():
        raise NotFoundError(
            f"{text}: no such file; check the name, or write a text with a space in it"
        )
    return False
