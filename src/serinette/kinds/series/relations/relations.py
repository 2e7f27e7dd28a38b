"""Relations that hold in every row: taken out before learning, put back in all that is drawn.

Shape letters: `N` rows, `D` columns, `R` numbers that are left.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.relations.checking import breaches
from serinette.kinds.series.relations.columns import DETERMINED, ColumnRole
from serinette.kinds.series.relations.restoring import Plan, Restorer, reduced_rows, restore_rows
from serinette.kinds.series.relations.rules import LinearRule


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Where one of the numbers that are left may be."""

    low: float
    high: float
    is_often_zero: bool
    """Whether it is exactly 0 in at least a row of 20."""


@dataclass(frozen=True, kw_only=True)
class Relations:
    """How the columns of a table hang together; immutable."""

    names: tuple[str, ...]
    roles: tuple[ColumnRole, ...]
    order: tuple[int, ...]
    """Columns in the order in which they can be worked out: counters after the other columns that
    are left, and what follows from others at the end."""
    rules: tuple[LinearRule, ...] = ()
    """What the user asks for."""
    sentences: tuple[str, ...] = ()
    """All of it in words."""
    notes: tuple[str, ...] = ()
    """What was not looked for, or is not kept, and why."""
    witness: tuple[float, ...] = ()
    """A row of the data, NaN where it lacks a cell; only where there are rules."""

    @cached_property
    def left(self) -> tuple[int, ...]:
        """The columns that do not follow from others."""
        return tuple(k for k, r in enumerate(self.roles) if r.role not in DETERMINED)

    @property
    def reduced_names(self) -> tuple[str, ...]:
        """Names of the numbers that are left: a column's, or of its distance to others."""
        return tuple(self.names[k] for k in self.left)

    @cached_property
    def is_counter(self) -> Bool[np.ndarray, " R"]:
        """Which numbers hold a level on a sequence's first row and an increment on later ones."""
        return np.array([self.roles[k].role == "counter" for k in self.left], dtype=np.bool_)

    @property
    def reduced_bounds(self) -> tuple[Bound, ...]:
        """Where the numbers that are left may be; of a counter: its increments."""
        return tuple(self._bound(self.roles[k]) for k in self.left)

    def reduce(
        self, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "N R"]:
        """Return what is left of rows.

        Args:
            values: All columns.
            starts: First row of each sequence, and the number of rows.
        """
        return reduced_rows(self._plan, values, _before(self._plan, values, starts))

    def restore(
        self, reduced: Float[np.ndarray, "N R"], starts: Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "N D"]:
        """Return rows that keep every relation, whatever the numbers are.

        Without counters and rules all rows are restored at once, otherwise row after row.
        """
        return restore_rows(self._plan, reduced, starts)

    def restorer(self, n_rows: int) -> Restorer:
        """Return what restores sequences side by side, row by row."""
        return Restorer(self._plan, n_rows)

    def violations(
        self, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
    ) -> dict[str, int]:
        """Count the rows that break each relation; only those that are broken are listed."""
        found: dict[str, int] = {}
        for words, _, is_broken in breaches(self.names, self.roles, self.rules, values, starts):
            n = int(is_broken.sum())
            if n:
                found[words] = found.get(words, 0) + n
        return found

    def broken_rows(
        self, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
    ) -> Bool[np.ndarray, " N"]:
        """Say which rows break a relation, or several."""
        found = np.zeros(len(values), dtype=np.bool_)
        for _, begin, is_broken in breaches(self.names, self.roles, self.rules, values, starts):
            found[begin : begin + len(is_broken)] |= is_broken
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {**asdict(self), "witness": [None if x != x else x for x in self.witness]}  # noqa: PLR0124
        return {**plain, "roles": [role.to_json() for role in self.roles]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Relations":
        """Read plain values back."""
        return cls(
            names=tuple(plain["names"]),
            roles=tuple(ColumnRole.from_json(role) for role in plain["roles"]),
            order=tuple(plain["order"]),
            rules=tuple(LinearRule.from_json(rule) for rule in plain["rules"]),
            sentences=tuple(plain["sentences"]),
            notes=tuple(plain["notes"]),
            witness=tuple(np.nan if x is None else x for x in plain["witness"]),
        )

    @cached_property
    def _plan(self) -> Plan:
        return Plan(
            roles=self.roles,
            left=self.left,
            order=self.order,
            rules=tuple(rule for rule in self.rules if rule.moved is not None),
            witness=np.asarray(self.witness, dtype=np.float64),
        )

    def _bound(self, role: ColumnRole) -> Bound:
        low, high = role.low, role.high
        if role.role == "counter":
            low, high = role.least_step, role.most_step
        elif role.role == "above":
            low, high = 0.0, role.high - min(self.roles[j].low for j in role.lower)
        elif role.role == "below":
            low, high = 0.0, max(self.roles[j].high for j in role.upper) - role.low
        return Bound(low=low, high=high, is_often_zero=role.is_often_zero)


def _before(
    plan: Plan, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
) -> Float[np.ndarray, "N D"]:
    """Return the last known cell before each one of the counters, in its sequence; else NaN."""
    before = np.full(values.shape, np.nan)
    first = np.repeat(starts[:-1], np.diff(starts))  # [N], where the sequence of a row begins
    rows = np.arange(len(values))
    for k, role in enumerate(plan.roles):
        if role.role == "counter" and len(values):
            known = np.where(np.isnan(values[:, k]), -1, rows)
            last = np.r_[-1, np.maximum.accumulate(known)[:-1]]
            before[:, k] = np.where(last >= first, values[last, k], np.nan)
    return before
