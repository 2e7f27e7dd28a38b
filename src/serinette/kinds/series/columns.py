"""Columns from text files: a first pass finds out what they are, a second one fills them.

The second pass reads the files again rather than keep cells: 2 GB never lie in memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from serinette.core.errors import DataError
from serinette.kinds.corpus import SourceFile
from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.csv_reader import CsvFile, open_csv
from serinette.kinds.series.dates import read_aligned, read_dates
from serinette.kinds.series.spans import Spans, spellings_of
from serinette.kinds.series.store import Store
from serinette.kinds.series.survey import Survey
from serinette.kinds.series.table import Column
from serinette.kinds.series.types import Finding, decide

_KEPT_SPELLINGS: Final = 4_000_000
"""Of all columns together, about 400 MB."""


@dataclass(kw_only=True)
class Loaded:
    """Columns as they were read, before entity and time are known."""

    columns: tuple[Column, ...]
    entity: tuple[str, ...] = ()
    """Columns that name a sequence for certain; empty: not known."""
    left_out: dict[str, str] = field(default_factory=dict)
    sources: tuple[SourceFile, ...] = ()
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load_csv(paths: Sequence[Path], config: SeriesConfig, scratch: Path | None) -> Loaded:
    """Read text files of the same columns as one table.

    Raises:
        DataError: If they differ, are ragged, or hold a cell that cannot be read, by line.
    """
    files = [open_csv(path, config) for path in paths]
    orders = _orders(files)
    names = files[0].names
    surveys = _survey(files, orders, config)
    n_rows = surveys[0].n_rows
    if n_rows == 0:
        raise DataError(f"{paths[0]}: only a header, no rows; give a table of at least one row")
    findings = [decide(survey, config, _Place(files)) for survey in surveys]
    values = _fill(files, orders, list(zip(surveys, findings, strict=True)), scratch)
    loaded = Loaded(
        columns=tuple(
            Column(
                name=name, type=finding.type, values=column, levels=finding.levels,
                decimals=finding.decimals, format=finding.format,
            )
            for name, finding, column in zip(names, findings, values, strict=True)
        ),
        sources=tuple(file.source for file in files),
        notes=[note for file in files for note in file.notes],
        warnings=[warning for file in files for warning in file.warnings],
    )  # fmt: skip
    tell(loaded, dict(zip(names, findings, strict=True)))
    for file in files:
        if file.told:
            lines = "1 line is" if file.told == 1 else f"{file.told} lines are"
            loaded.notes.append(f"{file.path}: {lines} longer by empty fields, which are cut")
    return loaded


def tell(loaded: Loaded, findings: Mapping[str, Finding]) -> None:
    """Pass on what was decided about columns."""
    for name, finding in findings.items():
        if finding.left_out is not None:
            loaded.left_out[name] = finding.left_out
        if finding.note is not None:
            loaded.notes.append(finding.note)
        if finding.warning is not None:
            loaded.warnings.append(finding.warning)


@dataclass(frozen=True)
class _Place:
    """Where a row of several files stands."""

    files: Sequence[CsvFile]

    def __call__(self, row: int) -> str:
        for file in self.files:
            n_rows = sum(len(columns[0]) for columns in file.chunks())
            if row < n_rows:
                return f"{file.path}:{file.line_of(row)}"
            row -= n_rows
        raise AssertionError


def _orders(files: Sequence[CsvFile]) -> list[list[int]]:
    """Return, for each file, where it has the columns of the first one."""
    names = files[0].names
    orders = []
    for file in files:
        missing = [name for name in names if name not in file.names]
        extra = [name for name in file.names if name not in names]
        if missing or extra:
            what = f"no column `{missing[0]}`" if missing else f"a column `{extra[0]}` more"
            raise DataError(
                f"{file.path}: {what} than {files[0].path}; "
                "files of one table have the same columns"
            )
        orders.append([file.names.index(name) for name in names])
        if orders[-1] != orders[0]:
            file.notes.append(f"{file.path}: its columns stand in another order")
    return orders


def _chunks(
    files: Sequence[CsvFile], orders: Sequence[list[int]]
) -> Iterator[tuple[CsvFile, list[Sequence[str]]]]:
    for file, order in zip(files, orders, strict=True):
        for cells in file.chunks():
            yield file, [cells[number] for number in order]


def _survey(
    files: Sequence[CsvFile], orders: Sequence[list[int]], config: SeriesConfig
) -> list[Survey]:
    names = files[0].names
    numerals = _numerals(files[0], config)
    most = max(config.most_levels, _KEPT_SPELLINGS // len(names))
    surveys = [
        Survey(
            name=name,
            numerals=numerals,
            most_levels=_most(name, most, config),
            most_fractions=_most_fractions(name, config),
        )
        for name in names
    ]
    for file, chunk in _chunks(files, orders):
        numerals = _numerals(file, config)
        for survey, cells in zip(surveys, chunk, strict=True):
            survey.numerals = numerals
            survey.add(cells)
    return surveys


def _most(name: str, most: int, config: SeriesConfig) -> int:
    if name in config.entity:  # its spellings are needed, however many there are
        return 1 << 62
    told = config.types.get(name)
    return config.most_levels if told == "category" else most


def _most_fractions(name: str, config: SeriesConfig) -> int | None:
    """Return how many spellings of real numbers are worth keeping: words may still follow."""
    is_needed = name in config.entity or name in config.types
    return None if is_needed else config.most_levels


def _numerals(file: CsvFile, config: SeriesConfig) -> Numerals:
    return Numerals(file.dialect.decimal, frozenset(config.missing))


def _fill(
    files: Sequence[CsvFile],
    orders: Sequence[list[int]],
    found: Sequence[tuple[Survey, Finding]],
    scratch: Path | None,
) -> list[Float[np.ndarray, " N"]]:
    n_rows = found[0][0].n_rows
    store = Store(len(found), n_rows, scratch)
    filled = [Filling(finding, survey.numerals) for survey, finding in found]
    row = 0
    for file, chunk in _chunks(files, orders):
        for number, (filling, cells) in enumerate(zip(filled, chunk, strict=True)):
            filling.numerals = Numerals(file.dialect.decimal, filling.numerals.missing)
            store.put(number, row, filling.values(cells))
        row += len(chunk[0])
    return store.columns()


class Filling:
    """Turns the cells of a column, whose type is known, into numbers."""

    def __init__(self, finding: Finding, numerals: Numerals) -> None:
        self.numerals = numerals
        self._finding = finding
        self._numbers = {level: float(n) for n, level in enumerate(finding.levels)}
        format_ = finding.format or "%s"
        self._misses_dates = not format_.startswith("%s") and any(
            read_dates([spelling], format_) is not None for spelling in numerals.missing
        )

    def values(self, cells: Sequence[str]) -> Float[np.ndarray, " N"]:
        """Return the numbers of cells; NaN for missing ones."""
        finding = self._finding
        if finding.type == "datetime":
            return self._seconds(cells)
        if finding.type in ("real", "integer"):
            return _found(self.numerals.numbers(cells))
        if not finding.levels:
            return np.full(len(cells), np.nan)
        words, codes, *_ = spellings_of(cells)
        numbers = np.array([self._numbers.get(word, np.nan) for word in words])
        found: Float[np.ndarray, " N"] = numbers[codes]
        return found

    def _seconds(self, cells: Sequence[str]) -> Float[np.ndarray, " N"]:
        format_ = self._finding.format or ""
        if format_.startswith("%s"):
            return _found(self.numerals.numbers(cells)) / 10.0 ** format_.count("0")
        if isinstance(cells, Spans) and not self._misses_dates:
            aligned = read_aligned(cells, format_)
            if aligned is not None:
                return aligned
        missing, plain = self.numerals.missing, list(map(str.strip, cells))
        there = [at for at, cell in enumerate(plain) if cell not in missing]
        seconds = np.full(len(cells), np.nan)
        seconds[there] = _found(read_dates([plain[at] for at in there], format_))
        return seconds


def _found(values: Float[np.ndarray, " N"] | None) -> Float[np.ndarray, " N"]:
    """Return what the second pass reads; the first one could read it too."""
    if values is None:
        raise DataError("the file changed while it was read; leave it alone and try again")
    return values
