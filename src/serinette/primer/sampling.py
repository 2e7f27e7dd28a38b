"""Sampling: draw a symbol, feed it back, draw the next.

    p = softmax(logits / temperature)       below 1 favours the likely; 0: the likeliest

The nucleus (Holtzman et al. 2020, arXiv:1904.09751) is the smallest set of symbols that holds
`top_p` of the probability; the long tail is cut off. Shape letter: `V` symbols.
"""

import numpy as np
from jaxtyping import Float, Int

from serinette.primer.network import Network, log_softmax, predict

Row = Float[np.ndarray, " V"]
Symbols = Int[np.ndarray, " _"]


def distribution(logits: Row, temperature: float = 1.0, top_p: float = 1.0) -> Row:
    """Return the probabilities that are drawn from: temperature first, then the nucleus."""
    if temperature == 0:
        temperature, top_p = 1.0, 1e-300  # a nucleus of one
    probs: Row = np.exp(log_softmax(logits / temperature))
    order = np.argsort(-probs, kind="stable")
    mass_before = np.cumsum(probs[order]) - probs[order]
    probs[order[mass_before >= top_p]] = 0
    probs /= probs.sum()
    return probs


def draw(probs: Row, u: float) -> int:
    """Return the symbol whose slice of [0, 1) holds `u`; a slice is as wide as its probability."""
    cumulative = probs.cumsum()
    return int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))


def decode(symbols: Symbols, known: str) -> str:
    """Return the characters that symbols are places of."""
    return "".join(known[symbol] for symbol in symbols)


def generate(
    network: Network, beginning: Symbols, n: int, *, seed: int = 0, **wishes: float
) -> Symbols:
    """Go on by `n` symbols; `wishes` are those of `distribution`, `beginning` is not empty."""
    rng, drawn, ends, given = np.random.default_rng(seed), [], None, beginning
    for _ in range(n):
        logits, traces = predict(network, given[None], ends)
        drawn.append(draw(distribution(logits[0, -1], **wishes), rng.random()))
        given, ends = np.array(drawn[-1:]), [trace.end() for trace in traces]
    return np.array(drawn, dtype=int)
