"""Text files as chunks of columns, in any dialect and of any length.

A file of up to 64 MB is decoded as a whole, with all that `kinds.text.encodings` knows; a longer
one flows through in pieces, its encoding found out from the first place that is not UTF-8.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import DataError, NotFoundError, ResourceError
from serinette.kinds.corpus import SourceFile
from serinette.kinds.series.blocks import block_bytes, blocks_of_file, blocks_of_text
from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.dates import formats_of
from serinette.kinds.series.dialect import Dialect, sniff
from serinette.kinds.series.spans import regular_columns
from serinette.kinds.series.streamed import Encoding, check_encoding, opened, stream_encoding
from serinette.kinds.text.encodings import decode

STREAMED_BYTES: Final = 64 << 20
"""Files longer than this are never held in memory as a whole."""
MOST_COLUMNS: Final = 10_000
_GZIP_GROWTH: Final = 8
_SAMPLE: Final = 1 << 16


@dataclass(kw_only=True)
class CsvFile:
    """One text file whose encoding, dialect and header are known."""

    path: Path
    source: SourceFile
    dialect: Dialect
    names: tuple[str, ...]
    """Unique names of the columns."""
    has_header: bool
    text: str | None = None
    """The whole file, if it is short."""
    encoding: Encoding
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def chunks(self) -> Iterator[list[Sequence[str]]]:
        """Yield the cells of some rows at a time, by columns.

        Raises:
            DataError: If a line has more or fewer fields than the first, by file and line.
        """
        self.told, line, last = 0, 0, ""
        has_begun = not self.has_header
        blocks = self._blocks()
        try:
            for block in blocks:
                width = len(self.names)
                cut = regular_columns(block, width, self.dialect) if has_begun else None
                if cut is not None:
                    line, last = line + len(cut[0]), ""
                    yield list(cut)
                    continue
                rows, n_lines = self._parsed(block, blocks, line)
                line += n_lines
                rows, has_begun = rows[not has_begun :], has_begun or bool(rows)
                self._trim_(rows)
                if rows:
                    last = rows[-1][-1]
                    yield list(zip(*rows, strict=True))
        except UnicodeDecodeError as error:
            n_before = error.object[: error.start].count(b"\n")
            raise self._unreadable(error, line + n_before) from error
        if "\n" in last or "\r" in last:
            self._check_closed()

    told: int = 0
    """Lines that were longer by empty fields, after `chunks` has come to its end."""

    def line_of(self, row: int) -> int:
        """Return the line, from 1, on which a row of the table, from 0, ends."""
        with self._lines() as lines:
            reader = self._reader(lines)
            n_seen = 0
            for cells in reader:
                n_seen += bool(cells)
                if n_seen > row:
                    break
            return int(reader.line_num)

    def _parsed(
        self, block: bytes, blocks: Iterator[bytes], begin: int
    ) -> tuple[list[list[str]], int]:
        """Return the rows of a block, and how many lines they take.

        Args:
            block: Whole lines.
            blocks: The next ones: a field between quotation marks may end there.
            begin: How many lines are before it.
        """
        n_lines = 0

        def lines() -> Iterator[str]:
            nonlocal n_lines
            for held in chain([block], blocks):
                found = list(io.StringIO(held.decode(), newline=""))
                n_lines += len(found)
                yield from found

        rows = []
        reader = self.dialect.rows(lines())
        try:
            for row in reader:
                if row:
                    rows.append(row)
                if reader.line_num == n_lines:
                    break
        except csv.Error as error:
            raise self._unreadable(error, begin + reader.line_num) from error
        return rows, n_lines

    def _blocks(self) -> Iterator[bytes]:
        n_bytes = block_bytes(len(self.names))
        if self.text is not None:
            return blocks_of_text(self.text, n_bytes)
        return blocks_of_file(self.path, self.encoding, n_bytes)

    def _reader(self, lines: Iterable[str]) -> Any:
        reader = self.dialect.rows(lines)
        if self.has_header:
            next((row for row in reader if row), None)
        return reader

    def _trim_(self, rows: list[list[str]]) -> None:
        """Cut empty fields at the end of lines that are too long, and count the lines."""
        width = len(self.names)
        if not set(map(len, rows)) - {width}:
            return
        for row in rows:
            if len(row) > width and not any(map(str.strip, row[width:])):
                del row[width:]
                self.told += 1
            elif len(row) != width:
                raise self._ragged()

    def _ragged(self) -> DataError:
        width = len(self.names)
        with self._lines() as lines:
            reader = self._reader(lines)
            for row in reader:
                is_long = len(row) > width and any(map(str.strip, row[width:]))
                if row and (len(row) < width or is_long):
                    break
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            return DataError(
                f"{self.path}:{reader.line_num}: {fields}, but the first line has {width}; "
                f"mend the line, or give the delimiter (read with {self.dialect.delimiter!r})"
            )

    def _check_closed(self) -> None:
        """Refuse a quotation mark that swallows the rest of the file."""
        with self._lines() as lines:
            reader, line = self.dialect.rows(lines, strict=True), 0
            try:
                for _ in reader:
                    line = reader.line_num
            except csv.Error as error:
                if "end of data" in str(error):
                    raise self._unreadable(error, line + 1) from error

    def _unreadable(self, error: Exception, line: int) -> DataError:
        if isinstance(error, UnicodeDecodeError):
            return DataError(
                f"{self.path}:{line + 1}: not {self.source.encoding} ({error.reason}); "
                "give its encoding with --data.encoding"
            )
        return DataError(f"{self.path}:{line}: {error}; is a quotation mark never closed?")

    @contextmanager
    def _lines(self) -> Iterator[Iterable[str]]:
        if self.text is not None:
            yield io.StringIO(self.text, newline="")
            return
        with _text(self.path, self.encoding) as lines:
            yield lines


def open_csv(path: Path, config: SeriesConfig, *, most_bytes: int = STREAMED_BYTES) -> CsvFile:
    """Look at a text file: its encoding, dialect and header.

    Args:
        path: The file, perhaps packed (`.gz`).
        config: What the user says of it.
        most_bytes: Longest file that is decoded as a whole.

    Raises:
        NotFoundError: If there is no such file.
        DataError: If it is empty, holds no text, or has more than 10,000 columns.
    """
    n_bytes = _size(path)
    growth = _GZIP_GROWTH if path.suffix == ".gz" else 1
    if config.encoding is not None:
        check_encoding(config.encoding)
    text: str | None = None
    if n_bytes * growth <= most_bytes:
        with opened(path) as binary:
            decoded = decode(binary.read(), str(path), config.encoding)
        text = decoded.text
        encoding = Encoding(label=decoded.encoding, warnings=decoded.warnings)
        sample = text[:_SAMPLE]
    else:
        encoding = stream_encoding(path, config.encoding)
        sample = _sample(path, encoding)
    if not sample.strip():
        raise DataError(f"{path}: empty; give a table of at least one row")
    dialect = sniff(sample, config)
    names, has_header, notes, doubts = _header(path, sample, dialect, config)
    source = SourceFile(
        path=str(path), sha256=_sha256(path), n_bytes=n_bytes, encoding=encoding.label
    )
    mark = {"\t": "tabs"}.get(dialect.delimiter, repr(dialect.delimiter))
    notes.insert(
        0,
        f"{path}: read as {encoding.label}, fields divided by {mark}, decimal {dialect.decimal!r}",
    )
    return CsvFile(
        path=path, source=source, dialect=dialect, names=names, has_header=has_header, text=text,
        encoding=encoding, notes=notes, warnings=[*encoding.warnings, *doubts],
    )  # fmt: skip


def unique_names(names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Name what has no name, tell equal names apart; return a sentence for each doubled one."""
    used = {name.strip() for name in names}
    seen: set[str] = set()
    chosen, doubts = [], []
    for number, raw in enumerate(names, 1):
        name = raw.strip() or f"c{number}"
        if name in seen:
            count = 2
            while f"{name}.{count}" in seen | used:
                count += 1
            doubts.append(f"two columns are named `{name}`; the later one is `{name}.{count}`")
            name = f"{name}.{count}"
        seen.add(name)
        chosen.append(name)
    return tuple(chosen), doubts


