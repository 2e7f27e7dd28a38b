"""Tables in files, data frames and arrays to sequences: every decision is a note or a warning."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.columns import Loaded, load_csv
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.frames import load_frame
from serinette.kinds.series.layout import lay_out
from serinette.kinds.series.parquet import SUFFIXES as COLUMNAR
from serinette.kinds.series.parquet import load_columnar
from serinette.kinds.series.table import Table

FEWEST_ROWS: Final = 10


def read_table(
    sources: Any,
    config: SeriesConfig | None = None,
    *,
    for_training: bool = False,
    scratch: Path | None = None,
) -> Table:
    """Read a table.

    Args:
        sources: Paths of files with the same columns; or a pandas or polars frame, a dictionary of
            columns, an array `[rows, columns]`, or one `[sequences, steps, columns]`.
        config: What the user says of it.
        for_training: Refuse what nothing can be learnt from.
        scratch: Folder for the numbers of a table above 256 MB; None: the system's.

    Raises:
        NotFoundError: If a file does not exist.
        DataError: If the table cannot be read, by file and line, or row and column.
        ConfigError: If a setting names a column that is not there.
        MissingExtraError: If a Parquet or Arrow file is named and polars is not installed.
    """
    config = SeriesConfig() if config is None else config
    loaded = _load(sources, config, scratch)
    table = lay_out(loaded, config, scratch)
    if for_training:
        _check_amount(table)
    return table


def _load(sources: Any, config: SeriesConfig, scratch: Path | None) -> Loaded:
    if isinstance(sources, str | Path):
        sources = [sources]
    is_paths = isinstance(sources, Sequence) and all(isinstance(s, str | Path) for s in sources)
    if not is_paths or isinstance(sources, Mapping):
        return load_frame(sources, config)
    paths = [Path(source) for source in sources]
    if not paths:
        raise ConfigError("no table is named; give at least one file")
    are_columnar = {_suffix(path) in COLUMNAR for path in paths}
    if len(are_columnar) > 1:
        raise ConfigError(
            f"{paths[0]} and others: files of one table have one format; convert some"
        )
    if are_columnar == {True}:
        return load_columnar(paths, config, scratch)
    return load_csv(paths, config, scratch)


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix == ".gz" else path.suffix.lower()


def _check_amount(table: Table) -> None:
    where = table.sources[0].path if table.sources else "the table"
    if table.n_rows < FEWEST_ROWS:
        rows = "1 row is" if table.n_rows == 1 else f"{table.n_rows} rows are"
        raise DataError(
            f"{where}: {rows} too little to learn from; "
            f"give at least {FEWEST_ROWS}, better some thousands"
        )
    if not table.stepwise:
        raise DataError(
            f"{where}: no column is left that changes from row to row; see with "
            "`serinette inspect` what was left out, and say otherwise with --data.types"
        )
