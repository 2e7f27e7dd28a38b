"""Data frames, arrays and dictionaries of columns: recognised by what they can do, never imported.

Shape letters: `N` rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.cells import Numerals
from serinette.kinds.series.columns import Filling, Loaded, tell
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.csv_reader import MOST_COLUMNS, unique_names
from serinette.kinds.series.survey import LARGEST, Survey
from serinette.kinds.series.table import Column
from serinette.kinds.series.types import Finding, decide, is_named_id

Like = Literal["pandas", "polars", "numpy", "sequences", "dict"]
"""What a frame is: `sequences` is an array `[sequences, steps, columns]`."""
SEQUENCE = "sequence"
"""Column that numbers the sequences of such an array."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One column of a frame."""

    name: str
    numbers: Float[np.ndarray, " N"] | None = None
    """NaN is missing; None: the column holds words."""
    kind: Literal["real", "integer", "boolean", "datetime", "words"] = "words"
    words: tuple[str, ...] = ()
    """Cells as text, empty where missing."""
    dtype: str = ""


def kind_of(source: Any) -> Like:
    """Return what a frame is.

    Raises:
        ConfigError: If it is nothing that holds a table.
    """
    if isinstance(source, Mapping):
        return "dict"
    if isinstance(source, np.ndarray) and source.dtype.names is None:
        if source.ndim not in (2, 3):
            raise ConfigError(
                f"an array of {source.ndim} axes; give [rows, columns] or "
                "[sequences, steps, columns]"
            )
        return "numpy" if source.ndim == 2 else "sequences"  # noqa: PLR2004
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        return "pandas"
    if hasattr(source, "get_columns") and hasattr(source, "schema"):
        return "polars"
    raise ConfigError(
        f"{type(source).__name__} is no table; give paths, a pandas or polars frame, a NumPy array "
        "or a dictionary of columns"
    )


def load_frame(source: Any, config: SeriesConfig) -> Loaded:
    """Read a frame, an array or a dictionary of columns.

    Raises:
        ConfigError: If it is nothing that holds a table.
        DataError: If it is empty, or a cell cannot be read, by row (from 0) and column.
    """
    like = kind_of(source)
    if like == "polars" and hasattr(source, "collect"):
        source = source.collect()
    split = {"pandas": _of_pandas, "polars": _of_polars, "numpy": _of_array, "dict": _of_dict,
             "sequences": _of_sequences}  # fmt: skip
    columns, doubts = split[like](source)
    place = "the array" if like in ("numpy", "sequences") else "the table"
    if not columns or not _n_rows(columns[0]):
        raise DataError(f"{place} is empty; give at least one row and one column")
    _check_width(len(columns), place)
    found = {cells.name: decide_cells(cells, config, place) for cells in columns}
    loaded = Loaded(
        columns=tuple(as_column(cells, found[cells.name], config) for cells in columns),
        entity=(SEQUENCE,) if like == "sequences" else (),
    )
    tell(loaded, found)
    loaded.warnings += doubts
    return loaded


def _check_width(n_columns: int, place: str) -> None:
    if n_columns > MOST_COLUMNS:
        raise DataError(
            f"{place} has {n_columns} columns; at most {MOST_COLUMNS} are modelled together: "
            "leave some out, or turn the table so that they become rows"
        )


def as_column(cells: Cells, finding: Finding, config: SeriesConfig) -> Column:
    """Turn one column of a frame, of which is known what it is, into a column of a table."""
    if cells.numbers is not None and finding.type in ("real", "integer", "boolean", "datetime"):
        values = cells.numbers
    else:
        values = Filling(finding, _numerals(config)).values(_words(cells))
    return Column(
        name=cells.name, type=finding.type, values=values, levels=finding.levels,
        decimals=finding.decimals, format=finding.format, dtype=cells.dtype,
    )  # fmt: skip


def _numerals(config: SeriesConfig) -> Numerals:
    return Numerals(".", frozenset({*config.missing, ""}))


def _n_rows(cells: Cells) -> int:
    return len(cells.words) if cells.numbers is None else len(cells.numbers)


def decide_cells(cells: Cells, config: SeriesConfig, place: str) -> Finding:
    """Decide what one column of a frame is.

    Raises:
        DataError: If a cell cannot be read, by row (from 0) and column.
    """

    def row_of(row: int) -> str:
        return f"{place}, row {row} (from 0)"

    numbers = cells.numbers
    told = config.types.get(cells.name)
    if numbers is None or told not in (None, cells.kind) or _may_name(cells):
        survey = Survey(name=cells.name, numerals=_numerals(config), most_levels=config.most_levels)
        survey.add(_words(cells))
        return decide(survey, config, row_of)
    if np.isnan(numbers).all():
        return Finding(type="category", left_out="every cell is missing")
    is_huge = np.abs(numbers) > LARGEST
    if is_huge.any():
        row = int(np.argmax(is_huge))
        raise DataError(
            f"{row_of(row)}, column `{cells.name}`: {numbers[row]} is no number to learn from; "
            "mend the cell or leave it empty, at most 1e300 is read"
        )
    if cells.kind == "boolean":
        return Finding(type="boolean", levels=("False", "True"))
    if cells.kind == "integer":
        return Finding(type="integer", decimals=0)
    return Finding(type="datetime" if cells.kind == "datetime" else "real")


def _may_name(cells: Cells) -> bool:
    return cells.kind == "integer" and is_named_id(cells.name)


