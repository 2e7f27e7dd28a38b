"""Learn a codec from the training part of a table, and take a table apart with it.

Shape letters: `N` rows, `S` sequences.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.errors import DataError
from serinette.core.seeds import derive
from serinette.kinds.series.clock import fit_clock
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.companions import fit_companions
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.layout_record import ColumnRecord, Part, SymbolCode, fit_symbols
from serinette.kinds.series.relations import Columns, Relations, find_relations
from serinette.kinds.series.relations.columns import sample_rows
from serinette.kinds.series.rows import Distinct, Rows, distinct
from serinette.kinds.series.store import BLOCK_ROWS, RowStore, Store, release, row_blocks
from serinette.kinds.series.table import SYMBOLIC, Column, Table
from serinette.kinds.series.values import ValueCode, fit_value

_MOST_SYMBOLS = 32
"""Numbers of at most so many different values..."""
_ROWS_A_SYMBOL = 20
"""...each of which stands in so many rows on average are symbols."""
_COMPARED = 20_000
"""Rows of these that columns are compared in."""
_SEEN = 200_000
"""Rows that are looked at to settle a column's code."""
_SINGLE_WINDOW = 96
_LONGEST_WINDOW = 256
_N_LENGTHS = 101


def fit_codec(
    table: Table,
    config: SeriesConfig,
    training: Int[np.ndarray, " S"],
    starts: Int[np.ndarray, " _"],
    scratch: Path | None = None,
) -> tuple[SeriesCodec, Steps]:
    """Learn a codec, and take the whole table apart with it.

    Args:
        table: All parts.
        config: Settings.
        training: Numbers of the sequences of the training part.
        starts: First row of each sequence, and the number of rows; a single series is cut into
            its parts here.
        scratch: Folder for numbers that are too many for memory; None: the system's.

    Raises:
        DataError: If nothing is left to learn, or a constraint does not hold in the data.
    """
    rows = Rows(sequences=training, starts=starts)
    numeric = numeric_columns(table)
    categories = [c for c in table.stepwise if c.type in SYMBOLIC]
    if not numeric and not categories:
        raise DataError(
            f"{_place(table)}: no column changes from row to row, so there is nothing to learn; "
            "say with --entity and --statics what the columns are"
        )
    times = table.column(table.time).values if table.time else None
    relations = _relations(
        numeric, config, _gathered([c.values for c in numeric], rows, scratch), rows
    )
    numbers = _reduced(relations, numeric, table.starts, scratch)
    seen, seen_first = _seen(training, starts)
    counters = tuple(int(k) for k in np.flatnonzero(relations.is_counter))
    symbols: list[tuple[SymbolCode, int | None]] = [
        (fit_symbols(c.name, _distinct(c.values, rows).cells), None) for c in categories
    ]
    values: list[tuple[ValueCode, int]] = []
    for k, name in enumerate(relations.reduced_names):
        cells = numbers[:, k]
        grid = _grid(numeric, name)
        few = None if k in counters else _few(cells, rows)
        if few is not None:
            symbols.append((fit_symbols(name, few.cells), k))
        else:
            of = np.where(seen_first, np.nan, cells[seen]) if k in counters else cells[seen]
            code = fit_value(name, of, seen_first, grid=grid, has_opening=k not in counters)
            values.append((code, k))
            release(numbers)
    is_date = table.time is not None and table.column(table.time).type == "datetime"
    fitted_times = None if times is None else _gathered([times], rows, scratch)[:, 0]
    clock = fit_clock(
        fitted_times, rows.starts_within, is_date=is_date, is_censored=config.censoring
    )
    gap = None
    if clock.pace == "irregular" and times is not None:
        gap = _fit_gap(times[seen], seen_first)
    statics = [table.column(name) for name in table.statics]
    firsts = starts[training]
    static_symbols = tuple(
        fit_symbols(c.name, np.asarray(c.values[firsts])) for c in statics if c.type in SYMBOLIC
    )
    static_values = [
        fit_value(c.name, np.asarray(c.values[firsts]), np.ones(len(firsts), dtype=np.bool_),
                  grid=_own_grid(c))
        for c in statics if c.type not in SYMBOLIC
    ]  # fmt: skip
    begins = _counter_starts(table, rows, firsts)
    static_values += [
        fit_value(
            f"{relations.reduced_names[k]} at first",
            numbers[begins, k],
            np.ones(len(begins), dtype=np.bool_),
            grid=_grid(numeric, relations.reduced_names[k]),
        )
        for k in counters
    ]
    compared = seen[:_COMPARED]
    companions = fit_companions(
        [code for code, _ in values], [numbers[compared, k] for _, k in values]
    )
    lengths = np.diff(starts)[training]
    is_single = table.n_sequences == 1
    codec = SeriesCodec(
        columns=_records(table, [c.name for c in numeric]),
        entity=table.entity,
        time=table.time,
        clock=clock,
        relations=relations,
        counters=counters,
        symbols=tuple(code for code, _ in symbols),
        symbol_places=tuple(place for _, place in symbols),
        values=tuple(code for code, _ in values),
        value_places=tuple(place for _, place in values),
        companions=companions,
        gap=gap,
        static_symbols=static_symbols,
        static_values=tuple(static_values),
        is_single=is_single,
        has_end=not is_single and bool(lengths.min() != lengths.max()),
        lengths=_quantiles(lengths),
        window=config.window or _window(lengths, is_single=is_single),
    )
    return codec, take_apart(codec, table, numbers, starts, scratch)


