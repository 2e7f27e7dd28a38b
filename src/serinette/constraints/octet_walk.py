"""Where a string of bytes leads in an automaton over characters: bytes, and longer pieces of them.

A state is one of the automaton and a part of a character (see `utf8_parts`). A symbol is a row of
events: the bytes of a character that was begun before, the labels of whole characters, the first
bytes of one that goes on.

Shape letters: `B` rows, `V` symbols, `S` states of the automaton, `P` parts, `K` labels, `C`
classes, `L` events of the longest symbol, `N` states that are asked about.
"""

import numpy as np
from jaxtyping import Int, Int64

from serinette.constraints.spelling import N_BYTES, Spelling
from serinette.constraints.tables import DEAD, LARGEST, NEVER, Dfa, Edges, costs, fewest
from serinette.constraints.utf8_parts import Utf8Parts

_PAIRS_AT_ONCE = 2_000_000


class OctetWalk:
    """Symbols that are bytes of UTF-8, one or more. Every single byte must be a symbol."""

    def __init__(self, dfa: Dfa, spelling: Spelling) -> None:
        self._parts = parts = Utf8Parts(dfa.partition)
        self._n_parts = parts.n_parts
        self.n_states = dfa.n_states * parts.n_parts
        # State DEAD is the last row, which leads nowhere else.
        self._next = np.vstack([dfa.next, np.full_like(dfa.next[:1], DEAD)]).astype(np.int64)
        # Behind the 256 bytes: a whole character of each label, between two characters only.
        n_labels = dfa.partition.n_labels
        self._completes = np.pad(parts.completes, ((0, 0), (0, n_labels)), constant_values=-1)
        self._completes[0, N_BYTES:] = np.arange(n_labels)
        self._leads_to = np.pad(parts.leads_to, ((0, 0), (0, n_labels)), constant_values=-1)
        events, class_of = _event_classes(dfa, spelling)
        order = np.argsort(-(events >= 0).sum(axis=1), kind="stable")
        self._events = events[order]  # the longest first
        self._row_of = np.argsort(order)[class_of]
        self.n_classes = len(events)
        is_open = np.array(spelling.is_open)
        self.class_of = np.where(is_open, self._row_of, self.n_classes + 1)
        self.class_of[spelling.end] = self.n_classes
        self._cost = np.append(self._costs(dfa, np.unique(self._row_of[is_open])), NEVER)

    def follow(
        self, states: Int[np.ndarray, " B"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the states after one more symbol."""
        place, part = np.divmod(states.astype(np.int64), self._n_parts)
        for column in self._events[self._row_of[symbols]].T:
            if (column < 0).all():
                break
            after = self._step(place, part, np.maximum(column, 0))
            place = np.where(column >= 0, after[0], place)
            part = np.where(column >= 0, after[1], part)
        return self._joined(place, part)

    def costs_after(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, "N C"]:
        """Return what is needed after a symbol of each class."""
        needed: Int64[np.ndarray, "N C"] = self._cost[self._after(states, self._events)]
        return needed

    def cost(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """Return how many symbols are needed at least."""
        needed: Int64[np.ndarray, " N"] = self._cost[states]
        return needed

    def _step(
        self,
        place: Int64[np.ndarray, "*rows"],
        part: Int64[np.ndarray, "*rows"],
        event: Int64[np.ndarray, "..."],
    ) -> tuple[Int64[np.ndarray, "*rows"], Int64[np.ndarray, "*rows"]]:
        label, deeper = self._completes[part, event], self._leads_to[part, event]
        stays = np.where(deeper >= 0, place, DEAD)
        return np.where(label >= 0, self._next[place, label], stays), np.maximum(deeper, 0)

    def _joined(
        self, place: Int64[np.ndarray, "*rows"], part: Int64[np.ndarray, "*rows"]
    ) -> Int64[np.ndarray, "*rows"]:
        return np.where(place >= 0, place * self._n_parts + part, DEAD)

    def _after(
        self, states: Int[np.ndarray, " N"], events: Int64[np.ndarray, "C L"]
    ) -> Int64[np.ndarray, "N C"]:
        """Return where each class leads; `events` are sorted, the longest first."""
        shape = (len(states), len(events))
        place, part = (np.broadcast_to(x[:, None], shape) for x in divmod(states, self._n_parts))
        place, part = place.astype(np.int64), part.astype(np.int64)
        for column in events.T:
            n = int(np.count_nonzero(column >= 0))
            place[:, :n], part[:, :n] = self._step(place[:, :n], part[:, :n], column[:n])
        return self._joined(place, part)

    def _costs(self, dfa: Dfa, classes: Int64[np.ndarray, " C"]) -> Int64[np.ndarray, " N"]:
        events = self._events[classes]
        n_events = (events >= 0).sum(axis=1)
        is_within = events[:, 0] < N_BYTES
        is_within &= (events[:, 0] & 0xC0) == 0x80  # noqa: PLR2004 - a continuation byte
        n_pairs = dfa.n_states * int((~is_within).sum())
        n_pairs += (self.n_states - dfa.n_states) * int(is_within.sum())
        if n_events.max(initial=1) > 1 and n_pairs <= LARGEST:
            between = np.arange(0, self.n_states, self._n_parts)
            within = np.setdiff1d(np.arange(self.n_states), between)
            goals = np.zeros(self.n_states, dtype=bool)
            goals[between] = dfa.accepts
            ways = ((between, events[~is_within]), (within, events[is_within]))
            return fewest([self._edges(*way) for way in ways], goals)
        # Too many ways to try them all: count characters, or their bytes where one has no symbol
        # of its own. No text is lost for good, but near the last step a longer piece that would
        # still fit may be passed over.
        cost_of_label = self._parts.cost_of_label.copy()
        whole = events[(n_events == 1) & (events[:, 0] >= N_BYTES), 0] - N_BYTES
        cost_of_label[whole] = 1
        return self._costs_by_character(costs(dfa, cost_of_label))

    def _edges(self, states: Int64[np.ndarray, " N"], events: Int64[np.ndarray, "C L"]) -> Edges:
        found = [np.zeros(0, dtype=np.int64)]
        chunk = max(1, _PAIRS_AT_ONCE // max(1, len(events)))
        for begin in range(0, len(states), chunk):
            some = states[begin : begin + chunk]
            after = self._after(some, events)
            rows, columns = np.nonzero(after != DEAD)
            found.append(np.unique(some[rows] * self.n_states + after[rows, columns]))
        pairs = np.concatenate(found)
        return Edges(pairs // self.n_states, pairs % self.n_states, 1)

    def _costs_by_character(self, cost: Int64[np.ndarray, " S"]) -> Int64[np.ndarray, " N"]:
        """Return the cost of every state when a begun character is ended byte by byte."""
        parts = self._parts
        found = np.full((len(cost), self._n_parts), NEVER, dtype=np.int64)
        found[:, 0] = cost
        after = np.append(cost, NEVER)
        chunk = max(1, _PAIRS_AT_ONCE // max(1, len(parts.labels_in)))
        for begin in range(0, len(cost), chunk):
            some = slice(begin, begin + chunk)
            by_label = after[self._next[:-1][some]]
            least = np.minimum.reduceat(by_label[:, parts.labels_in], parts.begins, axis=1)
            found[some, 1:] = np.minimum(least + parts.bytes_to_go[1:], NEVER)
        return found.reshape(-1)


def _event_classes(
    dfa: Dfa, spelling: Spelling
) -> tuple[Int64[np.ndarray, "C L"], Int64[np.ndarray, " V"]]:
    """Return the distinct rows of events, -1 behind their ends; and the row of every symbol."""
    texts = "".join(part.text for part in spelling.cuts)
    codes = np.frombuffer(texts.encode("utf-32-le"), dtype="<u4").astype(np.int64)
    labels = iter((dfa.partition.label_of(codes) + N_BYTES).tolist())
    rows = [[*part.head, *(next(labels) for _ in part.text), *part.tail] for part in spelling.cuts]
    events = np.full((len(rows), max(1, *map(len, rows))), -1, dtype=np.int64)
    for row, found in zip(events, rows, strict=True):
        row[: len(found)] = found
    distinct, class_of = np.unique(events, axis=0, return_inverse=True)
    return distinct.astype(np.int64), class_of.reshape(-1).astype(np.int64)
