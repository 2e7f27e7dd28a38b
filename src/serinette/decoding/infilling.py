"""Where a given ending follows best: every candidate is tried up to every place.

Candidates are drawn after what stands before them, without a look at the ending; the place and the
candidate after which the ending is likeliest are kept. It is importance resampling with the
likeliest taken instead of drawn: the proposal is the model itself, the weight is what the
model gives the ending.

Shape letters: `B` candidates, `E` symbols of the ending, `V` symbols.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, Int64

from serinette.constraints.protocol import Constraint
from serinette.core.distributions import categorical_log_prob
from serinette.decoding.engine import Row
from serinette.decoding.reading import read
from serinette.decoding.stepper import Stepper
from serinette.nets.config import predicted_symbols

_MOST_LOGITS = 4_000_000
"""Numbers held at once, 16 MB as float32."""


class Join(NamedTuple):
    """A candidate up to a place, and the ending after it."""

    candidate: int
    n_steps: int
    """Steps of the candidate before the ending."""
    nats: float
    """-log p of the ending after them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ending:
    """What stands after every candidate."""

    symbols: Int[np.ndarray, " E"]
    """At least one."""
    end: int
    """The symbol that closes the sequence."""
    rule: Constraint | None = None
    """Kept by the whole, the ending and its close included."""


def best_join(
    stepper: Stepper,
    row: Row,
    candidates: Sequence[Int[np.ndarray, " _"]],
    places: Sequence[set[int]],
    ending: Ending,
) -> Join | None:
    """Return the likeliest join, the first of equals; None where no place is possible.

    Args:
        stepper: The network.
        row: What all candidates go on from.
        candidates: Their symbols, without one that closes the sequence.
        places: Of each, how many of its symbols may stand before the ending.
        ending: What follows.
    """
    longest = max((max(of, default=0) for of in places), default=0)
    padded = np.zeros((len(candidates), longest + 1), dtype=np.int64)
    for line, symbols in zip(padded, candidates, strict=True):
        line[: len(symbols)] = symbols[: longest + 1]
    logits, state = read(stepper, row.read, row.context)
    same = np.zeros(len(candidates), dtype=np.int64)
    logits, state = logits[same], state.select(same)
    memory = _memory(ending.rule, row, len(candidates))
    best: Join | None = None
    nothing = np.empty((len(candidates), 1, 0), dtype=np.int64)
    for step in range(longest + 1):
        rows = np.array([k for k, of in enumerate(places) if step in of], dtype=np.int64)
        if memory is not None and len(rows):
            rows = rows[_keeps(ending, memory[rows])]
        if len(rows):
            nats = _nats(stepper, state.select(rows), logits[rows], ending.symbols)
            found = int(nats.argmin())
            if best is None or nats[found] < best.nats:
                best = Join(int(rows[found]), step, float(nats[found]))
        symbols = padded[:, step]
        hidden, state = stepper.advance(symbols[:, None, None], state)
        logits = stepper.field(0, hidden, nothing)[:, 0]
        if memory is not None and ending.rule is not None:
            memory = ending.rule.advance(memory, symbols)
    return best


def _memory(rule: Constraint | None, row: Row, n_rows: int) -> Int[np.ndarray, "B *memory"] | None:
    if rule is None:
        return None
    memory = rule.start(1)
    for symbol in row.read[1:]:
        memory = rule.advance(memory, np.array([symbol]))
    return memory[np.zeros(n_rows, dtype=np.int64)]


def _keeps(ending: Ending, memory: Int[np.ndarray, "B *memory"]) -> Bool[np.ndarray, " B"]:
    """Say after which rows the ending and its close are allowed."""
    rule = ending.rule
    keeps = np.ones(len(memory), dtype=np.bool_)
    whole = [*ending.symbols.tolist(), ending.end]
    for place, symbol in enumerate(whole):
        if rule is None or not keeps.any():
            break
        remaining = np.full(len(memory), len(whole) - place)
        keeps &= rule.allowed(memory, remaining)[:, symbol]
        memory = rule.advance(memory, np.full(len(memory), symbol))
    return keeps


def _nats(
    stepper: Stepper,
    state: Any,
    logits: Float32[np.ndarray, "B V"],
    symbols: Int[np.ndarray, " E"],
) -> Float64[np.ndarray, " B"]:
    """Return -log p of the ending after every row, read in pieces that fit the memory."""
    n_rows = len(logits)
    (field,) = predicted_symbols(stepper.schema)
    chunk = max(1, _MOST_LOGITS // (n_rows * field.size))
    nats: Float64[np.ndarray, " B"] = -categorical_log_prob(
        logits, _tiled(symbols[:1], n_rows)[:, 0]
    )
    for first in range(0, len(symbols) - 1, chunk):
        given = _tiled(symbols[first : first + chunk], n_rows)
        targets = _tiled(symbols[first + 1 : first + chunk + 1], n_rows)
        hidden, state = stepper.advance(given[:, :, None], state)
        seen = stepper.field(0, hidden, np.empty((*given.shape, 0), dtype=np.int64))
        seen = seen[:, : targets.shape[1]]
        nats -= categorical_log_prob(seen, targets).sum(axis=1)
    return nats


def _tiled(symbols: Int[np.ndarray, " E"], n_rows: int) -> Int64[np.ndarray, "B E"]:
    return np.tile(symbols.astype(np.int64), (n_rows, 1))
