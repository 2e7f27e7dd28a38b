"""Files, folders or strings to a corpus: every decision is said in a note or a warning.

A named file that is no text is an error; the same file in a folder is left out, with a note.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError, DataError
from serinette.core.line_ends import with_line_feeds
from serinette.kinds.corpus import Corpus, LongSequence, RawSequence, SourceFile
from serinette.kinds.text.columns import table_records
from serinette.kinds.text.config import LABEL, Documents, TextConfig
from serinette.kinds.text.database import database_records
from serinette.kinds.text.documents import documents_of, label_from_column
from serinette.kinds.text.encodings import Decoded, check_text, decode
from serinette.kinds.text.files import FileBytes, binary_format, distinct_files, read_bytes
from serinette.kinds.text.long_files import LONG_BYTES, LongFile, read_long
from serinette.kinds.text.records import (
    DEFAULT_TEXT,
    HEAD,
    SQLITE,
    Fields,
    Format,
    Records,
    format_of,
    json_records,
    lines_of,
)

FEWEST_CHARACTERS: Final = 100
_MOST_NOTES: Final = 5


@dataclass(kw_only=True)
class _Reading:
    """What has been read so far, and how it is read."""

    config: TextConfig
    for_training: bool
    source: int = 0
    """Which of the data is being read."""
    sequences: list[RawSequence] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    with_carriage_returns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    """Places of records without text."""
    facts: set[str] = field(default_factory=set)
    """Fields that some record has a value of."""
    names: set[str] = field(default_factory=set)
    """Fields and columns there are, for hints."""

    @property
    def documents(self) -> Documents:
        """What one document of plain text is."""
        return self.config.documents or ("line" if self.config.labels == "column" else "file")


def read_text(
    sources: Sequence[Path] | Sequence[str], config: TextConfig, *, for_training: bool = False
) -> Corpus:
    """Read text.

    Args:
        sources: Paths of files and folders, or the texts themselves as strings; where the settings
            ask for records, a string holds lines of JSON.
        config: How documents, encodings and labels are decided.
        for_training: Refuse fewer than 100 characters, from which nothing can be learnt, and plain
            text where records are asked for.

    Raises:
        NotFoundError: If a path does not exist.
        DataError: If something is not text, cannot be read, or is too little.
        ConfigError: If labels are asked for that strings cannot have.
    """
    reading = _Reading(config=config, for_training=for_training)
    texts = [source for source in sources if isinstance(source, str)]
    paths = [source for source in sources if isinstance(source, Path)]
    if texts:
        _read_strings(texts, reading)
    for path, found in distinct_files(paths).items():
        reading.source = found.source
        long = _long_file(path, reading)
        if long is None:
            _read_file(read_bytes(path, from_folder=found.from_folder), reading)
        else:
            _add_long(path, long, reading)
    if config.labels == "column":
        reading.sequences = [label_from_column(sequence) for sequence in reading.sequences]
    weights = _weights(reading, len(sources))
    _say_what_was_read(reading)
    where = ", ".join(map(str, paths[:3])) if paths else "the texts"
    if reading.sequences:
        _check_facts(reading, where)
    _check_amount(reading, where)
    return Corpus(
        sequences=tuple(reading.sequences),
        sources=tuple(reading.sources),
        notes=tuple(reading.notes),
        warnings=tuple(reading.warnings),
        weights=weights,
    )


def _weights(reading: _Reading, n_sources: int) -> tuple[float, ...]:
    weights = reading.config.weights
    if len(weights) in (0, n_sources):
        return weights
    if not reading.for_training:  # another text, read as the training text was
        return ()
    raise ConfigError(
        f"weights {list(weights)}: {len(weights)} numbers for {n_sources} data; give one for each, "
        "in their order"
    )


def _read_strings(texts: list[str], reading: _Reading) -> None:
    config = reading.config
    if config.labels in ("folder", "file"):
        raise ConfigError(
            f"labels '{config.labels}' needs files, got strings; use labels 'column' or none"
        )
    digest, n_bytes = hashlib.sha256(), 0
    for number, text in enumerate(texts):
        place, reading.source = f"text {number}", number
        check_text(text, place)
        data = text.encode()
        digest.update(data)
        n_bytes += len(data)
        if config.is_of_records and (reading.for_training or text.lstrip().startswith("{")):
            fields = Fields.of(config, config.text_field or DEFAULT_TEXT)
            _add_records(json_records(lines_of(text), place, fields), {}, reading)
        else:
            _add(text, place, {}, reading)
    reading.sources.append(
        SourceFile(path="<strings>", sha256=digest.hexdigest(), n_bytes=n_bytes, encoding="UTF-8")
    )


def _read_file(file: FileBytes, reading: _Reading) -> None:
    place, config = str(file.path), reading.config
    try:
        layout = _layout(file, reading)
        decoded = None if layout == "database" else _decoded(file, config.encoding)
    except DataError as error:
        # What a user names must be readable; a folder may hold pictures beside the poems.
        if not file.from_folder:
            raise
        reading.left_out.append(str(error))
        return
    encoding = "an SQLite database" if decoded is None else decoded.encoding
    reading.sources.append(
        SourceFile(path=place, sha256=file.sha256, n_bytes=len(file.data), encoding=encoding)
    )
    context = _file_context(file.path, config)
    fields = Fields.of(config, config.text_field or DEFAULT_TEXT)
    if decoded is None:
        _add_records(database_records(file.path, config), context, reading)
        return
    reading.warnings.extend(decoded.warnings)
    if layout == "json":
        reading.notes.append(f"{place}: lines of JSON; '{fields.text}' of each is a document")
        _add_records(json_records(lines_of(decoded.text), place, fields), context, reading)
    elif layout == "table":
        _add_records(table_records(decoded.text, place, fields), context, reading)
    else:
        _add(decoded.text, place, context, reading)


def _long_file(path: Path, reading: _Reading) -> LongFile | None:
    """Read a file of one long document into a scratch file; None: it is for `_read_file`."""
    config = reading.config
    if reading.documents != "file" or config.is_of_records:
        return None
    try:
        if path.stat().st_size < LONG_BYTES:
            return None
        with path.open("rb") as file:
            head = file.read(HEAD)
        if binary_format(head) is None and format_of(path.name, head) is None:
            return read_long(path, config.encoding)
    except OSError:  # which `read_bytes` says in words
        pass
    return None


def _add_long(path: Path, long: LongFile, reading: _Reading) -> None:
    place = str(path)
    if long.has_carriage_returns:
        reading.with_carriage_returns.append(place)
    source = SourceFile(
        path=place, sha256=long.sha256, n_bytes=path.stat().st_size, encoding=long.encoding
    )
    reading.sources.append(source)
    context = _file_context(path, reading.config)
    sequence = LongSequence(long.text, context, place, reading.source)
    if any(not block.isspace() for block in sequence.blocks()):
        reading.sequences.append(sequence)


def _layout(file: FileBytes, reading: _Reading) -> Format | None:
    """Return how the file's records are laid out; None: it is read as plain text.

    Raises:
        DataError: If it holds no records where they are asked for, or is a database where none are.
        ConfigError: If a query is meant for a file that is no database.
    """
    place, config = str(file.path), reading.config
    found = format_of(file.path.name, file.data[:HEAD])
    if not config.is_of_records:
        if file.data.startswith(SQLITE):
            raise DataError(
                f"{place}: an SQLite database, not plain text; say which texts to read "
                "with --data.query"
            )
        if found == "json":
            reading.warnings.append(
                f"{place}: looks like lines of JSON, and is read as plain text; --data.text_field "
                "NAME reads one of their fields"
            )
        return None
    if found is None and reading.for_training:
        raise DataError(
            f"{place}: neither lines of JSON (.jsonl), nor a table (.csv, .tsv), nor an SQLite "
            "database (.db); name it so, or leave text_field and query out"
        )
    if found in ("json", "table") and config.query is not None and config.text_field is None:
        raise ConfigError(
            f"{place}: a query is for SQLite databases; of this file name the field that holds the "
            "text, with --data.text_field NAME"
        )
    return found


def _decoded(file: FileBytes, encoding: str | None) -> Decoded:
    place = str(file.path)
    format_name = binary_format(file.data)
    if format_name is not None:
        raise DataError(f"{place}: {format_name}, not plain text; export it as plain text")
    decoded = decode(file.data, place, encoding)
    check_text(decoded.text, place)
    return decoded


def _file_context(path: Path, config: TextConfig) -> dict[str, str]:
    if config.labels == "folder":
        return {LABEL: path.resolve().parent.name}
    return {LABEL: path.stem} if config.labels == "file" else {}


def _add(text: str, place: str, context: dict[str, str], reading: _Reading) -> None:
    if "\r" in text:
        reading.with_carriage_returns.append(place)
        text = with_line_feeds(text)
    documents = documents_of(text, place, reading.documents, context)
    if reading.source == 0:  # as they are: a long text has millions of lines
        reading.sequences.extend(documents)
    else:
        reading.sequences.extend(replace(each, source=reading.source) for each in documents)


def _add_records(records: Records, context: dict[str, str], reading: _Reading) -> None:
    has_returns = False
    for document in records.documents:
        content = document.content
        if "\r" in content:
            has_returns = True
            content = with_line_feeds(content)
        told = {**context, **document.context}
        reading.sequences.append(
            replace(document, content=content, context=told, source=reading.source)
        )
    if has_returns:
        reading.with_carriage_returns.append(records.place)
    reading.empty += records.empty
    reading.facts |= records.found
    reading.names |= records.names


def _say_what_was_read(reading: _Reading) -> None:
    config = reading.config
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
        reading.empty, "{}: no text, left out", "records without text left out"
    )
    reading.notes += _shortened(
        reading.with_carriage_returns,
        "{}: line ends CR LF or CR read as LF",
        "files with line ends CR LF or CR, read as LF",
    )
    is_plain = config.documents is None and not config.is_of_records
    if is_plain and len(files) == 1 and len(reading.sequences) == 1:
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


def _check_facts(reading: _Reading, where: str) -> None:
    """Refuse to train on facts that no record has; otherwise say that they are not known."""
    config = reading.config
    asked = [] if config.label_field is None else [config.label_field]
    for name in (*asked, *config.context_names):
        if name in reading.facts:
            continue
        hint = f" ({nearest(name, sorted(reading.names))})" if reading.names else ""
        sentence = f"{where}: no record has a value of '{name}'{hint}"
        if reading.for_training:
            raise DataError(sentence)
        reading.warnings.append(f"{sentence}; it is read as unknown")


def _check_amount(reading: _Reading, where: str) -> None:
    if not reading.sources and reading.left_out:
        raise DataError(f"{where}: holds no text; the first file: {reading.left_out[0]}")
    n_characters = sum(sequence.n_characters for sequence in reading.sequences)
    if n_characters == 0:
        raise DataError(f"{where}: empty, or only white space; give a file that holds text")
    if reading.for_training and n_characters < FEWEST_CHARACTERS:
        amount = "1 character is" if n_characters == 1 else f"{n_characters} characters are"
        raise DataError(
            f"{where}: {amount} too little to learn from; "
            f"give at least {FEWEST_CHARACTERS}, better a hundred thousand"
        )
