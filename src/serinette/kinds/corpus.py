"""What a kind hands on after reading: raw sequences, where they came from, and what was decided."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

PIECE: Final = 1 << 22
"""Characters of a piece, or a few more."""
_OPENING: Final = re.compile(r"(?<=\n)\S")


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file that was read."""

    path: str
    """The path as it was given, or found in a folder that was given."""
    sha256: str
    """SHA-256 of the bytes on disk, in hexadecimal."""
    n_bytes: int
    """Size on disk."""
    encoding: str
    """The encoding that it was read as: `UTF-8`, `GB18030`."""


@dataclass(frozen=True, kw_only=True)
class RawSequence:
    """One sequence before it is turned into steps."""

    content: str
    """The text itself."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Facts about the whole sequence: `{"label": "sonnet"}`."""
    place: str
    """Where it stands, for messages: `poems.txt:12`."""
    source: int = 0
    """Which of the data it comes from, as they were given, from 0."""


@dataclass(frozen=True, kw_only=True)
class Canary:
    """A made-up content that was hidden in the train part."""

    text: str
    """What was hidden."""
    repeats: int
    """How often it stands there, at least once."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All sequences of one reading, or of one part of a split."""

    sequences: tuple[RawSequence, ...]
    """In the order of the files and of the lines within them."""
    sources: tuple[SourceFile, ...] = ()
    """The files that were read."""
    notes: tuple[str, ...] = ()
    """Decisions that the user should know of, one sentence each."""
    warnings: tuple[str, ...] = ()
    """Decisions that may be wrong, one sentence each."""
    weights: tuple[float, ...] = ()
    """How many times each of the data is read in an epoch; empty: all once."""

    @property
    def n_characters(self) -> int:
        """Code points in all sequences together."""
        return sum(len(sequence.content) for sequence in self.sequences)


def pieces(content: str) -> Iterator[str]:
    """Cut a long content where a line begins with a sign: no codec makes a symbol across it.

    What has no such place is one piece.
    """
    start = 0
    while len(content) - start > PIECE:
        opening = _OPENING.search(content, start + PIECE)
        if opening is None:
            break
        yield content[start : opening.start()]
        start = opening.start()
    yield content[start:] if start else content
