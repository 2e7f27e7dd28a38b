"""Draw many sequences: rows share a batch, and a finished row's place goes to the next.

A row's symbols depend on the network, the settings, the seed and the row's number, and on nothing
else: not on how many rows there are, how many run together, or who watches.

Rows run together for a block of steps; a block ends early where a row does. What is not needed to
draw the next symbol (log-probabilities, text) is done for a block at a time.

Shape letters: `B` rows, `K` steps of a block, `C` context fields, `V` symbols.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from serinette.core.distributions import categorical_log_prob
from serinette.core.errors import ConstraintError
from serinette.core.seeds import derive, stream_key, uniforms
from serinette.decoding.reading import read
from serinette.decoding.sampler import Memory, Sampler
from serinette.decoding.stepper import Stepper
from serinette.nets.config import predicted_symbols

BLOCK_STEPS = 64
_MOST_LOGITS = 4_000_000
"""Numbers that a block may hold, 16 MB as float32."""

_CACHED_LOGITS = 16_000

MOST_ATTEMPTS = 30
"""How often a row that ran into a dead end is begun afresh before the request is given up."""

FinishReason = Literal["end", "stop", "length", "dead end", "suffix"]
Restart = Callable[[int], None]
"""Told the number of a row that is begun afresh: what was seen of it is void."""
Watch = Callable[[int, Int[np.ndarray, " K"]], int | None]
"""Told a row's number and its new symbols, `end` left out; answers after how many of them the row
is to stop, or None to go on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """A sequence that is wanted."""

    number: int
    """Its place among all samples of the seed."""
    read: Int[np.ndarray, " T"]
    """Symbols that it begins with, from the one that opens it; at least one."""
    context: Int[np.ndarray, " C"]
    attempt: int = 0
    """How often it ran into a dead end before."""

    def key(self, seed: int) -> int:
        """Return what tells its stream of random numbers from all others."""
        if self.attempt == 0:
            return stream_key(seed, self.number)
        return derive(seed, self.number, self.attempt)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A sequence that is finished."""

    number: int
    symbols: Int[np.ndarray, " T"]
    """What was drawn, `end` included."""
    log_probs: Float64[np.ndarray, " T"]
    """Nats of each symbol under the network's own distribution."""
    sampling_log_probs: Float64[np.ndarray, " T"]
    """Nats of each symbol under the distribution that it was drawn from."""
    kept: Float64[np.ndarray, " T"]
    """Share of the network's probability that the constraint left at each step."""
    attempt: int
    """How often the row ran into a dead end before."""
    finish_reason: FinishReason


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is drawn, and how much of it at once."""

    max_steps: int
    """Longest sequence."""
    batch_size: int
    """Rows that run together, at most."""


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Who is told what is drawn."""

    watch: Watch
    restart: Restart = lambda number: None


def draw_sequences(
    drawer: "Drawer", rows: Iterable[Row], limits: Limits, watching: Watching
) -> Iterator[list[Drawn]]:
    """Draw all `rows`; yields after every block what it finished, in no particular order.

    Raises:
        ConstraintError: If a row runs into dead ends again and again.
    """
    waiting = deque(rows)
    batch: _Batch | None = None
    while batch is not None or waiting:
        batch = _refill(batch, waiting, limits.batch_size, drawer)
        # `draw_plain` and -inf in shaped logits overflow on purpose, and look at the result.
        with np.errstate(over="ignore", invalid="ignore"):
            block, batch = drawer.draw_block(batch, limits.max_steps)
        finished = {
            place: drawn
            for place in range(len(batch.rows))
            if (drawn := _account(batch, place, block, limits, watching.watch, drawer.end))
            is not None
        }
        staying = [place for place in range(len(batch.rows)) if place not in finished]
        begun_afresh = [
            batch.rows[place].row
            for place, drawn in finished.items()
            if drawn.finish_reason == "dead end"
        ]
        for row in begun_afresh:
            waiting.appendleft(_again(row))
            watching.restart(row.number)
        if finished:
            batch = batch.select(np.array(staying)) if staying else None
        yield [drawn for drawn in finished.values() if drawn.finish_reason != "dead end"]


def _again(row: Row) -> Row:
    if row.attempt + 1 >= MOST_ATTEMPTS:
        raise ConstraintError(
            f"sample {row.number}: the rules that cannot look ahead (no-repeat, no-copy) left no "
            f"symbol to draw in {MOST_ATTEMPTS} attempts; loosen one of them"
        )
    return replace(row, attempt=row.attempt + 1)


