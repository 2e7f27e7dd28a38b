"""One constraint for several threads: constraints fill their tables as they go."""

from threading import Lock

import numpy as np
from jaxtyping import Bool, Float64, Int

from serinette.constraints.protocol import Constraint


class Guarded:
    """Lets one thread at a time into a constraint. The tables stay shared, which is why.

    A step of a network takes a hundred times as long as a look at the tables, so threads hardly
    ever wait.

    Args:
        constraint: Used through this object only, as long as threads run.
    """

    def __init__(self, constraint: Constraint) -> None:
        self._constraint = constraint
        self._lock = Lock()
        self.may_dead_end = bool(getattr(constraint, "may_dead_end", False))
        self.has_penalty = bool(getattr(constraint, "has_penalty", False))

    def start(self, n_rows: int) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered before the first symbol."""
        with self._lock:
            return self._constraint.start(n_rows)

    def allowed(
        self, state: Int[np.ndarray, "B *memory"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols may come next."""
        with self._lock:
            return self._constraint.allowed(state, remaining)

    def penalty(self, state: Int[np.ndarray, "B *memory"]) -> Float64[np.ndarray, "B V"]:
        """Return the nats to take from every symbol's logit; only where `has_penalty`."""
        with self._lock:
            found: Float64[np.ndarray, "B V"] = self._constraint.penalty(state)  # type: ignore[attr-defined]
            return found

    def advance(
        self, state: Int[np.ndarray, "B *memory"], symbols: Int[np.ndarray, " B"]
    ) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered after one more symbol."""
        with self._lock:
            return self._constraint.advance(state, symbols)
