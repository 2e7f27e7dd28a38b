"""Tables to CSV, Parquet, Arrow and frames: written as the source was.

Shape letters: `N` rows.
"""

import csv
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Shaped

from serinette.core import disk
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.kinds.series.dates import write_dates
from serinette.kinds.series.dialect import Dialect
from serinette.kinds.series.frames import SEQUENCE, kind_of
from serinette.kinds.series.parquet import ARROW, PARQUET, require_polars
from serinette.kinds.series.table import Column, Table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NO_TABLES: Final = (".svg", ".json", ".jsonl", ".html", ".xlsx", ".xls", ".gz")
_CHUNK_ROWS: Final = 50_000
_WORDY: Final = ("category", "identifier", "text")


def write_table(
    table: Table, path: Path, *, formula_safe: bool = True, dialect: Dialect | None = None
) -> None:
    """Write a table: afterwards the file is whole, or as it was before.

    Args:
        table: What to write; columns that were left out and hold nothing are left out.
        path: Its ending says the format: `.parquet`, `.arrow`, `.feather`, `.tsv`; else CSV.
        formula_safe: Put an apostrophe before words that a spreadsheet would run as a formula.
        dialect: Marks of the CSV; None: commas (of a `.tsv` tabs) and points.

    Raises:
        ConfigError: If the ending is that of another kind of file.
        ResourceError: If the disk refuses.
        MissingExtraError: If Parquet or Arrow is asked for and polars is not installed.
    """
    check_table_path(path)
    suffix = path.suffix.lower()
    if suffix in (*PARQUET, *ARROW):
        write_file(path, table_bytes(table, suffix.removeprefix(".")))
        return
    write_csv([table], path, formula_safe=formula_safe, dialect=dialect)


def write_csv(
    tables: Iterable[Table],
    path: Path,
    *,
    formula_safe: bool = True,
    dialect: Dialect | None = None,
) -> None:
    """Write tables of the same columns as one CSV; no two of them are needed at a time.

    Args:
        tables: At least one.
        path: Afterwards the file is whole, or as it was before.
        formula_safe: As of `write_table`.
        dialect: As of `write_table`.

    Raises:
        ResourceError: If the disk refuses.
    """
    if dialect is None and path.suffix.lower() == ".tsv":
        dialect = Dialect(delimiter="\t")
    pieces = csv_pieces(tables, formula_safe=formula_safe, dialect=dialect)
    disk.ensure_folder(path.parent)
    draft = path.parent / f".tmp-{path.name}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with disk.explained(path, "written"), draft.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        disk.rename(draft, path)
        disk.sync_folder(path.parent)
    finally:
        disk.discard(draft)


def check_table_path(path: Path) -> None:
    """Raise if a table cannot be written to a file of this name.

    Raises:
        ConfigError: Naming the endings that can be.
    """
    if path.suffix.lower() in _NO_TABLES:
        raise ConfigError(f"{path}: a table is written as .csv, .tsv, .parquet, .arrow or .feather")


def table_bytes(table: Table, format_: str = "csv", *, formula_safe: bool = True) -> bytes:
    """Return a table as the content of a file.

    Args:
        table: What to write.
        format_: `csv`, `tsv`, `parquet` or `pq`, `arrow`, `feather` or `ipc`.
        formula_safe: As of `write_table`.

    Raises:
        ConfigError: If the format is another.
        MissingExtraError: If polars is needed and not installed.
    """
    if format_ in ("csv", "tsv"):
        dialect = Dialect(delimiter="\t" if format_ == "tsv" else ",")
        return b"".join(csv_pieces([table], formula_safe=formula_safe, dialect=dialect))
    if "." + format_ not in (*PARQUET, *ARROW):
        raise ConfigError(f"tables are not written as {format_!r}; use csv, parquet or arrow")
    frame, buffer = _polars_frame(table), io.BytesIO()
    if "." + format_ in PARQUET:
        frame.write_parquet(buffer)
    else:
        frame.write_ipc(buffer)
    return buffer.getvalue()


