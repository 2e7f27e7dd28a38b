"""Put relations back into numbers, one row of many sequences after another.

Columns are placed one by one. Each is bounded by the columns placed before it (orderings), by its
own row before (counters) and by the user's rules, and is moved the least way to a possible value
within its bounds. Orderings and counters always leave one; where a rule leaves none, the whole row
but its counters becomes that of the row before, or of a row of the data, which keep every rule.

Shape letters: `N` rows, `D` columns, `R` numbers that are left, `B` sequences side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.relations.columns import ColumnRole, rounded
from serinette.kinds.series.relations.rules import LinearRule


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """How rows are worked out."""

    roles: tuple[ColumnRole, ...]
    left: tuple[int, ...]
    """Columns that do not follow from others."""
    order: tuple[int, ...]
    rules: tuple[LinearRule, ...]
    """Each has a column that it moves, the last of its columns in the order."""
    witness: Float[np.ndarray, " _"]
    """A row that keeps every rule."""

    @cached_property
    def places(self) -> dict[int, int]:
        """Where a column's number stands among those that are left."""
        return {k: place for place, k in enumerate(self.left)}

    @cached_property
    def counters(self) -> tuple[int, ...]:
        """Counters in the order in which they are placed."""
        return tuple(k for k in self.order if self.roles[k].role == "counter")

    @cached_property
    def has_memory(self) -> bool:
        """Whether a row depends on the one before it."""
        return bool(self.counters or self.rules)


class Restorer:
    """Rows side by side, restored one after another."""

    def __init__(self, plan: Plan, n_rows: int) -> None:
        self._plan = plan
        self._before = np.full((n_rows, len(plan.roles)), np.nan)
        self._is_first = True
        self.reduced: Float[np.ndarray, "B R"] = np.zeros((n_rows, len(plan.left)))
        """What is left of the row that was restored last."""

    def push(self, reduced: Float[np.ndarray, "B R"]) -> Float[np.ndarray, "B D"]:
        """Return the next row of every sequence."""
        plan = self._plan
        values = np.full(self._before.shape, np.nan)
        is_stuck = np.zeros(len(values), dtype=np.bool_)
        for k in plan.order:
            if k in plan.places:
                is_stuck |= self._place_(k, values, reduced[:, plan.places[k]])
        if is_stuck.any():
            self._repeat_(values, is_stuck, reduced)
        for k in plan.order:
            if k not in plan.places:
                values[:, k] = _determined(plan.roles[k], values)
        self.reduced = reduced_rows(plan, values, self._before)
        self._before, self._is_first = values.copy(), False
        return values

    def _repeat_(
        self,
        values: Float[np.ndarray, "B D"],
        is_stuck: Bool[np.ndarray, " B"],
        reduced: Float[np.ndarray, "B R"],
    ) -> None:
        """Put the row before, or one of the data, where a rule leaves no value."""
        plan = self._plan
        known = np.broadcast_to(plan.witness, values.shape) if self._is_first else self._before
        for k in plan.left:
            if k not in plan.counters:
                values[is_stuck, k] = known[is_stuck, k]
        for k in plan.counters:  # rules may bound them by columns that were moved just now
            self._place_(k, values, reduced[:, plan.places[k]])

    def _place_(
        self, k: int, values: Float[np.ndarray, "B D"], cells: Float[np.ndarray, " B"]
    ) -> Bool[np.ndarray, " B"]:
        """Fill in a column; return where there was no possible value."""
        role = self._plan.roles[k]
        least = _extreme(np.fmax, values, role.lower, -np.inf)
        most = _extreme(np.fmin, values, role.upper, np.inf)
        if role.role == "counter":
            cells, least = self._counted(role, cells, self._before[:, k])
        else:
            if role.role == "above":
                cells = np.where(np.isinf(least), role.low, least) + np.maximum(cells, 0)
            elif role.role == "below":
                cells = np.where(np.isinf(most), role.high, most) - np.maximum(cells, 0)
            least, most = np.maximum(least, role.low), np.minimum(most, role.high)
        wanted = np.full(len(cells), np.nan)
        for rule in self._plan.rules:
            if rule.moved == k:
                bound, is_lower = rule.bound(values, role)
                if rule.comparison == "=":
                    wanted = role.snapped(bound + 0 * cells)  # missing where either is
                    cells = np.where(np.isnan(wanted), cells, wanted)
                    continue
                least = np.fmax(least, bound) if is_lower else least
                most = most if is_lower else np.fmin(most, bound)
        snapped = role.snapped(np.clip(cells, least, np.maximum(most, least)))
        snapped = np.where(snapped < least, role.least_from(least), snapped)
        snapped = np.where(snapped > most, role.most_up_to(most), snapped)
        values[:, k] = np.where(np.isnan(cells), np.nan, snapped)
        is_stuck: Bool[np.ndarray, " B"] = (values[:, k] < least) | (values[:, k] > most)
        is_stuck |= ~np.isnan(wanted) & (values[:, k] != wanted)
        return is_stuck

    @staticmethod
    def _counted(
        role: ColumnRole, cells: Float[np.ndarray, " B"], before: Float[np.ndarray, " B"]
    ) -> tuple[Float[np.ndarray, " B"], Float[np.ndarray, " B"]]:
        """Return a counter's level and its least; a counter is never missing."""
        steps = np.where(np.isnan(cells), role.least_step, cells)
        later = before + np.clip(steps, role.least_step, role.most_step)
        level = np.clip(np.where(np.isnan(cells), role.low, cells), role.low, role.high)
        least = before
        if role.least_step > 0:  # half a step: the next possible value is a whole one away
            least = np.maximum(before + role.least_step / 2, np.nextafter(before, np.inf))
        is_first = np.isnan(before)
        return np.where(is_first, level, later), np.where(is_first, -np.inf, least)


