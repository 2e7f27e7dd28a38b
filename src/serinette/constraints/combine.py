"""Several constraints as one, and rules whose breach costs nats instead of being impossible.

Shape letters: `B` rows, `V` symbols.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64

from serinette.constraints.bans import CopyBan, NoRepeat
from serinette.constraints.lift import Lifted
from serinette.constraints.protocol import Constraint

_LONG = 1 << 40
"""More steps than any sequence has."""


class Soft:
    """A rule that may be broken at a price; after a breach it begins afresh.

    Args:
        constraint: The rule.
        nats: What a breach costs, taken from the logit of each symbol that is one.
    """

    may_dead_end = False

    def __init__(self, constraint: Constraint, nats: float) -> None:
        self._constraint = constraint
        self._nats = nats

    def start(self, n_rows: int) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered before the first symbol."""
        return self._constraint.start(n_rows)

    def allowed(
        self, state: Int[np.ndarray, "B *memory"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Allow everything."""
        mask = self._constraint.allowed(state, remaining)
        return np.ones(mask.shape, dtype=bool)

    def penalty(self, state: Int[np.ndarray, "B *memory"]) -> Float64[np.ndarray, "B V"]:
        """Return the nats to take from every symbol's logit."""
        is_kept = self._constraint.allowed(state, np.full(len(state), _LONG))
        return np.where(is_kept, 0.0, self._nats)

    def advance(
        self, state: Int[np.ndarray, "B *memory"], symbols: Int[np.ndarray, " B"]
    ) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered after one more symbol."""
        return self._constraint.advance(state, symbols)


Part = Lifted | CopyBan | NoRepeat | Soft


class Conjunction:
    """All of several constraints; their memories stand side by side as columns.

    A part may have `may_dead_end` and `penalty`; a part without the first looks ahead.

    Args:
        parts: At least one.
    """

    def __init__(self, parts: Sequence[Constraint]) -> None:
        self._parts = tuple(parts)
        self._soft = tuple(part for part in parts if isinstance(part, Soft))
        hard = [part for part in parts if not isinstance(part, Soft)]
        dead_ends = [getattr(part, "may_dead_end", False) for part in hard]
        # Two that look ahead, each alone, can lead each other where neither can go on.
        self.may_dead_end = any(dead_ends) or len(hard) > 1
        """Whether a row can be left without a symbol."""
        self.has_penalty = bool(self._soft)
        """Whether `penalty` can be anything but 0."""
        self._columns = [_as_columns(part.start(1)).shape[1] for part in parts]
        self._is_flat = [part.start(1).ndim == 1 for part in parts]

    def start(self, n_rows: int) -> Int64[np.ndarray, "B k"]:
        """Return what is remembered before the first symbol."""
        return np.hstack([_as_columns(part.start(n_rows)) for part in self._parts])

    def allowed(
        self, state: Int[np.ndarray, "B k"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols all parts allow."""
        memories = self._split(state)
        mask = self._parts[0].allowed(memories[0], remaining)
        for part, memory in zip(self._parts[1:], memories[1:], strict=True):
            if not isinstance(part, Soft):
                mask = mask & part.allowed(memory, remaining)
        return mask

    def penalty(self, state: Int[np.ndarray, "B k"]) -> Float64[np.ndarray, "B V"]:
        """Return the nats to take from every symbol's logit; only where `has_penalty`."""
        pairs = zip(self._parts, self._split(state), strict=True)
        taken = [part.penalty(memory) for part, memory in pairs if isinstance(part, Soft)]
        total: Float64[np.ndarray, "B V"] = np.sum(taken, axis=0)
        return total

    def advance(
        self, state: Int[np.ndarray, "B k"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B k"]:
        """Return what is remembered after one more symbol."""
        pairs = zip(self._parts, self._split(state), strict=True)
        return np.hstack([_as_columns(part.advance(memory, symbols)) for part, memory in pairs])

    def _split(self, state: Int[np.ndarray, "B k"]) -> list[Int[np.ndarray, "B *memory"]]:
        memories = np.split(state, np.cumsum(self._columns)[:-1], axis=1)
        return [
            memory[:, 0] if is_flat else memory
            for memory, is_flat in zip(memories, self._is_flat, strict=True)
        ]


def _as_columns(memory: Int[np.ndarray, "B *memory"]) -> Int64[np.ndarray, "B k"]:
    columns: Int64[np.ndarray, "B k"] = memory.astype(np.int64).reshape(len(memory), -1)
    return columns
