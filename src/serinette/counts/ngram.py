"""Interpolated Witten-Bell n-grams: the baseline that every network is measured against.

The probability of a symbol after a context of k symbols mixes its share among the successors of
that context with its probability after the context shortened by one:

    p_k(s) = (count_k(s) + T_k * p_{k-1}(s)) / (N_k + T_k),   p before order 1 uniform

where N_k is how often the context was followed by anything and T_k by how many different symbols.
At the first context that was never seen the mixing stops. Contexts never reach over the start of
a sequence.

Every gram has a number, exact and without hashing: a gram of k+1 symbols is the pair (number of
its first k symbols, last symbol), packed into one integer and found by sorting. One fit of the
highest order serves all lower ones.

Reference: Witten and Bell 1991, "The zero-frequency problem"; the recursive form of Chen and
Goodman 1998.

Shape letters: `T` time, `K` orders, `G` different grams, `C` contexts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

UNSEEN = -1
"""The number of a gram that was never counted."""
_MOST_SYMBOLS = 20_000_000
_WORD_BITS = 63


@dataclass(frozen=True, kw_only=True)
class OrderChoice:
    """The order that predicted the validation part best."""

    model: "WittenBell"
    """Fitted on the train part, of the chosen order."""
    order: int
    table: dict[int, float]
    """Order to nats a symbol of the validation part."""
    n_symbols: int
    """How many symbols of the train part were counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Level:
    """All grams of one length, by context."""

    grams: Int[np.ndarray, " G"]
    """Context number times vocabulary plus symbol, sorted; the place of a gram is its number."""
    counts: Int[np.ndarray, " G"]
    n_successors: Int[np.ndarray, " C"]
    """How often each context was followed by anything."""
    n_different: Int[np.ndarray, " C"]
    """By how many different symbols."""

    def numbers_of(self, grams: Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
        """Return the number of every gram, or `UNSEEN`."""
        return _look_up(self, grams)[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class WittenBell:
    """A fitted model. Order 5 looks at four symbols of context."""

    order: int
    vocab_size: int
    n_given: int
    levels: tuple[_Level, ...]

    @classmethod
    def fit(
        cls,
        sequences: Sequence[Int[np.ndarray, " _"]],
        order: int,
        vocab_size: int,
        *,
        n_given: int = 0,
    ) -> "WittenBell":
        """Count the grams of up to `order` symbols.

        Args:
            sequences: Symbols from 0 to below `vocab_size`.
            order: Symbols of the longest gram, at least 1.
            vocab_size: Over how many symbols the lowest order is uniform.
            n_given: 1 if the first symbol of every sequence is context only, else 0.
        """
        assert order >= 1, f"order must be at least 1, got {order}"  # noqa: S101
        assert n_given in (0, 1), f"n_given must be 0 or 1, got {n_given}"  # noqa: S101
        # Twenty million symbols: what is no longer needed goes at once, and numbers are narrow.
        symbols, depths = _joined(sequences)
        symbols, depths = symbols.astype(np.int32), np.minimum(depths, order).astype(np.int32)
        # The context of the lowest level is empty: number 0, the same everywhere.
        positions = np.flatnonzero(depths >= n_given).astype(np.int32)
        grams = np.zeros(len(positions), dtype=np.int64)
        n_contexts = 1
        levels = []
        for length in range(order):
            grams *= vocab_size
            grams += symbols[positions]
            level, numbers = _count(grams, n_contexts, vocab_size)
            levels.append(level)
            if length == 0:
                # A symbol is its own number, so that one that is only ever given has one too.
                number_at, n_contexts = symbols, vocab_size
            else:
                number_at = np.full(len(symbols), UNSEEN, dtype=np.int32)
                number_at[positions] = numbers
                n_contexts = len(level.grams)
            del numbers
            positions = np.flatnonzero(depths > length).astype(np.int32)
            grams = number_at[positions - 1].astype(np.int64)
        return cls(order=order, vocab_size=vocab_size, n_given=n_given, levels=tuple(levels))

    def at(self, order: int) -> "WittenBell":
        """Return the model of a lower order; nothing is counted again."""
        assert 1 <= order <= self.order, f"order must be 1 to {self.order}"  # noqa: S101
        return replace(self, order=order, levels=self.levels[:order])

    def nats(
        self, sequence: Int[np.ndarray, " T"], order: int | None = None
    ) -> Float[np.ndarray, " S"]:
        """Return minus the log-probability of every symbol that is not given.

        Args:
            sequence: Symbols from 0 to below `vocab_size`.
            order: A lower order than the fitted one; None takes the fitted one.
        """
        symbols, depths = _joined([sequence])
        model = self if order is None else self.at(order)
        nats: Float[np.ndarray, " S"] = -np.log(
            model._probabilities(symbols, depths)[-1, self.n_given :]
        )
        return nats

    def nats_in_a_row(self, sequences: Sequence[Int[np.ndarray, " _"]]) -> Float[np.ndarray, " N"]:
        """Return minus the log-probability of every symbol of all sequences, one after the other.

        Symbols that are given cost nothing.
        """
        symbols, depths = _joined(sequences)
        nats: Float[np.ndarray, " N"] = -np.log(self._probabilities(symbols, depths)[-1])
        return np.where(depths >= self.n_given, nats, 0.0)

    def nats_by_order(self, sequences: Sequence[Int[np.ndarray, " _"]]) -> Float[np.ndarray, " K"]:
        """Return the summed nats of all sequences under every order from 1 on, in one pass."""
        symbols, depths = _joined(sequences)
        probabilities = self._probabilities(symbols, depths)[:, depths >= self.n_given]
        sums: Float[np.ndarray, " K"] = -np.log(probabilities).sum(axis=1)
        return sums

    def _probabilities(
        self, symbols: Int[np.ndarray, " T"], depths: Int[np.ndarray, " T"]
    ) -> Float[np.ndarray, "K T"]:
        """Return the probability of each symbol under every order."""
        probabilities = np.empty((self.order, len(symbols)))
        probability = np.full(len(symbols), 1 / self.vocab_size)
        contexts = np.zeros(len(symbols), dtype=np.int64)
        for length, level in enumerate(self.levels):
            known = np.flatnonzero(contexts != UNSEEN)
            grams = contexts[known] * self.vocab_size + symbols[known]
            numbers, counts = _look_up(level, grams)
            total = level.n_successors[contexts[known]]
            different = level.n_different[contexts[known]]
            seen = total > 0
            mixed = (counts + different * probability[known]) / np.maximum(total + different, 1)
            probability[known[seen]] = mixed[seen]
            probabilities[length] = probability
            number_at = symbols
            if length > 0:
                number_at = np.full(len(symbols), UNSEEN)
                number_at[known] = numbers
            contexts = np.concatenate([[UNSEEN], number_at[:-1]])[: len(symbols)]
            contexts[depths <= length] = UNSEEN
        return probabilities


def choose_order(
    train: Sequence[Int[np.ndarray, " _"]],
    validation: Sequence[Int[np.ndarray, " _"]],
    vocab_size: int,
    *,
    orders: Sequence[int] = tuple(range(2, 9)),
    n_given: int = 0,
    max_symbols: int = _MOST_SYMBOLS,
) -> OrderChoice:
    """Fit on the train part and keep the order that predicts the validation part best.

    Args:
        train: Sequences to count.
        validation: Sequences to choose on; without any the middle order is taken.
        vocab_size: Number of symbols.
        orders: Orders to choose from; a tie goes to the first.
        n_given: 1 if the first symbol of every sequence is context only, else 0.
        max_symbols: Only so many symbols from the start of the train part are counted.
    """
    counted = _first_symbols(train, max_symbols)
    fitted = WittenBell.fit(counted, max(orders), vocab_size, n_given=n_given)
    n_scored = sum(max(len(sequence) - n_given, 0) for sequence in validation)
    n_symbols = sum(map(len, counted))
    if n_scored == 0:
        order = orders[len(orders) // 2]
        return OrderChoice(model=fitted.at(order), order=order, table={}, n_symbols=n_symbols)
    sums = fitted.nats_by_order(validation)
    table = {order: float(sums[order - 1]) / n_scored for order in orders}
    order = min(table, key=table.__getitem__)
    return OrderChoice(model=fitted.at(order), order=order, table=table, n_symbols=n_symbols)


def _joined(
    sequences: Sequence[Int[np.ndarray, " _"]],
) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, " N"]]:
    """Return all symbols in a row, and how many symbols stand before each in its sequence."""
    if not sequences:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    symbols = np.concatenate(sequences).astype(np.int64, copy=False)
    lengths = np.array([len(sequence) for sequence in sequences])
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return symbols, np.arange(len(symbols)) - starts


def _first_symbols(
    sequences: Sequence[Int[np.ndarray, " _"]], max_symbols: int
) -> list[Int[np.ndarray, " _"]]:
    kept = []
    for sequence in sequences:
        if max_symbols <= 0:
            break
        kept.append(sequence[:max_symbols])
        max_symbols -= len(sequence)
    return kept


def _count(
    grams: Int[np.ndarray, " N"], n_contexts: int, vocab_size: int
) -> tuple[_Level, Int[np.ndarray, " N"]]:
    """Count equal grams, which are used up; also return the number of every gram."""
    by_value, ordered = _sorted_with_places_(grams)
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
    first = np.flatnonzero(is_first)
    ranks = np.cumsum(is_first, dtype=np.int32)
    ranks -= 1
    numbers = np.empty(len(ranks), dtype=np.int32)
    numbers[by_value] = ranks
    del by_value, ranks, is_first
    different = ordered[first]
    counts = np.diff(first, append=len(ordered)).astype(np.int32)
    contexts = different // vocab_size
    level = _Level(
        grams=different,
        counts=counts,
        n_successors=np.bincount(contexts, weights=counts, minlength=n_contexts).astype(np.int32),
        n_different=np.bincount(contexts, minlength=n_contexts).astype(np.int32),
    )
    return level, numbers


def _sorted_with_places_(
    grams: Int[np.ndarray, " N"],
) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, " N"]]:
    """Return where each gram stood, and the grams, both in the order of the grams.

    The array of the grams is used up: most of the memory of a fit is in such arrays.
    """
    n_bits = len(grams).bit_length()
    if int(grams.max(initial=0)).bit_length() + n_bits > _WORD_BITS:
        by_value = np.argsort(grams)
        return by_value, grams[by_value]
    # One plain sort of gram and place in one integer: several times faster than an argsort.
    grams <<= n_bits
    grams |= np.arange(len(grams))
    grams.sort()
    by_value = (grams & ((1 << n_bits) - 1)).astype(np.int32)
    grams >>= n_bits
    return by_value, grams


def _look_up(
    level: _Level, grams: Int[np.ndarray, " N"]
) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, " N"]]:
    """Return the number of every gram, or unseen, and its count."""
    if len(level.grams) == 0:
        return np.full(len(grams), UNSEEN), np.zeros(len(grams), dtype=np.int64)
    places = np.minimum(np.searchsorted(level.grams, grams), len(level.grams) - 1)
    is_seen = level.grams[places] == grams
    return np.where(is_seen, places, UNSEEN), np.where(is_seen, level.counts[places], 0)
