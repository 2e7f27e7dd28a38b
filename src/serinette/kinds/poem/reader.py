"""Files, folders or strings to a corpus of poems: every poem left out is counted and said.

A named file that holds no poems is an error; the same file in a folder is left out, with a note.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from serinette.core.errors import DataError
from serinette.core.line_ends import with_line_feeds
from serinette.kinds.corpus import Corpus, RawSequence, SourceFile
from serinette.kinds.poem.config import PoemConfig
from serinette.kinds.poem.entries import Entry, entries_of, looks_like_poems
from serinette.kinds.poem.layout import (
    Form,
    canonical,
    form_name,
    form_of,
    hanzi_of,
    problem_of,
)
from serinette.kinds.poem.script import to_simplified, to_traditional
from serinette.kinds.text.encodings import check_text, decode
from serinette.kinds.text.files import FileBytes, binary_format, distinct_files, read_bytes
from serinette.kinds.text.reader import FEWEST_CHARACTERS

__all__ = ["looks_like_poems", "read_poems"]

_MOST_NOTES: Final = 5
_NOBODY: Final = frozenset(("不詳", "不详", "無名氏", "无名氏", "佚名", "闕名", "阙名"))
_SCRIPTS: Final[dict[str, Callable[[str], str]]] = {
    "traditional": to_traditional,
    "simplified": to_simplified,
    "as-is": str,
}
_REASONS: Final = {
    "empty": "empty",
    "damaged": "with brackets or damaged characters",
    "fragment": "of one line of verse",
    "form": "of a form not asked for",
    "duplicate": "found before",
}
"""Why a poem is left out, in the order in which that is decided."""


@dataclass(kw_only=True)
class _Reading:
    """What has been read so far."""

    sequences: list[RawSequence] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    """Of each reason, where it was met first."""
    files_left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_poems(
    sources: Sequence[Path] | Sequence[str], config: PoemConfig, *, for_training: bool = False
) -> Corpus:
    """Read poems.

    A sequence's content is canonical (`layout.py`); its context holds `form`, and `author` and
    `title` where they are known. Of poems that agree in all their hanzi the first is kept.

    Args:
        sources: Paths of files and folders, or the texts themselves as strings.
        config: Which poems are kept, and in which script.
        for_training: Refuse fewer than 100 characters, from which nothing can be learnt.

    Raises:
        NotFoundError: If a path does not exist.
        DataError: If something is not text, is JSON of another layout, or holds no poem to keep.
    """
    reading = _Reading()
    texts = [source for source in sources if isinstance(source, str)]
    paths = [source for source in sources if isinstance(source, Path)]
    if texts:
        _read_strings(texts, config, reading)
    for path, found in distinct_files(paths).items():
        _read_file(read_bytes(path, from_folder=found.from_folder), config, reading)
    where = ", ".join(map(str, paths[:3])) if paths else "the texts"
    _check_amount(reading, where, for_training=for_training)
    return Corpus(
        sequences=tuple(reading.sequences),
        sources=tuple(reading.sources),
        notes=_notes(reading, config),
        warnings=tuple(reading.warnings),
    )


def _read_strings(texts: list[str], config: PoemConfig, reading: _Reading) -> None:
    digest, n_bytes = hashlib.sha256(), 0
    for number, text in enumerate(texts):
        place = f"text {number}"
        check_text(text, place)
        data = text.encode()
        digest.update(data)
        n_bytes += len(data)
        _keep(entries_of(with_line_feeds(text), place), config, reading)
    reading.sources.append(
        SourceFile(path="<strings>", sha256=digest.hexdigest(), n_bytes=n_bytes, encoding="UTF-8")
    )


def _read_file(file: FileBytes, config: PoemConfig, reading: _Reading) -> None:
    place = str(file.path)
    try:
        format_name = binary_format(file.data)
        if format_name is not None:
            raise DataError(f"{place}: {format_name}, not plain text; export it as plain text")
        decoded = decode(file.data, place, config.encoding)
        check_text(decoded.text, place)
        entries = list(entries_of(with_line_feeds(decoded.text), place))
    except DataError as error:
        # What a user names must be readable; a folder may hold other things beside the poems.
        if not file.from_folder:
            raise
        reading.files_left_out.append(str(error))
        return
    source = SourceFile(
        path=place, sha256=file.sha256, n_bytes=len(file.data), encoding=decoded.encoding
    )
    reading.sources.append(source)
    reading.warnings.extend(decoded.warnings)
    _keep(entries, config, reading)


def _keep(entries: Iterable[Entry], config: PoemConfig, reading: _Reading) -> None:
    written = _SCRIPTS[config.script]
    forms = {form_name(name) for name in config.forms}
    for entry in entries:
        content = written(canonical(entry.text))
        reason = _reason_against(content, forms, reading)
        if reason is not None:
            reading.left_out[reason] += 1
            reading.first.setdefault(reason, entry.place)
            continue
        known = {"author": written(entry.author), "title": written(entry.title)}
        context = {key: value for key, value in known.items() if value and value not in _NOBODY}
        reading.sequences.append(
            RawSequence(
                content=content,
                context={"form": form_of(content), **context},
                place=entry.place,
            )
        )


def _reason_against(content: str, forms: set[Form], reading: _Reading) -> str | None:
    problem = problem_of(content)
    if problem is not None:
        return problem
    if forms and form_of(content) not in forms:
        return "form"
    # A digest, not the text: a quarter of a million poems are remembered in 20 MB.
    digest = hashlib.blake2b(hanzi_of(content).encode(), digest_size=16).digest()
    if digest in reading.seen:
        return "duplicate"
    reading.seen.add(digest)
    return None


def _notes(reading: _Reading, config: PoemConfig) -> tuple[str, ...]:
    files = [source for source in reading.sources if source.path != "<strings>"]
    verb = "read" if config.encoding is None else "read, as you said,"
    if len(files) <= _MOST_NOTES:
        notes = [f"{file.path}: {verb} as {file.encoding}" for file in files]
    else:
        by_encoding = Counter(file.encoding for file in files).most_common()
        counts = ", ".join(f"{number} as {encoding}" for encoding, number in by_encoding)
        notes = [f"{len(files)} files: {verb} {counts}"]
    if len(reading.files_left_out) > _MOST_NOTES:
        first = reading.files_left_out[0]
        notes.append(f"{len(reading.files_left_out)} files left out, the first: {first}")
    else:
        notes += [f"left out: {why}" for why in reading.files_left_out]
    return (*notes, *_poem_notes(reading))


def _poem_notes(reading: _Reading) -> list[str]:
    by_form = Counter(sequence.context["form"] for sequence in reading.sequences).most_common()
    counts = ", ".join(f"{form} {number:,}" for form, number in by_form)
    notes = [f"{_poems(len(reading.sequences))}: {counts}"]
    notes += [
        f"left out {_poems(reading.left_out[reason])} {said}, the first: {reading.first[reason]}"
        for reason, said in _REASONS.items()
        if reading.left_out[reason]
    ]
    return notes


def _poems(number: int) -> str:
    return "1 poem" if number == 1 else f"{number:,} poems"


def _check_amount(reading: _Reading, where: str, *, for_training: bool) -> None:
    if not reading.sources and reading.files_left_out:
        raise DataError(f"{where}: holds no poems; the first file: {reading.files_left_out[0]}")
    if not reading.sequences:
        counts = ", ".join(
            f"{reading.left_out[reason]:,} {said}"
            for reason, said in _REASONS.items()
            if reading.left_out[reason]
        )
        found = f"no poem to keep ({counts})" if counts else "empty, or only white space"
        raise DataError(f"{where}: {found}; give a file that holds poems, or ask for other forms")
    n_characters = sum(len(sequence.content) for sequence in reading.sequences)
    if for_training and n_characters < FEWEST_CHARACTERS:
        raise DataError(
            f"{where}: {n_characters} characters are too little to learn from; "
            f"give at least {FEWEST_CHARACTERS}, better thousands of poems"
        )
