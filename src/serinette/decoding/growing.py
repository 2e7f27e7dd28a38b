"""Draw sequences of steps: openings, then rows, until each has ended.

What a row holds depends on the model, the seed and the row's number alone.

Shape letters: `B` rows side by side, `D` columns of numbers, `K` symbol columns, `T` steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from serinette.core.seeds import uniforms
from serinette.decoding.fields import BlockReader, FieldsNetwork, draw_field
from serinette.decoding.growing_wishes import Wishes
from serinette.kinds.series.codec import OpeningPart, SeriesCodec
from serinette.kinds.series.encoding import opened
from serinette.kinds.series.unrolling import Unrolling

Row = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Cells [B, D], symbols [B, K] and times [B]."""
Drawn = tuple[np.ndarray, np.ndarray]
"""Choices and values of one field, [B] each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Grown:
    """Sequences side by side; row t of sequence b was drawn where n_told[b] <= t < lengths[b]."""

    cells: Float[np.ndarray, "B T D"]
    symbols: Int[np.ndarray, "B T K"]
    times: Float[np.ndarray, "B T"]
    static_symbols: Int[np.ndarray, "B _"]
    static_cells: Float[np.ndarray, "B _"]
    lengths: Int[np.ndarray, " B"]
    n_told: Int[np.ndarray, " B"]
    """Rows of a history at the beginning of each."""


def grow(
    network: FieldsNetwork,
    codec: SeriesCodec,
    keys: UInt64[np.ndarray, " B"],
    wishes: Wishes,
    on_row: Callable[[int], None] = lambda n: None,
) -> Grown:
    """Draw one sequence a key.

    Args:
        network: Trained.
        codec: That belongs to it.
        keys: From `core.seeds.stream_key`.
        wishes: What is settled.
        on_row: Told after each row how many are done.
    """
    unrolling = Unrolling(codec, wishes.times.copy())
    opening_keys = keys if wishes.opening_keys is None else wishes.opening_keys
    _open(network, codec, unrolling, Numbers(opening_keys), wishes)
    n_drawn = 0 if network.opening is None else len(network.opening.fields)
    numbers = Numbers(keys, n_drawn)
    memory = network.start(len(keys))
    rows = [row_of(unrolling)]
    lengths = wishes.n_rows.copy()
    for t in range(1, int(lengths.max())):
        hidden, memory = network.advance(
            unrolling.numbers(), unrolling.read_symbols(), unrolling.static_symbols, memory
        )
        u = numbers.next(len(network.schema.fields))
        choices, values = _step(network.following, codec, unrolling, wishes, hidden, u)
        if codec.has_end:
            lengths = np.where(choices[:, 0] == 1, np.minimum(lengths, t), lengths)
            if lengths.max() <= t:
                break
        unrolling.push(choices, values)
        unrolling.move(wishes.moment(t))
        if wishes.until is not None:
            lengths = np.where(unrolling.times > wishes.until, np.minimum(lengths, t), lengths)
        rows.append(row_of(unrolling))
        on_row(t)
    return grown_of(unrolling, rows, np.minimum(lengths, len(rows)), wishes.n_told)


class Numbers:
    """Uniform numbers of every row, in the order in which they are asked for.

    Args:
        keys: From `core.seeds.stream_keys`.
        position: How many numbers of each stream have been given before.
    """

    def __init__(self, keys: UInt64[np.ndarray, " B"], position: int = 0) -> None:
        self._keys = keys
        self._position = np.full(len(keys), position, dtype=np.int64)

    def next(self, n: int) -> Float[np.ndarray, "n B"]:
        """Return the next `n` numbers of every row."""
        found = uniforms(self._keys, self._position, n)
        self._position += n
        return found


def row_of(unrolling: Unrolling) -> Row:
    """Return the present row of every sequence."""
    return unrolling.cells, unrolling.symbols, unrolling.times


def grown_of(
    unrolling: Unrolling,
    rows: Sequence[Row],
    lengths: Int[np.ndarray, " B"],
    n_told: Int[np.ndarray, " B"] | None = None,
) -> Grown:
    """Put the rows of an unrolling side by side.

    Args:
        unrolling: At its last row.
        rows: From `row_of`, at least one.
        lengths: Rows of each sequence that are there.
        n_told: Of these, rows of a history; None: none.
    """
    cells, symbols, times = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    return Grown(
        cells=cells,
        symbols=symbols,
        times=times,
        static_symbols=unrolling.static_symbols,
        static_cells=unrolling.static_cells,
        lengths=lengths,
        n_told=np.zeros_like(lengths) if n_told is None else n_told,
    )


def _open(
    network: FieldsNetwork,
    codec: SeriesCodec,
    unrolling: Unrolling,
    numbers: Numbers,
    wishes: Wishes,
) -> None:
    n = len(wishes.times)
    opening = network.opening
    if opening is None:
        unrolling.open(np.zeros((n, 0), dtype=np.int64), np.zeros((n, 0)))
        return
    u = numbers.next(len(opening.fields))
    reading = opening.begin(codec.clock.features(unrolling.times))
    choices, values = _empty(opening, n)
    for k, (kind, (part, place)) in enumerate(
        zip(opening.fields, codec.opening_places, strict=True)
    ):
        choices[:, k], values[:, k] = draw_field(kind, reading.params(k), u[k], wishes.temperature)
        drawn = choices[:, k], values[:, k]
        _settle(codec, wishes, part, place, drawn)
        reading.tell(k, *drawn)
    unrolling.open(choices, values)


def _settle(
    codec: SeriesCodec, wishes: Wishes, part: OpeningPart, place: int, drawn: Drawn
) -> None:
    """Write what is settled of a field of the opening over what was drawn."""
    match part:
        case "static symbol" if place in wishes.opening:
            drawn[0][:] = wishes.opening[place]
        case "static number" if place in wishes.static_cells:
            code = codec.static_values[place]
            level = code.level(wishes.static_cells[place])
            _put(drawn, opened(code, level)[:2], ~np.isnan(level) | code.missing)
        case "symbol":
            _put_symbols(wishes, place, 0, drawn[0])
        case "level" if place in wishes.cells:
            cells, there = wishes.cells[place].at(0)
            code = codec.values[place]
            _put(drawn, opened(code, code.level(cells))[:2], there)
        case "pace" if place in wishes.cells:
            _put_pace(codec, wishes, place, drawn)


def _step(
    reader: BlockReader,
    codec: SeriesCodec,
    unrolling: Unrolling,
    wishes: Wishes,
    hidden: np.ndarray,
    u: Float[np.ndarray, "n B"],
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the fields of one step."""
    fields, t = reader.fields, unrolling.n_rows
    reading = reader.begin(hidden)
    choices, values = _empty(reader, len(hidden))
    first_value = codec.value_offset + (codec.gap is not None)
    for k, kind in enumerate(fields):
        choices[:, k], values[:, k] = draw_field(kind, reading.params(k), u[k], wishes.temperature)
        drawn = choices[:, k], values[:, k]
        if k < codec.symbol_offset:
            drawn[0][:] = np.where(wishes.ends & (t >= wishes.n_told), drawn[0], 0)
        elif k < codec.value_offset:
            _put_symbols(wishes, k - codec.symbol_offset, t, drawn[0])
        elif k < first_value:
            moments = wishes.moment(t)
            _put(drawn, unrolling.place_gap(moments), ~np.isnan(moments))
        else:
            _put_values(codec, unrolling, wishes, k - first_value, drawn)
        reading.tell(k, *drawn)
    return choices, values


