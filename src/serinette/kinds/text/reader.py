"""Files, folders or strings to a corpus: every decision is said in a note or a warning.

A named file that is no text is an error; the same file in a folder is left out, with a note.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.corpus import Corpus, RawSequence, SourceFile
from serinette.kinds.text.config import Documents, TextConfig
from serinette.kinds.text.documents import documents_of, label_from_column
from serinette.kinds.text.encodings import decode
from serinette.kinds.text.files import FileBytes, binary_format, distinct_files, read_bytes

FEWEST_CHARACTERS: Final = 100
_LABEL = "label"
_MOST_NOTES: Final = 5


@dataclass(kw_only=True)
class _Reading:
    """What has been read so far."""

    sequences: list[RawSequence] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    with_carriage_returns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_text(
    sources: Sequence[Path] | Sequence[str], config: TextConfig, *, for_training: bool = False
) -> Corpus:
    """Read text.

    Args:
        sources: Paths of files and folders, or the texts themselves as strings.
        config: How documents, encodings and labels are decided.
        for_training: Refuse fewer than 100 characters, from which nothing can be learnt.

    Raises:
        NotFoundError: If a path does not exist.
        DataError: If something is not text, cannot be read, or is too little.
        ConfigError: If labels are asked for that strings cannot have.
    """
    reading = _Reading()
    documents = config.documents or ("line" if config.labels == "column" else "file")
    texts = [source for source in sources if isinstance(source, str)]
    paths = [source for source in sources if isinstance(source, Path)]
    if texts:
        _read_strings(texts, documents, config, reading)
    for path, from_folder in distinct_files(paths).items():
        _read_file(read_bytes(path, from_folder=from_folder), documents, config, reading)
    if config.labels == "column":
        reading.sequences = [label_from_column(sequence) for sequence in reading.sequences]
    _say_what_was_read(reading, config)
    where = ", ".join(map(str, paths[:3])) if paths else "the texts"
    _check_amount(reading, where, for_training=for_training)
    return Corpus(
        sequences=tuple(reading.sequences),
        sources=tuple(reading.sources),
        notes=tuple(reading.notes),
        warnings=tuple(reading.warnings),
    )


def check_text(text: str, place: str) -> None:
    """Refuse what is no text: a lone surrogate or a NUL character.

    Raises:
        DataError: With the place, the position and the value.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        value = ord(text[error.start])
        raise DataError(
            f"{place}: character {error.start} is a lone surrogate (U+{value:04X}), which is not a "
            "character; remove it or decode the text again"
        ) from error
    if "\0" in text:
        raise DataError(
            f"{place}: character {text.index(chr(0))} is NUL (U+0000), which text never holds; "
            "remove it"
        )


def _read_strings(
    texts: list[str], documents: Documents, config: TextConfig, reading: _Reading
) -> None:
    if config.labels in ("folder", "file"):
        raise ConfigError(
            f"labels '{config.labels}' needs files, got strings; use labels 'column' or none"
        )
    digest, n_bytes = hashlib.sha256(), 0
    for number, text in enumerate(texts):
        check_text(text, f"text {number}")
        data = text.encode()
        digest.update(data)
        n_bytes += len(data)
        _add(text, f"text {number}", documents, {}, reading)
    reading.sources.append(
        SourceFile(path="<strings>", sha256=digest.hexdigest(), n_bytes=n_bytes, encoding="UTF-8")
    )


def _read_file(
    file: FileBytes, documents: Documents, config: TextConfig, reading: _Reading
) -> None:
    place = str(file.path)
    try:
        format_name = binary_format(file.data)
        if format_name is not None:
            raise DataError(f"{place}: {format_name}, not plain text; export it as plain text")
        decoded = decode(file.data, place, config.encoding)
        check_text(decoded.text, place)
    except DataError as error:
        # What a user names must be readable; a folder may hold pictures beside the poems.
        if not file.from_folder:
            raise
        reading.left_out.append(str(error))
        return
    source = SourceFile(
        path=place, sha256=file.sha256, n_bytes=len(file.data), encoding=decoded.encoding
    )
    reading.sources.append(source)
    reading.warnings.extend(decoded.warnings)
    _add(decoded.text, place, documents, _file_context(file.path, config), reading)


def _file_context(path: Path, config: TextConfig) -> dict[str, str]:
    if config.labels == "folder":
        return {_LABEL: path.resolve().parent.name}
    return {_LABEL: path.stem} if config.labels == "file" else {}


def _add(
    text: str, place: str, documents: Documents, context: dict[str, str], reading: _Reading
) -> None:
    if "\r" in text:
        reading.with_carriage_returns.append(place)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    reading.sequences.extend(documents_of(text, place, documents, context))


def _say_what_was_read(reading: _Reading, config: TextConfig) -> None:
    files = [source for source in reading.sources if source.path != "<strings>"]
    verb = "read as" if config.encoding is None else "read, as you said, as"
    if len(files) <= _MOST_NOTES:
        reading.notes += [f"{file.path}: {verb} {file.encoding}" for file in files]
    else:
        by_encoding = Counter(file.encoding for file in files).most_common()
        counts = ", ".join(f"{number} as {encoding}" for encoding, number in by_encoding)
        reading.notes.append(f"{len(files)} files: {verb.removesuffix(' as')} {counts}")
    reading.notes += _shortened(reading.left_out, "left out: {}", "files left out")
    reading.notes += _shortened(
        reading.with_carriage_returns,
        "{}: line ends CR LF or CR read as LF",
        "files with line ends CR LF or CR, read as LF",
    )
    if config.documents is None and len(files) == 1 and len(reading.sequences) == 1:
        reading.notes.append(
            f"{files[0].path}: one document; documents 'line' or 'blank-line' would divide it"
        )
    elif len(reading.sequences) == 1 and config.documents == "line":
        reading.warnings.append(f"{reading.sequences[0].place}: only one line, so one document")


def _shortened(items: list[str], each: str, many: str) -> list[str]:
    """Say each of a few things; of many, how many and the first."""
    if len(items) <= _MOST_NOTES:
        return [each.format(item) for item in items]
    return [f"{len(items)} {many}, the first: {items[0]}"]


def _check_amount(reading: _Reading, where: str, *, for_training: bool) -> None:
    if not reading.sources and reading.left_out:
        raise DataError(f"{where}: holds no text; the first file: {reading.left_out[0]}")
    n_characters = sum(len(sequence.content) for sequence in reading.sequences)
    if n_characters == 0:
        raise DataError(f"{where}: empty, or only white space; give a file that holds text")
    if for_training and n_characters < FEWEST_CHARACTERS:
        amount = "1 character is" if n_characters == 1 else f"{n_characters} characters are"
        raise DataError(
            f"{where}: {amount} too little to learn from; "
            f"give at least {FEWEST_CHARACTERS}, better a hundred thousand"
        )
