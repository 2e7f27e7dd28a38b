"""Real rows that a game is judged against, with what each of them goes on from.

Shape letters: `N` rows, `P` steps before a row, `T` steps of a row, `C` context fields.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from serinette.batching.corpus import EncodedCorpus

LONGEST_DOCUMENT = 96
"""Sequences up to so many steps are written whole in a game; of longer ones, windows."""


class HeldOutRows(NamedTuple):
    """Rows of a held-out part."""

    prefix: Int[np.ndarray, "N P"]
    """Steps read before the row's first; none where rows are whole sequences."""
    first: Int[np.ndarray, " N"]
    """The symbol read before the first that is told."""
    context: Int[np.ndarray, "N C"]
    symbols: Int[np.ndarray, "N T"]
    mask: Bool[np.ndarray, "N T"]


def longest_of(corpus: EncodedCorpus) -> int:
    """Return the steps of the longest sequence, its `end` included."""
    return int(np.diff(corpus.starts).max(initial=0))


def are_documents(corpus: EncodedCorpus) -> bool:
    """Say whether sequences are short enough to be written whole."""
    return 0 < longest_of(corpus) <= LONGEST_DOCUMENT


def held_out_rows(
    corpus: EncodedCorpus, window: int, n: int, *, is_whole: bool
) -> HeldOutRows | None:
    """Return up to `n` rows spread evenly over a part, or None if there are none.

    Args:
        corpus: The held-out part.
        window: Steps of a row, and of what stands before it, where rows are not whole; a row that
            its sequence's end comes in is shorter.
        n: Most rows.
        is_whole: Whether rows are whole sequences; the few that are too long are left out.
    """
    if is_whole:
        return _whole(corpus, n)
    first = [
        np.arange(start, stop - window, window)
        for start, stop in zip(corpus.starts[:-1], corpus.starts[1:], strict=True)
    ]
    places = np.concatenate(first) if first else np.zeros(0, dtype=np.int64)
    if len(places) == 0:
        return None
    places = places[_even(len(places), n)]
    sequence = np.searchsorted(corpus.starts, places, side="right") - 1
    stop = corpus.starts[sequence + 1][:, None]
    before = places[:, None] + np.arange(window)
    steps = before + window
    return HeldOutRows(
        prefix=corpus.symbols[before].astype(np.int64),
        first=corpus.symbols[places + window].astype(np.int64),
        context=corpus.context[sequence],
        symbols=corpus.symbols[np.minimum(steps, stop - 1) + 1].astype(np.int64),
        mask=steps < stop,
    )


def _whole(corpus: EncodedCorpus, n: int) -> HeldOutRows | None:
    fitting = np.flatnonzero(np.diff(corpus.starts) <= LONGEST_DOCUMENT)
    if len(fitting) == 0:
        return None
    chosen = fitting[_even(len(fitting), n)]
    starts, stops = corpus.starts[chosen], corpus.starts[chosen + 1]
    places = starts[:, None] + np.arange(int((stops - starts).max()))
    mask = places < stops[:, None]
    clipped = np.minimum(places, stops[:, None] - 1)
    return HeldOutRows(
        prefix=np.zeros((len(chosen), 0), dtype=np.int64),
        first=np.full(len(chosen), corpus.symbols[0], dtype=np.int64),
        context=corpus.context[chosen],
        symbols=corpus.symbols[clipped + 1].astype(np.int64),
        mask=mask,
    )


def _even(n_all: int, n: int) -> Int[np.ndarray, " N"]:
    chosen: Int[np.ndarray, " N"] = np.linspace(0, n_all - 1, min(n, n_all)).round().astype(int)
    return np.unique(chosen)