def _put(drawn: Drawn, settled: Drawn, there: Bool[np.ndarray, " B"]) -> None:
    """Write what is settled over what was drawn."""
    for ours, theirs in zip(drawn, settled, strict=True):
        ours[:] = np.where(there, theirs, ours)


def _put_symbols(wishes: Wishes, place: int, t: int, choices: np.ndarray) -> None:
    given = wishes.symbol(place, t)
    choices[:] = np.where(given >= 0, given, choices)


def _put_pace(codec: SeriesCodec, wishes: Wishes, place: int, drawn: Drawn) -> None:
    """Begin a curve as fast as its first two rows are apart, where both are given."""
    code, given = codec.values[place], wishes.cells[place]
    (first, is_first), (second, is_second) = given.at(0), given.at(1)
    pace = (code.level(second) - code.level(first)) / code.pace
    there = is_first & is_second & ~np.isnan(pace)
    _put(drawn, (np.zeros(len(pace), dtype=np.int64), np.nan_to_num(pace)), there)


def _put_values(
    codec: SeriesCodec, unrolling: Unrolling, wishes: Wishes, place: int, drawn: Drawn
) -> None:
    if unrolling.is_first_bend(place):
        still = np.zeros(len(drawn[1]))
        drawn[0][:] = codec.values[place].choose(still, np.zeros(len(still), dtype=np.bool_))
        drawn[1][:] = 0.0
    if place in wishes.cells:
        cells, there = wishes.cells[place].at(unrolling.n_rows)
        _put(drawn, unrolling.place(place, cells), there)


def _empty(reader: BlockReader, n: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (n, len(reader.fields))
    return np.zeros(shape, dtype=np.int64), np.zeros(shape)
