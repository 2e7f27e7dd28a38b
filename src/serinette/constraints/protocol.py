"""What a rule on generated sequences is to the decoder: which symbols may come next.

A constraint works on all rows of a batch at once. What it remembers is a NumPy array whose first
axis is the rows, so the decoder can select, repeat and join rows without knowing what they mean.

Shape letters: `B` rows, `V` symbols.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int


@runtime_checkable
class Constraint(Protocol):
    """A rule that holds in every generated sequence.

    `allowed` must leave at least one symbol in every row: a rule that can run into a dead end looks
    ahead and forbids the way there. One that cannot look ahead has an attribute `may_dead_end` that
    is true; a row that is left without a symbol is then begun afresh. One that has a true attribute
    `has_penalty` also has a method `penalty(state)`: the nats that each symbol costs.
    """

    def start(self, n_rows: int) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered before the first symbol."""
        ...

    def allowed(
        self, state: Int[np.ndarray, "B *memory"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols may come next.

        Args:
            state: What is remembered of each row.
            remaining: Steps that may still be drawn, this one included; at least 1.
        """
        ...

    def advance(
        self, state: Int[np.ndarray, "B *memory"], symbols: Int[np.ndarray, " B"]
    ) -> Int[np.ndarray, "B *memory"]:
        """Return what is remembered after one more symbol; `state` is left as it was."""
        ...
