"""Records to documents: one of their fields is the text, others are facts about it.

Lines of JSON are read here; tables in `columns.py`, databases in `database.py`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from serinette.core.coercion import nearest
from serinette.core.errors import DataError
from serinette.kinds.corpus import RawSequence
from serinette.kinds.text.config import LABEL, TextConfig
from serinette.kinds.text.encodings import check_text

Format = Literal["json", "table", "database"]
DEFAULT_TEXT: Final = "text"
"""The field that holds the text of records in memory, if nothing is said."""
_SUFFIXES: Final[Mapping[str, Format]] = {
    ".jsonl": "json", ".ndjson": "json", ".csv": "table", ".tsv": "table", ".tab": "table",
    ".db": "database", ".sqlite": "database", ".sqlite3": "database", ".db3": "database",
}  # fmt: skip
HEAD: Final = 1 << 13
"""Bytes of a file that tell its format."""
_LONGEST_LINE: Final = 1 << 24
"""Bytes of a line of JSON, if it is to be recognised."""
_LOOKED_AT: Final = 100
SQLITE: Final = b"SQLite format 3\0"
_NAMES: Final = {
    dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number",
    bytes: "bytes", type(None): "null",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Which fields of a record are wanted."""

    text: str
    """Holds the text."""
    told: Mapping[str, str]
    """Facts by name, and the field that each is found in."""

    @classmethod
    def of(cls, config: TextConfig, text: str) -> "Fields":
        """Return the fields that the settings name; `text` is the one that holds the text."""
        label = {} if config.label_field is None else {LABEL: config.label_field}
        return cls(text=text, told=label | {name: name for name in config.context_names})


@dataclass(kw_only=True)
class Records:
    """The documents of one file of records, and what was noticed while they were read."""

    place: str
    documents: Iterator[RawSequence]
    """In the order of the records."""
    names: set[str] = field(default_factory=set)
    """Fields that records have, for hints."""
    found: set[str] = field(default_factory=set)
    """Facts that some record has."""
    empty: list[str] = field(default_factory=list)
    """Places of records without text."""


def format_of(name: str, head: bytes) -> Format | None:
    """Say how a file's records are laid out: by its first bytes, or by its name; None: in no way.

    Args:
        name: The file's name.
        head: Its first bytes.
    """
    if head.startswith(SQLITE):
        return "database"
    by_name = _by_name(name)
    if by_name is not None:
        return by_name
    return "json" if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else None


def _by_name(name: str) -> Format | None:
    return _SUFFIXES.get(name[name.rfind(".") :].lower()) if "." in name else None


def are_records(source: Path | str) -> bool:
    """Say whether a file, or a text, is laid out as records: cheap."""
    if isinstance(source, str):
        return source.lstrip().startswith("{")
    try:
        with source.open("rb") as file:
            return format_of(source.name, file.read(HEAD)) is not None
    except OSError:
        return False


def holds_texts(path: Path) -> bool:
    """Say whether a file is of lines of JSON, by its name, the first of which has a text."""
    if _by_name(path.name) != "json":
        return False
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline(_LONGEST_LINE).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and isinstance(first.get(DEFAULT_TEXT), str)


def json_records(lines: Iterable[str], place: str, fields: Fields) -> Records:
    """Read one object a line; empty lines are passed over.

    Args:
        lines: With or without their line ends.
        place: The file's name, for messages.
        fields: Which fields are wanted; dots lead into objects within objects.
    """
    records = Records(place=place, documents=iter(()))
    records.documents = _from_json(lines, fields, records)
    return records


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text one by one, without a list of them all."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def document_of(
    find: Callable[[str], Any], fields: Fields, place: str, records: Records
) -> RawSequence | None:
    """Turn a record into a document; None: its text is empty or not there.

    Args:
        find: Returns the value of a field, or None.
        fields: Which fields are wanted.
        place: Of the record.
        records: Is told what was noticed.

    Raises:
        DataError: If the text is none, or a fact is more than one value.
    """
    content = find(fields.text)
    context = {}
    for name, source in fields.told.items():
        value = _fact(find(source), source, place)
        if value:
            context[name] = value
            records.found.add(source)
    if content is None or content == "":
        records.empty.append(place)
        return None
    if not isinstance(content, str):
        raise DataError(
            f"{place}: '{fields.text}' is {kind_of_value(content)}, not text; mend the record or "
            "name another field with --data.text_field"
        )
    check_text(content, place)
    if not content.strip():
        records.empty.append(place)
        return None
    return RawSequence(content=content, context=context, place=place)


def kind_of_value(value: Any) -> str:
    """Say what a value is, for messages: `a number (12)`."""
    name = _NAMES.get(type(value), type(value).__name__)
    return f"{name} ({value})" if isinstance(value, int | float) else name


def _fact(value: Any, name: str, place: str) -> str:
    """Return one value as text; of what is not there, nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise DataError(
            f"{place}: '{name}' is {kind_of_value(value)}, and a fact is one value; name another "
            "field"
        )
    text = str(value).strip()
    check_text(text, place)
    return text


def _from_json(lines: Iterable[str], fields: Fields, records: Records) -> Iterator[RawSequence]:
    has_text = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{records.place}:{number}"
        record = _object(line, place)
        has_text = has_text or _at(record, fields.text) is not None
        if number <= _LOOKED_AT or not has_text:
            records.names.update(_names(record))

        def find(name: str, record: Mapping[str, Any] = record) -> Any:
            return _at(record, name)

        document = document_of(find, fields, place, records)
        if document is not None:
            yield document
    if records.names and not has_text:
        raise DataError(
            f"{records.place}: no record has the field '{fields.text}' "
            f"({nearest(fields.text, sorted(records.names))})"
        )


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}: not JSON ({error.msg}, character {error.pos + 1}); write one object a line"
        ) from error
    except RecursionError as error:
        raise DataError(f"{place}: objects lie in one another too deeply to be read") from error
    if not isinstance(record, dict):
        raise DataError(
            f"{place}: {kind_of_value(record)}, not an object; write one object {{...}} a line"
        )
    return record


def _at(record: Mapping[str, Any], name: str) -> Any:
    """Return a field by its name, or by names that dots divide; None if there is none."""
    if name in record:
        return record[name]
    head, dot, rest = name.partition(".")
    inner = record.get(head)
    return _at(inner, rest) if dot and isinstance(inner, dict) else None


def _names(record: Mapping[str, Any]) -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in _names(value))
        else:
            yield name
