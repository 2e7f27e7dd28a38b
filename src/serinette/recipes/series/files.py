"""Judge the tables of any generator against real ones: no model is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import serinette
from serinette.core.errors import ConfigError, DataError
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation, Section
from serinette.evaluation.series.findings import evaluate_series
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.fitting import relations_of
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.relations import Relations
from serinette.kinds.series.roles import NONE
from serinette.kinds.series.table import Column, Table
from serinette.recipes.evaluate.facts import files_of
from serinette.recipes.series.evaluate import BESIDE, SeriesEvaluateRequest
from serinette.recipes.series.sets import whole_set

_AS_WRITTEN = {"integer": "real", "boolean": "category"}
"""A generator may write 2.5 where the data have whole numbers, and a third word beside two."""
_MOST_RELATIONS = 20


@dataclass(frozen=True, kw_only=True)
class TableFiles:
    """Which files are judged; all have the same columns."""

    samples: Path
    """What a generator wrote."""
    reference: Path
    """Real sequences that the generator has not seen."""
    training: Path
    """What the generator learnt from."""


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedTables:
    """The three tables, read alike: same columns, and one number for each spelling."""

    training: Table
    reference: Table
    samples: Table
    warnings: tuple[str, ...]


def evaluate_table_files(
    files: TableFiles,
    config: SeriesConfig,
    request: SeriesEvaluateRequest,
    *,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Evaluation:
    """Compare what any generator wrote with real sequences that it has not seen.

    Args:
        files: The files.
        config: How they are read. What is not set is found out from the real ones.
        request: How much is measured; the temperature is not used.
        tell: Told how far it is, one sentence at a time.

    Raises:
        NotFoundError: If a file does not exist.
        ConfigError: If a setting names a column that is not there.
        DataError: If a file cannot be read or is too little, or the columns differ.
    """
    tables = read_judged(files, config)
    for warning in tables.warnings:
        tell(warning)
    sets = [whole_set(table) for table in (tables.training, tables.reference, tables.samples)]
    found = evaluate_series(
        *sets, seed=request.seed, window=request.window, is_quick=request.is_quick, tell=tell
    )
    return Evaluation(
        subject=files.samples.name,
        headline=found.headline,
        verdicts=found.verdicts,
        sections=(*found.sections, relations_section(tables, config)),
        facts={
            "samples": _told(tables.samples),
            "reference": _told(tables.reference),
            "training": _told(tables.training),
            "floor": "training sequences in the place of what was written",
            "seed": str(request.seed),
            "versions": f"serinette {serinette.__version__}, numpy {np.__version__}",
        },
        notes=tables.warnings,
        beside=BESIDE,
        is_quick=request.is_quick,
    )


def read_judged(files: TableFiles, config: SeriesConfig) -> JudgedTables:
    """Read the three tables; the real ones decide what the columns are.

    Raises:
        NotFoundError: If a file does not exist.
        ConfigError: If a setting names a column that is not there.
        DataError: If a file cannot be read, or lacks a column.
    """
    real = read_table([files.training, files.reference], config)
    settled = replace(
        config,
        entity=real.entity or (NONE,),
        time=real.time or NONE,
        statics=(NONE,),
        types={column.name: column.type for column in real.columns},
        left_out=tuple(real.left_out),
    )
    loose = replace(
        settled,
        types={
            c.name: _AS_WRITTEN.get(c.type, c.type) for c in real.columns if _is_judged(real, c)
        },
        left_out=(),
    )
    samples = _read_samples(files.samples, loose)
    tables = [read_table(files.training, settled), read_table(files.reference, settled), samples]
    spelt = _spelt_alike(real, tables)
    return JudgedTables(
        training=spelt[0],
        reference=spelt[1],
        samples=spelt[2],
        warnings=(*real.warnings, *_changing(real, samples)),
    )


def relations_section(tables: JudgedTables, config: SeriesConfig) -> Section:
    """Count the rows that break what holds in all training rows, beside held-out ones.

    Args:
        tables: From `read_judged`.
        config: Whether relations are looked for, and which must hold.
    """
    relations = relations_of(tables.training, replace(config, types={}))
    named = {name: relations_broken(relations, table) for name, table in vars(tables).items()
             if name in ("reference", "samples")}  # fmt: skip
    shares = [_metric("broken", "rows that break a relation", "", tables, named)]
    words = sorted({word for broken, _ in named.values() for word in broken})
    shares += [
        _metric(f"broken:{word}", f"rows that break: {word}", word, tables, named)
        for word in words[:_MOST_RELATIONS]
    ]
    return Section(
        key="relations",
        title="What always holds",
        intro="Relations that hold in all training rows, and in what share of the rows they are "
        "broken; beside it, in what share of held-out rows: a range or a known value may be.",
        metrics=tuple(shares),
        notes=relations.sentences or ("No relation was found.",),
    )


def relations_broken(relations: Relations, table: Table) -> tuple[dict[str, int], int]:
    """Count the rows that break each relation, and those that break any."""
    cells = table.numbers(relations.names)
    n = int(relations.broken_rows(cells, table.starts).sum())
    return relations.violations(cells, table.starts), n


def _metric(
    key: str,
    name: str,
    word: str,
    tables: JudgedTables,
    named: Mapping[str, tuple[dict[str, int], int]],
) -> Metric:
    shares = {}
    for which, table in (("reference", tables.reference), ("samples", tables.samples)):
        counted, n = named[which]
        shares[which] = 100 * (counted.get(word, 0) if word else n) / table.n_rows
    return Metric(
        key=key,
        name=name,
        value=shares["samples"],
        unit="%",
        better="lower",
        n=tables.samples.n_rows,
        floor=shares["reference"],
    )


def _is_judged(real: Table, column: Column) -> bool:
    return column.name not in real.left_out


def _read_samples(path: Path, config: SeriesConfig) -> Table:
    try:
        return read_table(path, config)
    except ConfigError as error:
        # All names are those of the real tables: it is the file that lacks one.
        raise DataError(f"{path} must have the columns of the real tables: {error}") from error


def _spelt_alike(real: Table, tables: Sequence[Table]) -> list[Table]:
    """Keep the columns that are judged, and give every spelling one number in all tables."""
    judged = [column for column in real.columns if _is_judged(real, column)]
    found = []
    levels = {c.name: _levels(c, tables) for c in judged if c.name in _spelt(real)}
    for table in tables:
        columns = [
            _numbered(column, table.column(column.name), levels.get(column.name))
            for column in judged
        ]
        found.append(replace(table, columns=tuple(columns), statics=real.statics, left_out={}))
    return found


def _spelt(real: Table) -> set[str]:
    apart = {*real.entity, real.time}
    return {c.name for c in real.columns if c.levels and c.name not in apart}


def _levels(column: Column, tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the spellings of the real tables, then those that only a generator uses."""
    spellings = (level for table in tables for level in table.column(column.name).levels)
    return tuple(dict.fromkeys((*column.levels, *spellings)))


