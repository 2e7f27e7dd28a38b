"""What was found in a table, in lines for a person: what is what, and how to say otherwise."""

import numpy as np

from serinette.kinds.series.table import Column, Table
from serinette.kinds.series.writer import spell

_SHOWN_COLUMNS = 60
_SHOWN_LEVELS = 4
_LONGEST = 24


def table_lines(table: Table) -> list[str]:
    """Return the lines of `serinette inspect`."""
    lines = [
        f"{table.n_rows:,} rows, {len(table.columns)} "
        f"column{'s' if len(table.columns) != 1 else ''}",
        _sequences(table),
        "",
    ]
    rows = [_row(table, column) for column in table.columns[:_SHOWN_COLUMNS]]
    head = ("column", "type", "part", "missing", "values")
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    lines += ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in (head, *rows)]
    if len(table.columns) > _SHOWN_COLUMNS:
        lines.append(f"... and {len(table.columns) - _SHOWN_COLUMNS} columns more")
    for title, told in (("notes", table.notes), ("warnings", table.warnings)):
        if told:
            lines += ["", f"{title}:", *(f"  {sentence}" for sentence in told)]
    return [*lines, "", *_hints(table)]


def _sequences(table: Table) -> str:
    lengths = np.diff(table.starts)
    if not table.entity:
        return "one sequence; no column names several"
    names = ", ".join(f"`{name}`" for name in table.entity)
    return (
        f"{table.n_sequences:,} sequences by {names}, of {lengths.min():,} to {lengths.max():,} "
        f"rows, median {np.median(lengths):g}"
    )


def _row(table: Table, column: Column) -> tuple[str, str, str, str, str]:
    missing = float(np.isnan(column.values).mean())
    is_unknown = column.type in ("identifier", "text") and not column.levels
    share = "?" if is_unknown else f"{missing:.1%}" if missing else "none"
    return column.name, column.type, _part(table, column.name), share, _values(column)


def _part(table: Table, name: str) -> str:
    if name in table.entity:
        return "entity"
    if name == table.time:
        return "time"
    if name in table.left_out:
        return "left out"
    return "static" if name in table.statics else "step"


def _values(column: Column) -> str:
    if column.levels or column.type in ("category", "boolean", "identifier", "text"):
        shown = ", ".join(_cut(level) for level in column.levels[:_SHOWN_LEVELS])
        n_levels = len(column.levels)
        return f"{n_levels:,}: {shown}" + (", ..." if n_levels > _SHOWN_LEVELS else "")
    there = column.values[~np.isnan(column.values)]
    if not len(there):
        return "-"
    low, high = spell(column, np.array([there.min(), there.max()]))
    n_different = len(np.unique(there[:100_000]))
    example = spell(column, there[:1])[0]
    return f"{low} to {high}, {n_different:,} different, first {example}"


def _cut(word: str) -> str:
    plain = " ".join(word.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."


def _hints(table: Table) -> list[str]:
    name = next((c.name for c in table.columns if c.name not in table.entity), "x")
    return [
        "to say otherwise: --entity COLUMN, --time COLUMN, - for none;",
        f'--data.statics \'["{name}"]\', --data.types \'{{"{name}": "category"}}\', '
        f"--data.left_out '[\"{name}\"]'",
    ]
