"""How a text file divides its fields: found out from its beginning."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from serinette.kinds.series.config import SeriesConfig

_DELIMITERS: Final = (";", "\t", "|", ",")
"""The comma last: of two that divide equally well, it is the one that may stand in numbers."""
_SAMPLE_ROWS: Final = 100
_GROUPED: Final = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+")
_WITH_COMMA: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]+")
_WITH_POINT: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The marks of a text file."""

    delimiter: str = ","
    """Between two fields."""
    quote: str = '"'
    """Around a field that holds a delimiter or a line end; doubled within."""
    decimal: str = "."
    """In numbers."""
    skips_space: bool = False
    """Whether spaces after a delimiter are no part of the field."""

    def rows(self, lines: Any, *, strict: bool = False) -> Any:
        """Return the `csv` reader of an iterable of lines; a strict one checks quotation marks."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=True,
            skipinitialspace=self.skips_space,
            strict=strict,
        )


def sniff(sample: str, config: SeriesConfig) -> Dialect:
    """Find out the dialect of a file.

    Args:
        sample: The beginning of the file; its last line may be cut.
        config: What the user says of delimiter and decimal mark.
    """
    lines = sample.splitlines(keepends=True)
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines = lines[:-1]
    quote = _quote(sample, lines)
    delimiter = config.delimiter if config.delimiter != "auto" else _delimiter(lines, quote)
    skips_space = delimiter == " " or (
        delimiter != "\t" and _share(lines, delimiter, delimiter + " ") > 0.9  # noqa: PLR2004
    )
    marks = Dialect(delimiter=delimiter, quote=quote, skips_space=skips_space)
    decimal = config.decimal if config.decimal != "auto" else _decimal(lines, marks)
    return Dialect(delimiter=delimiter, quote=quote, decimal=decimal, skips_space=skips_space)


def _first_rows(lines: Sequence[str], marks: Dialect) -> Iterator[list[str]]:
    try:
        yield from (row for row in islice(marks.rows(lines), _SAMPLE_ROWS) if row)
    except csv.Error:
        return


def _delimiter(lines: Sequence[str], quote: str) -> str:
    best, best_score = ",", 0.0
    for delimiter in (*_DELIMITERS, " "):
        marks = Dialect(delimiter=delimiter, quote=quote, skips_space=delimiter == " ")
        widths = Counter(len(row) for row in _first_rows(lines, marks))
        if not widths:
            continue
        width, n_equal = widths.most_common(1)[0]
        score = n_equal / widths.total()
        if delimiter == " " and (score < 1 or best_score > 0):  # words have spaces too
            continue
        # Of marks that divide evenly, the first; uneven ones only for want of better.
        if width > 1 and score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _quote(sample: str, lines: Sequence[str]) -> str:
    if '"' in sample:
        return '"'
    n_single = sum(
        re.search(r"(?:^|[;,\t|])'[^'\r\n]*'(?:$|[;,\t|\r\n])", li) is not None for li in lines
    )
    return "'" if n_single > len(lines) / 2 else '"'


def _share(lines: Sequence[str], part: str, whole: str) -> float:
    n_parts = sum(line.count(part) for line in lines)
    return sum(line.count(whole) for line in lines) / n_parts if n_parts else 0.0


def _decimal(lines: Sequence[str], marks: Dialect) -> str:
    n_comma = n_point = 0
    for row in _first_rows(lines, marks):
        for cell in map(str.strip, row):
            if marks.delimiter == "," and _GROUPED.fullmatch(cell):
                continue  # "1,234" between quotes: a thousands mark
            n_comma += _WITH_COMMA.fullmatch(cell) is not None
            n_point += _WITH_POINT.fullmatch(cell) is not None
    return "," if n_comma > n_point else "."
