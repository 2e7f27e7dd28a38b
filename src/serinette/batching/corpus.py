"""Encoded sequences, end to end in one array, ready to be cut into windows.

Shape letters: `N` symbols in all, `S` sequences (`S1` is one more), `C` context fields,
`V` symbols of the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True, kw_only=True)
class EncodedCorpus:
    """`end s1 s2 ... end t1 t2 ... end`: neighbours share the `end` between them.

    Place p is a prediction: `symbols[p]` is read, `symbols[p + 1]` is to be told. Sequence k owns
    the places from `starts[k]` up to, not including, `starts[k + 1]`.
    """

    symbols: Int[np.ndarray, " N"]
    """Symbols of all sequences, with `end` before, between and after them."""
    starts: Int[np.ndarray, " S1"]
    """Place of the `end` before each sequence, and of the last `end`: S + 1 numbers."""
    context: Int[np.ndarray, "S C"]
    """Context symbols of each sequence."""
    borders: Int[np.ndarray, " _"] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Places, in order, at which a line has just ended: a cut that falls there opens like a
    sequence of its own, so that a model of one long text knows how to begin."""

    measured: Bool[np.ndarray, " V"] | None = None
    """Which symbols count when predictions are measured (a poem's characters, not its marks);
    None: all. The network learns all of them either way."""

    def is_measured(self, symbols: Int[np.ndarray, "*_"]) -> Bool[np.ndarray, "*_"]:
        """Say of each symbol whether its prediction counts in a measurement."""
        if self.measured is None:
            return np.ones(symbols.shape, dtype=np.bool_)
        found: Bool[np.ndarray, "*_"] = self.measured[symbols]
        return found

    @property
    def n_measured(self) -> int:
        """How many predictions count in a measurement."""
        return int(self.is_measured(self.symbols[1:]).sum())

    @property
    def n_steps(self) -> int:
        """How many predictions there are, the one of each closing `end` included."""
        return len(self.symbols) - 1

    @property
    def n_sequences(self) -> int:
        """How many sequences there are."""
        return len(self.starts) - 1


def join(
    sequences: Sequence[Int[np.ndarray, "_ 1"]],
    context: Sequence[Int[np.ndarray, " _"]],
    *,
    end: int,
    border: int | None = None,
    measured: Bool[np.ndarray, " V"] | None = None,
) -> EncodedCorpus:
    """Lay encoded sequences end to end.

    Args:
        sequences: Steps of each sequence, without `end`.
        context: Context symbols of each sequence; all of one length.
        end: The symbol that opens and closes a sequence.
        border: The symbol that ends a line, where there are lines.
        measured: Which symbols count in a measurement; None: all.
    """
    closing = np.array([end], dtype=np.int32)
    parts = [closing]
    for steps in sequences:
        parts += [steps[:, 0].astype(np.int32, copy=False), closing]
    lengths = np.array([len(steps) + 1 for steps in sequences], dtype=np.int64)
    width = len(context[0]) if context else 0
    symbols = np.concatenate(parts)
    return EncodedCorpus(
        symbols=symbols,
        starts=np.concatenate([[0], lengths.cumsum()]).astype(np.int64),
        context=np.array(context, dtype=np.int64).reshape(len(sequences), width),
        borders=np.flatnonzero(symbols[:-1] == border) if border is not None else symbols[:0],
        measured=measured,
    )
