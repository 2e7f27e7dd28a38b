"""The state after every step of given sequences, read by the step graph in many rows at once.

A long sequence is cut into segments that are read side by side. A segment begins with the state
that its last `_WARM_UP` symbols leave behind; when the segment before it is done, its true end is
held against that start, and where they differ the segment is read again from the true end. So the
result is that of one long reading, within `TOLERANCE`, at the speed of a batch.

Shape letters: `B` rows, `C` context fields, `H` hidden, `K` alternatives, `L` layers, `N` states,
`P` predictions, `V` symbols.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from serinette.core.distributions import categorical_log_probs
from serinette.decoding.onnx_stepper import OnnxState, OnnxStepper

TOLERANCE = 1e-4
"""Largest difference of an h, or of a c by its own size, between two readings."""
_ROWS = 64
_SHORTEST = 512
_WARM_UP = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """What is to be kept of a reading; predictions are counted over all sequences in order."""

    states: Int[np.ndarray, " N"]
    """Predictions whose states are kept, rising."""
    n_alternatives: int = 0
    """How many of the likeliest symbols are kept."""
    n_shown: int = 0
    """Of so many predictions from the first on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class States:
    """What was kept. Prediction p is made by the state after p + 1 symbols of its sequence."""

    nats: Float64[np.ndarray, " P"]
    """-log p of what came, in nats."""
    alternatives: Int[np.ndarray, "S K"]
    """The likeliest symbols, likeliest first."""
    chances: Float64[np.ndarray, "S K"]
    """Their probabilities."""
    h: Float32[np.ndarray, "N L H"]
    c: Float32[np.ndarray, "N L H"]


@dataclass(eq=False)
class _Segment:
    sequence: int
    first: int
    last: int
    place: int
    """Number of its first prediction."""
    start: OnnxState | None = None
    end: OnnxState | None = None

    @property
    def n_steps(self) -> int:
        return self.last - self.first


def read_states(
    stepper: OnnxStepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "M C"],
    wanted: Wanted,
) -> States:
    """Read sequences from start to end; a sequence of T symbols makes T - 1 predictions.

    Args:
        stepper: The network.
        sequences: Each with the symbol that opens it.
        contexts: Context of each.
        wanted: What is kept.
    """
    chains = _segments(sequences)
    keeper = _Keeper(stepper, sequences, wanted)
    waiting = [segment for chain in chains for segment in chain]
    for group in _groups(waiting):
        _warm_up(stepper, sequences, contexts, group)
    while waiting:
        for group in _groups(waiting):
            _read(stepper, sequences, group, keeper)
        waiting = [
            after
            for chain in chains
            for before, after in itertools.pairwise(chain)
            if not _are_alike(after.start, before.end)
        ]
        for chain in chains:
            for before, after in itertools.pairwise(chain):
                after.start = before.end
    return keeper.states


