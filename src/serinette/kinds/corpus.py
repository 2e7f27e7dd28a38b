"""What a kind hands on after reading: raw sequences, where they came from, and what was decided."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from serinette.core.long_text import LongText

PIECE: Final = 1 << 22
"""Characters of a piece, or a few more."""
_OPENING: Final = re.compile(r"(?<=\n)\S")
_WINDOW: Final = 1 << 16


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

    @property
    def n_characters(self) -> int:
        """Code points of the content."""
        return len(self.content)

    def text(self, start: int, stop: int) -> str:
        """Return characters `start` to `stop` of the content."""
        return self.content[start:stop]

    def part(self, start: int, stop: int, place: str) -> "RawSequence":
        """Return a sequence of its characters `start` to `stop`."""
        return replace(self, content=self.content[start:stop], place=place)

    def blocks(self) -> Iterable[str]:
        """Return texts that joined are the content: one, or pieces of what is too long for memory.

        They are cut as `pieces` are.
        """
        return (self.content,)

    def pieces(self) -> Iterator[str]:
        """Cut a long content where a line begins with a sign: no codec makes a symbol across it.

        What has no such place is one piece.
        """
        start, length = 0, self.n_characters
        while length - start > PIECE:
            opening = self._opening(start + PIECE)
            if opening is None:
                break
            yield self.text(start, opening)
            start = opening
        yield self.text(start, length)

    def _opening(self, place: int) -> int | None:
        """Return where, from a place on, a line first begins with a sign."""
        found = _OPENING.search(self.content, place)
        return None if found is None else found.start()


class LongSequence(RawSequence):
    """A sequence whose text lies in a scratch file.

    Whoever asks for `content` gets all of it, in memory; the methods take what they need.

    Args:
        long_text: The text itself.
        context: Facts about the whole sequence.
        place: Where it stands, for messages.
        source: Which of the data it comes from.
    """

    def __init__(
        self, long_text: LongText, context: Mapping[str, str], place: str, source: int = 0
    ) -> None:
        values = {"_long": long_text, "context": context, "place": place, "source": source}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    _long: LongText

    @property
    def content(self) -> str:
        """The text itself, all of it."""
        return self._long.text(0, len(self._long))

    @property
    def n_characters(self) -> int:
        """Code points of the content."""
        return len(self._long)

    def text(self, start: int, stop: int) -> str:
        """Return characters `start` to `stop` of the content."""
        return self._long.text(start, stop)

    def part(self, start: int, stop: int, place: str) -> RawSequence:
        """Return a sequence of its characters `start` to `stop`."""
        return LongSequence(self._long.part(start, stop), self.context, place, self.source)

    def blocks(self) -> Iterable[str]:
        """Return pieces."""
        return self.pieces()

    def _opening(self, place: int) -> int | None:
        while place < self.n_characters:
            window = self.text(place - 1, place + _WINDOW)
            found = _OPENING.search(window, 1)
            if found is not None:
                return place - 1 + found.start()
            place += _WINDOW
        return None


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
        return sum(sequence.n_characters for sequence in self.sequences)

    def blocks(self) -> "Blocks":
        """Return the texts of all sequences, long ones in pieces; they can be read many times."""
        return Blocks(self.sequences)


class Blocks(Iterable[str]):
    """The texts of some sequences, one after the other, as often as they are asked for.

    Args:
        sequences: Whose texts.
    """

    def __init__(self, sequences: Iterable[RawSequence]) -> None:
        self._sequences = tuple(sequences)

    def __iter__(self) -> Iterator[str]:
        for sequence in self._sequences:
            yield from sequence.blocks()
