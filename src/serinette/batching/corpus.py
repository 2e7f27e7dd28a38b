"""Encoded sequences, end to end in one array, ready to be cut into windows.

Shape letters: `N` symbols in all, `S` sequences (`S1` is one more), `C` context fields,
`V` symbols of the vocabulary.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.spool import Spool, release

_BLOCK = 1 << 22
"""Symbols that are counted at a time."""
_FEWEST_KEPT = 20
"""Sequences below which none is left out."""


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

    weights: Float[np.ndarray, " S"] | None = None
    """How many times each sequence is read in an epoch of training; None: all once."""

    def is_measured(self, symbols: Int[np.ndarray, "*_"]) -> Bool[np.ndarray, "*_"]:
        """Say of each symbol whether its prediction counts in a measurement."""
        if self.measured is None:
            return np.ones(symbols.shape, dtype=np.bool_)
        found: Bool[np.ndarray, "*_"] = self.measured[symbols]
        return found

    def is_border(self, places: Int[np.ndarray, "*_"]) -> Bool[np.ndarray, "*_"]:
        """Say of each place whether a line has just ended there."""
        if len(self.borders) == 0:
            return np.zeros(places.shape, dtype=np.bool_)
        nearest = np.minimum(np.searchsorted(self.borders, places), len(self.borders) - 1)
        found: Bool[np.ndarray, "*_"] = self.borders[nearest] == places
        return found

    def counts(self, n_symbols: int) -> Int[np.ndarray, " V"]:
        """Count every symbol."""
        counts = np.zeros(n_symbols, dtype=np.int64)
        for start in range(0, len(self.symbols), _BLOCK):
            counts += np.bincount(self.symbols[start : start + _BLOCK], minlength=n_symbols)
            self.release()
        return counts

    def release(self) -> None:
        """Give back the memory of mapped symbols; they can still be read."""
        release(self.symbols)
        release(self.borders)

    def thinned(self, most: int) -> "EncodedCorpus":
        """Keep about `most` predictions; a corpus that has no more is returned as it is.

        Sequences are left out evenly; where they are few and long, the beginning of each is kept,
        and read as if it ended there.
        """
        if self.n_steps <= most:
            return self
        step = min(math.ceil(self.n_steps / most), math.ceil(self.n_sequences / _FEWEST_KEPT))
        kept = np.arange(0, self.n_sequences, step)
        lengths = np.diff(self.starts)[kept]
        lengths = np.maximum(1, lengths * min(1.0, most / lengths.sum())).astype(np.int64)
        starts = np.append(0, lengths.cumsum())
        places = np.repeat(self.starts[kept] - starts[:-1], lengths) + np.arange(starts[-1])
        return replace(
            self,
            symbols=np.append(self.symbols[places], self.symbols[0]),
            starts=starts,
            context=self.context[kept],
            borders=np.flatnonzero(self.is_border(places)),
            weights=None if self.weights is None else self.weights[kept],
        )

    @property
    def n_measured(self) -> int:
        """How many predictions count in a measurement."""
        if self.measured is None:
            return self.n_steps
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
    layer = Layer(np.dtype(np.int32), end=end, border=border)
    for steps, facts in zip(sequences, context, strict=True):
        layer.add([steps[:, 0]], facts)
    return layer.corpus(measured)


class Layer:
    """Lays sequences end to end, piece by piece; many symbols lie in a scratch file, not in memory.

    Args:
        dtype: Of the symbols, the smallest that holds them all.
        end: The symbol that opens and closes a sequence.
        border: The symbol that ends a line, where there are lines.
    """

    def __init__(self, dtype: np.dtype, *, end: int, border: int | None = None) -> None:
        self._closing = np.array([end], dtype=dtype)
        self._border = border
        self._symbols = Spool(dtype)
        self._borders = Spool(np.dtype(np.int64))
        # Arrays of numbers: a list of them takes ten times as much for many short sequences.
        self._starts = array("q", [0])
        self._context = array("q")
        self._symbols.add(self._closing)

    def add(self, pieces: Iterable[Int[np.ndarray, " _"]], context: Int[np.ndarray, " _"]) -> None:
        """Add a sequence.

        Args:
            pieces: Its symbols, without `end`; joined they are the sequence.
            context: Its context symbols.
        """
        for symbols in pieces:
            if self._border is not None:
                self._borders.add(np.flatnonzero(symbols == self._border) + len(self._symbols))
            self._symbols.add(symbols)
        self._symbols.add(self._closing)
        self._starts.append(len(self._symbols) - 1)
        self._context.extend(context.tolist())

    def corpus(self, measured: Bool[np.ndarray, " V"] | None = None) -> EncodedCorpus:
        """Return what was laid; nothing can be added any more."""
        n = len(self._starts) - 1
        facts = np.array(self._context, dtype=np.int64)
        return EncodedCorpus(
            symbols=self._symbols.array(),
            starts=np.array(self._starts, dtype=np.int64),
            context=facts.reshape(n, len(facts) // max(1, n)),
            borders=self._borders.array(),
            measured=measured,
        )
