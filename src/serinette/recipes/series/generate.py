"""`generate` for tables: a model in, a table like the one it has learnt out. No torch.

Row k of a seed is the same sequence however many are asked for, in whatever batches.

Shape letters: `B` sequences side by side, `T` rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from threadpoolctl import threadpool_limits

from serinette.artifact.folder import Artifact
from serinette.core.coercion import nearest
from serinette.core.cores import available_threads
from serinette.core.errors import ConfigError
from serinette.core.seeds import derive, stream_keys, uniforms
from serinette.decoding.fields import FieldsNetwork
from serinette.decoding.growing import Grown, Wishes, grow
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.layout_record import ColumnRecord
from serinette.kinds.series.table import Column, Table

_BATCH_ROWS = 2_048
_HELD_ROWS = 500_000
"""Of all sequences side by side: fewer of them are drawn at a time where they are long."""
_START_STREAM = 0x5747


@dataclass(frozen=True, kw_only=True)
class SeriesRequest:
    """What to write."""

    n: int = 1
    """Sequences."""
    length: int | None = None
    """Rows of each; None: as long as the data's, their ends drawn."""
    seed: int = 0
    """Same seed, same sequences."""
    first_row: int = 0
    """Number of the first sequence."""
    start: float | None = None
    """Time of the first rows, in seconds since 1970; None: drawn like the data's."""
    step_seconds: float | None = None
    """Seconds between rows, where they are regular; None: the data's."""
    statics: Mapping[str, Any] = field(default_factory=dict)
    """Facts of all sequences by column: {"region": "north"}."""
    scenario: Mapping[str, Any] = field(default_factory=dict)
    """Columns that are given row by row; None is drawn. The first row is never given."""
    temperature: float = 1.0
    """Below 1 tamer, above 1 wilder; above 0."""
    batch_rows: int = _BATCH_ROWS
    """Sequences side by side."""

    def __post_init__(self) -> None:
        for name, least in (("n", 1), ("first_row", 0), ("batch_rows", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.length is not None and self.length < 1:
            raise ConfigError(f"length must be at least 1, got {self.length}")
        if not self.temperature > 0:
            raise ConfigError(f"temperature must be above 0, got {self.temperature}")


class OpenedSeries:
    """A model of tables whose codec and network are loaded when they are first needed, and kept."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    @cached_property
    def codec(self) -> SeriesCodec:
        """The codec."""
        return SeriesCodec.from_json(self.artifact.codec)

    @cached_property
    def network(self) -> FieldsNetwork:
        """The network."""
        artifact = self.artifact
        return FieldsNetwork(artifact.weights(), artifact.model_config, artifact.schema)


def generate_series(
    opened: OpenedSeries,
    request: SeriesRequest,
    on_progress: Callable[[int], None] = lambda n: None,
) -> Iterator[Table]:
    """Write tables of up to `batch_rows` sequences, one after another.

    Args:
        opened: The model.
        request: What to write.
        on_progress: Told how many sequences are done.

    Raises:
        ConfigError: If a column or a value of the request is not known.
    """
    codec = opened.codec
    network = opened.network
    _check(codec, request)
    side_by_side = max(1, min(request.batch_rows, _HELD_ROWS // _longest(codec, request)))
    begins = range(request.first_row, request.first_row + request.n, side_by_side)
    stop = request.first_row + request.n
    n_threads = max(1, min(available_threads(), len(begins)))
    # A product of one block is small: threads inside it would only wait for one another.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:

        def one(begin: int) -> tuple[int, Grown]:
            rows = np.arange(begin, min(begin + side_by_side, stop))
            return begin, _grown(codec, network, request, rows)

        done = 0
        for k in range(0, len(begins), n_threads):
            for begin, grown in pool.map(one, begins[k : k + n_threads]):
                done += len(grown.lengths)
                on_progress(done)
                yield as_table(codec, grown, begin, is_one=request.n == 1)


def joined(tables: Sequence[Table]) -> Table:
    """Put tables of one model one after another."""
    first = tables[0]
    columns = [_joined_column(tables, k) for k in range(len(first.columns))]
    shifts = np.cumsum([0] + [t.n_rows for t in tables[:-1]])
    starts = [t.starts[:-1] + shift for t, shift in zip(tables, shifts, strict=True)]
    end = int(shifts[-1]) + tables[-1].n_rows
    return Table(
        columns=tuple(columns),
        starts=np.concatenate([*starts, [end]]).astype(np.int64),
        entity=first.entity,
        time=first.time,
        statics=first.statics,
    )


def _joined_column(tables: Sequence[Table], k: int) -> Column:
    """Put one column of some tables end to end; names of sequences are numbered on."""
    column = tables[0].columns[k]
    parts = [np.asarray(table.columns[k].values) for table in tables]
    levels = column.levels
    if levels and column.name in tables[0].entity:
        shifts = np.cumsum([0] + [len(table.columns[k].levels) for table in tables[:-1]])
        parts = [part + shift for part, shift in zip(parts, shifts, strict=True)]
        levels = tuple(level for table in tables for level in table.columns[k].levels)
    return replace(column, values=np.concatenate(parts), levels=levels)


def _grown(
    codec: SeriesCodec, network: FieldsNetwork, request: SeriesRequest, rows: Int[np.ndarray, " B"]
) -> Grown:
    keys = stream_keys(request.seed, rows)
    return grow(network, codec, keys, _wishes(codec, request, rows))


def _wishes(codec: SeriesCodec, request: SeriesRequest, rows: Int[np.ndarray, " B"]) -> Wishes:
    n = len(rows)
    places = np.zeros(n, dtype=np.int64)
    own = derive(request.seed, _START_STREAM)
    keys = stream_keys(own, rows)
    u = uniforms(keys, places, 1)[0]
    times = codec.clock.start(u) if request.start is None else np.full(n, request.start)
    ends = request.length is None
    opening: dict[int, np.ndarray] = {}
    static_cells: dict[int, np.ndarray] = {}
    for k, code in enumerate(codec.static_symbols):
        if code.name in request.statics:
            cell = _cell(_record(codec, code.name), request.statics[code.name])
            opening[k] = np.full(n, int(code.symbols(np.array([cell]))[0]))
    for k, value in enumerate(codec.static_values):
        if value.name in request.statics:
            cell = _cell(_record(codec, value.name), request.statics[value.name])
            static_cells[k] = np.full(n, cell)
    cells: dict[int, np.ndarray] = {}
    symbols: dict[int, np.ndarray] = {}
    for name, given in request.scenario.items():
        record = _record(codec, name)
        line = np.array([np.nan if x is None else _cell(record, x) for x in given])
        _give(codec, name, np.broadcast_to(line, (n, len(line))), cells, symbols)
    return Wishes(
        times=times,
        n_rows=_longest(codec, request),
        ends=ends,
        temperature=request.temperature,
        opening=opening,
        static_cells=static_cells,
        cells=cells,
        symbols=symbols,
    )


def _longest(codec: SeriesCodec, request: SeriesRequest) -> int:
    """Return how many rows a sequence may have."""
    longest = codec.window if codec.is_single else codec.lengths[-1]
    return longest if request.length is None else request.length


def _give(
    codec: SeriesCodec,
    name: str,
    line: Float[np.ndarray, "B T"],
    cells: dict[int, np.ndarray],
    symbols: dict[int, np.ndarray],
) -> None:
    for k, code in enumerate(codec.values):
        if code.name == name:
            cells[k] = line
            return
    for k, grid in enumerate(codec.symbols):
        if grid.name == name:
            symbols[k] = np.where(np.isnan(line), -1, grid.symbols(np.nan_to_num(line)))
            return
    raise ConfigError(
        f"scenario: column '{name}' follows from others ({'; '.join(codec.relations.sentences[:3])}"
        "); give those instead"
    )


def _record(codec: SeriesCodec, name: str) -> ColumnRecord:
    return next(record for record in codec.columns if record.name == name)


def _cell(record: ColumnRecord, value: Any) -> float:
    """Return the number of a cell.

    Raises:
        ConfigError: If a category has no such level, or a number is none.
    """
    if record.levels:
        if str(value) not in record.levels:
            raise ConfigError(
                f"column '{record.name}' has no value {str(value)!r} "
                f"({nearest(str(value), list(record.levels))})"
            )
        return float(record.levels.index(str(value)))
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"column '{record.name}' is {record.type}: {value!r} is no number"
        ) from error


def _check(codec: SeriesCodec, request: SeriesRequest) -> None:
    statics = [r.name for r in codec.columns if r.part in ("static symbol", "static number")]
    stepwise = [r.name for r in codec.columns if r.part in ("symbol", "number")]
    for names, known, what in (
        (request.statics, statics, "static column"),
        (request.scenario, stepwise, "column of a scenario"),
    ):
        for name in names:
            if name not in known:
                raise ConfigError(f"'{name}' is no {what} of this model ({nearest(name, known)})")


def as_table(codec: SeriesCodec, grown: Grown, first: int, *, is_one: bool) -> Table:
    """Lay drawn sequences end to end, as a table of the source's columns.

    Args:
        codec: Of the model.
        grown: Drawn sequences.
        first: Number of the first one, for the names of the sequences.
        is_one: Whether no other sequence is written, so that it needs no number.
    """
    lengths = grown.lengths
    there = np.arange(grown.cells.shape[1]) < lengths[:, None]
    starts = np.r_[0, lengths.cumsum()].astype(np.int64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    written = _Written(codec, grown, there, owner, first)
    columns = [written.column(record) for record in codec.columns if record.part != "left out"]
    entity = codec.entity
    if codec.is_single and not is_one:
        columns.insert(0, _sequence_column(owner, first, [c.name for c in columns]))
        entity = (columns[0].name,)
    return Table(
        columns=tuple(columns),
        starts=starts,
        entity=entity,
        time=codec.time,
        statics=tuple(r.name for r in codec.columns if r.part.startswith("static")),
    )


class _Written:
    """The columns of drawn sequences."""

    def __init__(
        self,
        codec: SeriesCodec,
        grown: Grown,
        there: Bool[np.ndarray, "B T"],
        owner: Int[np.ndarray, " N"],
        first: int,
    ) -> None:
        self._codec, self._grown, self._there = codec, grown, there
        self._owner, self._first = owner, first
        self._symbols = {code.name: k for k, code in enumerate(codec.symbols)}
        self._facts = {code.name: k for k, code in enumerate(codec.static_symbols)}
        self._values = {code.name: k for k, code in enumerate(codec.static_values)}
        numbers = [record.name for record in codec.columns if record.part == "number"]
        self._numbers = {name: k for k, name in enumerate(numbers)}

    def column(self, record: ColumnRecord) -> Column:
        """Return one column of the source, filled."""
        codec, grown, name = self._codec, self._grown, record.name
        match record.part:
            case "number":
                return record.filled(grown.cells[self._there][:, self._numbers[name]])
            case "symbol":
                k = self._symbols[name]
                drawn = codec.symbols[k].cells(grown.symbols[self._there][:, k])
                return record.filled(drawn)
            case "time":
                return record.filled(grown.times[self._there])
            case "static symbol":
                k = self._facts[name]
                facts = codec.static_symbols[k].cells(grown.static_symbols[:, k])
                return record.filled(facts[self._owner])
            case "static number":
                facts = _rounded(record, grown.static_cells[:, self._values[name]])
                return record.filled(facts[self._owner])
        return _names(record, self._owner, self._first, len(grown.lengths))


def _rounded(record: ColumnRecord, cells: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
    if record.type == "integer":
        return np.round(cells)
    return cells if record.decimals is None else np.round(cells, record.decimals)


def _names(record: ColumnRecord, owner: Int[np.ndarray, " N"], first: int, n: int) -> Column:
    """Return new names: no name of the data is ever written."""
    if record.type in ("integer", "real"):
        return record.filled((owner + first).astype(np.float64))
    levels = tuple(f"{record.name}-{first + k}" for k in range(n))
    return record.filled(owner.astype(np.float64), levels)


def _sequence_column(owner: Int[np.ndarray, " N"], first: int, taken: Sequence[str]) -> Column:
    name = "sequence"
    while name in taken:
        name += "_"
    return Column(name=name, type="integer", values=(owner + first).astype(np.float64), decimals=0)