@dataclass
class _Progress:
    """A row that runs, and what was drawn of it so far."""

    row: Row
    symbols: list[np.ndarray] = field(default_factory=list)
    log_probs: list[np.ndarray] = field(default_factory=list)
    sampling_log_probs: list[np.ndarray] = field(default_factory=list)
    kept: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Batch:
    """Rows that run together, and all that is needed to draw their next symbols."""

    rows: list[_Progress]
    keys: np.ndarray  # [B] uint64
    positions: Int[np.ndarray, " B"]
    logits: Float32[np.ndarray, "B V"]
    state: Any
    memory: Memory

    def select(self, places: Int[np.ndarray, " R"]) -> "_Batch":
        return _Batch(
            [self.rows[place] for place in places],
            self.keys[places],
            self.positions[places],
            self.logits[places],
            self.state.select(places),
            self.memory.select(places),
        )

    def join(self, other: "_Batch") -> "_Batch":
        return _Batch(
            self.rows + other.rows,
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.positions, other.positions]),
            np.concatenate([self.logits, other.logits]),
            self.state.join(other.state),
            self.memory.join(other.memory),
        )


@dataclass(frozen=True, eq=False)
class _Block:
    symbols: Int[np.ndarray, "K B"]
    log_probs: Float64[np.ndarray, "K B"]
    sampling_log_probs: Float64[np.ndarray, "K B"]
    kept: Float64[np.ndarray, "K B"]
    is_dead: Bool[np.ndarray, " B"]
    """Rows whose last symbol is none: nothing was allowed."""