def _header(
    path: Path, sample: str, dialect: Dialect, config: SeriesConfig
) -> tuple[tuple[str, ...], bool, list[str], list[str]]:
    with_ends = io.StringIO(sample, newline="")
    rows = list(islice(filter(None, dialect.rows(with_ends)), 2))
    first = rows[0]
    if len(first) > MOST_COLUMNS:
        raise DataError(
            f"{path}: {len(first)} columns; at most {MOST_COLUMNS} are modelled together: "
            "leave some out, or turn the table so that they become rows"
        )
    numerals = Numerals(dialect.decimal, frozenset(config.missing))
    if _is_data(first, rows[1] if len(rows) > 1 else first, numerals):
        names = tuple(f"c{number}" for number in range(1, len(first) + 1))
        return names, False, [f"{path}: no header; columns are named c1 to c{len(first)}"], []
    names, doubts = unique_names(first)
    notes = [
        f"{path}: column {number} has no name; it is `{name}`"
        for number, (raw, name) in enumerate(zip(first, names, strict=True), 1)
        if not raw.strip()
    ]
    return names, True, notes, [f"{path}: {doubt}" for doubt in doubts]


def _is_data(first: Sequence[str], second: Sequence[str], numerals: Numerals) -> bool:
    """Whether the first line holds values: a number or date wherever the next line has one."""

    def is_value(cell: str) -> bool:
        return numerals.number(cell) is not None or bool(formats_of(cell.strip()))

    found = [is_value(cell) for cell in first]
    wanted = [is_value(cell) or numerals.is_missing(cell) for cell in second]
    blank = [numerals.is_missing(cell) for cell in first]
    return any(found) and all(
        here or empty for here, empty, there in zip(found, blank, wanted, strict=False) if there
    )


@contextmanager
def _text(path: Path, encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    with (
        opened(path) as binary,
        io.TextIOWrapper(binary, encoding.codec, encoding.errors, newline="") as lines,
    ):
        yield lines


def _sample(path: Path, encoding: Encoding) -> str:
    try:
        with _text(path, encoding) as lines:
            return lines.read(_SAMPLE)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not {encoding.label} ({error.reason}); leave the encoding out or give another"
        ) from error


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            raise DataError(f"{path}: a folder; name the tables in it, one by one")
        return path.stat().st_size
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except OSError as error:
        raise ResourceError(f"{path}: {error.strerror}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as binary:
        return hashlib.file_digest(binary, "sha256").hexdigest()
