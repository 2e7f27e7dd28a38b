"""A table's column as documents: CSV and TSV in any dialect, a row a document."""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from serinette.core.coercion import nearest
from serinette.core.errors import DataError
from serinette.kinds.corpus import RawSequence
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.dialect import Dialect, sniff
from serinette.kinds.text.records import Fields, Records, document_of

_SAMPLE: Final = 1 << 16
_NEVER: Final = "\x1f"
"""Divides nothing: the delimiter of a file of one column."""


def table_records(text: str, place: str, fields: Fields) -> Records:
    """Read the rows of a table; its first line names the columns.

    Args:
        text: The whole file, line ends as they are.
        place: The file's name, for messages.
        fields: Which columns are wanted.

    Raises:
        DataError: If no column has the name of the text.
    """
    dialect = _dialect(text[:_SAMPLE], fields.text)
    rows = _rows(text, dialect, place)
    _, header = next(rows, ("", []))
    names = [name.strip() for name in header]
    if fields.text not in names:
        known = [name for name in names if name]
        raise DataError(f"{place}: no column '{fields.text}' ({nearest(fields.text, known)})")
    records = Records(place=place, documents=iter(()), names=set(names))
    records.documents = _documents(rows, names, fields, records)
    return records


def _dialect(sample: str, column: str) -> Dialect:
    first = sample.split("\n", 1)[0].strip()
    if first.strip("\"'") == column:
        return Dialect(delimiter=_NEVER, quote=first[0] if first[0] in "\"'" else '"')
    return sniff(sample, SeriesConfig())


def _documents(
    rows: Iterator[tuple[str, list[str]]], names: Sequence[str], fields: Fields, records: Records
) -> Iterator[RawSequence]:
    for place, cells in rows:
        if len(cells) < len(names) or any(map(str.strip, cells[len(names) :])):
            found = "1 field" if len(cells) == 1 else f"{len(cells)} fields"
            raise DataError(
                f"{place}: {found}, but the first line has {len(names)}; mend the line, or put "
                "quotation marks around a text that holds the delimiter"
            )
        row = dict(zip(names, cells, strict=False))
        document = document_of(row.get, fields, place, records)
        if document is not None:
            yield document


def _rows(text: str, dialect: Dialect, place: str) -> Iterator[tuple[str, list[str]]]:
    """Yield every row that is not empty, and where it begins."""
    reader: Any = dialect.rows(io.StringIO(text, newline=""), strict=True)
    begin = 1
    while True:
        try:
            with _long_fields():
                row = next(reader, None)
        except csv.Error as error:
            raise DataError(
                f"{place}:{begin}: not a row ({error}); a quotation mark within a quoted text is "
                "written twice"
            ) from error
        if row is None:
            return
        if row:
            yield f"{place}:{begin}", row
        begin = reader.line_num + 1


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field be longer than 131,072 characters; the limit is one of the whole process."""
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)