def csv_pieces(
    tables: Iterable[Table], *, formula_safe: bool = True, dialect: Dialect | None = None
) -> Iterator[bytes]:
    """Yield tables of the same columns as one CSV in UTF-8, some rows at a time."""
    dialect = Dialect() if dialect is None else dialect
    for number, table in enumerate(tables):
        columns = _kept(table)
        names = [column.name for column in columns]
        if number == 0:
            yield _lines([_safe(names) if formula_safe else names], dialect)
        for start in range(0, table.n_rows, _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            cells = [_spelt(c, c.values[rows], dialect, is_safe=formula_safe) for c in columns]
            yield _lines(zip(*cells, strict=True), dialect)


def spell(column: Column, values: Float[np.ndarray, " N"]) -> list[str]:
    """Return values of a column as its source writes them; missing ones are empty."""
    if column.type in ("real", "integer"):
        return _numbers(column, values)
    if column.type == "datetime":
        return _dates(column, values)
    levels = (*column.levels, "")
    numbers = np.where(np.isnan(values), len(column.levels), values).astype(np.int64)
    return [levels[number] for number in numbers.tolist()]


def to_frame(table: Table, like: Any) -> Any:
    """Return a table as what the user works with.

    Args:
        table: What to give back.
        like: A frame, array or dictionary, or its name: `pandas`, `polars`, `numpy`, `sequences`,
            `dict`.

    Raises:
        ConfigError: If a table of words is asked for as an array of numbers.
        MissingExtraError: If the package is not installed.
    """
    kind = like if isinstance(like, str) else kind_of(like)
    if kind in ("numpy", "sequences"):
        return _array(table, kind, like)
    if kind == "polars":
        return _polars_frame(table)
    columns = {column.name: _plain(column) for column in _kept(table)}
    if kind == "dict":
        return columns
    if kind != "pandas":
        raise ConfigError(f"no frame is named {kind!r}; use pandas, polars, numpy or dict")
    return _pandas_frame(table, columns)


def _kept(table: Table) -> list[Column]:
    """Leave out columns whose words were not kept."""
    return [
        column
        for column in table.columns
        if column.levels or column.type not in _WORDY or column.name not in table.left_out
    ]


def _lines(rows: Any, dialect: Dialect) -> bytes:
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=dialect.delimiter, quotechar=dialect.quote, lineterminator="\n"
    )
    writer.writerows(rows)
    return text.getvalue().encode()


def _spelt(
    column: Column, values: Float[np.ndarray, " N"], dialect: Dialect, *, is_safe: bool
) -> list[str]:
    if column.type in ("real", "integer"):
        cells = spell(column, values)
        return cells if dialect.decimal == "." else [c.replace(".", dialect.decimal) for c in cells]
    if column.type == "datetime" or not is_safe:
        return spell(column, values)
    # Each level once, not each cell.
    return spell(replace(column, levels=tuple(_safe(column.levels))), values)


def _safe(words: Sequence[str]) -> list[str]:
    return ["'" + word if word.startswith(_FORMULA) else word for word in words]


def _numbers(column: Column, values: Float[np.ndarray, " N"]) -> list[str]:
    is_whole = column.type == "integer" or column.decimals == 0
    if is_whole:
        return ["" if n != n else str(round(n)) for n in values.tolist()]  # noqa: PLR0124
    if column.decimals is None:
        return ["" if n != n else repr(n) for n in values.tolist()]  # noqa: PLR0124
    pattern = f"%.{column.decimals}f"
    return ["" if n != n else pattern % n for n in values.tolist()]  # noqa: PLR0124


def _dates(column: Column, values: Float[np.ndarray, " N"]) -> list[str]:
    if column.format is not None and column.format.startswith("%s"):
        scale = 10 ** column.format.count("0")
        return ["" if n != n else str(round(n * scale)) for n in values.tolist()]  # noqa: PLR0124
    there = values[~np.isnan(values)]
    is_whole = bool(np.all(there == np.floor(there)))
    plain = "%Y-%m-%d %H:%M:%S" if is_whole else "%Y-%m-%d %H:%M:%S.%f"
    return write_dates(values, column.format or plain, column.decimals)


