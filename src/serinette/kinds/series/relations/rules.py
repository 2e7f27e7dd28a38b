"""What a user asks of every row: `end >= start`, `total = net + tax`, `age > 0`.

A rule is one linear form compared with 0. It is kept by moving the last of its columns that can be
moved.

Shape letters: `B` rows, `D` columns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError
from serinette.kinds.series.relations.columns import DETERMINED, ColumnRole

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<quoted>`[^`]+`|\"[^\"]+\"|'[^']+')"
    r"|(?P<name>[^\W\d]\w*)|(?P<op><=|>=|==|<|>|=)|(?P<sign>[-+*]))"
)


@dataclass(frozen=True, kw_only=True)
class LinearRule:
    """`offset + sum of factors * columns`, compared with 0."""

    text: str
    columns: tuple[int, ...]
    factors: tuple[float, ...]
    offset: float
    comparison: str
    """`>=`, `>` or `=`."""
    moved: int
    """The column that is moved where the rule does not hold."""

    def form(self, values: Float[np.ndarray, "B D"]) -> Float[np.ndarray, " B"]:
        """Return the form's value; NaN where a column is missing."""
        total = np.full(len(values), self.offset)
        for factor, k in zip(self.factors, self.columns, strict=True):
            total = total + factor * values[:, k]
        return total

    def is_broken(
        self, values: Float[np.ndarray, "B D"], roles: Sequence[ColumnRole]
    ) -> Bool[np.ndarray, " B"]:
        """Say which rows break the rule; a row that lacks a column breaks none."""
        form = self.form(values)
        slack = 1e-9 * (np.abs(values[:, list(self.columns)]).max(axis=1) + 1)
        with np.errstate(invalid="ignore"):
            if self.comparison == "=":
                half = sum(
                    abs(f) * 0.5 * 10.0 ** -(roles[k].decimals or 12)
                    for f, k in zip(self.factors, self.columns, strict=True)
                )
                broken = np.abs(form) > half + slack
            elif self.comparison == ">":
                broken = form <= 0
            else:
                broken = form < -slack
        found: Bool[np.ndarray, " B"] = broken & ~np.isnan(form)
        return found

    def keep_(self, values: Float[np.ndarray, "B D"], roles: Sequence[ColumnRole]) -> None:
        """Move the rule's column in the rows that break it."""
        broken = self.is_broken(values, roles)
        if not broken.any():
            return
        role = roles[self.moved]
        factor = self.factors[self.columns.index(self.moved)]
        rest = self.form(values) - factor * values[:, self.moved]
        bound = -rest / factor
        snapped = role.snapped(bound)
        if self.comparison != "=":
            step = role.smallest if factor > 0 else -role.smallest
            is_short = (snapped < bound) if factor > 0 else (snapped > bound)
            snapped = np.where(is_short, role.snapped(snapped + step), snapped)
            if self.comparison == ">":
                is_level = factor * snapped + rest <= 0
                snapped = np.where(is_level, role.snapped(snapped + step), snapped)
        values[broken, self.moved] = snapped[broken]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "LinearRule":
        """Read plain values back."""
        tuples = {name: tuple(plain[name]) for name in ("columns", "factors")}
        return cls(**{**plain, **tuples})


def parse_rule(text: str, names: Sequence[str], roles: Sequence[ColumnRole]) -> LinearRule:
    """Read a rule.

    Args:
        text: `end >= start`; names with spaces stand in quotes.
        names: Of the columns.
        roles: Of the columns; one that follows from others cannot be moved.

    Raises:
        ConfigError: If it cannot be read, names no column, or no column can be moved to keep it.
    """
    reader = _Reader(text, names)
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unreadable(text, at)
        reader.take(found.lastgroup or "", found.group().strip(), at)
        at = found.end()
    reader.end()
    return _rule(text, reader.factors, reader.offset, reader.comparison, roles)


class _Reader:
    """Takes the words of a rule one by one."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.factors: dict[int, float] = {}
        self.offset = 0.0
        self.comparison = ""
        self._text, self._names = text, names
        self._side, self._factor = 1.0, 1.0
        self._pending: tuple[float, int | None] | None = None

    def take(self, kind: str, word: str, at: int) -> None:
        """Take a word at a position."""
        if kind == "op":
            if self.comparison:
                raise _unreadable(self._text, at)
            self._add(at)
            self.comparison, self._side, self._factor = word, -1.0, 1.0
        elif word == "*":
            if self._pending is None or self._pending[1] is not None:
                raise _unreadable(self._text, at)
            self._factor, self._pending = self._pending[0], None
        elif kind == "sign":
            if self._pending is not None:
                self._add(at)
                self._factor = 1.0
            self._factor *= -1.0 if word == "-" else 1.0
        elif self._pending is not None:
            raise _unreadable(self._text, at)
        else:
            self._pending = _operand(self._text, kind, word, self._factor, self._names)
            self._factor = 1.0

    def end(self) -> None:
        """Take the last operand."""
        if not self.comparison:
            raise _unreadable(self._text, len(self._text))
        self._add(len(self._text))

    def _add(self, at: int) -> None:
        if self._pending is None:
            raise _unreadable(self._text, at)
        factor, column = self._pending
        if column is None:
            self.offset += self._side * factor
        else:
            self.factors[column] = self.factors.get(column, 0.0) + self._side * factor
        self._pending = None


def _operand(
    text: str, kind: str, word: str, sign: float, names: Sequence[str]
) -> tuple[float, int | None]:
    if kind == "number":
        return sign * float(word), None
    name = word[1:-1] if kind == "quoted" else word
    if name not in names:
        raise ConfigError(
            f"constraint '{text}': no column of numbers '{name}' ({nearest(name, list(names))})"
        )
    return sign, list(names).index(name)


def _rule(
    text: str,
    factors: Mapping[int, float],
    offset: float,
    comparison: str,
    roles: Sequence[ColumnRole],
) -> LinearRule:
    if comparison in ("<", "<="):
        factors = {k: -factor for k, factor in factors.items()}
        offset, comparison = -offset, comparison.replace("<", ">")
    kept = {k: factor for k, factor in factors.items() if factor}
    free = [k for k in kept if roles[k].role not in DETERMINED]
    if not free:
        raise ConfigError(
            f"constraint '{text}': its columns follow from others, so none can be moved to keep it"
        )
    return LinearRule(
        text=text,
        columns=tuple(kept),
        factors=tuple(kept.values()),
        offset=offset,
        comparison="=" if comparison == "==" else comparison,
        moved=free[-1],
    )


def _unreadable(text: str, at: int) -> ConfigError:
    at += len(text[at:]) - len(text[at:].lstrip())
    return ConfigError(
        f"constraint '{text}': not understood at position {at + 1} ({text[at : at + 12]!r}); write "
        "sums of columns and numbers on both sides of <=, <, >=, > or ="
    )
