"""What a report draws: plain data, so that a kind can hand in its own without knowing of HTML."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Role = Literal["model", "other", "floor", "baseline", "ideal"]
"""`model`: what the report is about; `other`: what it is compared with; `floor`: real data;
`baseline`: the count model; `ideal`: a line to be near to."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis."""

    label: str
    """With its unit: `repeats before training`."""
    scale: Literal["linear", "log"] = "linear"
    low: float | None = None
    """Where it begins; None: chosen by the data."""
    high: float | None = None
    """Where it ends; None: chosen by the data."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Points that belong together."""

    name: str
    points: tuple[tuple[float, float], ...]
    """x and y, in the order in which they are joined."""
    role: Role = "model"
    is_joined: bool = True
    """Whether a line runs through the points."""
    labels: tuple[str, ...] = ()
    """A word at each point: `T=0.8`; empty for none."""
    band: tuple[tuple[float, float], ...] = ()
    """Low and high end of y at each point, 95 %; empty for none."""

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Line":
        """Read plain values back."""
        pairs = {name: _pairs(plain.get(name, ())) for name in ("points", "band")}
        return cls(**{**plain, **pairs, "labels": tuple(plain.get("labels", ()))})


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One picture."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    note: str = ""
    """How to read it, one or two sentences."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Chart":
        """Read plain values back."""
        lines = tuple(Line.from_json(line) for line in plain["lines"])
        axes = {name: Axis(**plain[name]) for name in ("x", "y")}
        return cls(**{**plain, **axes, "lines": lines})


def _pairs(plain: Iterable[Sequence[float | None]]) -> tuple[tuple[float, float], ...]:
    """Read points; strict JSON holds null where a number was not finite."""
    return tuple((_number(first), _number(second)) for first, second in plain)


def _number(plain: float | None) -> float:
    return math.nan if plain is None else plain
