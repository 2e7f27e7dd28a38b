"""From logits to one symbol a row. The order is fixed and documented in `DecodingConfig`.

Everything here treats every row alone, and takes exactly one uniform number a row and step, so a
row's symbols never depend on its batch. `missing` is never drawn.

Shape letters: `B` rows, `V` symbols, `W` some of them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from serinette.constraints.protocol import Constraint
from serinette.core.distributions import categorical_draw, categorical_log_prob
from serinette.core.errors import ConstraintError
from serinette.core.schema import Schema
from serinette.decoding import filters, penalties
from serinette.decoding.config import DecodingConfig
from serinette.decoding.penalties import SymbolCounts
from serinette.decoding.temperature import Heat
from serinette.nets.config import predicted_symbols


@dataclass(frozen=True)
class Memory:
    """What penalties and the constraint remember of some rows. Never changed in place."""

    counts: SymbolCounts | None
    rule: Int[np.ndarray, "B *memory"] | None
    places: Int64[np.ndarray, "B 2"] | None = None
    """Where the temperature looks: kept only if it changes."""

    def select(self, rows: Int[np.ndarray, " R"]) -> "Memory":
        """Keep `rows`, in that order; a row may repeat."""
        counts = None if self.counts is None else self.counts.select(rows)
        rule = None if self.rule is None else self.rule[rows]
        return Memory(counts, rule, None if self.places is None else self.places[rows])

    def join(self, other: "Memory") -> "Memory":
        """Put the rows of `other` after these."""
        counts, rule, places = self.counts, self.rule, self.places
        if counts is not None and other.counts is not None:
            counts = counts.join(other.counts)
        if rule is not None and other.rule is not None:
            rule = np.concatenate([rule, other.rule])
        if places is not None and other.places is not None:
            places = np.concatenate([places, other.places])
        return Memory(counts, rule, places)


class Shaped(NamedTuple):
    """What is drawn from."""

    logits: Float64[np.ndarray, "B W"]
    """-inf where a symbol is impossible; all of them in a row that is at a dead end."""
    kept: Float64[np.ndarray, " B"]
    """Share of the model's probability that the constraint leaves, in [0, 1]; 1 without one."""
    is_dead: Bool[np.ndarray, " B"]
    """Which rows are at a dead end."""
    log_totals: Float64[np.ndarray, " B"]
    """log of the sum of exp of the network's logits: a logit less this is a log-probability."""
    columns: Int[np.ndarray, " W"] | None
    """The symbols that `logits` are of; None: all."""


def _some(table: np.ndarray, columns: Int[np.ndarray, " W"] | None) -> np.ndarray:
    return table if columns is None else table[:, columns]


def _weights(
    logits: Float[np.ndarray, "B V"],
) -> tuple[Float[np.ndarray, "B V"], Float64[np.ndarray, " B"]]:
    """Return what the network's probabilities are in proportion to, and the log of their sum."""
    highest = logits.max(axis=-1, keepdims=True)
    weights = np.exp(logits - highest)
    totals = weights.sum(axis=-1, dtype=np.float64)
    return weights, highest[:, 0].astype(np.float64) + np.log(totals)


_WORTH_LEAVING_OUT = 0.8
"""Share of the symbols below which the others are left out of a draw."""
_LEAST, _MOST = 1e-200, 1e200
"""Between them a sum of exponentials in float64 has all its digits."""


