"""Where one symbol leads in an automaton over characters: a piece of text, or one byte.

A walk numbers its own states and sorts symbols into classes that lead to the same place from every
state. Class `n_classes` is the end of the sequence and the one after it is never allowed; both are
the business of whoever uses a walk.

Shape letters: `B` rows, `V` symbols, `S` states, `K` labels, `C` classes, `L` characters of the
longest piece, `P` parts of a character, `N` states or symbols that are asked about.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int, Int64

from serinette.constraints.charset import UNICODE_END
from serinette.constraints.spelling import N_BYTES, UNKNOWN, Spelling
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
        is_open = np.array([piece != "" for piece in spelling.pieces or ()])
        if spelling.missing is not None:
            is_open[spelling.missing] = False
        is_open[spelling.end] = False
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


class ByteWalk:
    """Symbols that are bytes of UTF-8: a state is one of the automaton and a part of a character.

    A part is what bytes of one character can have been read; parts that go on alike are one. Part
    0 is between two characters.
    """

    def __init__(self, dfa: Dfa, spelling: Spelling) -> None:
        self._parts = parts = _Parts(dfa.partition)
        self.n_states = dfa.n_states * parts.n_parts
        self.n_classes = N_BYTES
        self._first = spelling.first
        self._missing = spelling.missing
        self._next = np.vstack([dfa.next, np.full_like(dfa.next[:1], DEAD)]).astype(np.int64)
        self._unknown = int(dfa.partition.label_of(np.array([ord(UNKNOWN)]))[0])
        self._cost = np.append(costs(dfa, parts.cost_of_label), NEVER)
        self.class_of = np.full(spelling.size, N_BYTES + 1, dtype=np.int64)
        self.class_of[spelling.first :] = np.arange(N_BYTES)
        self.class_of[spelling.end] = N_BYTES

    def follow(
        self, states: Int[np.ndarray, " B"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, " B"]:
        """Return the states after one more byte."""
        parts = self._parts
        place, part = np.divmod(states.astype(np.int64), parts.n_parts)
        octet = np.clip(symbols - self._first, 0, N_BYTES - 1)
        label, deeper = parts.completes[part, octet], parts.leads_to[part, octet]
        if self._missing is not None:
            is_missing = symbols == self._missing
            label = np.where(is_missing, self._unknown, label)
            deeper = np.where(is_missing, DEAD, deeper)
        completed = np.where(label >= 0, self._next[place, label], DEAD)
        after: Int64[np.ndarray, " B"] = np.where(
            deeper >= 0,
            place * parts.n_parts + deeper,
            np.where(completed >= 0, completed * parts.n_parts, DEAD),
        )
        return after

    def costs_after(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, "N C"]:
        """Return what is needed after each byte."""
        parts = self._parts
        place, part = np.divmod(states, parts.n_parts)
        by_label, by_part = self._costs_from(place)
        label, deeper = parts.completes[part], parts.leads_to[part]  # [N, 256]
        completed = np.where(label >= 0, np.take_along_axis(by_label, label, axis=1), NEVER)
        begun = np.where(deeper >= 0, np.take_along_axis(by_part, deeper, axis=1), NEVER)
        return np.minimum(completed, begun)

    def cost(self, states: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """Return how many bytes are needed at least."""
        place, part = np.divmod(states, self._parts.n_parts)
        _, by_part = self._costs_from(place)
        needed: Int64[np.ndarray, " N"] = np.where(
            part == 0, self._cost[place], by_part[np.arange(len(part)), part]
        )
        return needed

    def _costs_from(
        self, place: Int64[np.ndarray, " N"]
    ) -> tuple[Int64[np.ndarray, "N K"], Int64[np.ndarray, "N P"]]:
        """Return the cost after a character of every label, and within every part of one."""
        parts = self._parts
        by_label = self._cost[self._next[place]]
        least = np.minimum.reduceat(by_label[:, parts.labels_in], parts.begins, axis=1)
        by_part = np.full((len(place), parts.n_parts), NEVER, dtype=np.int64)
        by_part[:, 1:] = np.minimum(least + parts.bytes_to_go[1:], NEVER)
        return by_label, by_part


_BLOCK = 64
_BLOCKS_OF_2 = 32
_LEAD_2, _LEAD_3, _LEAD_4 = 0xC0, 0xE0, 0xF0
_CONTINUATION = slice(0x80, 0xC0)


class _Parts:
    """The beginnings of characters in UTF-8, told apart by the labels that they can become.

    Reference: the table of well-formed byte sequences of the Unicode Standard, chapter 3, 3-7.
    """

    def __init__(self, partition: Partition) -> None:
        widths = np.diff(np.append(partition.cuts, UNICODE_END))
        labels = np.repeat(partition.labels, widths)
        labels[0xD800:0xE000] = -1  # surrogates are no characters
        ones, one_of = _blocks(labels)
        one_of[:2] = -1  # below 0x80: one byte, and not two
        is_short = np.arange(len(one_of)) < _BLOCKS_OF_2  # two bytes, and not three
        twos, two_of = _blocks(np.where(is_short, -1, one_of))
        # 0x10000 and above: four bytes; 17 planes of 16 blocks, padded to whole lead bytes.
        padded = np.full(5 * _BLOCK, -1)
        padded[16 : len(two_of)] = two_of[16:]
        threes, three_of = _blocks(padded)
        counts = [1, len(ones), len(twos), len(threes)]
        begin = np.cumsum([0, *counts]).tolist()
        self.n_parts = begin[-1]
        self.bytes_to_go = np.repeat(np.arange(4), counts)
        self.completes = np.full((self.n_parts, N_BYTES), -1)
        self.leads_to = np.full((self.n_parts, N_BYTES), -1)
        self.completes[0, :0x80] = labels[:0x80]
        self.completes[begin[1] : begin[2], _CONTINUATION] = ones
        self.leads_to[begin[2] : begin[3], _CONTINUATION] = _shifted(twos, begin[1])
        self.leads_to[begin[3] :, _CONTINUATION] = _shifted(threes, begin[2])
        self.leads_to[0, _LEAD_2:_LEAD_3] = _shifted(one_of[:_BLOCKS_OF_2], begin[1])
        self.leads_to[0, _LEAD_3:_LEAD_4] = _shifted(two_of[:16], begin[2])
        self.leads_to[0, _LEAD_4 : _LEAD_4 + 5] = _shifted(three_of, begin[3])
        self.labels_in, self.begins = self._labels_in(partition.n_labels)
        self.cost_of_label = _costs_of_labels(labels, partition.n_labels)

    def _labels_in(self, n_labels: int) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " P"]]:
        """Return the labels that each part but the first can become, and where each list begins."""
        inside = np.zeros((self.n_parts, n_labels + 1), dtype=bool)  # the last stands for -1
        for part in range(1, self.n_parts):  # those with fewer bytes to go come first
            inside[part, self.completes[part]] = True
            deeper = self.leads_to[part]
            inside[part] |= inside[deeper[deeper >= 0]].any(axis=0)
        parts, labels = np.nonzero(inside[1:, :-1])
        return labels.astype(np.int64), np.searchsorted(parts, np.arange(self.n_parts - 1))


def _blocks(
    values: Int[np.ndarray, " N"],
) -> tuple[Int64[np.ndarray, "P 64"], Int64[np.ndarray, " S"]]:
    """Cut into blocks of 64; return the distinct ones, and which each is (-1: all of it is)."""
    blocks = values.reshape(-1, _BLOCK)
    # Nearly all blocks hold one value; to sort rows of 64 costs a hundred times a number each.
    is_mixed = (blocks != blocks[:, :1]).any(axis=1)
    mixed, which_mixed = np.unique(blocks[is_mixed], axis=0, return_inverse=True)
    even, which_even = np.unique(blocks[~is_mixed, 0], return_inverse=True)
    rows = np.vstack([np.repeat(even[:, None], _BLOCK, axis=1), mixed])
    which = np.empty(len(blocks), dtype=np.int64)
    which[~is_mixed] = which_even.reshape(-1)
    which[is_mixed] = len(even) + which_mixed.reshape(-1)
    is_dead = (rows == -1).all(axis=1)
    number = np.where(is_dead, -1, np.cumsum(~is_dead) - 1)
    return rows[~is_dead].astype(np.int64), number[which].astype(np.int64)


def _shifted(numbers: Int[np.ndarray, "..."], begin: int) -> Int64[np.ndarray, "..."]:
    shifted: Int64[np.ndarray, "..."] = np.where(numbers >= 0, numbers + begin, -1)
    return shifted


def _costs_of_labels(labels: Int[np.ndarray, " N"], n_labels: int) -> Int64[np.ndarray, " K"]:
    """Return the bytes of the shortest character of every label."""
    cost = np.full(n_labels, NEVER, dtype=np.int64)
    for n_bytes, begin, end in ((4, 0x10000, UNICODE_END), (3, 0x800, 0x10000), (2, 0x80, 0x800)):
        present: Bool[np.ndarray, " K"] = (
            np.bincount(labels[begin:end] + 1, minlength=n_labels + 1)[1:] > 0
        )
        cost[present] = n_bytes
    cost[labels[:0x80]] = 1
    return cost
