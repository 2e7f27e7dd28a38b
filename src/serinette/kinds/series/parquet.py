"""Parquet and Arrow files, through polars (extra `series`); one column at a time is in memory."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from serinette.core.errors import DataError, MissingExtraError, NotFoundError
from serinette.kinds.corpus import SourceFile
from serinette.kinds.series.columns import Loaded, tell
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.frames import as_column, decide_cells, of_polars_series
from serinette.kinds.series.store import Store

PARQUET: Final = (".parquet", ".pq")
ARROW: Final = (".arrow", ".feather", ".ipc")
SUFFIXES: Final = (*PARQUET, *ARROW)


def require_polars() -> Any:
    """Return the package.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import polars
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Parquet and Arrow files need polars: pip install 'serinette[series]'"
        ) from error
    return polars


def load_columnar(paths: Sequence[Path], config: SeriesConfig, scratch: Path | None) -> Loaded:
    """Read Parquet or Arrow files of the same columns as one table.

    Raises:
        NotFoundError: If a file does not exist.
        DataError: If a file is damaged, or they differ in their columns.
        MissingExtraError: If polars is not installed.
    """
    polars = require_polars()
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"{path}: no such file")
    try:
        lazy = polars.concat([_scan(polars, path) for path in paths])
        names = lazy.collect_schema().names()
        n_rows = int(lazy.select(polars.len()).collect().item())
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise DataError(
            f"{paths[0]}: not read ({reason}); files of one table are whole and have the same "
            "columns"
        ) from error
    if not n_rows or not names:
        raise DataError(f"{paths[0]}: no rows; give a table of at least one row")
    store = Store(len(names), n_rows, scratch)
    shells, findings = [], {}
    for number, name in enumerate(names):
        cells = of_polars_series(lazy.select(name).collect().to_series())
        findings[name] = decide_cells(cells, config, str(paths[0]))
        column = as_column(cells, findings[name], config)
        store.put(number, 0, column.values)
        shells.append(replace(column, values=np.zeros(0)))
    columns = tuple(
        replace(shell, values=values) for shell, values in zip(shells, store.columns(), strict=True)
    )
    loaded = Loaded(columns=columns, sources=tuple(map(_source, paths)))
    tell(loaded, findings)
    return loaded


def _scan(polars: Any, path: Path) -> Any:
    if path.suffix.lower() in PARQUET:
        return polars.scan_parquet(path, glob=False)
    return polars.scan_ipc(path)


def _source(path: Path) -> SourceFile:
    with path.open("rb") as binary:
        digest = hashlib.file_digest(binary, "sha256").hexdigest()
    encoding = "Parquet" if path.suffix.lower() in PARQUET else "Arrow"
    n_bytes = path.stat().st_size
    return SourceFile(path=str(path), sha256=digest, n_bytes=n_bytes, encoding=encoding)