class Sampler:
    """Shapes logits and draws from them.

    Args:
        config: How to draw.
        schema: Its first field is the one that is drawn.
        bias: Nats to add to every symbol's logit; None adds nothing.
        constraint: A rule that every sequence keeps, or None.
        heat: Where the temperature changes, for a config whose temperature does.
    """

    def __init__(
        self,
        config: DecodingConfig,
        schema: Schema,
        bias: Float64[np.ndarray, " V"] | None = None,
        constraint: Constraint | None = None,
        heat: Heat | None = None,
    ) -> None:
        (field,) = predicted_symbols(schema)
        self._config = config
        self._constraint = constraint
        self.may_dead_end = bool(getattr(constraint, "may_dead_end", False))
        """Whether a row can be left without a symbol; it is then to be begun afresh."""
        self._n_symbols = field.size
        self._bias = np.zeros(field.size) if bias is None else bias.copy()
        if field.missing is not None:
            self._bias[field.missing] = -np.inf
        self._takes_likeliest = config.takes_likeliest  # asked at every step
        self._heat = heat
        constant = config.constant_temperature
        self._temperature = 1.0 if config.takes_likeliest else constant or 1.0
        self._per_temperature = np.float64(1 / self._temperature)
        with np.errstate(over="ignore"):
            self._factors = np.exp(self._bias / self._temperature)
        is_even = heat is None and not config.has_penalties and not config.has_filters
        self.is_plain = constraint is None and is_even
        """Whether a draw depends on this step's logits alone, and keeps all symbols."""

    def start(self, n_rows: int) -> Memory:
        """Return the memory of rows that have no steps yet."""
        counts = rule = None
        if self._config.has_penalties:
            window = self._config.penalty_window
            counts = SymbolCounts.nothing(n_rows, self._n_symbols, window)
        if self._constraint is not None:
            rule = self._constraint.start(n_rows)
        return Memory(counts, rule, None if self._heat is None else self._heat.start(n_rows))

    def remember(self, memory: Memory, symbols: Int[np.ndarray, " B"]) -> Memory:
        """Return the memory after one more step."""
        places = memory.places
        if self._heat is not None and places is not None:
            places = self._heat.advance(places, symbols)
        elif memory.counts is None and memory.rule is None:
            return memory
        counts = None if memory.counts is None else memory.counts.add(symbols)
        rule = memory.rule
        if self._constraint is not None and rule is not None:
            rule = self._constraint.advance(rule, symbols)
        return Memory(counts, rule, places)

    def shape(
        self,
        logits: Float[np.ndarray, "B V"],
        memory: Memory,
        remaining: Int[np.ndarray, " B"],
        *,
        is_compact: bool = False,
    ) -> Shaped:
        """Return the logits that are drawn from, and what the constraint threw away.

        Args:
            logits: The network's.
            memory: Of the same rows.
            remaining: Steps that each row may still draw, this one included.
            is_compact: Whether symbols that no row may draw are left out, where they are many.

        Raises:
            ConstraintError: If the constraint leaves a row no symbol although it looks ahead.
        """
        weights, log_totals = _weights(logits)
        heat = self._heat_of(memory, remaining)
        kept, is_dead = np.ones(len(logits)), np.zeros(len(logits), dtype=np.bool_)
        if self._constraint is None or memory.rule is None:
            shaped = self._biased(logits, memory, None)
            return Shaped(self._heated(shaped, heat), kept, is_dead, log_totals, None)
        allowed = self._constraint.allowed(memory.rule, remaining)
        kept = np.einsum("bv,bv->b", weights, allowed, dtype=np.float64)
        kept = np.minimum(kept / weights.sum(axis=-1, dtype=np.float64), 1.0)
        columns = self._columns(allowed) if is_compact else None
        shaped = self._biased(logits, memory, columns)
        if getattr(self._constraint, "has_penalty", False):
            constraint: Any = self._constraint
            shaped -= _some(constraint.penalty(memory.rule), columns)
        np.copyto(shaped, -np.inf, where=~_some(allowed, columns))
        is_dead = np.isneginf(shaped.max(axis=-1))
        if is_dead.any() and not self.may_dead_end:
            raise ConstraintError(
                "the constraints leave no symbol to draw; loosen one of them, or allow more "
                "steps with --max-steps"
            )
        return Shaped(self._heated(shaped, heat), kept, is_dead, log_totals, columns)

    def _heat_of(
        self, memory: Memory, remaining: Int[np.ndarray, " B"]
    ) -> float | Float64[np.ndarray, "B 1"]:
        if self._heat is None or memory.places is None:
            return self._temperature
        return self._heat.at(memory.places, remaining)

    def _columns(self, allowed: Bool[np.ndarray, "B V"]) -> Int[np.ndarray, " W"] | None:
        """Return the symbols that some row may draw; None where that is most of them.

        A verse step allows a third of thousands of symbols, a forced one a single one.
        """
        if self._config.repetition_penalty != 1:  # it looks at the whole distribution
            return None
        columns = np.flatnonzero(allowed.any(axis=0))
        return columns if 0 < len(columns) < _WORTH_LEAVING_OUT * self._n_symbols else None

    def _biased(
        self,
        logits: Float[np.ndarray, "B V"],
        memory: Memory,
        columns: Int[np.ndarray, " W"] | None,
    ) -> Float64[np.ndarray, "B W"]:
        shaped: np.ndarray = _some(logits, columns).astype(np.float64)
        shaped += self._bias if columns is None else self._bias[columns]
        if memory.counts is not None:
            shaped = self._penalise(shaped, _some(memory.counts.counts, columns))
        return shaped

    def _heated(
        self, shaped: Float64[np.ndarray, "B W"], heat: float | Float64[np.ndarray, "B 1"]
    ) -> Float64[np.ndarray, "B W"]:
        if not isinstance(heat, float) or heat != 1:
            shaped /= heat
        return self._filter(shaped)

    def shape_plain(self, logits: Float[np.ndarray, "*B V"]) -> Float64[np.ndarray, "*B V"]:
        """Return what `shape` would, for any number of steps at once; only where `is_plain`."""
        shaped: np.ndarray = (logits.astype(np.float64) + self._bias) / self._temperature
        return shaped

    def draw_shaped(
        self, choice: Shaped, u: Float64[np.ndarray, " B"]
    ) -> tuple[Int[np.ndarray, " B"], Float64[np.ndarray, " B"]]:
        """Draw one symbol a row; return it with its log-probability under what it is drawn from.

        With thousands of symbols the exponentials cost more than all else, so they are taken once.
        """
        shaped, columns = choice.logits, choice.columns
        if self._takes_likeliest:
            likeliest = shaped.argmax(axis=-1)
            log_probs = categorical_log_prob(shaped, likeliest)
            return likeliest if columns is None else columns[likeliest], log_probs
        highest = shaped.max(axis=-1, keepdims=True)
        # Of thousands of symbols the exponentials cost most; in float32 they cost a quarter, and
        # a probability loses its eighth digit.
        weights = np.exp((shaped - highest).astype(np.float32))
        cumulative = weights.cumsum(axis=-1, dtype=np.float64)
        totals = cumulative[:, -1]
        drawn: Int[np.ndarray, " B"] = (cumulative <= (u * totals)[:, None]).sum(axis=-1)
        drawn = np.minimum(drawn, shaped.shape[1] - 1)  # of a row at a dead end
        own = shaped[np.arange(len(drawn)), drawn] - highest[:, 0]
        return drawn if columns is None else columns[drawn], own - np.log(totals)

    def draw(
        self, shaped: Float64[np.ndarray, "B V"], u: Float64[np.ndarray, " B"]
    ) -> Int[np.ndarray, " B"]:
        """Draw one symbol a row; greedy decoding does not look at `u`."""
        if self._takes_likeliest:
            likeliest: np.ndarray = shaped.argmax(axis=-1)
            return likeliest
        return categorical_draw(shaped, u)

    def draw_plain(
        self, logits: Float[np.ndarray, "B V"], u: Float64[np.ndarray, " B"]
    ) -> Int[np.ndarray, " B"]:
        """Shape and draw in as few calls as can be; only where `is_plain` holds.

        Between two steps of a network every NumPy call costs about 2 microseconds, because the
        weights have pushed it out of the cache; at H = 256 and one row the network takes 74. So
        no maximum is taken off before the exponential, which float64 bears for all but absurd
        logits; a row where it does not is drawn by `shape` and `draw`.
        """
        if self._takes_likeliest:
            likeliest: np.ndarray = (logits + self._bias).argmax(axis=-1)
            return likeliest
        if len(logits) == 1:
            cumulative = self._cumulative(logits[0])
            total = cumulative[-1]
            if _LEAST < total < _MOST:
                return np.array([cumulative.searchsorted(u[0] * total, side="right")])
            return self.draw(self.shape_plain(logits), u)
        cumulative = self._cumulative(logits)
        totals = cumulative[:, -1]
        drawn: np.ndarray = (cumulative > (u * totals)[:, None]).argmax(axis=-1)
        is_good = (totals > _LEAST) & (totals < _MOST)
        if not is_good.all():
            bad = np.flatnonzero(~is_good)
            drawn[bad] = self.draw(self.shape_plain(logits[bad]), u[bad])
        return drawn

    def _cumulative(self, logits: Float[np.ndarray, "*B V"]) -> Float64[np.ndarray, "*B V"]:
        weights = logits * self._per_temperature  # float64
        np.exp(weights, weights)
        weights *= self._factors
        cumulative: np.ndarray = weights.cumsum(axis=-1)
        return cumulative

    def _penalise(
        self, shaped: Float64[np.ndarray, "B V"], counts: Int[np.ndarray, "B V"]
    ) -> Float64[np.ndarray, "B V"]:
        config = self._config
        if config.repetition_penalty != 1:
            shaped = penalties.repetition(shaped, counts, config.repetition_penalty)
        if config.presence_penalty != 0:
            shaped = penalties.presence(shaped, counts, config.presence_penalty)
        if config.frequency_penalty != 0:
            shaped = penalties.frequency(shaped, counts, config.frequency_penalty)
        return shaped

    def _filter(self, shaped: Float64[np.ndarray, "B V"]) -> Float64[np.ndarray, "B V"]:
        config = self._config
        if config.top_k is not None:
            shaped = filters.top_k(shaped, config.top_k)
        if config.typical_p is not None:
            shaped = filters.typical(shaped, config.typical_p)
        if config.top_p is not None:
            shaped = filters.top_p(shaped, config.top_p)
        if config.min_p is not None:
            shaped = filters.min_p(shaped, config.min_p)
        return shaped