def _fit_gap(times: Float[np.ndarray, " N"], is_first: Bool[np.ndarray, " N"]) -> ValueCode:
    gaps = np.where(is_first, np.nan, np.diff(times, prepend=times[:1]))
    return fit_value("gap", gaps, is_first, grid=0.0, has_opening=False)


def relations_of(table: Table, config: SeriesConfig) -> Relations:
    """Look for relations between the numbers of a whole table.

    Raises:
        ConfigError: If a constraint cannot be read, names no column, or cannot be kept.
        DataError: If a constraint does not hold in the data.
    """
    rows = Rows(sequences=np.arange(table.n_sequences), starts=table.starts)
    numeric = numeric_columns(table)
    return _relations(numeric, config, _gathered([c.values for c in numeric], rows, None), rows)


def numeric_columns(table: Table) -> list[Column]:
    """Return the columns that change from row to row and hold numbers."""
    return [column for column in table.stepwise if column.type not in SYMBOLIC]


def take_apart(
    codec: SeriesCodec,
    table: Table,
    numbers: Float[np.ndarray, "N R"] | None = None,
    starts: Int[np.ndarray, " _"] | None = None,
    scratch: Path | None = None,
) -> Steps:
    """Return the rows of a table as a codec sees them.

    Args:
        codec: Fitted on a table of the same columns.
        table: Any table of these columns.
        numbers: Its numbers without what determines itself, where they are known already.
        starts: Where its sequences begin; None: where the table says.
        scratch: Folder for numbers that are too many for memory; None: the system's.
    """
    starts = table.starts if starts is None else starts
    if numbers is None:
        names = [record.name for record in codec.columns if record.part == "number"]
        numeric = [table.column(name) for name in names]
        numbers = _reduced(codec.relations, numeric, table.starts, scratch)
    firsts = starts[:-1]
    n_counters = len(codec.counters)
    plain = codec.static_values[: len(codec.static_values) - n_counters]
    static_symbols = [
        code.symbols(np.asarray(table.column(code.name).values)[firsts])
        for code in codec.static_symbols
    ]
    static_numbers = [np.asarray(table.column(code.name).values)[firsts] for code in plain]
    n, s = table.n_rows, len(firsts)
    times = table.column(codec.time).values if codec.time else np.zeros(n)
    return Steps(
        numbers=numbers,
        symbols=_symbols(codec, table, numbers, scratch),
        times=times,
        starts=starts,
        static_symbols=_joined(static_symbols, s).astype(np.int64),
        static_numbers=_joined(static_numbers, s).astype(np.float64),
    )


def _joined(columns: Sequence[np.ndarray], n: int) -> np.ndarray:
    return np.stack(columns, axis=-1) if columns else np.zeros((n, 0))


def _symbols(
    codec: SeriesCodec, table: Table, numbers: Float[np.ndarray, "N R"], scratch: Path | None
) -> Int[np.ndarray, "N K"]:
    columns = [
        table.column(code.name).values if place is None else numbers[:, place]
        for code, place in zip(codec.symbols, codec.symbol_places, strict=True)
    ]
    store = RowStore((table.n_rows, len(columns)), np.int32, scratch)
    for block in row_blocks(table.n_rows, *columns):
        pairs = zip(codec.symbols, columns, strict=True)
        found = [code.symbols(np.asarray(values[block])) for code, values in pairs]
        store.add(_joined(found, block.stop - block.start).astype(np.int32))
    return store.rows()


def _seen(
    training: Int[np.ndarray, " S"], starts: Int[np.ndarray, " _"]
) -> tuple[Int[np.ndarray, " _"], Bool[np.ndarray, " _"]]:
    """Return rows to look at, in whole stretches, and which of them begin one."""
    order = np.random.Generator(np.random.Philox(derive(0, 1))).permutation(training)
    pieces: list[np.ndarray] = []
    n = 0
    for k in order:
        length = min(int(starts[k + 1] - starts[k]), _SEEN)
        pieces.append(np.arange(starts[k], starts[k] + length))
        n += length
        if n >= _SEEN:
            break
    rows = np.concatenate(pieces)
    is_first = np.zeros(len(rows), dtype=np.bool_)
    is_first[np.r_[0, np.cumsum([len(piece) for piece in pieces])[:-1]].astype(np.int64)] = True
    return rows, is_first


