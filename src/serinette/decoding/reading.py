"""Read given steps: a prefix before drawing goes on, or a whole sequence to score it.

Long sequences are read in chunks with the state carried, so memory does not grow with their
length; the result is the same to the bit for a stepper that keeps its promises.

Shape letters: `B` rows, `T` steps, `C` context fields, `V` symbols.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from serinette.core.distributions import categorical_log_prob
from serinette.decoding.stepper import Stepper
from serinette.nets.config import predicted_symbols

CHUNK_STEPS = 512
_MOST_LOGITS = 4_000_000
"""Numbers held at once, 16 MB as float32: what bounds a chunk when the vocabulary is large."""
_MOST_ROWS = 16
"""Sequences read side by side; more gained nothing (measured)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """What is predicted over some steps of sequences that are read side by side."""

    rows: list[int]
    """The number of each row's sequence."""
    first: int
    """How many symbols of each sequence were predicted before these."""
    logits: Float32[np.ndarray, "B T V"]
    targets: Int[np.ndarray, "B T"]
    """The symbols that came."""
    is_real: Bool[np.ndarray, "B T"]
    """False beyond the end of a row's sequence."""


def read(
    stepper: Stepper, symbols: Int[np.ndarray, " T"], context: Int[np.ndarray, " C"]
) -> tuple[Float32[np.ndarray, "1 V"], Any]:
    """Read one sequence from its start.

    Args:
        stepper: The network.
        symbols: At least one; the first is usually the schema's `end`, which opens a sequence.
        context: Context of the sequence.

    Returns:
        The logits after the last symbol, and the state.
    """
    state = stepper.start(context[None])
    logits = np.empty((1, 0, 0), dtype=np.float32)
    for first in range(0, len(symbols), CHUNK_STEPS):
        steps = symbols[None, first : first + CHUNK_STEPS, None]
        hidden, state = stepper.advance(steps, state)
        logits = stepper.field(0, hidden, _nothing_drawn(steps))
    return logits[:, -1], state


def sequence_nats(
    stepper: Stepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "N C"],
) -> Iterator[Float64[np.ndarray, " _"]]:
    """Yield -log p of every symbol of every sequence, in nats, in the order given.

    Every sequence is read from its start to its end with the state carried. Its first symbol is
    only read: a sequence of T symbols gives T - 1 numbers.
    """
    for window in windows(len(sequences)):
        nats = {i: np.empty(len(sequences[i]) - 1) for i in window}
        for chunk in predictions(stepper, sequences, contexts, window):
            values = -categorical_log_prob(chunk.logits, chunk.targets)
            for row, i in zip(values, chunk.rows, strict=True):
                part = nats[i][chunk.first : chunk.first + len(row)]
                part[:] = row[: len(part)]
        yield from nats.values()


def windows(n_sequences: int) -> Iterator[range]:
    """Cut a list of sequences into windows; what is predicted never leaves its window."""
    # Neighbours of a like length share a batch; more than a window apart would reorder everything.
    for first in range(0, n_sequences, 8 * _MOST_ROWS):
        yield range(first, min(first + 8 * _MOST_ROWS, n_sequences))


def predictions(
    stepper: Stepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "N C"],
    window: range,
) -> Iterator[Predictions]:
    """Read the sequences of a window from start to end; yield what is predicted, chunk by chunk."""
    by_length = sorted(window, key=lambda i: len(sequences[i]))
    for start in range(0, len(by_length), _MOST_ROWS):
        rows = by_length[start : start + _MOST_ROWS]
        yield from _batch(stepper, [sequences[i] for i in rows], contexts[rows], rows)


def _batch(
    stepper: Stepper,
    sequences: list[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "B C"],
    rows: list[int],
) -> Iterator[Predictions]:
    lengths = np.array([len(sequence) for sequence in sequences])
    padded = np.zeros((len(sequences), lengths.max()), dtype=np.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    n_predicted = padded.shape[1] - 1
    state = stepper.start(contexts)
    chunk = _chunk_steps(stepper, len(sequences))
    for first in range(0, n_predicted, chunk):
        last = min(first + chunk, n_predicted)
        steps = padded[:, first:last, None]
        hidden, state = stepper.advance(steps, state)
        yield Predictions(
            rows=rows,
            first=first,
            logits=stepper.field(0, hidden, _nothing_drawn(steps)),
            targets=padded[:, first + 1 : last + 1],
            is_real=np.arange(first + 1, last + 1) < lengths[:, None],
        )


def _chunk_steps(stepper: Stepper, n_rows: int) -> int:
    (field,) = predicted_symbols(stepper.schema)
    return max(1, min(CHUNK_STEPS, _MOST_LOGITS // (n_rows * field.size)))


def _nothing_drawn(steps: Int[np.ndarray, "B T F"]) -> Int[np.ndarray, "B T 0"]:
    return np.empty((*steps.shape[:2], 0), dtype=np.int64)
