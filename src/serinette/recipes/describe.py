"""What a training would find in data, before anything is trained. No torch here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serinette.core.config import Layer, Resolved, resolve
from serinette.kinds.corpus import Corpus, SourceFile
from serinette.kinds.split import split
from serinette.kinds.table import find_kind, kind_of
from serinette.recipes.requests import groups_of, layer_of_data
from serinette.recipes.shares import SourceShare, shares_of

_SECTIONS = ("data", "split")


@dataclass(frozen=True, kw_only=True)
class PartReport:
    """One side of the split."""

    name: str
    n_documents: int
    n_characters: int


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What the files hold, and what training would make of it."""

    files: tuple[SourceFile, ...]
    n_documents: int
    n_characters: int
    n_distinct: int
    """Different characters."""
    n_once: int
    """Characters that occur only once."""
    longest_line: int
    """Characters of the longest line."""
    longest_document: int
    """Characters of the longest document."""
    n_symbols: int
    """Size of the vocabulary that the codec would have."""
    parts: tuple[PartReport, ...]
    decisions: tuple[str, ...]
    """Sentences: how the files were read, and how they would be split."""
    warnings: tuple[str, ...]
    settings: Resolved
    """Settings of the data and of the split, with their origins."""
    shares: tuple[SourceShare, ...] = ()
    """Of several files and folders, what each gives."""


def describe_data(
    sources: Sequence[Path], layers: Sequence[Layer] = (), kind_name: str | None = None
) -> DataReport:
    """Read, split and fit the codec, and say what was found.

    Args:
        sources: Files and folders.
        layers: Settings of the user, in rising priority; those of other sections are ignored.
        kind_name: A name of the table of kinds; None: found out from the files.

    Raises:
        DataError: If the data cannot be read.
        ConfigError: If a setting is unknown or out of range.
    """
    kind = find_kind(kind_of(sources, kind_name))
    groups = groups_of(kind.name)
    layers = (layer_of_data(kind.name, sources, layers), *layers)
    settings = resolve({name: groups[name] for name in _SECTIONS}, layers)
    corpus = kind.read(sources, settings.groups["data"])
    parts = split(corpus, settings.groups["split"])
    codec = kind.fit(parts.train, settings.groups["data"])
    counts: Counter[str] = Counter()
    longest_line = 0
    for text in corpus.blocks():
        counts.update(text)
        longest_line = max(longest_line, *map(len, text.split("\n")))
    lengths = [sequence.n_characters for sequence in corpus.sequences]
    return DataReport(
        files=corpus.sources,
        n_documents=len(lengths),
        n_characters=counts.total(),
        n_distinct=len(counts),
        n_once=sum(1 for n in counts.values() if n == 1),
        longest_line=longest_line,
        longest_document=max(lengths, default=0),
        n_symbols=getattr(codec.schema.fields[0], "size", 0),
        parts=tuple(
            _part(name, part)
            for name, part in (
                ("train", parts.train),
                ("validation", parts.validation),
                ("test", parts.test),
            )
        ),
        decisions=(*corpus.notes, parts.how),
        warnings=corpus.warnings,
        settings=settings,
        shares=shares_of(parts.train, sources),
    )


def _part(name: str, part: Corpus) -> PartReport:
    return PartReport(name=name, n_documents=len(part.sequences), n_characters=part.n_characters)