class Drawer:
    """The network, the sampler and the seed: what turns rows into symbols."""

    def __init__(self, stepper: Stepper, sampler: Sampler, seed: int) -> None:
        self.end = stepper.schema.end
        self._stepper = stepper
        self._sampler = sampler
        self._seed = seed
        self._last_read: tuple[Row, Any, Memory, np.ndarray] | None = None

    def begin(self, rows: list[Row]) -> _Batch:
        """Return a batch of rows that all begin alike."""
        first = rows[0]
        if self._last_read is None or not _begin_alike(self._last_read[0], first):
            logits, state = read(self._stepper, first.read, first.context)
            memory = self._sampler.start(1)
            for symbol in first.read[1:]:  # what opens the sequence is no step of it
                memory = self._sampler.remember(memory, np.array([symbol]))
            self._last_read = (first, state, memory, logits)
        _, state, memory, logits = self._last_read
        same = np.zeros(len(rows), dtype=np.int64)
        keys = np.array([row.key(self._seed) for row in rows], dtype=np.uint64)
        return _Batch(
            [_Progress(row) for row in rows],
            keys,
            same.copy(),
            logits[same],
            state.select(same),
            memory.select(same),
        )

    def draw_block(self, batch: _Batch, max_steps: int) -> tuple[_Block, _Batch]:
        """Draw until the block is full or a row ends."""
        stepper, sampler, end = self._stepper, self._sampler, self.end
        remaining = max_steps - batch.positions
        n_steps = self._block_steps(len(batch.rows), int(remaining.min()))
        numbers = uniforms(batch.keys, batch.positions, n_steps)  # [K, B]
        nothing = np.empty((len(batch.rows), 1, 0), dtype=np.int64)
        logits, state, memory = batch.logits, batch.state, batch.memory
        seen, symbols, choices = [], [], []
        for step in range(n_steps):
            if sampler.is_plain:
                seen.append(logits)
                drawn, is_over = sampler.draw_plain(logits, numbers[step]), False
            else:
                choice = _choose(sampler, logits, memory, remaining - step, numbers[step])
                choices.append(choice)
                drawn, is_over = choice.symbols, bool(choice.is_dead.any())
                memory = sampler.remember(memory, drawn)
            symbols.append(drawn)
            hidden, state = stepper.advance(drawn[:, None, None], state)
            logits = stepper.field(0, hidden, nothing)[:, 0]
            if is_over or end in drawn.tolist():
                break
        chosen = np.array(symbols)  # [K, B]
        block = _ruled_block(chosen, choices) if choices else _plain_block(chosen, seen, sampler)
        positions = batch.positions + len(chosen)
        return block, _Batch(batch.rows, batch.keys, positions, logits, state, memory)

    def _block_steps(self, n_rows: int, most: int) -> int:
        (symbol_field,) = predicted_symbols(self._stepper.schema)
        return max(1, min(BLOCK_STEPS, most, _MOST_LOGITS // (n_rows * symbol_field.size)))


class _Choice(NamedTuple):
    """One step of all rows, drawn from shaped logits."""

    symbols: Int[np.ndarray, " B"]
    log_probs: Float64[np.ndarray, " B"]
    sampling_log_probs: Float64[np.ndarray, " B"]
    kept: Float64[np.ndarray, " B"]
    is_dead: Bool[np.ndarray, " B"]


def _choose(
    sampler: Sampler,
    logits: Float32[np.ndarray, "B V"],
    memory: Memory,
    remaining: Int[np.ndarray, " B"],
    u: Float64[np.ndarray, " B"],
) -> _Choice:
    shaped = sampler.shape(logits, memory, remaining, is_compact=True)
    drawn, sampling_log_probs = sampler.draw_shaped(shaped, u)
    own = logits[np.arange(len(drawn)), drawn].astype(np.float64)
    return _Choice(drawn, own - shaped.log_totals, sampling_log_probs, shaped.kept, shaped.is_dead)


def _ruled_block(chosen: Int[np.ndarray, "K B"], choices: list[_Choice]) -> _Block:
    return _Block(
        chosen,
        np.array([choice.log_probs for choice in choices]),
        np.array([choice.sampling_log_probs for choice in choices]),
        np.array([choice.kept for choice in choices]),
        choices[-1].is_dead,
    )


def _plain_block(
    chosen: Int[np.ndarray, "K B"], seen: list[np.ndarray], sampler: Sampler
) -> _Block:
    return _Block(
        chosen,
        _log_probs(seen, chosen),
        _log_probs(seen, chosen, sampler.shape_plain),
        np.ones(chosen.shape),
        np.zeros(chosen.shape[1], dtype=np.bool_),
    )


def _log_probs(
    logits: list[np.ndarray],
    symbols: Int[np.ndarray, "K B"],
    shape: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Float64[np.ndarray, "K B"]:
    """Return the log-probability of every drawn symbol, `shape` applied to the logits before.

    In slices that fit a cache: for 64 rows a whole block at once takes three times as long.
    """
    n_steps = max(1, _CACHED_LOGITS // logits[0].size)
    parts = []
    for first in range(0, len(logits), n_steps):
        part = np.array(logits[first : first + n_steps])  # [slice, B, V]
        part = part if shape is None else shape(part)
        parts.append(categorical_log_prob(part, symbols[first : first + n_steps]))
    return np.concatenate(parts)


def _refill(batch: _Batch | None, waiting: deque[Row], batch_size: int, drawer: Drawer) -> _Batch:
    """Fill the free places of a batch with waiting rows; without a batch, one waits at least."""
    n_free = batch_size - (0 if batch is None else len(batch.rows))
    while batch is None or (waiting and n_free > 0):
        rows = [waiting.popleft()]
        while waiting and len(rows) < n_free and _begin_alike(rows[0], waiting[0]):
            rows.append(waiting.popleft())
        begun = drawer.begin(rows)
        batch = begun if batch is None else batch.join(begun)
        n_free -= len(rows)
    return batch


def _begin_alike(one: Row, other: Row) -> bool:
    return np.array_equal(one.read, other.read) and np.array_equal(one.context, other.context)


def _account(
    batch: _Batch, place: int, block: _Block, limits: Limits, watch: Watch, end: int | None
) -> Drawn | None:
    """Add a block to a row; the finished sequence, if the row ends with it."""
    progress = batch.rows[place]
    symbols = block.symbols[:, place]
    reason: FinishReason | None = None
    if block.is_dead[place]:
        return _finish(progress, "dead end")
    if end is not None and symbols[-1] == end:
        reason = "end"
    elif batch.positions[place] >= limits.max_steps:
        reason = "length"
    n_kept = len(symbols)
    n_watched = watch(progress.row.number, symbols[:-1] if reason == "end" else symbols)
    if n_watched is not None:
        n_kept, reason = n_watched, "stop"
    progress.symbols.append(symbols[:n_kept])
    progress.log_probs.append(block.log_probs[:n_kept, place])
    progress.sampling_log_probs.append(block.sampling_log_probs[:n_kept, place])
    progress.kept.append(block.kept[:n_kept, place])
    return None if reason is None else _finish(progress, reason)


def _finish(progress: _Progress, reason: FinishReason) -> Drawn:
    return Drawn(
        number=progress.row.number,
        symbols=np.concatenate([np.zeros(0, dtype=np.int64), *progress.symbols]),
        log_probs=_joined(progress.log_probs),
        sampling_log_probs=_joined(progress.sampling_log_probs),
        kept=_joined(progress.kept),
        attempt=progress.row.attempt,
        finish_reason=reason,
    )


def _joined(parts: list[np.ndarray]) -> Float64[np.ndarray, " T"]:
    return np.concatenate([np.zeros(0), *parts])
