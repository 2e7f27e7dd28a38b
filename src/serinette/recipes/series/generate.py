"""`generate` for tables: a model in, a table like the one it has learnt out. No torch.

Row k of a seed is the same sequence however many are asked for, in whatever batches.

Shape letters: `B` sequences side by side, `T` rows.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped
from threadpoolctl import threadpool_limits

from serinette.artifact.folder import Artifact
from serinette.core.coercion import nearest
from serinette.core.cores import available_threads
from serinette.core.errors import ConfigError, ResourceError
from serinette.core.memory import physical_bytes
from serinette.core.seeds import derive, stream_keys, uniforms
from serinette.decoding.growing import Grown
from serinette.decoding.growing_wishes import Given, Wishes
from serinette.evaluation.series.window_critic import WindowCritic
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.layout_record import ColumnRecord
from serinette.kinds.series.table import Table
from serinette.recipes.series.choosing import choose, open_critic
from serinette.recipes.series.engines import Engine, Opened, open_engine
from serinette.recipes.series.written import as_table

_BATCH_ROWS = 4_096
_FEWEST_SHARED = 1_000
"""Fewer sequences are drawn by one thread: shared out, they would take as long."""
_COPIES = 4
"""Of each number while a table is drawn and joined."""
_HELD_ROWS = 500_000
"""Of all sequences side by side: fewer of them are drawn at a time where they are long."""
_START_STREAM, _CANDIDATE_STREAM, _CHOICE_STREAM = 0x5747, 0x5748, 0x5749


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
    """Columns that are given row by row; None is drawn."""
    history: Any = None
    """Sequences to go on with, a `History`: `n` continuations of each, of which `length` rows are
    written; None: none."""
    temperature: float = 1.0
    """Below 1 tamer, above 1 wilder; above 0."""
    resample: int | None = None
    """Candidates of each sequence that are drawn at most, until the model's critic takes one; 1:
    the first one is written. None: as many as training has settled, 1 where a history or a scenario
    is given."""
    batch_rows: int = _BATCH_ROWS
    """Sequences side by side."""

    def __post_init__(self) -> None:
        for name, least in (("n", 1), ("first_row", 0), ("batch_rows", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.length is not None and self.length < 1:
            raise ConfigError(f"length must be at least 1, got {self.length}")
        if self.step_seconds is not None and not self.step_seconds > 0:
            raise ConfigError(f"step_seconds must be above 0, got {self.step_seconds}")
        if self.resample is not None and self.resample < 1:
            raise ConfigError(f"resample must be at least 1, got {self.resample}")
        if not self.temperature > 0:
            raise ConfigError(f"temperature must be above 0, got {self.temperature}")


class OpenedSeries:
    """A model of tables whose codec and engine are loaded when they are first needed, and kept.

    Args:
        artifact: A verified model folder.

    Raises:
        ArtifactError: If its critic cannot be read.
    """

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self.critic = open_critic(artifact)
        """What chooses among candidates; None: the model has no critic."""

    @cached_property
    def codec(self) -> SeriesCodec:
        """The codec."""
        return SeriesCodec.from_json(self.artifact.codec)

    @cached_property
    def engine(self) -> Engine:
        """The engine."""
        return open_engine(self.artifact)


def generate_series(
    opened: Opened,
    request: SeriesRequest,
    on_progress: Callable[[int], None] = lambda n: None,
) -> Iterator[Table]:
    """Write tables of up to `batch_rows` sequences, one after another.

    Args:
        opened: The model.
        request: What to write.
        on_progress: Told how many sequences are done.

    Raises:
        ConfigError: If a column or a value of the request is not known, or the engine cannot write
            what is asked for.
        ResourceError: If the machine's memory cannot hold what is asked for.
    """
    engine = opened.engine
    _check(opened.codec, engine, request)
    n_candidates, critic = _candidates(opened, request)
    codec = _paced(opened.codec, request.step_seconds)
    n, longest = request.n, _longest(codec, engine, request)
    _check_memory(codec, n * longest)
    if request.history is not None:
        n *= request.history.n
        longest += int(request.history.lengths.max())
    most = max(1, min(request.batch_rows, _HELD_ROWS // (longest * n_candidates)))
    side_by_side = _shared_out(n, most, available_threads())
    stop = request.first_row + n
    begins = range(request.first_row, stop, side_by_side)
    n_threads = max(1, min(available_threads(), len(begins)))
    # A product of one block is small: threads inside it would only wait for one another.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:

        def one(begin: int) -> tuple[int, Grown]:
            rows = np.arange(begin, min(begin + side_by_side, stop))

            def draw(k: int, places: Int[np.ndarray, " B"]) -> Grown:
                own = rows[places]
                wishes = _wishes(codec, engine, request, own)
                keys = stream_keys(request.seed, own)
                if k == 0:
                    return engine.grow(codec, keys, wishes)
                # Candidates begin alike: how often what begins is not for the critic to change.
                others = stream_keys(derive(request.seed, _CANDIDATE_STREAM, k), own)
                return engine.grow(codec, others, replace(wishes, opening_keys=keys))

            if critic is None or n_candidates == 1:
                return begin, draw(0, np.arange(len(rows)))
            own = stream_keys(derive(request.seed, _CHOICE_STREAM), rows)
            u = uniforms(own, np.zeros(len(rows), dtype=np.int64), n_candidates + 1)
            return begin, choose(critic, codec, draw, u)

        done = 0
        for k in range(0, len(begins), n_threads):
            for begin, grown in pool.map(one, begins[k : k + n_threads]):
                done += len(grown.lengths)
                on_progress(done)
                yield as_table(codec, grown, begin, n_each=request.n, history=request.history)


def _shared_out(n: int, most: int, n_threads: int) -> int:
    """Return how many sequences stand side by side, so that all threads have as much to do."""
    if n <= min(most, _FEWEST_SHARED):
        return most
    rounds = -(-n // (most * n_threads))
    return -(-n // (rounds * n_threads))


def _candidates(opened: Opened, request: SeriesRequest) -> tuple[int, WindowCritic | None]:
    """Return how many candidates a sequence has, and what chooses among them.

    Raises:
        ConfigError: If several are asked for and the model has no critic.
    """
    chooser = opened.critic
    if chooser is None:
        if (request.resample or 1) > 1:
            raise ConfigError(
                f"resample {request.resample}: this model has no critic; leave it out, or train "
                "one that has (a critic is left out where it could not tell, or guide.candidates "
                "is 1)"
            )
        return 1, None
    if request.resample is not None:
        return request.resample, chooser.critic
    is_free = request.history is None and not request.scenario
    return chooser.candidates if is_free else 1, chooser.critic


def _check_memory(codec: SeriesCodec, n_rows: int) -> None:
    """Refuse a table that the machine cannot hold.

    Raises:
        ResourceError: Saying what it would take.
    """
    need, have = n_rows * len(codec.columns) * 8 * _COPIES, physical_bytes()
    if have is not None and need > have:
        raise ResourceError(
            f"{n_rows:,} rows would take about {need / 1e9:,.0f} GB of memory, and the machine has "
            f"{have / 1e9:,.0f} GB; write fewer or shorter sequences, in several goes with "
            "--first-row"
        )


def _longest(codec: SeriesCodec, engine: Engine, request: SeriesRequest) -> int:
    """Return how many rows a sequence may have, a history not counted."""
    if request.length is not None:
        return request.length
    longest = codec.window if codec.is_single else codec.lengths[-1]
    return min(longest, engine.longest(codec) or longest)


def _paced(codec: SeriesCodec, step_seconds: float | None) -> SeriesCodec:
    """Let rows follow one another at another pace.

    Raises:
        ConfigError: If they are not regular in the data.
    """
    if step_seconds is None:
        return codec
    if codec.clock.pace != "regular":
        raise ConfigError(
            f"the rows of this model's data are not regular ({codec.clock.pace}), so that nothing "
            "can be said of the time between them"
        )
    return replace(codec, clock=replace(codec.clock, step_seconds=step_seconds))


def _wishes(
    codec: SeriesCodec, engine: Engine, request: SeriesRequest, rows: Int[np.ndarray, " B"]
) -> Wishes:
    n = len(rows)
    own = derive(request.seed, _START_STREAM)
    u = uniforms(stream_keys(own, rows), np.zeros(n, dtype=np.int64), 1)[0]
    longest = _longest(codec, engine, request)
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
    cells: dict[int, Given] = {}
    symbols: dict[int, np.ndarray] = {}
    for name, given in request.scenario.items():
        record = _record(codec, name)
        line = np.array([np.nan if x is None else _cell(record, x) for x in given])
        _give(codec, name, np.broadcast_to(line, (n, len(line))), cells, symbols)
    history = request.history
    if history is None:
        is_free = request.start is None and request.length is None
        return Wishes(
            until=codec.clock.until if is_free else None,
            times=codec.clock.start(u) if request.start is None else np.full(n, request.start),
            n_rows=np.full(n, longest),
            n_told=np.zeros(n, dtype=np.int64),
            ends=request.length is None,
            temperature=request.temperature,
            opening=opening,
            static_cells=static_cells,
            cells=cells,
            symbols=symbols,
        )
    which = rows // request.n
    told = history.lengths[which]
    left = longest if codec.is_single else np.maximum(longest - told, 1)
    return Wishes(
        times=history.times(which),
        n_rows=told + (left if request.length is None else request.length),
        n_told=told,
        ends=request.length is None,
        temperature=request.temperature,
        opening=history.static_symbols(which),
        static_cells=history.static_cells(codec, which),
        cells=_after(history.cells(codec, which), cells, told),
        symbols=_symbols_after(history.symbols(which), symbols, told),
        moments=history.moments(which) if codec.time else None,
    )


def _after(
    past: Mapping[int, Given], given: Mapping[int, Given], told: Int[np.ndarray, " B"]
) -> dict[int, Given]:
    """Let a scenario begin where each history ends."""
    found = dict(past)
    for place, scenario in given.items():
        cells = _shifted(past[place].cells, scenario.cells, told)
        found[place] = Given(cells, _shifted(past[place].there, scenario.there, told))
    return found


def _symbols_after(
    past: Mapping[int, np.ndarray], given: Mapping[int, np.ndarray], told: Int[np.ndarray, " B"]
) -> dict[int, np.ndarray]:
    found = dict(past)
    for place, symbols in given.items():
        found[place] = _shifted(past[place], symbols, told, empty=-1)
    return found


def _shifted(
    past: Shaped[np.ndarray, "B _"],
    given: Shaped[np.ndarray, "B _"],
    told: Int[np.ndarray, " B"],
    empty: int = 0,
) -> Shaped[np.ndarray, "B _"]:
    """Write the rows of `given` after the first `told` ones of `past`."""
    n, n_given = given.shape
    found = np.full((n, past.shape[1] + n_given), empty, dtype=past.dtype)
    found[:, : past.shape[1]] = past
    np.put_along_axis(found, told[:, None] + np.arange(n_given), given, axis=1)
    return found


def _give(
    codec: SeriesCodec,
    name: str,
    line: Float[np.ndarray, "B T"],
    cells: dict[int, Given],
    symbols: dict[int, np.ndarray],
) -> None:
    for k, code in enumerate(codec.values):
        if code.name == name:
            cells[k] = Given(line, ~np.isnan(line))
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


def _check(codec: SeriesCodec, engine: Engine, request: SeriesRequest) -> None:
    if request.history is not None and (request.start is not None or request.statics):
        raise ConfigError(
            "a history has its own start and its own facts; leave out 'start' and 'statics'"
        )
    statics = [r.name for r in codec.columns if r.part in ("static symbol", "static number")]
    stepwise = [r.name for r in codec.columns if r.part in ("symbol", "number")]
    for names, known, what in (
        (request.statics, statics, "static column"),
        (request.scenario, stepwise, "column of a scenario"),
    ):
        for name in names:
            if name not in known:
                raise ConfigError(f"'{name}' is no {what} of this model ({nearest(name, known)})")
    told = "history" if request.history is not None else "scenario" if request.scenario else None
    refusal = engine.refusal(codec, request.length, request.statics, told)
    if refusal is not None:
        raise ConfigError(refusal)
