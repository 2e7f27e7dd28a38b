"""What a query finds in an SQLite database as documents. The file is never written to."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from serinette.core.coercion import nearest
from serinette.core.errors import DataError
from serinette.kinds.corpus import RawSequence
from serinette.kinds.text.config import LABEL, TextConfig
from serinette.kinds.text.records import Fields, Records, document_of


def database_records(path: Path, config: TextConfig) -> Records:
    """Read the rows that a query finds, in the order in which it gives them.

    Args:
        path: The database.
        config: The query; which of its columns is the text (the first if not set), the label, and
            facts (all others if not set).

    Raises:
        DataError: If there is no query, it cannot be run, or a column is not among its columns.
    """
    records = Records(place=str(path), documents=iter(()))
    records.documents = _documents(path, config, records)
    return records


def _documents(path: Path, config: TextConfig, records: Records) -> Iterator[RawSequence]:
    with closing(_opened(path)) as database:
        try:
            cursor = _asked(database, path, config)
            names = [column[0] for column in cursor.description]
            fields = _fields(config, names, str(path))
            for number, cells in enumerate(cursor, start=1):
                place = f"{path}, row {number}"
                row: Mapping[str, Any] = dict(zip(names, cells, strict=True))
                document = document_of(row.get, fields, place, records)
                if document is not None:
                    yield document
        except sqlite3.Error as error:
            raise _refusal(error, database, path) from error


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise DataError(f"{path}: cannot be opened as an SQLite database ({error})") from error


def _asked(database: sqlite3.Connection, path: Path, config: TextConfig) -> sqlite3.Cursor:
    if config.query is None:
        raise DataError(
            f"{path}: an SQLite database; say which texts to read with --data.query"
            f"{_told_tables(database)}"
        )
    database.execute("PRAGMA schema_version")  # a file of something else is told of here
    cursor = database.execute(config.query)
    if cursor.description is None:
        raise DataError(
            f"{path}: the query {config.query!r} returns no rows of columns; write a SELECT"
        )
    return cursor


def _fields(config: TextConfig, names: Sequence[str], place: str) -> Fields:
    text = names[0] if config.text_field is None else config.text_field
    named = Fields.of(config, text)
    for name in (text, *named.told.values()):
        if name not in names:
            raise DataError(
                f"{place}: the query has no column '{name}' ({nearest(name, [*names])})"
            )
    if config.context_names:
        return named
    others = {name: name for name in names if name not in (text, config.label_field)}
    if LABEL in named.told and LABEL in others:
        raise DataError(
            f"{place}: the query's column 'label' is no label here; give it another name with AS"
        )
    return Fields(text=text, told={**named.told, **others})


def _refusal(error: sqlite3.Error, database: sqlite3.Connection, path: Path) -> DataError:
    reason = str(error)
    if "not a database" in reason or "malformed" in reason:
        return DataError(f"{path}: a damaged SQLite database ({reason}); copy it again")
    return DataError(f"{path}: the query failed: {reason}{_told_tables(database)}; mend data.query")


def _told_tables(database: sqlite3.Connection) -> str:
    found = _tables(database)
    return f" (tables: {', '.join(found)})" if found else ""


def _tables(database: sqlite3.Connection) -> list[str]:
    try:
        rows = database.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        return [str(name) for (name,) in rows]
    except sqlite3.Error:
        return []
