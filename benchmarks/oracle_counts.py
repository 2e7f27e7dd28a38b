"""What needs no network: the training part itself, and counts of what follows what.

Shape letters: `N` sequences, `T` steps, `V` symbols.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from oracle_lstm import LENGTH
from oracle_models import N_SYMBOLS, counts_of
from torch import Tensor

START = 0


def drawn_from_counts(train: Tensor, order: int, n_rows: int, seed: int) -> Tensor:
    """Draw from the n-grams of the training part; a context that was never followed is shortened.

    Args:
        train: Sequences.
        order: Symbols of the longest gram, at least 1.
        n_rows: Sequences wanted.
        seed: Where they come from.
    """
    followers: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for sequence in train.tolist():
        before = [START, *sequence]
        for t, symbol in enumerate(sequence):
            for length in range(order):
                if length <= t + 1:
                    followers[tuple(before[t + 1 - length : t + 1])].append(symbol)
    generator = np.random.Generator(np.random.Philox(seed))
    u = generator.random((n_rows, LENGTH)).tolist()
    drawn = [[_next_of(followers, row, order, x) for row in [[START]] for x in xs] for xs in u]
    return torch.tensor(drawn)


def _next_of(
    followers: dict[tuple[int, ...], list[int]], row: list[int], order: int, u: float
) -> int:
    """Draw one symbol after `row`, and append it."""
    for length in range(min(order - 1, len(row)), -1, -1):
        found = followers.get(tuple(row[len(row) - length :]))
        if found:
            row.append(found[int(u * len(found))])
            break
    return row[-1]


def mixture_nats(train: Tensor, test: Tensor, shares: Sequence[float]) -> dict[float, float]:
    """Return the nats per symbol of `share` bigram + the rest unigram (one added to each count)."""
    unigram = torch.from_numpy(counts_of(train)).double() + 1
    unigram /= unigram.sum()
    pairs = torch.bincount(_pairs(train), minlength=N_SYMBOLS**2)
    from_symbol = pairs.view(N_SYMBOLS, N_SYMBOLS).sum(1)
    wanted = _pairs(test)
    seen = from_symbol[wanted // N_SYMBOLS]
    bigram = pairs[wanted].double() / seen.clamp_min(1)
    plain = unigram[wanted % N_SYMBOLS]
    bigram = torch.where(seen > 0, bigram, plain)
    return {s: float(-(s * bigram + (1 - s) * plain).log().mean()) for s in shares}


def _pairs(sequences: Tensor) -> Tensor:
    """Return the number of every pair of neighbours, the start before the first one."""
    before = torch.cat([torch.full((len(sequences), 1), START), sequences[:, :-1]], 1)
    return (before * N_SYMBOLS + sequences).flatten()
