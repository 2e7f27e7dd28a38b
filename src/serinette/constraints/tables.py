"""Deterministic automata over characters, in NumPy tables, and what can be made of two of them.

A rule on whole texts is one automaton: it reads a text character by character and accepts it or
not. All characters that a rule treats alike are one label, so tables stay small whatever the
alphabet.

Shape letters: `S` states, `K` labels, `C` intervals of code points, `N` code points, `F` states
that are explored together, `E` edges, `N2` of the `N` that are distinct, `M` places.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64

from serinette.constraints.charset import CharSet
from serinette.core.errors import ConstraintError

DEAD = -1
"""The state from which nothing is accepted."""
NEVER = 1 << 60
"""The cost of what cannot be reached."""
LARGEST = 20_000_000
"""Most states times labels of one automaton."""
_MOST_PAIRS = 1 << 28
"""Most pairs of states that a product may number, whether they are reached or not."""


@dataclass(frozen=True, eq=False)
class Partition:
    """All of Unicode, cut into labels: characters of one label are treated alike."""

    cuts: Int64[np.ndarray, " C"]
    """First code point of every interval; the first is 0."""
    labels: Int64[np.ndarray, " C"]
    """Label of every interval."""
    n_labels: int

    @classmethod
    def of(cls, sets: Sequence[CharSet]) -> "Partition":
        """Tell characters apart that are in different ones of `sets`; the rest is one label."""
        bounds = {bound for charset in sets for bound in charset.bounds}
        cuts = np.array(sorted({0, *bounds}), dtype=np.int64)
        inside = np.zeros((len(sets) + 1, len(cuts)), dtype=bool)
        for row, charset in enumerate(sets):
            inside[row] = charset.contains(cuts)
        _, labels = np.unique(inside, axis=1, return_inverse=True)
        labels = labels.reshape(-1).astype(np.int64)
        return cls(cuts, labels, int(labels.max()) + 1)

    @classmethod
    def of_each(cls, characters: str) -> "Partition":
        """Tell every one of `characters` apart: label 0 is all others, label i the i-th."""
        codes = np.array([ord(character) for character in characters], dtype=np.int64)
        cuts = np.unique(np.concatenate([[0], codes, codes + 1])).astype(np.int64)
        labels = np.zeros(len(cuts), dtype=np.int64)
        labels[np.searchsorted(cuts, codes)] = np.arange(1, len(codes) + 1)
        return cls(cuts, labels, len(codes) + 1)

    @property
    def samples(self) -> Int64[np.ndarray, " K"]:
        """One code point of every label."""
        _, first = np.unique(self.labels, return_index=True)
        return self.cuts[first]

    def label_of(self, codes: Int[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
        """Return the label of every code point."""
        return self.labels[np.searchsorted(self.cuts, codes, side="right") - 1]

    def meet(
        self, other: "Partition"
    ) -> tuple["Partition", Int64[np.ndarray, " K"], Int64[np.ndarray, " K"]]:
        """Return the coarsest partition finer than both, and the label in each of its labels."""
        cuts = np.union1d(self.cuts, other.cuts)
        pairs = self.label_of(cuts) * other.n_labels + other.label_of(cuts)
        kept, labels = np.unique(pairs, return_inverse=True)
        finer = Partition(cuts, labels.reshape(-1).astype(np.int64), len(kept))
        return finer, kept // other.n_labels, kept % other.n_labels


@dataclass(frozen=True, eq=False)
class Dfa:
    """A deterministic automaton; state 0 is the start."""

    partition: Partition
    next: Int32[np.ndarray, "S K"]
    """State after one more character of a label; `DEAD` where there is none."""
    accepts: Bool[np.ndarray, " S"]
    name: str
    """What it is called in messages: `--lines 4`."""

    @property
    def n_states(self) -> int:
        """How many states there are."""
        return len(self.accepts)

    def walk(self, text: str, state: int = 0) -> int:
        """Return the state after a text, `DEAD` if no text that goes on so is accepted."""
        codes = np.array([ord(character) for character in text], dtype=np.int64)
        for label in self.partition.label_of(codes).tolist():
            if state == DEAD:
                break
            state = int(self.next[state, label])
        return state

    def matches(self, text: str) -> bool:
        """Say whether a whole text is accepted."""
        state = self.walk(text)
        return state != DEAD and bool(self.accepts[state])


def anything(name: str = "no rule") -> Dfa:
    """Accept every text."""
    partition = Partition.of(())
    return Dfa(partition, np.zeros((1, 1), dtype=np.int32), np.ones(1, dtype=bool), name)


def explore(
    n_ids: int,
    n_labels: int,
    step: Callable[[Int64[np.ndarray, " F"]], Int64[np.ndarray, "F K"]],
    name: str,
) -> tuple[Int64[np.ndarray, " S"], Int32[np.ndarray, "S K"]]:
    """Number all states that can be reached from id 0, and tabulate where they lead.

    Args:
        n_ids: Ids are below this.
        n_labels: Columns of what `step` returns.
        step: Ids -> ids after one more character of every label, `DEAD` where there is none.
        name: Which rules are being put together, for the message.

    Raises:
        ConstraintError: If there are too many.
    """
    if n_ids > _MOST_PAIRS:
        raise too_large(name)
    number = np.zeros(n_ids + 1, dtype=np.int32)  # 0: not seen; its last place stands for DEAD
    number[0] = 1
    n_states = 1
    frontier = np.zeros(1, dtype=np.int64)
    ids, rows = [frontier], []
    while len(frontier):
        following = step(frontier)
        is_new = (following != DEAD) & (number[following] == 0)
        frontier = _distinct(following[is_new], number)
        number[frontier] = np.arange(n_states + 1, n_states + len(frontier) + 1)
        n_states += len(frontier)
        if n_states * n_labels > LARGEST:
            raise too_large(name)
        ids.append(frontier)
        rows.append(number[following] - 1)
    return np.concatenate(ids), np.concatenate(rows).astype(np.int32)


def _distinct(
    values: Int64[np.ndarray, " N"], scratch: Int32[np.ndarray, " M"]
) -> Int64[np.ndarray, " N2"]:
    """Return every value once; `scratch` is overwritten at the values.

    Of equal values one leaves its place in `scratch`. Sorting them takes ten times as long.
    """
    places = np.arange(len(values), dtype=np.int32)
    scratch[values] = places
    kept: Int64[np.ndarray, " N2"] = values[scratch[values] == places]
    return kept


def too_large(name: str) -> ConstraintError:
    """Return the error that says which rules make too large an automaton."""
    return ConstraintError(
        f"{name}: too large to keep exactly (more than {LARGEST:,} table entries); ask for shorter "
        "counts, fewer words, less depth or fewer rules at once"
    )


def both(first: Dfa, second: Dfa) -> Dfa:
    """Accept what both accept."""
    return _paired(first, second, np.logical_and)


def either(first: Dfa, second: Dfa) -> Dfa:
    """Accept what one of them or both accept."""
    return _paired(first, second, np.logical_or)


def _paired(first: Dfa, second: Dfa, decide: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Dfa:
    partition, first_label, second_label = first.partition.meet(second.partition)
    first_next, first_lives = _with_dead(first)
    second_next, second_lives = _with_dead(second)
    width = second.n_states + 1  # the dead state is the last of each

    def step(ids: Int64[np.ndarray, " F"]) -> Int64[np.ndarray, "F K"]:
        left = first_next[ids // width][:, first_label]
        right = second_next[ids % width][:, second_label]
        is_alive = decide(first_lives[left], second_lives[right])
        following: Int64[np.ndarray, "F K"] = np.where(is_alive, left * width + right, DEAD)
        return following

    name = f"{first.name} and {second.name}"
    ids, table = explore((first.n_states + 1) * width, partition.n_labels, step, name)
    accepts_first = np.append(first.accepts, False)
    accepts_second = np.append(second.accepts, False)
    accepts = decide(accepts_first[ids // width], accepts_second[ids % width])
    return trimmed(Dfa(partition, table, accepts, name))


def _with_dead(dfa: Dfa) -> tuple[Int64[np.ndarray, "S K"], Bool[np.ndarray, " S"]]:
    """Make the dead state a state like others, the last; say which states are not dead."""
    dead = dfa.n_states
    complete = np.full((dead + 1, dfa.partition.n_labels), dead, dtype=np.int64)
    complete[:dead] = np.where(dfa.next == DEAD, dead, dfa.next)
    return complete, np.arange(dead + 1) < dead


def then(first: Dfa, second: Dfa) -> Dfa:
    """Accept a text that is one of `first` followed by one of `second`."""
    partition, first_label, second_label = first.partition.meet(second.partition)
    left, right = first.next[:, first_label], second.next[:, second_label]
    name = f"{first.name} then {second.name}"

    def entered(state: int, others: set[int]) -> tuple[int, frozenset[int]]:
        begins = {0} if state != DEAD and first.accepts[state] else set()
        return state, frozenset((others | begins) - {DEAD})

    start = entered(0, set())
    number = {start: 0}
    rows: list[list[int]] = []
    for state, others in (order := [start]):
        row = []
        for label in range(partition.n_labels):
            after = DEAD if state == DEAD else int(left[state, label])
            place = entered(after, set(right[list(others), label].tolist()))
            if place == (DEAD, frozenset()):
                row.append(DEAD)
                continue
            if place not in number:
                number[place] = len(order)
                order.append(place)
            row.append(number[place])
        rows.append(row)
        if len(rows) * partition.n_labels > LARGEST // 10:
            raise too_large(name)
    accepts = np.array([bool(second.accepts[list(others)].any()) for _, others in order])
    return trimmed(Dfa(partition, np.array(rows, dtype=np.int32), accepts, name))


def trimmed(dfa: Dfa) -> Dfa:
    """Drop the states from which nothing is accepted; the language stays the same."""
    is_kept = costs(dfa, np.ones(dfa.partition.n_labels, dtype=np.int64)) < NEVER
    if is_kept.all():
        return dfa
    is_kept[0] = True  # an automaton has a start, even where it accepts nothing
    number = np.full(dfa.n_states + 1, DEAD, dtype=np.int32)  # its last place stands for DEAD
    number[:-1][is_kept] = np.arange(is_kept.sum())
    return Dfa(dfa.partition, number[dfa.next[is_kept]], dfa.accepts[is_kept], dfa.name)


def costs(dfa: Dfa, cost_of_label: Int64[np.ndarray, " K"]) -> Int64[np.ndarray, " S"]:
    """Return the least cost of a way to acceptance from every state; `NEVER` if there is none.

    Args:
        dfa: The automaton.
        cost_of_label: What one character of each label costs, at least 1; `NEVER` forbids it.
    """
    weights = [int(weight) for weight in np.unique(cost_of_label) if weight < NEVER]
    edges = []
    for weight in weights:
        following = dfa.next[:, cost_of_label == weight]
        sources, columns = np.nonzero(following != DEAD)
        edges.append(Edges(sources, following[sources, columns].astype(np.int64), weight))
    return fewest(edges, dfa.accepts)


@dataclass(frozen=True, eq=False)
class Edges:
    """Steps between states that cost the same."""

    sources: Int[np.ndarray, " E"]
    targets: Int[np.ndarray, " E"]
    weight: int


def fewest(edges: Sequence[Edges], goals: Bool[np.ndarray, " S"]) -> Int64[np.ndarray, " S"]:
    """Return what it costs at least to reach a goal from every state; `NEVER` if none can be.

    States are settled in the order of their cost, all of one cost at once.
    """
    n_states = len(goals)
    backwards = [(_Backwards(part, n_states), part.weight) for part in edges]
    widest = max((part.weight for part in edges), default=1)
    cost = np.full(n_states, NEVER, dtype=np.int64)
    cost[goals] = 0
    scratch = np.empty(n_states, dtype=np.int32)
    layers = [np.flatnonzero(goals)]
    while any(len(layer) for layer in layers[-widest:]):
        level = len(layers)
        found = [way.before(layers[level - w]) for way, w in backwards if w <= level]
        reached = np.concatenate([*found, np.zeros(0, dtype=np.int64)])
        fresh = _distinct(reached[cost[reached] == NEVER], scratch)
        cost[fresh] = level
        layers.append(fresh)
    return cost


class _Backwards:
    """Edges sorted by where they lead."""

    def __init__(self, edges: Edges, n_states: int) -> None:
        order = np.argsort(edges.targets, kind="stable")
        self._sources = edges.sources[order].astype(np.int64)
        counts = np.bincount(edges.targets, minlength=n_states)
        self._begins = np.concatenate([[0], counts.cumsum()])

    def before(self, states: Int[np.ndarray, " F"]) -> Int64[np.ndarray, " E"]:
        """Return where edges to any of `states` come from."""
        begins = self._begins[states]
        counts = self._begins[states + 1] - begins
        shift = np.repeat(begins - (counts.cumsum() - counts), counts)
        return self._sources[shift + np.arange(len(shift))]