def _segments(sequences: Sequence[Int[np.ndarray, " _"]]) -> list[list[_Segment]]:
    n_predictions = sum(len(sequence) - 1 for sequence in sequences)
    longest = max(_SHORTEST, -(-n_predictions // _ROWS))
    chains, place = [], 0
    for number, sequence in enumerate(sequences):
        n = len(sequence) - 1
        n_pieces = max(1, n // longest)
        cuts = np.linspace(0, n, n_pieces + 1).astype(int).tolist()
        chain = [
            _Segment(sequence=number, first=first, last=last, place=place + first)
            for first, last in itertools.pairwise(cuts)
        ]
        chains.append(chain)
        place += n
    return chains


def _groups(segments: list[_Segment]) -> Iterator[list[_Segment]]:
    """Put segments of a like length together."""
    by_length = sorted(segments, key=lambda segment: segment.n_steps)
    for first in range(0, len(by_length), _ROWS):
        yield by_length[first : first + _ROWS]


def _warm_up(
    stepper: OnnxStepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    contexts: Int[np.ndarray, "M C"],
    group: list[_Segment],
) -> None:
    """Give each segment the state to begin with; only that of a sequence's first one is exact."""
    state = stepper.start(contexts[[segment.sequence for segment in group]])
    for row, segment in enumerate(group):
        segment.start = state.select(np.array([row]))
    later = [row for row, segment in enumerate(group) if segment.first > 0]
    if not later:
        return
    symbols = np.stack(
        [
            sequences[group[row].sequence][group[row].first - _WARM_UP : group[row].first]
            for row in later
        ]
    ).astype(np.int64)
    warmed = state.select(np.array(later))
    for t in range(_WARM_UP):
        _, warmed = stepper.advance(symbols[:, t : t + 1, None], warmed)
    for place, row in enumerate(later):
        group[row].start = warmed.select(np.array([place]))


def _read(
    stepper: OnnxStepper,
    sequences: Sequence[Int[np.ndarray, " _"]],
    group: list[_Segment],
    keeper: "_Keeper",
) -> None:
    """Read segments from their starts; their ends are set."""
    n_steps = group[-1].n_steps
    symbols = np.zeros((len(group), n_steps), dtype=np.int64)
    places = np.full((len(group), n_steps), -1)
    for row, one in enumerate(group):
        symbols[row, : one.n_steps] = sequences[one.sequence][one.first : one.last]
        places[row, : one.n_steps] = np.arange(one.place, one.place + one.n_steps)
    lengths = np.array([one.n_steps for one in group])
    state = _joined([one.start for one in group if one.start is not None])
    for t in range(n_steps):
        logits, state = stepper.advance(symbols[:, t : t + 1, None], state)
        keeper.keep(places[:, t], logits[:, 0], state)
        for row in np.flatnonzero(lengths == t + 1).tolist():
            group[row].end = state.select(np.array([row]))


def _joined(states: list[OnnxState]) -> OnnxState:
    while len(states) > 1:  # pairwise: each number is copied log2(B) times, not B times
        pairs = [a.join(b) for a, b in zip(states[::2], states[1::2], strict=False)]
        states = pairs + states[len(pairs) * 2 :]
    return states[0]


def _are_alike(one: OnnxState | None, other: OnnxState | None) -> bool:
    if one is None or other is None:
        return False
    h, c = np.abs(one.buffers.h - other.buffers.h), np.abs(one.buffers.c - other.buffers.c)
    return bool(h.max() <= TOLERANCE and (c / (1 + np.abs(other.buffers.c))).max() <= TOLERANCE)


@dataclass(eq=False)
class _Keeper:
    """Writes down what is wanted; what is read again is written over."""

    stepper: OnnxStepper
    sequences: Sequence[Int[np.ndarray, " _"]]
    wanted: Wanted
    states: States = field(init=False)

    def __post_init__(self) -> None:
        n_layers, hidden_size = self.stepper.start(
            np.zeros((1, len(self.stepper.schema.context)), dtype=np.int64)
        ).buffers.h.shape[::2]
        self._targets = np.concatenate([sequence[1:] for sequence in self.sequences])
        n = len(self._targets)
        shown = (min(n, self.wanted.n_shown), self.wanted.n_alternatives)
        kept = (len(self.wanted.states), n_layers, hidden_size)
        self.states = States(
            nats=np.zeros(n),
            alternatives=np.zeros(shown, dtype=np.int64),
            chances=np.zeros(shown),
            h=np.zeros(kept, dtype=np.float32),
            c=np.zeros(kept, dtype=np.float32),
        )
        self._slots = np.full(n, -1)
        self._slots[self.wanted.states] = np.arange(len(self.wanted.states))

    def keep(
        self, places: Int[np.ndarray, " B"], logits: Float[np.ndarray, "B V"], state: OnnxState
    ) -> None:
        """Take the predictions of one step; rows whose place is -1 are padding."""
        rows = np.flatnonzero(places >= 0)
        places = places[rows]
        log_probs = categorical_log_probs(logits[rows])
        self.states.nats[places] = -log_probs[np.arange(len(rows)), self._targets[places]]
        slots = self._slots[places]
        kept = slots >= 0
        if kept.any():
            buffers = state.buffers
            self.states.h[slots[kept]] = buffers.h[:, rows[kept]].transpose(1, 0, 2)
            self.states.c[slots[kept]] = buffers.c[:, rows[kept]].transpose(1, 0, 2)
        shown = places < len(self.states.alternatives)
        if self.wanted.n_alternatives and shown.any():
            self._rank(places[shown], log_probs[shown])

    def _rank(self, places: Int[np.ndarray, " B"], log_probs: Float[np.ndarray, "B V"]) -> None:
        n = min(self.wanted.n_alternatives, log_probs.shape[1])
        best = np.argpartition(-log_probs, n - 1, axis=1)[:, :n]
        found = np.take_along_axis(log_probs, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        self.states.alternatives[places, :n] = np.take_along_axis(best, order, axis=1)
        self.states.chances[places, :n] = np.exp(np.take_along_axis(found, order, axis=1))
