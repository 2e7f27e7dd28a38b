"""What a user asks of every row: `end >= start`, `total = net + tax`, `age > 0`.

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
from serinette.kinds.series.relations.columns import ColumnRole

SLACK = 4e-15
"""Of the sum of the sizes of a form's terms: what adding them in another order may change."""
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<quoted>`[^`]+`|\"[^\"]+\"|'[^']+')"
    r"|(?P<name>[^\W\d]\w*)|(?P<op><=|>=|==|<|>|=)|(?P<sign>[-+*]))"
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """`offset + sum of factors * columns`."""

    columns: tuple[int, ...]
    factors: tuple[float, ...]
    offset: float

    def at(self, values: Float[np.ndarray, "B D"]) -> Float[np.ndarray, " B"]:
        """Return the form's value in every row; NaN where a column is missing."""
        total = np.full(len(values), self.offset)
        for factor, k in zip(self.factors, self.columns, strict=True):
            total = total + factor * values[:, k]
        return total

    def slack(self, values: Float[np.ndarray, "B D"]) -> Float[np.ndarray, " B"]:
        """Return how far from 0 the form may be and yet mean 0."""
        total = np.full(len(values), abs(self.offset))
        for factor, k in zip(self.factors, self.columns, strict=True):
            total = total + np.abs(factor * values[:, k])
        return SLACK * total

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Form":
        """Read plain values back."""
        return cls(
            columns=tuple(plain["columns"]),
            factors=tuple(plain["factors"]),
            offset=plain["offset"],
        )


@dataclass(frozen=True, kw_only=True)
class LinearRule:
    """A linear form compared with 0."""

    text: str
    form: Form
    """As the user wrote it, everything on one side."""
    comparison: str
    """`>=`, `>` or `=`."""
    solved: Form
    """The same in columns that can be moved; what rounding may take away is taken off already."""
    moved: int | None = None
    """The column that is moved where the rule does not hold; None: it always holds."""
    tolerance: float = 0.0
    """Of an equation: how far from 0 it may be because the source rounds one of its columns."""

    def is_broken(self, values: Float[np.ndarray, "B D"]) -> Bool[np.ndarray, " B"]:
        """Say which rows break the rule; a row that lacks a column breaks none."""
        form, slack = self.form.at(values), self.form.slack(values)
        with np.errstate(invalid="ignore"):
            if self.comparison == "=":
                return np.asarray(np.abs(form) > slack + self.tolerance)
            return np.asarray(form <= slack if self.comparison == ">" else form < -slack)

    def bound(
        self, values: Float[np.ndarray, "B D"], role: ColumnRole
    ) -> tuple[Float[np.ndarray, " B"], bool]:
        """Return what bounds the moved column in each row (NaN: nothing), and whether from below.

        The bound lies a little inside where equality is forbidden. Otherwise it lies a little
        outside if the column is rounded, so that a sum that only a computer tells from 0 does not
        cost a whole unit. Of an equation it is the value itself.

        Args:
            values: Rows; the moved column need not be there.
            role: Of the moved column.
        """
        place = self.solved.columns.index(self.moved or 0)
        factor = self.solved.factors[place]
        rest = Form(
            columns=_without(self.solved.columns, place),
            factors=_without(self.solved.factors, place),
            offset=self.solved.offset,
        )
        level, slack = rest.at(values), rest.slack(values)
        is_rounded = role.decimals is not None or bool(role.grid_values)
        inside = {">": 4.0, ">=": -0.5 * is_rounded, "=": 0.0}[self.comparison] * slack
        return (inside - level) / factor, factor > 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "LinearRule":
        """Read plain values back."""
        forms = {name: Form.from_json(plain[name]) for name in ("form", "solved")}
        return cls(**{**plain, **forms})


def parse_rule(text: str, names: Sequence[str]) -> LinearRule:
    """Read a rule.

    Args:
        text: `end >= start`; names with spaces stand in backticks or quotes.
        names: Of the columns.

    Raises:
        ConfigError: If it cannot be read, or names an unknown column or none.
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
    factors, offset, comparison = reader.factors, reader.offset, reader.comparison
    if comparison in ("<", "<="):
        factors = {k: -factor for k, factor in factors.items()}
        offset, comparison = -offset, comparison.replace("<", ">")
    kept = {k: factor for k, factor in factors.items() if factor}
    if not kept:
        raise ConfigError(f"constraint '{text}': no column is left in it; name one that it bounds")
    form = Form(columns=tuple(kept), factors=tuple(kept.values()), offset=offset + 0.0)
    comparison = "=" if comparison == "==" else comparison
    return LinearRule(text=text, form=form, comparison=comparison, solved=form)


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


def _unreadable(text: str, at: int) -> ConfigError:
    at += len(text[at:]) - len(text[at:].lstrip())
    return ConfigError(
        f"constraint '{text}': not understood at position {at + 1} ({text[at : at + 12]!r}); write "
        "sums of columns and numbers on both sides of <=, <, >=, > or ="
    )


def _without(listed: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return listed[:place] + listed[place + 1 :]
