"""Where one symbol leads in an automaton over characters: a piece of text.

A walk numbers its own states and sorts symbols into classes that lead to the same place from every
state. Class `n_classes` is the end of the sequence and the one after it is never allowed; both are
the business of whoever uses a walk.

Shape letters: `B` rows, `V` symbols, `S` states, `C` classes, `L` characters of the longest piece,
`N` states that are asked about.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int64

from serinette.constraints.spelling import Spelling
from serinette.constraints.tables import (
    DEAD,
    LARGEST,
    NEVER,
    Dfa,
    Edges,
    Partition,
    costs,
    fewest,
)


@runtime_checkable
class Walk(Protocol):
    """An automaton that reads symbols. State 0 is the start."""

    n_states: int
    n_classes: int
    class_of: Int64[np.ndarray, " V"]

    def follow(
        self, states: Int[np.ndarray, " B"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the states after one more symbol; `DEAD` where no rule-keeping text goes on."""
        ...

    def costs_after(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, "N C"]:
        """Return, after one symbol of each class, how many more are needed; `NEVER` if lost."""
        ...

    def cost(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """Return how many symbols are needed at least; `NEVER` if none are enough."""
        ...


class PieceWalk:
    """Symbols that are written as pieces of text."""

    def __init__(self, dfa: Dfa, spelling: Spelling) -> None:
        self.n_states = dfa.n_states
        # State DEAD is the last row, which leads nowhere else.
        self._next = np.vstack([dfa.next, np.full_like(dfa.next[:1], DEAD)]).astype(np.int64)
        spelt, self._spelt_class = _spelt_classes(dfa.partition, spelling)
        order = np.argsort(-(spelt >= 0).sum(axis=1), kind="stable")
        self._spelt = spelt[order]  # the longest first
        self._spelt_class = np.argsort(order)[self._spelt_class]
        self.n_classes = len(spelt)
        self.class_of = self._spelt_class.copy()
        is_open = np.array(spelling.is_open)
        self.class_of[~is_open] = self.n_classes + 1
        self.class_of[spelling.end] = self.n_classes
        classes = np.unique(self.class_of[is_open])
        self._cost = np.append(self._costs(dfa, classes), NEVER)

    def _costs(self, dfa: Dfa, classes: Int64[np.ndarray, " C"]) -> Int64[np.ndarray, " S"]:
        spelt = self._spelt[classes]
        n_read = (spelt >= 0).sum(axis=1)
        if n_read.max(initial=1) > 1 and dfa.n_states * len(classes) <= LARGEST:
            return fewest([self._edges(classes)], dfa.accepts)
        # Too many ways to try them all: count characters. No text is lost for good, but near the
        # last step a word that would still fit may be passed over.
        cost_of_label = np.full(dfa.partition.n_labels, NEVER, dtype=np.int64)
        cost_of_label[spelt[n_read == 1, 0]] = 1
        return costs(dfa, cost_of_label)

    def _edges(self, classes: Int64[np.ndarray, " C"]) -> Edges:
        sources, targets = [], []
        chunk = max(1, 2_000_000 // self.n_classes)
        for begin in range(0, self.n_states, chunk):
            states = np.arange(begin, min(begin + chunk, self.n_states))
            after = self._after(states)[:, classes]
            rows, columns = np.nonzero(after != DEAD)
            pairs = np.sort(states[rows] * self.n_states + after[rows, columns])
            pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
            sources.append(pairs // self.n_states)
            targets.append(pairs % self.n_states)
        return Edges(np.concatenate(sources), np.concatenate(targets), 1)

    def _after(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, "N C"]:
        after = np.repeat(states.astype(np.int64)[:, None], self.n_classes, axis=1)
        for column in self._spelt.T:
            n_active = int(np.count_nonzero(column >= 0))
            after[:, :n_active] = self._next[after[:, :n_active], column[:n_active]]
        return after

    def follow(
        self, states: Int[np.ndarray, " B"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the states after one more symbol."""
        spelt = self._spelt[self._spelt_class[symbols]]
        after = states.astype(np.int64)
        for column in spelt.T:
            active = column >= 0
            if not active.any():
                break
            after = np.where(active, self._next[after, column], after)
        return after

    def costs_after(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, "N C"]:
        """Return what is needed after a symbol of each class."""
        needed: Int64[np.ndarray, "N C"] = self._cost[self._after(states)]
        return needed

    def cost(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """Return how many symbols are needed at least."""
        needed: Int64[np.ndarray, " N"] = self._cost[states]
        return needed


def _spelt_classes(
    partition: Partition, spelling: Spelling
) -> tuple[Int64[np.ndarray, "C L"], Int64[np.ndarray, " V"]]:
    """Return the distinct rows of labels that pieces are, -1 behind their ends; and each's row."""
    lengths = spelling.lengths
    spelt = np.full((len(lengths), max(1, int(lengths.max()))), -1, dtype=np.int64)
    spelt[np.arange(spelt.shape[1]) < lengths[:, None]] = partition.label_of(spelling.codes)
    rows, class_of = np.unique(spelt, axis=0, return_inverse=True)
    return rows, class_of.reshape(-1).astype(np.int64)
