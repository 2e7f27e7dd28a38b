"""Quality gates: what may not happen for a model to pass, as `copy50>1%,bpc>2.2`.

A gate names a metric and a condition under which the model fails. `copy50@T=0.7>1%` looks at one
way of drawing samples only; without `@` a gate holds for every one that was measured.
"""

import math
import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError
from serinette.core.metric import Metric

_GATE = re.compile(
    r"\s*(?P<key>[^\s@<>=]+)\s*(?:@(?P<setting>[^<>]+))?"
    r"(?P<sign>>=|<=|>|<)\s*(?P<bound>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?P<percent>%?)\s*",
    re.IGNORECASE,
)
_SIGNS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    ">": (operator.gt, "at most"),
    ">=": (operator.ge, "less than"),
    "<": (operator.lt, "at least"),
    "<=": (operator.le, "more than"),
}
"""What fails, and what a gate allows instead."""
_SHARES = ("", "share")
"""Units of figures without one: a percentage is a hundred times as much."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One condition under which a model fails."""

    text: str
    """As it was written."""
    key: str
    """Of the metric."""
    setting: str | None
    """How samples must have been drawn; None: in any way."""
    sign: str
    """`>`, `>=`, `<` or `<=`."""
    bound: float
    is_percent: bool
    """Whether the bound was written with `%`; without, it is in the metric's own unit."""

    def bound_for(self, metric: Metric) -> float:
        """Return the bound in the unit of the metric."""
        is_share = self.is_percent and metric.unit in _SHARES
        return self.bound / 100 if is_share else self.bound


def parse(text: str, known: Collection[str] = ()) -> tuple[Gate, ...]:
    """Read gates: `KEY[@SETTING] SIGN NUMBER[%]`, joined by commas.

    Args:
        text: `copy50>1%, bpc>2.2, copy50@T=0.7>0.5%`.
        known: The keys that can be measured, where they are known before anything is; none: any.

    Raises:
        ConfigError: Names every gate that cannot be read and every key that is not known.
    """
    gates, problems = [], []
    for part in text.split(","):
        match = _GATE.fullmatch(part)
        if match is None:
            problems.append(
                f"{part.strip()!r} is no gate; write one like copy50>1% or bpc@T=0.7>2.2"
            )
            continue
        if known and match["key"] not in known:
            problems.append(_unknown(match["key"], known))
        gates.append(
            Gate(
                text=part.strip(),
                key=match["key"],
                setting=match["setting"] and match["setting"].strip(),
                sign=match["sign"],
                bound=float(match["bound"]),
                is_percent=bool(match["percent"]),
            )
        )
    _refuse(problems)
    return tuple(gates)


def check(gates: Sequence[Gate], metrics: Sequence[Metric]) -> list[str]:
    """Hold metrics against gates.

    A figure that is not a number fails every gate on it.

    Args:
        gates: From `parse`.
        metrics: Everything that was measured; those without a key have no gates.

    Returns:
        A sentence for every failure, in the order of the gates; empty: the model passes.

    Raises:
        ConfigError: If a gate asks for what was not measured: it neither passes nor fails.
    """
    by_key: dict[str, list[Metric]] = {}
    for metric in metrics:
        if metric.key:
            by_key.setdefault(metric.key, []).append(metric)
    _refuse([problem for gate in gates for problem in _problems(gate, by_key)])
    return [
        _sentence(gate, metric)
        for gate in gates
        for metric in by_key[gate.key]
        if _concerns(gate, metric) and _fails(gate, metric)
    ]


def _problems(gate: Gate, by_key: dict[str, list[Metric]]) -> list[str]:
    """Say why a gate cannot be checked."""
    if gate.key not in by_key:
        return [_unknown(gate.key, by_key)]
    measured = by_key[gate.key]
    if not any(_concerns(gate, metric) for metric in measured):
        settings = [metric.setting for metric in measured if metric.setting]
        hint = nearest(gate.setting or "", settings) if settings else f"write {gate.key} alone"
        return [f"'{gate.text}': {gate.key} was not measured at {gate.setting} ({hint})"]
    return [
        f"'{gate.text}': {gate.key} is in {metric.unit}; leave out the %"
        for metric in measured[:1]
        if gate.is_percent and metric.unit not in ("%", *_SHARES)
    ]


def _unknown(key: str, known: Collection[str]) -> str:
    return f"no metric '{key}' is measured ({nearest(key, sorted(known))})"


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ConfigError(f"--fail-on: {'; '.join(dict.fromkeys(problems))}")


def _concerns(gate: Gate, metric: Metric) -> bool:
    return gate.setting is None or gate.setting == metric.setting


def _fails(gate: Gate, metric: Metric) -> bool:
    fails, _ = _SIGNS[gate.sign]
    return math.isnan(metric.value) or fails(metric.value, gate.bound_for(metric))


def _sentence(gate: Gate, metric: Metric) -> str:
    unit = f" {metric.unit}" if metric.unit and metric.unit not in _SHARES else ""
    bound = gate.bound_for(metric)
    value = "not a number" if math.isnan(metric.value) else _beside(metric.value, bound) + unit
    place = f" at {metric.setting}" if metric.setting else ""
    spread = ""
    if metric.interval is not None:
        low, high = metric.interval
        spread = f" (interval {low:.3g} to {high:.3g}{unit})"
    _, allowed = _SIGNS[gate.sign]
    return f"{gate.key}{place} is {value}{spread}, the gate allows {allowed} {bound:.6g}{unit}"


def _beside(value: float, bound: float) -> str:
    """Write a number with as many digits as tell it from the bound."""
    if value == bound:
        return f"{bound:.6g}"
    for n_digits in (3, 6):
        text = f"{value:.{n_digits}g}"
        if text != f"{bound:.{n_digits}g}":
            return text
    return repr(value)
