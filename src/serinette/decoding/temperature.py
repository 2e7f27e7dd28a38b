"""Temperatures that change: over a sample, over each line, within words.

A schedule is written as a number, `0.8`; as temperatures to pass through, `1.2:0.6`, evenly over
the longest length of a sample; with the number of steps that it takes, `1.2:0.6/200`, after which
the last one stays; and anew with every line, `1.2:0.6/30@line`.

Shape letters: `B` rows, `V` symbols.
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64

from serinette.core.errors import ConfigError

COLDEST = 1e-6
"""What a 0 within a schedule becomes: all but the likeliest symbol get nothing."""
GRAMMAR = "a number, FROM:TO, FROM:TO/STEPS or FROM:TO/STEPS@line"

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_SCHEDULE = re.compile(rf"({_NUMBER}(?::{_NUMBER})+)(?:/([0-9]{{1,9}})(@line)?)?")
_LAST, _IN_LINE = 0, 1


@dataclass(frozen=True)
class Schedule:
    """Temperatures by step, on straight lines between the points."""

    points: tuple[float, ...]
    """At least one, evenly spaced."""
    n_steps: int | None = None
    """Steps from the first point to the last, which then stays; None: the longest length."""
    is_by_line: bool = False
    """Whether steps are counted from the beginning of the line."""

    @property
    def constant(self) -> float | None:
        """The one temperature that it always is; None if it changes."""
        return self.points[0] if len(set(self.points)) == 1 else None

    def at(self, steps: Int[np.ndarray, " B"], longest: int) -> Float64[np.ndarray, " B"]:
        """Return the temperature after so many steps."""
        places = np.linspace(0, self.n_steps or longest, len(self.points))
        found: Float64[np.ndarray, " B"] = np.interp(steps, places, self.points)
        return found


def schedule_of(value: float | str) -> Schedule:
    """Read a schedule.

    Raises:
        ConfigError: With what it must be, without saying of what.
    """
    match = _SCHEDULE.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        points = tuple(float(point) for point in match[1].split(":"))
        n_steps = None if match[2] is None else int(match[2])
    else:
        points, n_steps = (_number(value),), None
    if not all(0 <= point < float("inf") for point in points):
        raise ConfigError(f"must be at least 0 and finite; 0 is greedy; got {value}")
    if n_steps == 0:
        raise ConfigError(f"must take at least 1 step; got {value!r}")
    return Schedule(points, n_steps, match is not None and match[3] is not None)


def _number(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ConfigError(f"must be {GRAMMAR}; got {value!r}") from None


@dataclass(frozen=True, eq=False)
class Heat:
    """The temperature of every row's next draw.

    It remembers two numbers a row: its last symbol, and how many the line has.
    """

    schedule: Schedule
    in_words: Schedule | None
    """After a letter; None: as everywhere."""
    is_letter: Bool[np.ndarray, " V"]
    """Symbols after which a word may go on."""
    is_break: Bool[np.ndarray, " V"]
    """Symbols that end a line."""
    longest: int
    """Most steps of a sample."""

    def start(self, n_rows: int) -> Int64[np.ndarray, "B 2"]:
        """Return what is remembered of rows without steps."""
        return np.array([[-1, 0]] * n_rows, dtype=np.int64).reshape(n_rows, 2)

    def advance(
        self, places: Int64[np.ndarray, "B 2"], symbols: Int[np.ndarray, " B"]
    ) -> Int64[np.ndarray, "B 2"]:
        """Return what is remembered after one more symbol."""
        in_line = np.where(self.is_break[symbols], 0, places[:, _IN_LINE] + 1)
        return np.stack([symbols.astype(np.int64), in_line], axis=1)

    def at(
        self, places: Int64[np.ndarray, "B 2"], remaining: Int[np.ndarray, " B"]
    ) -> Float64[np.ndarray, "B 1"]:
        """Return what to divide the logits by.

        Args:
            places: What is remembered.
            remaining: Steps that each row may still draw, this one included.
        """
        heat = self._of(self.schedule, places, remaining)
        if self.in_words is not None:
            last = places[:, _LAST]
            is_inside = (last >= 0) & self.is_letter[last]
            heat = np.where(is_inside, self._of(self.in_words, places, remaining), heat)
        divisors: Float64[np.ndarray, "B 1"] = np.maximum(heat, COLDEST)[:, None]
        return divisors

    def _of(
        self,
        schedule: Schedule,
        places: Int64[np.ndarray, "B 2"],
        remaining: Int[np.ndarray, " B"],
    ) -> Float64[np.ndarray, " B"]:
        steps = places[:, _IN_LINE] if schedule.is_by_line else self.longest - remaining
        return schedule.at(steps, self.longest)
