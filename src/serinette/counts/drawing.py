"""Sequences drawn from a count model: what a network has to be better than.

Drawing follows the mixture by which the model is defined: with probability N / (N + T) the symbol
is one of the N that followed the context, as often as it did; otherwise the context is shortened by
one and the same is asked again, down to one of all symbols. No distribution is ever written out.

Shape letters: `B` rows, `K` orders.
"""

import numpy as np
from jaxtyping import Float, Int

from serinette.counts.ngram import UNSEEN, WittenBell


def draw_counted(
    model: WittenBell, *, end: int, n_rows: int, n_steps: int, seed: int
) -> list[Int[np.ndarray, " _"]]:
    """Draw sequences from their start, without the `end` that opens and closes them.

    Args:
        model: Fitted with `n_given=1` on sequences that begin and close with `end`.
        end: The symbol.
        n_rows: How many sequences.
        n_steps: Symbols after which one is cut off.
        seed: Same seed, same sequences.
    """
    generator = np.random.default_rng(seed)
    contexts = np.full((model.order + 1, n_rows), UNSEEN)
    contexts[0] = 0
    contexts[1] = end
    drawn = np.full((n_rows, n_steps), end)
    is_open = np.ones(n_rows, dtype=bool)
    cumulated = [np.cumsum(level.counts, dtype=np.int64) for level in model.levels]
    for step in range(n_steps):
        rows = np.flatnonzero(is_open)
        if len(rows) == 0:
            break
        symbols = _draw_step(model, cumulated, contexts[:, rows], generator)
        drawn[rows, step] = symbols
        contexts[:, rows] = _advanced(model, contexts[:, rows], symbols)
        is_open[rows] = symbols != end
    lengths = np.where((drawn == end).any(axis=1), (drawn == end).argmax(axis=1), n_steps)
    return [row[:length] for row, length in zip(drawn, lengths, strict=True)]


def _draw_step(
    model: WittenBell,
    cumulated: list[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "_ B"],
    generator: np.random.Generator,
) -> Int[np.ndarray, " B"]:
    """Draw one symbol for every row, from the longest context down."""
    n_rows = contexts.shape[1]
    symbols: Int[np.ndarray, " B"] = generator.integers(0, model.vocab_size, size=(n_rows,))
    waiting = np.arange(n_rows)
    for length in range(model.order - 1, -1, -1):
        level = model.levels[length]
        stays, which = generator.random((2, n_rows))
        known = waiting[contexts[length, waiting] != UNSEEN]
        numbers = contexts[length, known]
        total, different = level.n_successors[numbers], level.n_different[numbers]
        is_here = stays[known] * (total + different) < total
        here, numbers, total = known[is_here], numbers[is_here], total[is_here]
        places = _places(level.grams, cumulated[length], numbers, total, which[here], model)
        symbols[here] = level.grams[places] % model.vocab_size
        waiting = np.setdiff1d(waiting, here, assume_unique=True)
    return symbols


def _places(
    grams: Int[np.ndarray, " G"],
    cumulated: Int[np.ndarray, " G"],
    numbers: Int[np.ndarray, " B"],
    total: Int[np.ndarray, " B"],
    uniforms: Float[np.ndarray, " B"],
    model: WittenBell,
) -> Int[np.ndarray, " B"]:
    """Choose one gram of each context in proportion to its count."""
    first = np.searchsorted(grams, numbers * model.vocab_size)
    before = np.where(first > 0, cumulated[first - 1], 0)
    wanted = before + (uniforms * total).astype(np.int64)
    places: Int[np.ndarray, " B"] = np.searchsorted(cumulated, wanted, side="right")
    return places


def _advanced(
    model: WittenBell, contexts: Int[np.ndarray, "K B"], symbols: Int[np.ndarray, " B"]
) -> Int[np.ndarray, "K B"]:
    """Return the contexts of every length after one more symbol."""
    after = np.full_like(contexts, UNSEEN)
    after[0] = 0
    after[1] = symbols
    for length in range(1, model.order - 1):
        known = np.flatnonzero(contexts[length] != UNSEEN)
        grams = contexts[length, known] * model.vocab_size + symbols[known]
        after[length + 1, known] = model.levels[length].numbers_of(grams)
    return after
