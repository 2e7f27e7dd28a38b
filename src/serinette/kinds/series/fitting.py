"""Learn a codec from the training part of a table, and take a table apart with it.

Shape letters: `N` rows, `S` sequences.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.errors import DataError
from serinette.core.seeds import derive
from serinette.kinds.series.bounds import fit_bounds, in_order
from serinette.kinds.series.clock import fit_clock
from serinette.kinds.series.codec import SeriesCodec, Steps
from serinette.kinds.series.companions import fit_companions
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.layout_record import ColumnRecord, Part, SymbolCode, fit_symbols
from serinette.kinds.series.relations import Columns, Relations, find_relations
from serinette.kinds.series.table import Column, Table
from serinette.kinds.series.values import ValueCode, fit_value

_SYMBOLIC = ("category", "boolean")
_MOST_SYMBOLS = 32
"""Numbers of at most so many different values..."""
_ROWS_A_SYMBOL = 20
"""...each of which stands in so many rows on average are symbols."""
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
) -> tuple[SeriesCodec, Steps]:
    """Learn a codec, and take the whole table apart with it.

    Args:
        table: All parts.
        config: Settings.
        training: Numbers of the sequences of the training part.
        starts: First row of each sequence, and the number of rows; a single series is cut into
            its parts here.

    Raises:
        DataError: If nothing is left to learn, or a constraint does not hold in the data.
    """
    rows = _rows_of(training, starts)
    numeric = numeric_columns(table)
    categories = [c for c in table.stepwise if c.type in _SYMBOLIC]
    if not numeric and not categories:
        raise DataError(
            f"{_place(table)}: no column changes from row to row, so there is nothing to learn; "
            "say with --entity and --statics what the columns are"
        )
    relations = _relations(numeric, config, rows, training, starts)
    numbers = _reduced(relations, numeric, table.starts)
    is_first = np.zeros(table.n_rows, dtype=np.bool_)
    is_first[starts[:-1]] = True
    seen, seen_first = _seen(training, starts)
    counters = tuple(int(k) for k in np.flatnonzero(relations.is_counter))
    symbols: list[tuple[SymbolCode, int | None]] = [
        (fit_symbols(c.name, np.asarray(c.values[rows])), None) for c in categories
    ]
    values: list[tuple[ValueCode, int]] = []
    for k, name in enumerate(relations.reduced_names):
        cells = numbers[:, k]
        grid = _grid(numeric, name)
        known = cells[rows][~is_first[rows]] if k in counters else cells[rows]
        if _is_small(known) and k not in counters:
            symbols.append((fit_symbols(name, known), k))
        else:
            of = np.where(seen_first, np.nan, cells[seen]) if k in counters else cells[seen]
            code = fit_value(name, of, seen_first, grid=grid, has_opening=k not in counters)
            values.append((code, k))
    times = np.asarray(table.column(table.time).values) if table.time else None
    is_date = table.time is not None and table.column(table.time).type == "datetime"
    fitted_times = None if times is None else times[rows]
    clock = fit_clock(fitted_times, _starts_within(training, starts), is_date=is_date)
    gap = None
    if clock.pace == "irregular" and times is not None:
        gaps = np.diff(times[seen], prepend=times[seen][:1])
        gap = fit_value(
            "gap", np.where(seen_first, np.nan, gaps), seen_first, grid=0.0, has_opening=False
        )
    statics = [table.column(name) for name in table.statics]
    firsts = starts[training]
    static_symbols = tuple(
        fit_symbols(c.name, np.asarray(c.values[firsts])) for c in statics if c.type in _SYMBOLIC
    )
    static_values = [
        fit_value(c.name, np.asarray(c.values[firsts]), np.ones(len(firsts), dtype=np.bool_),
                  grid=_own_grid(c))
        for c in statics if c.type not in _SYMBOLIC
    ]  # fmt: skip
    static_values += [
        fit_value(
            f"{relations.reduced_names[k]} at first",
            numbers[_counter_starts(table, rows, firsts), k],
            np.ones(len(_counter_starts(table, rows, firsts)), dtype=np.bool_),
            grid=_grid(numeric, relations.reduced_names[k]),
        )
        for k in counters
    ]
    values = [values[k] for k in in_order(relations, [place for _, place in values])]
    companions = fit_companions([code for code, _ in values], [numbers[seen, k] for _, k in values])
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
        bounds=fit_bounds(relations, [place for _, place in values]),
        gap=gap,
        static_symbols=static_symbols,
        static_values=tuple(static_values),
        is_single=is_single,
        has_end=not is_single and bool(lengths.min() != lengths.max()),
        lengths=_quantiles(lengths),
        window=config.window or _window(lengths, is_single=is_single),
    )
    return codec, take_apart(codec, table, numbers, starts)


def relations_of(table: Table, config: SeriesConfig) -> Relations:
    """Look for relations between the numbers of a whole table.

    Raises:
        ConfigError: If a constraint cannot be read, names no column, or cannot be kept.
        DataError: If a constraint does not hold in the data.
    """
    rows, every = np.arange(table.n_rows), np.arange(table.n_sequences)
    return _relations(numeric_columns(table), config, rows, every, table.starts)


def numeric_columns(table: Table) -> list[Column]:
    """Return the columns that change from row to row and hold numbers."""
    return [column for column in table.stepwise if column.type not in _SYMBOLIC]


def take_apart(
    codec: SeriesCodec,
    table: Table,
    numbers: Float[np.ndarray, "N R"] | None = None,
    starts: Int[np.ndarray, " _"] | None = None,
) -> Steps:
    """Return the rows of a table as a codec sees them.

    Args:
        codec: Fitted on a table of the same columns.
        table: Any table of these columns.
        numbers: Its numbers without what determines itself, where they are known already.
        starts: Where its sequences begin; None: where the table says.
    """
    starts = table.starts if starts is None else starts
    if numbers is None:
        names = [record.name for record in codec.columns if record.part == "number"]
        numeric = [table.column(name) for name in names]
        numbers = _reduced(codec.relations, numeric, table.starts)
    symbols = [
        code.symbols(
            np.asarray(table.column(code.name).values) if place is None else numbers[:, place]
        )
        for code, place in zip(codec.symbols, codec.symbol_places, strict=True)
    ]
    firsts = starts[:-1]
    n_counters = len(codec.counters)
    plain = codec.static_values[: len(codec.static_values) - n_counters]
    static_symbols = [
        code.symbols(np.asarray(table.column(code.name).values)[firsts])
        for code in codec.static_symbols
    ]
    static_numbers = [np.asarray(table.column(code.name).values)[firsts] for code in plain]
    n, s = table.n_rows, len(firsts)
    times = np.asarray(table.column(codec.time).values) if codec.time else np.zeros(n)
    return Steps(
        numbers=numbers,
        symbols=_joined(symbols, n).astype(np.int64),
        times=times,
        starts=starts,
        static_symbols=_joined(static_symbols, s).astype(np.int64),
        static_numbers=_joined(static_numbers, s).astype(np.float64),
    )


def _joined(columns: Sequence[np.ndarray], n: int) -> np.ndarray:
    return np.stack(columns, axis=-1) if columns else np.zeros((n, 0))


def _rows_of(training: Int[np.ndarray, " S"], starts: Int[np.ndarray, " _"]) -> np.ndarray:
    lengths = np.diff(starts)[training]
    shifts = np.repeat(starts[training] - np.r_[0, lengths.cumsum()[:-1]], lengths)
    found: np.ndarray = np.arange(lengths.sum()) + shifts
    return found


def _starts_within(training: Int[np.ndarray, " S"], starts: Int[np.ndarray, " _"]) -> np.ndarray:
    found: np.ndarray = np.r_[0, np.diff(starts)[training].cumsum()].astype(np.int64)
    return found


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


def _relations(
    numeric: Sequence[Column],
    config: SeriesConfig,
    rows: np.ndarray,
    training: np.ndarray,
    starts: np.ndarray,
) -> Relations:
    values = (
        np.stack([np.asarray(c.values)[rows] for c in numeric], axis=-1)
        if numeric
        else (np.zeros((len(rows), 0)))
    )
    columns = Columns(
        names=tuple(c.name for c in numeric),
        values=values,
        starts=_starts_within(training, starts),
        decimals=tuple(c.decimals for c in numeric),
        is_integer=tuple(c.type in ("integer", "datetime") for c in numeric),
    )
    return find_relations(columns, constraints=config.constraints, search=config.relations)


def _reduced(
    relations: Relations, numeric: Sequence[Column], starts: np.ndarray
) -> Float[np.ndarray, "N R"]:
    if not numeric:
        return np.zeros((int(starts[-1]), 0))
    values = np.stack([np.asarray(c.values, dtype=np.float64) for c in numeric], axis=-1)
    reduced: Float[np.ndarray, "N R"] = relations.reduce(values, starts)
    return reduced


def _counter_starts(table: Table, rows: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Return the rows whose level a counter may begin with."""
    return rows if table.n_sequences == 1 else firsts


def _is_small(cells: Float[np.ndarray, " N"]) -> bool:
    there = cells[~np.isnan(cells)]
    n = len(np.unique(there[:_SEEN]))
    return (
        0 < n <= _MOST_SYMBOLS and len(there) >= _ROWS_A_SYMBOL * n and (len(np.unique(there)) == n)
    )


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
        return "static symbol" if column.type in _SYMBOLIC else "static number"
    return "number" if column.name in numeric else "symbol"


def _place(table: Table) -> str:
    return table.sources[0].path if table.sources else "the table"
