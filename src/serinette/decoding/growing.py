"""Draw sequences of steps: openings, then rows, until each has ended.

What a row holds depends on the model, the seed and the row's number alone.

Shape letters: `B` rows side by side, `D` columns of numbers, `K` symbol columns, `T` steps.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from serinette.core.seeds import uniforms
from serinette.decoding.fields import BlockReader, FieldsNetwork, draw_field
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.unrolling import Unrolling


@dataclass(frozen=True, kw_only=True, eq=False)
class Grown:
    """Sequences side by side; row t of sequence b is there while t < lengths[b]."""

    cells: Float[np.ndarray, "B T D"]
    symbols: Int[np.ndarray, "B T K"]
    times: Float[np.ndarray, "B T"]
    static_symbols: Int[np.ndarray, "B _"]
    static_cells: Float[np.ndarray, "B _"]
    lengths: Int[np.ndarray, " B"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wishes:
    """What is settled before anything is drawn."""

    times: Float[np.ndarray, " B"]
    """Of the first rows."""
    n_rows: int
    """Longest sequence."""
    ends: bool = True
    """Whether a sequence may end before."""
    temperature: float = 1.0
    opening: dict[int, np.ndarray] = field(default_factory=dict)
    """Choices of some symbol fields of the opening, by their places."""
    static_cells: dict[int, np.ndarray] = field(default_factory=dict)
    """Static numbers by their places."""
    cells: dict[int, Float[np.ndarray, "B T"]] = field(default_factory=dict)
    """Value columns that are given, by their places: a scenario; NaN is drawn."""
    symbols: dict[int, Int[np.ndarray, "B T"]] = field(default_factory=dict)
    """Symbol columns that are given, by their places; -1 is drawn."""


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
    numbers = Numbers(keys)
    _open(network, codec, unrolling, numbers, wishes)
    memory = network.start(len(keys))
    rows = [_row(unrolling)]
    lengths = np.full(len(keys), wishes.n_rows)
    alive = np.ones(len(keys), dtype=np.bool_)
    for t in range(1, wishes.n_rows):
        hidden, memory = network.advance(
            unrolling.numbers(), unrolling.read_symbols(), unrolling.static_symbols, memory
        )
        u = numbers.next(len(network.schema.fields))
        choices, values = _step(network.following, codec, unrolling, wishes, hidden, u)
        if codec.has_end and wishes.ends:
            ending = alive & (choices[:, 0] == 1)
            lengths[ending] = t
            alive &= ~ending
            if not alive.any():
                break
        unrolling.push(choices, values)
        rows.append(_row(unrolling))
        on_row(t)
    cells, symbols, times = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    return Grown(
        cells=cells,
        symbols=symbols,
        times=times,
        static_symbols=unrolling.static_symbols,
        static_cells=unrolling.static_cells,
        lengths=np.minimum(lengths, cells.shape[1]),
    )


class Numbers:
    """Uniform numbers of every row, in the order in which they are asked for."""

    def __init__(self, keys: UInt64[np.ndarray, " B"]) -> None:
        self._keys = keys
        self._position = np.zeros(len(keys), dtype=np.int64)

    def next(self, n: int) -> Float[np.ndarray, "n B"]:
        """Return the next `n` numbers of every row."""
        found = uniforms(self._keys, self._position, n)
        self._position += n
        return found


def _row(unrolling: Unrolling) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return unrolling.cells, unrolling.symbols, unrolling.times


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
    begin = len(codec.static_symbols)
    for k, kind in enumerate(opening.fields):
        choices[:, k], values[:, k] = draw_field(kind, reading.params(k), u[k], wishes.temperature)
        if k in wishes.opening:
            choices[:, k] = wishes.opening[k]
        elif begin <= k < begin + len(codec.static_values) and k - begin in wishes.static_cells:
            code = codec.static_values[k - begin]
            values[:, k] = code.level(wishes.static_cells[k - begin])
            choices[:, k] = code.n_atoms
        reading.tell(k, choices[:, k], values[:, k])
    unrolling.open(choices, values)


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
        drawn = draw_field(kind, reading.params(k), u[k], wishes.temperature)
        choices[:, k], values[:, k] = drawn
        if codec.value_offset > k >= codec.symbol_offset:
            _put_symbols(wishes, k - codec.symbol_offset, t, choices[:, k])
        elif k >= first_value:
            _put_values(codec, unrolling, wishes, k - first_value, (choices[:, k], values[:, k]))
        elif k == 0 and codec.has_end and not wishes.ends:
            choices[:, k] = 0
        reading.tell(k, choices[:, k], values[:, k])
    return choices, values


def _put_symbols(wishes: Wishes, place: int, t: int, choices: np.ndarray) -> None:
    given = wishes.symbols.get(place)
    if given is not None and t < given.shape[1]:
        choices[:] = np.where(given[:, t] >= 0, given[:, t], choices)


def _put_values(
    codec: SeriesCodec,
    unrolling: Unrolling,
    wishes: Wishes,
    place: int,
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    (choices, values), t = drawn, unrolling.n_rows
    if unrolling.is_first_bend(place):
        still = np.zeros(len(values))
        choices[:] = codec.values[place].choose(still, np.zeros(len(values), dtype=np.bool_))
        values[:] = 0.0
    given = wishes.cells.get(place)
    if given is None or t >= given.shape[1]:
        return
    is_given: Bool[np.ndarray, " B"] = ~np.isnan(given[:, t])
    choice, value = unrolling.place(place, given[:, t])
    choices[:] = np.where(is_given, choice, choices)
    values[:] = np.where(is_given, value, values)


def _empty(reader: BlockReader, n: int) -> tuple[np.ndarray, np.ndarray]:
    shape = (n, len(reader.fields))
    return np.zeros(shape, dtype=np.int64), np.zeros(shape)
