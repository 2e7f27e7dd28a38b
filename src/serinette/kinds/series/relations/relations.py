"""Relations that hold in every row: taken out before learning, put back in all that is drawn.

Shape letters: `N` rows, `D` columns, `R` numbers that are left, `B` rows side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series.relations.checking import broken_rows, count_violations
from serinette.kinds.series.relations.columns import DETERMINED, ColumnRole
from serinette.kinds.series.relations.rules import LinearRule


@dataclass(frozen=True, kw_only=True)
class Relations:
    """How the columns of a table hang together; immutable."""

    names: tuple[str, ...]
    roles: tuple[ColumnRole, ...]
    order: tuple[int, ...]
    """Columns in the order in which they can be worked out."""
    rules: tuple[LinearRule, ...] = ()
    """What the user asks for."""
    sentences: tuple[str, ...] = ()
    """All of it in words."""
    witness: tuple[float, ...] = ()
    """A row that keeps all of it; only where there are rules."""

    @property
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

    def reduce(
        self, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "N R"]:
        """Return what is left of rows.

        Args:
            values: All columns.
            starts: First row of each sequence, and the number of rows.
        """
        before = np.full_like(values, np.nan)
        before[1:] = values[:-1]
        before[starts[:-1][starts[:-1] < len(values)]] = np.nan
        return self._reduced(values, before)

    def restore(
        self, reduced: Float[np.ndarray, "N R"], starts: Int[np.ndarray, " _"]
    ) -> Float[np.ndarray, "N D"]:
        """Return rows that keep every relation, whatever the numbers are."""
        found = np.zeros((len(reduced), len(self.names)))
        lengths = np.diff(starts)
        restorer = self.restorer(len(lengths))
        for t in range(int(lengths.max(initial=0))):
            rows = np.minimum(starts[:-1] + t, np.maximum(starts[1:] - 1, 0))
            row = restorer.push(reduced[rows])
            there = t < lengths
            found[rows[there]] = row[there]
        return found

    def restorer(self, n_rows: int) -> "Restorer":
        """Return what restores sequences side by side, row by row."""
        return Restorer(self, n_rows)

    def violations(
        self, values: Float[np.ndarray, "N D"], starts: Int[np.ndarray, " _"]
    ) -> dict[str, int]:
        """Count the rows that break each relation; only those that are broken are listed."""
        return count_violations(self, values, starts)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "names": list(self.names),
            "roles": [role.to_json() for role in self.roles],
            "order": list(self.order),
            "rules": [rule.to_json() for rule in self.rules],
            "sentences": list(self.sentences),
            "witness": list(self.witness),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Relations":
        """Read plain values back."""
        return cls(
            names=tuple(plain["names"]),
            roles=tuple(ColumnRole.from_json(role) for role in plain["roles"]),
            order=tuple(plain["order"]),
            rules=tuple(LinearRule.from_json(rule) for rule in plain["rules"]),
            sentences=tuple(plain["sentences"]),
            witness=tuple(plain["witness"]),
        )

    def _reduced(
        self, values: Float[np.ndarray, "N D"], before: Float[np.ndarray, "N D"]
    ) -> Float[np.ndarray, "N R"]:
        found = np.empty((len(values), len(self.left)))
        for place, k in enumerate(self.left):
            role, cells = self.roles[k], values[:, k]
            if role.role == "above":
                cells = cells - _or(np.fmax, values, role.lower, role.low)
            elif role.role == "below":
                cells = _or(np.fmin, values, role.upper, role.high) - cells
            elif role.role == "counter":
                cells = np.where(np.isnan(before[:, k]), cells, cells - before[:, k])
            found[:, place] = cells
        return found


class Restorer:
    """Rows side by side, restored one after another."""

    def __init__(self, relations: Relations, n_rows: int) -> None:
        self._relations = relations
        self._before = np.full((n_rows, len(relations.names)), np.nan)
        self.reduced: Float[np.ndarray, "B R"] = np.zeros((n_rows, len(relations.left)))
        """What is left of the row that was restored last."""

    def push(self, reduced: Float[np.ndarray, "B R"]) -> Float[np.ndarray, "B D"]:
        """Return the next row of every sequence."""
        relations = self._relations
        values = np.full(self._before.shape, np.nan)
        places = {k: place for place, k in enumerate(relations.left)}
        for k in relations.order:
            role = relations.roles[k]
            if k in places:
                values[:, k] = self._placed(role, values, reduced[:, places[k]], k)
        for rule in relations.rules:
            rule.keep_(values, relations.roles)
        self._finish_(values, places)
        if relations.rules:
            self._mend_(values, places)
        self.reduced = relations._reduced(values, self._before)
        carried = np.where(np.isnan(values), self._before, values)
        self._before = carried
        return values

    def _finish_(self, values: np.ndarray, places: Mapping[int, int]) -> None:
        """Work out the columns that follow from others."""
        for k in self._relations.order:
            if k not in places:
                values[:, k] = _determined(self._relations.roles[k], values)

    def _mend_(self, values: np.ndarray, places: Mapping[int, int]) -> None:
        """Where rules could not be kept, put the row before, or one that keeps all."""
        relations = self._relations
        broken = broken_rows(relations, values)
        if not broken.any():
            return
        witness = np.asarray(relations.witness)
        known = ~np.isnan(self._before).any(axis=1)
        values[broken] = np.where(known[:, None], self._before, witness)[broken]
        for k, role in enumerate(relations.roles):
            if role.role == "counter":
                still = broken & known
                values[still, k] = self._before[still, k] + role.least_step
        self._finish_(values, places)

    def _placed(
        self, role: ColumnRole, values: np.ndarray, cells: np.ndarray, k: int
    ) -> Float[np.ndarray, " B"]:
        low, high = role.low, role.high
        if role.role == "counter":
            before = self._before[:, k]
            later = before + np.maximum(cells, role.least_step)
            snapped = role.snapped(np.where(np.isnan(before), np.clip(cells, low, high), later))
            return np.where(np.isnan(before), snapped, np.fmax(snapped, before + role.least_step))
        if role.role == "above":
            cells = _or(np.fmax, values, role.lower, low) + np.maximum(cells, 0)
        elif role.role == "below":
            cells = _or(np.fmin, values, role.upper, high) - np.maximum(cells, 0)
        snapped = role.snapped(np.clip(cells, low, high))
        if role.lower and role.role != "below":
            least = _or(np.fmax, values, role.lower, low)
            snapped = np.where(snapped < least, _up(role, least), snapped)
        if role.upper and role.role != "above":
            most = _or(np.fmin, values, role.upper, high)
            snapped = np.where(snapped > most, _down(role, most), snapped)
        return np.where(np.isnan(cells), np.nan, snapped)


def _or(
    choose: np.ufunc, values: np.ndarray, columns: Sequence[int], other: float
) -> Float[np.ndarray, " B"]:
    """Return the greatest (least) of some columns; `other` where all are missing."""
    found: Float[np.ndarray, " B"] = choose.reduce(values[:, list(columns)], axis=1)
    return np.where(np.isnan(found), other, found)


def _up(role: ColumnRole, least: np.ndarray) -> np.ndarray:
    """Return the least value of a column that is not below something."""
    snapped = role.snapped(least)
    found: np.ndarray = np.where(snapped < least, role.snapped(least + role.smallest), snapped)
    return found


def _down(role: ColumnRole, most: np.ndarray) -> np.ndarray:
    snapped = role.snapped(most)
    found: np.ndarray = np.where(snapped > most, role.snapped(most - role.smallest), snapped)
    return found


def _determined(role: ColumnRole, values: np.ndarray) -> Float[np.ndarray, " B"]:
    if role.role == "constant":
        return np.full(len(values), role.offset)
    if role.role == "copy":
        return np.array(values[:, role.lower[0]])
    total = np.full(len(values), role.offset)
    for factor, k in zip(role.factors, role.lower, strict=True):
        total = total + factor * values[:, k]
    return np.array(total if role.decimals is None else np.round(total, role.decimals)) + 0.0