def restore_rows(
    plan: Plan, reduced: Float[np.ndarray, "N R"], starts: Int[np.ndarray, " _"]
) -> Float[np.ndarray, "N D"]:
    """Return the rows of whole sequences."""
    if not plan.has_memory:
        return Restorer(plan, len(reduced)).push(reduced)
    found = np.zeros((len(reduced), len(plan.roles)))
    lengths = np.diff(starts)
    firsts, lengths = starts[:-1][lengths > 0], lengths[lengths > 0]
    restorer = Restorer(plan, len(lengths))
    for t in range(int(lengths.max(initial=0))):
        rows = firsts + np.minimum(t, lengths - 1)
        values = restorer.push(reduced[rows])
        is_there = t < lengths
        found[rows[is_there]] = values[is_there]
    return found


def reduced_rows(
    plan: Plan, values: Float[np.ndarray, "N D"], before: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, "N R"]:
    """Return what is left of rows, given the rows before them."""
    found = np.empty((len(values), len(plan.left)))
    for place, k in enumerate(plan.left):
        role, cells = plan.roles[k], values[:, k]
        if role.role == "above":
            cells = cells - _extreme(np.fmax, values, role.lower, role.low)
        elif role.role == "below":
            cells = _extreme(np.fmin, values, role.upper, role.high) - cells
        elif role.role == "counter":
            cells = np.where(np.isnan(before[:, k]), cells, cells - before[:, k])
        found[:, place] = cells
    return found


def _extreme(
    choose: np.ufunc, values: Float[np.ndarray, "N D"], columns: Sequence[int], other: float
) -> Float[np.ndarray, " N"]:
    """Return the greatest (least) of some columns; `other` where all are missing."""
    if not columns:
        return np.full(len(values), other)
    found: Float[np.ndarray, " N"] = choose.reduce(values[:, list(columns)], axis=1)
    return np.where(np.isnan(found), other, found)


def _determined(role: ColumnRole, values: Float[np.ndarray, "B D"]) -> Float[np.ndarray, " B"]:
    if role.role == "constant":
        return np.full(len(values), role.offset)
    if role.role == "copy":
        return np.array(values[:, role.lower[0]])
    if role.role == "product":
        total = values[:, role.lower[0]] * values[:, role.lower[1]]
    else:
        total = np.full(len(values), role.offset)
        for factor, k in zip(role.factors, role.lower, strict=True):
            total = total + factor * values[:, k]
    return total + 0.0 if role.decimals is None else rounded(total, role.decimals)
