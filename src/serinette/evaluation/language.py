"""A language model that is not ours judges samples, and samples judge real text.

LM score: the samples under a count model of real text; low for plausible samples, lowest for a dull
sentence said again and again. Reverse LM score (RLM): real text under a count model of the samples;
low only if the samples are plausible and as varied as real text. Each needs the other.

What counts as a word is settled by human text alone. A token that no human text of the evaluation
holds is `invented`; all of those are one symbol. Otherwise a system could better its reverse score
by inventing words: each would teach the count model that new words are common, and so make the
real words that the samples lack cheaper (by 18 % of all nats in a planted case; as one symbol, by
less than 1 %). And every figure would hang on what the samples of others invented.

Reference: Semeniuta et al. 2018, arXiv:1806.04936; Caccia et al. 2020, arXiv:1811.02549. Here the
models are Witten-Bell n-grams, there others: figures are for comparison with one another.

Shape letters: `N` scored pieces, `V` token numbers.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.counts.ngram import WittenBell
from serinette.evaluation.ragged import Ragged


def independent_nats(
    fitted_on: Ragged, scored: Ragged, *, known: Bool[np.ndarray, " V"], order: int = 3
) -> Float[np.ndarray, " N"]:
    """Return the nats of every scored piece, its end included.

    A piece has one symbol more than tokens: the end. Figures are comparable per symbol and between
    fits on equally many pieces; neither is seen to here.

    Where the fitted text holds no invented token, one costs at least as much as any known one
    would in its place.

    Args:
        fitted_on: What the count model learns from, at least one piece.
        scored: What it must predict; numbered alike.
        known: Whether human text of the evaluation holds a token, by number: all human text, the
            scored and the fitted. Numbers beyond its end are invented.
        order: Symbols of the longest gram.
    """
    n_known = int(np.count_nonzero(known))
    border, invented = n_known, n_known + 1
    symbols = np.where(known, np.cumsum(known) - 1, invented)
    model = WittenBell.fit(
        list(_bordered(fitted_on, symbols, border)), order, n_known + 2, n_given=1
    )
    sums = [model.nats(piece).sum() for piece in _bordered(scored, symbols, border)]
    return np.array(sums, dtype=np.float64)


def _bordered(
    pieces: Ragged, symbols: Int[np.ndarray, " V"], border: int
) -> Iterator[Int[np.ndarray, " _"]]:
    """Yield every piece in the model's symbols, the border before and after it."""
    beyond = max(0, int(pieces.values.max(initial=-1)) + 1 - len(symbols))
    translated = np.concatenate([symbols, np.full(beyond, border + 1)])[pieces.values]
    for start, stop in zip(pieces.starts[:-1], pieces.starts[1:], strict=True):
        yield np.concatenate([[border], translated[start:stop], [border]])