def _gathered(
    columns: Sequence[Float[np.ndarray, " N"]], rows: Rows, scratch: Path | None
) -> Float[np.ndarray, "B C"]:
    """Return some rows of columns, side by side."""
    store = Store(len(columns), rows.n_rows, scratch)
    row = 0
    for at, _ in rows.blocks(*columns):
        for number, values in enumerate(columns):
            store.put(number, row, values[at])
        row += len(at)
    return store.matrix()


def _relations(
    numeric: Sequence[Column], config: SeriesConfig, values: Float[np.ndarray, "B C"], rows: Rows
) -> Relations:
    columns = Columns(
        names=tuple(c.name for c in numeric),
        values=values,
        starts=rows.starts_within,
        decimals=tuple(c.decimals for c in numeric),
        is_integer=tuple(c.type in ("integer", "datetime") for c in numeric),
    )
    return find_relations(columns, constraints=config.constraints, search=config.relations)


def _reduced(
    relations: Relations, numeric: Sequence[Column], starts: np.ndarray, scratch: Path | None
) -> Float[np.ndarray, "N R"]:
    """Return what relations leave of all rows of a table."""
    n_rows = int(starts[-1])
    store = RowStore((n_rows, len(relations.left)), np.float64, scratch)
    columns = [column.values for column in numeric]
    before = np.zeros((0, len(columns)))  # what was last known of a sequence that goes on
    for block in row_blocks(n_rows, *columns):
        first, stop = np.searchsorted(starts, (block.start, block.stop))
        before = before[: int(starts[first] != block.start)]
        values = _joined([c[block] for c in columns], block.stop - block.start)
        values = np.concatenate([before, values])
        within = starts[first:stop] - block.start + len(before)
        ends = np.unique(np.r_[0, within, len(values)]).astype(np.int64)
        store.add(relations.reduce(values, ends)[len(before) :])
        before = _last_known(values[ends[-2] :])
    return store.rows()


def _last_known(values: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "1 D"]:
    """Return the last cell of each column that is not missing."""
    n = len(values)
    last = n - 1 - np.argmax(~np.isnan(values[::-1]), axis=0)
    found: Float[np.ndarray, "1 D"] = np.take_along_axis(values, last[None], axis=0)
    return found


def _counter_starts(table: Table, rows: Rows, firsts: np.ndarray) -> np.ndarray:
    """Return the rows whose level a counter may begin with."""
    return rows.at(sample_rows(rows.n_rows, BLOCK_ROWS)) if table.n_sequences == 1 else firsts


def _distinct(values: Float[np.ndarray, " N"], rows: Rows) -> Distinct:
    found = distinct(values, rows)
    assert found is not None  # noqa: S101 - only a limit makes it so
    return found


def _few(cells: Float[np.ndarray, " N"], rows: Rows) -> Distinct | None:
    """Return the values of a column if it takes few, all of them soon; else None."""
    found = distinct(cells, rows, most=_MOST_SYMBOLS, n_first=_SEEN)
    if found is None or not len(found.values):
        return None
    is_few = found.n_there >= _ROWS_A_SYMBOL * len(found.values)
    return found if is_few and found.n_soon == len(found.values) else None


def _grid(numeric: Sequence[Column], name: str) -> float:
    for column in numeric:
        if column.name == name:
            return _own_grid(column)
    return 0.0


def _own_grid(column: Column) -> float:
    if column.type == "integer":
        return 1.0
    return 0.0 if column.decimals is None else 10.0**-column.decimals


def _quantiles(lengths: Int[np.ndarray, " S"]) -> tuple[int, ...]:
    shares = np.linspace(0, 1, min(_N_LENGTHS, max(2, len(lengths))))
    return tuple(int(n) for n in np.quantile(lengths, shares, method="nearest"))


def _window(lengths: Int[np.ndarray, " S"], *, is_single: bool) -> int:
    longest = int(lengths.max())
    if is_single:
        return int(max(2, min(_SINGLE_WINDOW, longest // 10)))
    return max(2, min(longest, _LONGEST_WINDOW))


def _records(table: Table, numeric: Sequence[str]) -> tuple[ColumnRecord, ...]:
    return tuple(ColumnRecord.of(column, _part(table, column, numeric)) for column in table.columns)


def _part(table: Table, column: Column, numeric: Sequence[str]) -> Part:
    if column.name in table.entity:
        return "entity"
    if column.name == table.time:
        return "time"
    if column.name in table.left_out:
        return "left out"
    if column.name in table.statics:
        return "static symbol" if column.type in SYMBOLIC else "static number"
    return "number" if column.name in numeric else "symbol"


def _place(table: Table) -> str:
    return table.sources[0].path if table.sources else "the table"
