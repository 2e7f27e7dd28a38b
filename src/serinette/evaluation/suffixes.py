"""The longest stretch that a text shares with the training text, from every place: exact.

Training text and query stand behind one another in one array, and all suffixes of it are put in
the order of their first symbols: first of as many symbols as one integer holds, then of twice as
many, and so on (prefix doubling). A query suffix agrees longest with the nearest training suffix
before it or behind it in that order. The ranks of every round are kept: suffixes of equal rank
agree in as many symbols as the round compared, so the length of any match takes one look-up for
each round.

Only ranks that both texts share are refined. Few places agree in 30 symbols even where most agree
in 10, so the later rounds cost next to nothing, and the length of a match needs no limit.

Reference: Manber and Myers 1993, "Suffix arrays: a new method for on-line string searches"; ranks
refined in place as in Larsson and Sadakane 1999, "Faster suffix sorting".

Shape letters: `T` training symbols, `Q` query symbols, `N` symbols of both and of the border
between them, `A` places that are refined, `M` places that are asked for.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Int32, Int64

_WORD_BITS = 63
_BLOCK = 4_000_000
"""Training symbols that are sorted at once; bounds the memory."""
_UNMATCHED = 0
"""The number of every symbol that matches nothing."""
_HALF = 32
"""Bits of a rank, or of a place, where two of them share an integer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """The longest match from every place of the query."""

    lengths: Int32[np.ndarray, " Q"]
    """In symbols; 0 where the symbol itself does not occur in the training text."""
    places: Int64[np.ndarray, " Q"]
    """Where in the training text it begins, one place of perhaps many; -1 for length 0."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Level:
    """The order of the suffixes by their first symbols."""

    n_symbols: int
    ranks: Int32[np.ndarray, " N_and_1"]
    """Equal where that many symbols agree, or all before the next border; 0 past the end."""


def longest_matches(
    training: Int[np.ndarray, " T"], query: Int[np.ndarray, " Q"], *, border: int = 0
) -> Matches:
    """Find, for every place i, the largest L such that query[i:i+L] occurs in the training text.

    Takes at most about 130 bytes of memory for each symbol of the query and of 4 million symbols
    of the training text, which is worked off in blocks.

    Args:
        training: Symbols, such as code points.
        query: Symbols of the same kind.
        border: Separates documents and pieces: a symbol that matches nothing, not even itself.
    """
    alphabet = np.unique(query[query != border])
    asked = _numbered(query, alphabet)
    remaining = _remaining(asked)
    longest = int(remaining.max(initial=0))
    lengths = np.zeros(len(query), dtype=np.int32)
    places = np.full(len(query), -1, dtype=np.int64)
    if longest == 0:
        return Matches(lengths=lengths, places=places)
    n_bits = len(alphabet).bit_length()
    size = max(_BLOCK, 2 * longest)
    for first in range(0, len(training), size):
        # Blocks overlap by the longest stretch of the query, so that none of them cuts a match.
        block = _numbered(training[first : first + size + longest], alphabet)
        found = _matches(block, asked, remaining, n_bits)
        is_longer = found.lengths > lengths
        lengths[is_longer] = found.lengths[is_longer]
        places[is_longer] = found.places[is_longer] + first
    return Matches(lengths=lengths, places=places)


def _numbered(
    symbols: Int[np.ndarray, " N"], alphabet: Int[np.ndarray, " _"]
) -> Int64[np.ndarray, " N"]:
    """Number symbols from 1 on; what is not in the alphabet matches nothing."""
    if len(alphabet) == 0:
        return np.full(len(symbols), _UNMATCHED, dtype=np.int64)
    found = np.minimum(np.searchsorted(alphabet, symbols), len(alphabet) - 1)
    numbers: Int64[np.ndarray, " N"] = np.where(alphabet[found] == symbols, found + 1, _UNMATCHED)
    return numbers


def _remaining(query: Int64[np.ndarray, " Q"]) -> Int64[np.ndarray, " Q"]:
    """Count the symbols from each place to the next border."""
    places = np.arange(len(query))
    borders = np.where(query == _UNMATCHED, places, len(query))
    remaining: Int64[np.ndarray, " Q"] = np.minimum.accumulate(borders[::-1])[::-1] - places
    return remaining


def _matches(
    training: Int64[np.ndarray, " T"],
    query: Int64[np.ndarray, " Q"],
    remaining: Int64[np.ndarray, " Q"],
    n_bits: int,
) -> Matches:
    """Match one block of the training text.

    Borders are compared like other symbols; only then are the lengths cut at the query's next
    border. No longer match is missed: one that is cut agrees as far as any could.
    """
    first = len(training) + 1
    joined = np.concatenate([training, [_UNMATCHED], query])
    words = _words(joined, n_bits)
    levels = _levels(words, np.concatenate([np.zeros(first, dtype=np.int64), remaining]), n_bits)
    asked = np.flatnonzero(remaining)
    lengths = np.zeros(len(query), dtype=np.int32)
    places = np.full(len(query), -1, dtype=np.int64)
    for candidates in _neighbours(levels[-1].ranks, asked + first, len(training)):
        shared = _shared(levels, words, (asked + first, candidates), n_bits)
        shared = np.minimum(shared, remaining[asked])
        is_longer = shared > lengths[asked]
        lengths[asked[is_longer]] = shared[is_longer]
        places[asked[is_longer]] = candidates[is_longer]
    return Matches(lengths=lengths, places=places)


def _words(symbols: Int64[np.ndarray, " N"], n_bits: int) -> Int64[np.ndarray, " N"]:
    """Pack as many symbols from each place on as an integer holds, the first one highest."""
    n_symbols = _WORD_BITS // n_bits
    words = np.zeros(len(symbols), dtype=np.int64)
    for k in range(min(n_symbols, len(symbols))):
        words[: len(symbols) - k] |= symbols[k:] << (n_bits * (n_symbols - 1 - k))
    return words


def _levels(
    words: Int64[np.ndarray, " N"], remaining: Int64[np.ndarray, " N"], n_bits: int
) -> list[_Level]:
    """Order the suffixes by one word, by two words, by four, as far as the texts agree.

    Args:
        words: From `_words`.
        remaining: Symbols up to the next border in the query; 0 in the training text.
        n_bits: Bits of a symbol.
    """
    end = len(words)
    ranks = np.ones(end + 1, dtype=np.int32)
    ranks[end] = 0
    n_symbols = _WORD_BITS // n_bits
    places = _refine_(ranks, np.arange(end), words, remaining, n_symbols)
    levels = [_Level(n_symbols=n_symbols, ranks=ranks.copy())]
    while len(places):
        seconds = ranks[np.minimum(places + n_symbols, end)]
        keys = ranks[places].astype(np.int64) << _HALF | seconds
        n_symbols *= 2
        places = _refine_(ranks, places, keys, remaining, n_symbols)
        levels.append(_Level(n_symbols=n_symbols, ranks=ranks.copy()))
    return levels


def _refine_(
    ranks: Int32[np.ndarray, " N_and_1"],
    places: Int64[np.ndarray, " A"],
    keys: Int64[np.ndarray, " A"],
    remaining: Int64[np.ndarray, " N"],
    n_symbols: int,
) -> Int64[np.ndarray, " _"]:
    """Rank places by their keys within their present rank; return those to refine further.

    A rank is one more than the number of smaller suffixes, so that a group of equal ones is split
    without touching any other. It is refined further if it holds training text and a place of the
    query from which more than `n_symbols` could still agree.
    """
    order = np.argsort(keys)
    places, keys = places[order], keys[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    sizes = np.diff(starts, append=len(keys))
    before = ranks[places]
    smaller = starts - np.searchsorted(before, before[starts])  # within the same earlier rank
    ranks[places] = np.repeat(before[starts] + smaller, sizes)
    left = remaining[places]
    is_open = (np.maximum.reduceat(left, starts) > n_symbols) & (
        np.minimum.reduceat(left, starts) == 0
    )
    unfinished: Int64[np.ndarray, " _"] = places[np.repeat(is_open, sizes)]
    return unfinished


def _neighbours(
    ranks: Int32[np.ndarray, " N_and_1"], asked: Int64[np.ndarray, " M"], n_training: int
) -> tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " M"]]:
    """Return the training places nearest in rank: one of at least the asked rank, one below.

    Where there is none, any other place stands in: it can only agree less.
    """
    theirs = ranks[:n_training]
    n_below = np.concatenate([[0], np.cumsum(np.bincount(theirs, minlength=len(ranks)))])
    ordered = theirs.astype(np.int64) << _HALF | np.arange(n_training)
    ordered.sort()
    by_rank = ordered & ((1 << _HALF) - 1)
    following = n_below[ranks[asked]]
    return by_rank[np.minimum(following, n_training - 1)], by_rank[np.maximum(following - 1, 0)]


def _shared(
    levels: list[_Level],
    words: Int64[np.ndarray, " N"],
    pairs: tuple[Int64[np.ndarray, " M"], Int64[np.ndarray, " M"]],
    n_bits: int,
) -> Int64[np.ndarray, " M"]:
    """Count the symbols in which pairs of suffixes agree, up to the query's next border or more."""
    end = len(words)
    shared = np.zeros(len(pairs[0]), dtype=np.int64)
    for level in reversed(levels):
        left, right = (level.ranks[np.minimum(side + shared, end)] for side in pairs)
        shared[left == right] += level.n_symbols
    left, right = (words[np.minimum(side + shared, end - 1)] for side in pairs)
    n_symbols = _WORD_BITS // n_bits
    # The two words differ in their k lowest symbols if their difference needs k symbols.
    thresholds = 1 << (n_bits * np.arange(n_symbols))
    shared += n_symbols - np.searchsorted(thresholds, left ^ right, side="right")
    return shared