def _numbered(like: Column, column: Column, levels: tuple[str, ...] | None) -> Column:
    if levels is None:
        return replace(column, type=like.type)
    place = {level: k for k, level in enumerate(levels)}
    numbers = np.array([*(place[level] for level in column.levels), np.nan], dtype=np.float64)
    cells = np.asarray(column.values)
    chosen = np.where(np.isnan(cells), len(column.levels), np.nan_to_num(cells)).astype(np.int64)
    return replace(column, type=like.type, levels=levels, values=numbers[chosen])


def _changing(real: Table, samples: Table) -> list[str]:
    """Say which facts of whole sequences the generator changes within them."""
    is_first = np.zeros(samples.n_rows, dtype=np.bool_)
    is_first[samples.starts[:-1]] = True
    owners = np.repeat(np.arange(samples.n_sequences), np.diff(samples.starts))
    told = []
    for name in real.statics:
        cells = np.nan_to_num(np.asarray(samples.column(name).values), nan=-np.inf)
        changes = (np.diff(cells, prepend=cells[:1]) != 0) & ~is_first
        n = len(np.unique(owners[changes]))
        if n:
            told.append(
                f"`{name}` never changes within a real sequence, but does in {n:,} of "
                f"{samples.n_sequences:,} written ones; their first rows are compared"
            )
    return told


def _told(table: Table) -> str:
    return f"{files_of(table.sources)}, {table.n_sequences:,} sequences, {table.n_rows:,} rows"
