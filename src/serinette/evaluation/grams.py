"""Every stretch of n tokens by an exact number, without hashing.

A stretch of n+1 tokens is the pair (number of its first n tokens, last token), packed into one
integer and numbered by sorting, as in `counts.ngram`.

Shape letters: `G` places where a gram stands, `C` pairs of a gram and a row that holds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from serinette.evaluation.ragged import Ragged


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """How often each row holds each gram, by gram, then by row; only what occurs."""

    numbers: Int[np.ndarray, " C"]
    rows: Int[np.ndarray, " C"]
    counts: Int[np.ndarray, " C"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Grams:
    """All grams of one length, where they stand; none reaches over the end of a row."""

    numbers: Int[np.ndarray, " G"]
    """Equal where the tokens are equal, from 0 on without a gap."""
    rows: Int[np.ndarray, " G"]
    """In which row each stands, ascending."""
    n_different: int

    def cells(self, n_rows: int) -> Cells:
        """Count equal grams of each row."""
        pairs, counts = np.unique(self.numbers * n_rows + self.rows, return_counts=True)
        numbers, rows = np.divmod(pairs, max(1, n_rows))
        return Cells(numbers=numbers, rows=rows, counts=counts)


def grams_by_length(pieces: Ragged, longest: int) -> Iterator[Grams]:
    """Yield the grams of one token, of two, up to `longest`, each from the one before."""
    different, symbols = np.unique(pieces.values, return_inverse=True)
    owners = pieces.owners
    room = pieces.starts[1:][owners] - np.arange(len(symbols))  # tokens from here to the row's end
    places = np.arange(len(symbols))
    numbers = np.zeros(len(symbols), dtype=np.int64)
    for length in range(1, longest + 1):
        fits = room[places] >= length
        places, prefixes = places[fits], numbers[fits]
        pairs = prefixes * len(different) + symbols[places + length - 1]
        found, numbers = np.unique(pairs, return_inverse=True)
        yield Grams(numbers=numbers, rows=owners[places], n_different=len(found))


def grams_of(pieces: Ragged, n: int) -> Grams:
    """Return the grams of `n` tokens, n at least 1."""
    *_, grams = grams_by_length(pieces, n)
    return grams