def _words(cells: Cells) -> tuple[str, ...]:
    if cells.numbers is None:
        return cells.words
    if cells.kind == "boolean":
        return tuple("" if np.isnan(n) else str(bool(n)) for n in cells.numbers.tolist())
    if cells.kind == "integer":
        return tuple("" if np.isnan(n) else str(int(n)) for n in cells.numbers.tolist())
    return tuple("" if np.isnan(n) else repr(n) for n in cells.numbers.tolist())


def _of_pandas(frame: Any) -> tuple[list[Cells], list[str]]:
    names, doubts = unique_names([str(name) for name in frame.columns])
    columns = []
    for number, name in enumerate(names):
        series = frame.iloc[:, number]
        kind, dtype = getattr(series.dtype, "kind", "O"), str(series.dtype)
        missing = np.asarray(series.isna(), dtype=np.bool_)
        if kind == "M":
            zone = getattr(series.dt, "tz", None)
            moments = series.dt.tz_convert("UTC").dt.tz_localize(None) if zone else series
            columns.append(of_array(name, moments.to_numpy().astype("datetime64[us]"), dtype))
        elif kind in "iufb":
            filled = series.to_numpy(dtype=np.float64, na_value=np.nan)
            columns.append(_of_numbers(name, filled, kind, dtype))
        else:
            columns.append(_of_objects(name, series.tolist(), missing, dtype))
    return columns, doubts


def _of_polars(frame: Any) -> tuple[list[Cells], list[str]]:
    return [of_polars_series(series) for series in frame.get_columns()], []


def of_polars_series(series: Any) -> Cells:
    """Turn a column of a polars frame into cells."""
    dtype, name = str(series.dtype), series.name.strip() or "c1"
    if series.dtype.is_temporal() and dtype.startswith("Date"):
        micros = series.dt.epoch("us").cast(type_of(series, "Float64")).to_numpy()
        return Cells(name=name, kind="datetime", numbers=micros / 1e6, dtype=dtype)
    is_bool = dtype == "Boolean"
    if (series.dtype.is_numeric() and not dtype.startswith("Decimal")) or is_bool:
        numbers = series.cast(type_of(series, "Float64")).to_numpy()
        kind = "b" if is_bool else "f" if dtype.startswith("Float") else "i"
        return _of_numbers(name, np.array(numbers, dtype=np.float64), kind, dtype)
    return _of_objects(name, series.to_list(), series.is_null().to_numpy(), dtype)


def type_of(series: Any, name: str) -> Any:
    """Return a data type of the package that a series comes from."""
    import importlib

    return getattr(importlib.import_module(type(series).__module__.split(".")[0]), name)


def _of_array(array: Any) -> tuple[list[Cells], list[str]]:
    _check_width(array.shape[1], "the array")
    return [of_array(f"c{n}", c, str(array.dtype)) for n, c in enumerate(array.T, 1)], []


def _of_sequences(array: Any) -> tuple[list[Cells], list[str]]:
    n_sequences, n_steps, n_columns = array.shape
    flat = array.reshape(n_sequences * n_steps, n_columns)
    number = np.repeat(np.arange(n_sequences, dtype=np.float64), n_steps)
    first = Cells(name=SEQUENCE, kind="integer", numbers=number, dtype="int64")
    return [first, *_of_array(flat)[0]], []


def _of_dict(columns: Any) -> tuple[list[Cells], list[str]]:
    arrays = {str(name): _column_array(values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"columns of different lengths: {lengths}; give each a cell for every row")
    return [of_array(name, array, str(array.dtype)) for name, array in arrays.items()], []


def _column_array(values: Any) -> Shaped[np.ndarray, "..."]:
    if isinstance(values, np.ndarray):
        return values
    found = np.asarray(values)
    # NumPy would turn [1, "x"] and [1.5, None] into words and objects of its own choice.
    is_mixed = found.dtype.kind in "US" and not all(isinstance(value, str) for value in values)
    return np.array(list(values), dtype=object) if is_mixed or found.ndim != 1 else found


def of_array(name: str, array: Any, dtype: str) -> Cells:
    """Turn a one-dimensional array into cells."""
    kind = array.dtype.kind
    if kind == "M":
        micros = array.astype("datetime64[us]")
        seconds = np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / 1e6)
        return Cells(name=name, kind="datetime", numbers=seconds, dtype=dtype)
    if kind in "iufb":
        return _of_numbers(name, array.astype(np.float64), kind, dtype)
    values = array.tolist()
    missing = np.array([value is None or value != value for value in values], dtype=np.bool_)  # noqa: PLR0124
    return _of_objects(name, values, missing, dtype)


def _of_numbers(name: str, numbers: Float[np.ndarray, " N"], kind: str, dtype: str) -> Cells:
    kinds: dict[str, Literal["real", "integer", "boolean"]] = {"f": "real", "b": "boolean"}
    return Cells(name=name, kind=kinds.get(kind, "integer"), numbers=numbers, dtype=dtype)


def _of_objects(
    name: str, values: Sequence[Any], missing: Bool[np.ndarray, " N"], dtype: str
) -> Cells:
    there = [value for value, gone in zip(values, missing.tolist(), strict=True) if not gone]
    if there and all(isinstance(value, bool) for value in there):
        numbers = np.full(len(values), np.nan)
        numbers[~missing] = there
        return _of_numbers(name, numbers, "b", dtype)
    if there and all(isinstance(value, int | float) for value in there):
        numbers = np.full(len(values), np.nan)
        numbers[~missing] = there
        whole = all(isinstance(value, int) for value in there)
        return _of_numbers(name, numbers, "i" if whole else "f", dtype)
    words = tuple(
        "" if gone else str(value) for value, gone in zip(values, missing.tolist(), strict=True)
    )
    return Cells(name=name, words=words, dtype=dtype)
