"""Read given steps: a prefix before drawing goes on, or a whole sequence to score it.

Long sequences are read in chunks with the state carried, so memory does not grow with their
length; the result is the same to the bit for a stepper that keeps its promises.

Shape letters: `B` rows, `T` steps, `C` context fields, `V` symbols.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int

from serinette.core.distributions import categorical_log_prob
from serinette.decoding.stepper import Stepper
from serinette.nets.config import predicted_symbols

CHUNK_STEPS = 512
_MOST_LOGITS = 4_000_000
"""Numbers held at once, 16 MB as float32: what bounds a chunk when the vocabulary is large."""
_MOST_ROWS = 16
"""Sequences read side by side; more gained nothing (measured)."""


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
    # Neighbours of a like length share a batch; more than a window apart would reorder everything.
    for first in range(0, len(sequences), 8 * _MOST_ROWS):
        window = range(first, min(first + 8 * _MOST_ROWS, len(sequences)))
        by_length = sorted(window, key=lambda i: len(sequences[i]))
        results: dict[int, np.ndarray] = {}
        for start in range(0, len(by_length), _MOST_ROWS):
            rows = by_length[start : start + _MOST_ROWS]
            nats = _batch_nats(stepper, [sequences[i] for i in rows], contexts[rows])
            results |= zip(rows, nats, strict=True)
        yield from (results[i] for i in window)


def _batch_nats(
    stepper: Stepper, sequences: list[np.ndarray], contexts: Int[np.ndarray, "B C"]
) -> list[np.ndarray]:
    lengths = [len(sequence) for sequence in sequences]
    padded = np.zeros((len(sequences), max(lengths)), dtype=np.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    n_predicted = padded.shape[1] - 1
    nats = np.empty((len(sequences), n_predicted))
    state = stepper.start(contexts)
    chunk = _chunk_steps(stepper, len(sequences))
    for first in range(0, n_predicted, chunk):
        last = min(first + chunk, n_predicted)
        steps = padded[:, first:last, None]
        hidden, state = stepper.advance(steps, state)
        logits = stepper.field(0, hidden, _nothing_drawn(steps))
        nats[:, first:last] = -categorical_log_prob(logits, padded[:, first + 1 : last + 1])
    return [row[: length - 1] for row, length in zip(nats, lengths, strict=True)]


def _chunk_steps(stepper: Stepper, n_rows: int) -> int:
    (field,) = predicted_symbols(stepper.schema)
    return max(1, min(CHUNK_STEPS, _MOST_LOGITS // (n_rows * field.size)))


def _nothing_drawn(steps: Int[np.ndarray, "B T F"]) -> Int[np.ndarray, "B T 0"]:
    return np.empty((*steps.shape[:2], 0), dtype=np.int64)
