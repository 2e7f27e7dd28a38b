"""Several networks as one stepper: a weighted mean of their predictions.

The first network is the host: its symbols are the symbols of the mixture. Another one, a guest,
is read and asked through a map from the host's symbols to its own. What a guest lacks it reads as
`missing`; it shares what it gives `missing` evenly among all that it lacks, so that its prediction
is still a distribution over the host's symbols; and what it gives symbols that the host lacks
belongs to the host's `missing`.

The mixture is written as the host's logits and a difference, so that a guest of weight 0, or one
that predicts the same, leaves every logit as it is to the bit.

Shape letters: `B` rows, `T` steps, `C` context fields, `F` fields of a step, `V` symbols of the
host, `U` of a guest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from serinette.core.distributions import categorical_log_probs
from serinette.decoding.stepper import Stepper

MixBy = Literal["probabilities", "logits"]


@dataclass(frozen=True, eq=False)
class Guest:
    """A network that is mixed in, and how to talk to it."""

    stepper: Stepper
    weight: float
    """In [0, 1]."""
    symbol_of: Int[np.ndarray, " V"]
    """Its symbol for each of the host's; its `missing` where it has none."""
    is_lacking: Bool[np.ndarray, " V"]
    """Symbols of the host that share what it gives its `missing`."""
    is_extra: Bool[np.ndarray, " U"]
    """Its symbols that the host lacks."""
    host_missing: int
    contexts: tuple[tuple[int | None, Int[np.ndarray, " _"]], ...] = ()
    """For each context field of the guest: the number of the host's field of that name, and its
    symbol for each of the host's; None: the host has no such field."""

    def read_context(self, context: Int[np.ndarray, "B C"]) -> Int[np.ndarray, "B _"]:
        """Return the context in the guest's symbols; a field that the host lacks is not told."""
        n_rows = len(context)
        columns = [
            np.zeros(n_rows, dtype=np.int64) if place is None else symbols[context[:, place]]
            for place, symbols in self.contexts
        ]
        return np.array(columns, dtype=np.int64).reshape(len(self.contexts), n_rows).T

    def log_probs(self, logits: Float32[np.ndarray, "B T U"]) -> Float64[np.ndarray, "B T V"]:
        """Return what it predicts, as a distribution over the host's symbols."""
        own = categorical_log_probs(logits)
        found: Float64[np.ndarray, "B T V"] = own[..., self.symbol_of]
        n_sharing = int(self.is_lacking.sum())
        if n_sharing > 1:
            found[..., self.is_lacking] -= np.log(n_sharing)
        if self.is_extra.any():
            extra = np.exp(own[..., self.is_extra]).sum(axis=-1)
            own_share = np.exp(found[..., self.host_missing])
            found[..., self.host_missing] = np.log(own_share + extra)
        return found


@dataclass(frozen=True, eq=False)
class MixedState:
    """The states of all networks. Never changed in place."""

    parts: tuple[Any, ...]

    @property
    def n_rows(self) -> int:
        """How many sequences."""
        return int(self.parts[0].n_rows)

    def select(self, rows: Int[np.ndarray, " R"]) -> "MixedState":
        """Keep `rows`, in that order; a row may repeat."""
        return MixedState(tuple(part.select(rows) for part in self.parts))

    def join(self, other: "MixedState") -> "MixedState":
        """Put the rows of `other` after these."""
        pairs = zip(self.parts, other.parts, strict=True)
        return MixedState(tuple(one.join(two) for one, two in pairs))


class MixedStepper:
    """A stepper whose predictions are those of several networks, mixed.

    Args:
        host: Keeps what the guests leave of the weight.
        guests: Whose weights are at most 1 together.
        by: `probabilities`: the weighted arithmetic mean, as if one of the networks were chosen
            anew for each symbol. `logits`: the weighted geometric mean, made a distribution again:
            a symbol is likely where all agree.
    """

    def __init__(self, host: Stepper, guests: Sequence[Guest], by: MixBy) -> None:
        self.schema = host.schema
        self._host = host
        self._guests = tuple(guest for guest in guests if guest.weight > 0)
        self._host_weight = max(0.0, 1 - sum(guest.weight for guest in guests))
        self._is_linear = by == "probabilities"

    def start(self, context: Int[np.ndarray, "B C"], noise: None = None) -> MixedState:
        """Return the states before the first step."""
        others = (guest.stepper.start(guest.read_context(context)) for guest in self._guests)
        return MixedState((self._host.start(context), *others))

    def advance(
        self, steps: Int[np.ndarray, "B T F"], state: MixedState
    ) -> tuple[tuple[Any, ...], MixedState]:
        """Read `steps` with every network."""
        read = [self._host.advance(steps, state.parts[0])]
        for guest, part in zip(self._guests, state.parts[1:], strict=True):
            read.append(guest.stepper.advance(guest.symbol_of[steps], part))
        return tuple(hidden for hidden, _ in read), MixedState(tuple(part for _, part in read))

    def field(
        self, k: int, hidden: tuple[Any, ...], drawn: Int[np.ndarray, "B T k"]
    ) -> Float32[np.ndarray, "B T V"]:
        """Return the logits of the mixture."""
        host: Float32[np.ndarray, "B T V"] = self._host.field(k, hidden[0], drawn)
        if not self._guests:
            return host
        own = categorical_log_probs(host)
        total = np.full(own.shape, self._host_weight if self._is_linear else 0.0)
        for guest, given in zip(self._guests, hidden[1:], strict=True):
            ahead = guest.log_probs(guest.stepper.field(k, given, drawn)) - own
            total += guest.weight * (np.exp(ahead) if self._is_linear else ahead)
        if self._is_linear:
            np.log(total, out=total)
        mixed: Float32[np.ndarray, "B T V"] = (host + total).astype(np.float32)
        return mixed
