"""From a rule on characters to a constraint on the symbols of a codec.

Promise: a symbol is allowed exactly if the text can still be brought to keep the rule within the
remaining steps, so a row that draws only allowed symbols keeps it when it ends or runs out of
steps. Characters that the codec cannot write are no way out.

Shape letters: `B` rows, `V` symbols, `C` classes of symbols, `N` states that are tabulated, `M`
states that are remembered.
"""

import numpy as np
from jaxtyping import Bool, Int, Int64

from serinette.constraints.octet_walk import OctetWalk
from serinette.constraints.spelling import Spelling
from serinette.constraints.tables import DEAD, NEVER, Dfa
from serinette.constraints.walks import PieceWalk, Walk

_LOST = np.iinfo(np.int32).max
_MOST_BYTES = 1 << 27
"""What the remembered masks may take before they are begun anew."""


def lift(dfa: Dfa, spelling: Spelling) -> "Lifted":
    """Make a rule on characters a constraint on symbols."""
    walk: Walk = OctetWalk(dfa, spelling) if spelling.is_bytes else PieceWalk(dfa, spelling)
    return Lifted(dfa, spelling, walk)


class Lifted:
    """A constraint with exact look-ahead. What it remembers of a row is one state.

    Masks are worked out when a state is first met, and then remembered: a step is one look-up.
    """

    may_dead_end = False

    def __init__(self, dfa: Dfa, spelling: Spelling, walk: Walk) -> None:
        self._dfa = dfa
        self._spelling = spelling
        self._walk = walk
        self._row_of = np.full(walk.n_states, -1, dtype=np.int32)
        self._forget()

    def _forget(self) -> None:
        n_classes = self._walk.n_classes
        self._row_of.fill(-1)
        self._n_rows = 0
        self._after = np.empty((0, n_classes + 2), dtype=np.int32)
        self._possible = np.empty((0, self._spelling.size), dtype=bool)
        self._most_needed = np.empty(0, dtype=np.int64)

    def start(self, n_rows: int) -> Int64[np.ndarray, " B"]:
        """Return the state of every row before its first symbol."""
        return np.zeros(n_rows, dtype=np.int64)

    def advance(
        self, state: Int[np.ndarray, " B"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the state after one more symbol.

        After `end` a row keeps its state; after a symbol that was not allowed it starts afresh.
        """
        after = np.maximum(self._walk.follow(state, symbols), 0)
        kept: Int64[np.ndarray, " B"] = np.where(symbols == self._spelling.end, state, after)
        return kept

    def allowed(
        self, state: Int[np.ndarray, " B"], remaining: Int[np.ndarray, " B"]
    ) -> Bool[np.ndarray, "B V"]:
        """Say which symbols may come next; nothing is begun that cannot be finished in time."""
        rows = self._rows(state)
        mask: Bool[np.ndarray, "B V"] = self._possible[rows]
        tight = np.flatnonzero(remaining <= self._most_needed[rows])
        if len(tight):
            fits = self._after[rows[tight]] < remaining[tight, None]
            mask[tight] = fits[:, self._walk.class_of]
        return mask

    def steps_after(self, text: str) -> int:
        """Return how many more symbols a text needs at least to keep the rule, `NEVER` if lost."""
        state = self._dfa.walk(self._spelling.seen(text))
        if state == DEAD:
            return NEVER
        n_parts = self._walk.n_states // self._dfa.n_states
        return int(self._walk.cost(np.array([state * n_parts]))[0])

    def _rows(self, state: Int[np.ndarray, " B"]) -> Int[np.ndarray, " B"]:
        """Return where each state is remembered; tabulate those that are not."""
        rows: np.ndarray = self._row_of[state]
        if rows.min(initial=0) >= 0:
            return rows
        row_bytes = self._after.itemsize * self._after.shape[1] + self._possible.shape[1]
        if (self._n_rows + len(state)) * row_bytes > max(_MOST_BYTES, 2 * len(state) * row_bytes):
            self._forget()
            rows = self._row_of[state]
        self._tabulate(np.unique(state[rows < 0]))
        rows = self._row_of[state]
        return rows

    def _tabulate(self, states: Int[np.ndarray, " N"]) -> None:
        begin, end = self._n_rows, self._n_rows + len(states)
        if end > len(self._after):
            size = max(end, 2 * begin, 16)
            self._after = _grown(self._after, size)
            self._possible = _grown(self._possible, size)
            self._most_needed = _grown(self._most_needed, size)
        n_parts = self._walk.n_states // self._dfa.n_states
        place, part = np.divmod(states, n_parts)
        after = np.full((len(states), self._after.shape[1]), NEVER, dtype=np.int64)
        after[:, :-2] = self._walk.costs_after(states)
        after[self._dfa.accepts[place] & (part == 0), -2] = 0
        self._after[begin:end] = np.minimum(after, _LOST)
        self._possible[begin:end] = (after < NEVER)[:, self._walk.class_of]
        self._most_needed[begin:end] = np.where(after < NEVER, after, 0).max(axis=1)
        self._row_of[states] = np.arange(begin, end)
        self._n_rows = end


def _grown(table: np.ndarray, size: int) -> np.ndarray:
    grown = np.empty((size, *table.shape[1:]), dtype=table.dtype)
    grown[: len(table)] = table
    return grown