def _plain(column: Column) -> Shaped[np.ndarray, "..."]:
    """Return a column as an array of the type that it came in, as far as NumPy has it."""
    values = np.asarray(column.values)
    missing = np.isnan(values)
    if column.type == "datetime" and (column.format is None or not column.dtype):
        micros = np.round(np.where(missing, 0, values) * 1e6).astype("int64")
        moments = micros.astype("datetime64[us]")
        moments[missing] = np.datetime64("NaT")
        return moments
    if column.type in _WORDY or column.type == "datetime":
        words = np.array([*spell(column, values), None], dtype=object)[:-1]
        words[missing] = None
        return words
    if column.type == "boolean":
        return _booleans(column, values)
    if column.type == "integer" and not missing.any():
        whole = values.astype(np.int64)
        return whole.astype(column.dtype) if _is_numpy(column.dtype, "iu") else whole
    return values.astype(column.dtype) if _is_numpy(column.dtype, "f") else values.copy()


def _booleans(column: Column, values: Float[np.ndarray, " N"]) -> Shaped[np.ndarray, "..."]:
    missing = np.isnan(values)
    if column.levels and column.levels != ("False", "True"):
        words = np.array([*spell(column, values), None], dtype=object)[:-1]
        words[missing] = None
        return words
    if not missing.any():
        return values.astype(np.bool_)
    mixed = np.array([None if gone else bool(n) for n, gone in zip(values, missing, strict=True)])
    return mixed.astype(object)


def _is_numpy(dtype: str, kinds: str) -> bool:
    try:
        return np.dtype(dtype).kind in kinds if dtype and dtype[0].islower() else False
    except TypeError:
        return False


def _array(table: Table, kind: str, like: Any) -> Shaped[np.ndarray, "..."]:
    columns = [c for c in table.columns if kind == "numpy" or c.name != SEQUENCE]
    wordy = [column.name for column in columns if column.type in _WORDY]
    if wordy:
        raise ConfigError(f"column `{wordy[0]}` holds words; ask for a frame or a dictionary")
    flat = np.stack([np.asarray(column.values) for column in columns], axis=1)
    if not isinstance(like, str):
        flat = flat.astype(like.dtype)
    if kind == "numpy":
        return flat
    lengths = np.diff(table.starts)
    if len(set(lengths.tolist())) > 1:
        raise ConfigError("sequences of different lengths make no array; ask for a frame")
    return flat.reshape(table.n_sequences, int(lengths[0]), len(columns))


def _pandas_frame(table: Table, columns: dict[str, Any]) -> Any:
    import importlib

    pandas = importlib.import_module("pandas")
    frame = pandas.DataFrame(columns)
    for column in _kept(table):
        dtype = column.dtype
        if dtype.startswith("datetime64[") and "," in dtype:
            zone = dtype.split(",", maxsplit=1)[1].strip(" ]")
            moments = frame[column.name].dt.tz_localize("UTC").dt.tz_convert(zone)
            frame[column.name] = moments.astype(dtype)
        elif dtype and str(frame[column.name].dtype) != dtype:
            frame[column.name] = frame[column.name].astype(dtype)
    return frame


def _polars_frame(table: Table) -> Any:
    polars = require_polars()
    series = []
    for column in _kept(table):
        plain = _plain(column)
        made = polars.Series(column.name, plain.tolist() if plain.dtype == object else plain)
        if column.type == "integer":
            made = made.fill_nan(None).cast(polars.Int64) if made.dtype.is_float() else made
        elif made.dtype.is_float():
            made = made.fill_nan(None)
        series.append(_as_it_came(polars, made, column))
    return polars.DataFrame(series)


def _as_it_came(polars: Any, series: Any, column: Column) -> Any:
    """Cast to the type that a polars column had; text files say nothing of it."""
    dtype = column.dtype
    if dtype in ("Date", "Time") or dtype.startswith(("Datetime(", "Datetime[")):
        if dtype == "Date":
            return series.cast(polars.Date)
        zone = dtype.rsplit("=", maxsplit=1)[-1].strip(" ')")
        moments = series.cast(polars.Datetime("us"))
        return (
            moments
            if zone in ("None", dtype)
            else moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        )
    plain = getattr(polars, dtype, None) if dtype.isalnum() and dtype[:1].isupper() else None
    return series if plain is None else series.cast(plain)
