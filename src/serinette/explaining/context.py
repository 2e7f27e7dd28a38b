"""How far back a prediction looks: what a shorter context costs, and where its gradient goes.

Two views that need not agree. The first takes the past away and measures what is lost. The second
asks how much a small change of each symbol that was read would change the prediction: the length
of the gradient of -log p by the symbol's vector, with the past there.

References: Khandelwal et al. 2018, arXiv:1805.04623 (shortened contexts); Simonyan, Vedaldi and
Zisserman 2013, arXiv:1312.6034 (gradients by the input).

Shape letters: `W` windows, `T` steps, `B` predictions.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.core.bootstrap import mean_interval
from serinette.core.metric import Interval

_LN2 = math.log(2)


class WindowSize(NamedTuple):
    """Windows that are read from an empty memory, and the context lengths that they measure."""

    n_steps: int
    n_windows: int
    contexts: tuple[int, ...]


WINDOWS = (
    WindowSize(9, 512, (1, 2, 3, 4, 6, 8)),
    WindowSize(72, 128, (12, 16, 24, 32, 48, 64)),
    WindowSize(576, 32, (96, 128, 192, 256, 384, 512)),
)
"""After j symbols of a window a prediction has a context of j: one reading measures every length.
So many steps in all are read as 32,000 symbols of text."""


@dataclass(frozen=True, kw_only=True)
class ContextCost:
    """What predictions cost that see so many symbols and no more."""

    context: int
    """Symbols. From 9 on an eighth more are taken together."""
    excess: float
    """Bits a symbol more than the same predictions cost with all that came before."""
    interval: Interval | None
    """95 % of `excess`."""
    n: int
    """Predictions."""


def context_costs(
    size: WindowSize, excess_nats: Float[np.ndarray, "W T"], groups: Int[np.ndarray, " W"]
) -> list[ContextCost]:
    """Average the excess of some windows by the length of the context.

    Args:
        size: Of the windows.
        excess_nats: Of each prediction.
        groups: Stretch of text that each window is of; whole ones are resampled.
    """
    found = []
    for context in size.contexts:
        last = context + context // 8
        part = excess_nats[:, context - 1 : last] / _LN2
        per_window = part.mean(1)
        found.append(
            ContextCost(
                context=context,
                excess=float(per_window.mean()),
                interval=mean_interval(per_window, groups),
                n=part.size,
            )
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where the gradient of predictions goes, by how long ago a symbol was read."""

    shares: tuple[float, ...]
    """Mean share of the gradient's length; the first is that of the last symbol read."""
    half: int
    """Symbols, counted back from the last one, that hold half of it."""
    most: int
    """Symbols that hold nine tenths of it."""
    n: int
    """Predictions."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return vars(self)


def reach_of(lengths: Float[np.ndarray, "B T"]) -> Reach:
    """Average the lengths of gradients, each prediction counting alike.

    Args:
        lengths: By step, the last one read at the end.
    """
    back = lengths[:, ::-1] / np.maximum(lengths.sum(1, keepdims=True), 1e-30)
    shares = back.mean(0)
    reached = np.cumsum(shares)
    half, most = (int(np.searchsorted(reached, share - 1e-12)) + 1 for share in (0.5, 0.9))
    return Reach(
        shares=tuple(shares.tolist()),
        half=half,
        most=min(most, len(shares)),
        n=len(lengths),
    )
