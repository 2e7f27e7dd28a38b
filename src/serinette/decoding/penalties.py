"""What is already there makes itself less likely: bias, repetition, presence, frequency.

Shape letters: `B` rows, `V` symbols, `W` steps that the penalties look back.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from serinette.core.distributions import categorical_log_probs

NO_SYMBOL = -1


def repetition(
    logits: Float[np.ndarray, "B V"], counts: Int[np.ndarray, "B V"], penalty: float
) -> Float[np.ndarray, "B V"]:
    """Multiply the log-probability of symbols already there by `penalty`.

    Above 1 they become less likely. The published form divides positive logits and multiplies
    negative ones, so that its effect depends on a constant added to all of them; log-probabilities
    are never positive and know no such constant.

    Reference: Keskar et al. 2019, arXiv:1909.05858.
    """
    log_probs = categorical_log_probs(logits)
    penalised: np.ndarray = np.where(counts > 0, log_probs * penalty, log_probs)
    return penalised


def presence(
    logits: Float[np.ndarray, "B V"], counts: Int[np.ndarray, "B V"], penalty: float
) -> Float[np.ndarray, "B V"]:
    """Take `penalty` nats from every symbol already there."""
    penalised: np.ndarray = logits - penalty * (counts > 0)
    return penalised


def frequency(
    logits: Float[np.ndarray, "B V"], counts: Int[np.ndarray, "B V"], penalty: float
) -> Float[np.ndarray, "B V"]:
    """Take `penalty` nats from a symbol for each time it is already there."""
    penalised: np.ndarray = logits.copy()
    there = counts.nonzero()  # few of thousands of symbols
    penalised[there] -= penalty * counts[there]
    return penalised


@dataclass(frozen=True)
class SymbolCounts:
    """How often each symbol is among the last `W` steps of each row. Never changed in place."""

    counts: Int[np.ndarray, "B V"]
    recent: Int[np.ndarray, "B W"] | None
    """The steps looked back on, oldest first, `NO_SYMBOL` where there were none yet;
    None: everything counts."""

    @classmethod
    def nothing(cls, n_rows: int, n_symbols: int, window: int | None) -> "SymbolCounts":
        """Begin with no steps at all."""
        counts = np.zeros((n_rows, n_symbols), dtype=np.int64)
        recent = None if window is None else np.full((n_rows, window), NO_SYMBOL, dtype=np.int64)
        return cls(counts, recent)

    def add(self, symbols: Int[np.ndarray, " B"]) -> "SymbolCounts":
        """Return the counts after one more step."""
        rows = np.arange(len(symbols))
        counts = self.counts.copy()
        counts[rows, symbols] += 1
        if self.recent is None:
            return SymbolCounts(counts, None)
        oldest = self.recent[:, 0]
        leaving = np.flatnonzero(oldest != NO_SYMBOL)
        counts[leaving, oldest[leaving]] -= 1
        recent = np.concatenate([self.recent[:, 1:], symbols[:, None]], axis=1)
        return SymbolCounts(counts, recent)

    def select(self, rows: Int[np.ndarray, " R"]) -> "SymbolCounts":
        """Keep `rows`, in that order; a row may repeat."""
        return SymbolCounts(self.counts[rows], None if self.recent is None else self.recent[rows])

    def join(self, other: "SymbolCounts") -> "SymbolCounts":
        """Put the rows of `other` after these."""
        counts = np.concatenate([self.counts, other.counts])
        if self.recent is None or other.recent is None:
            return SymbolCounts(counts, None)
        return SymbolCounts(counts, np.concatenate([self.recent, other.recent]))
