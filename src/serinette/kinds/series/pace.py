"""How rows follow one another in time, in words.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `G` gaps.
"""

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series.clock import fit_clock

_UNITS: Final = (
    ("week", 604_800.0), ("day", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3),
)  # fmt: skip
_HOUR: Final = 3600.0
_NEARLY: Final = 0.9
_YEAR: Final = 365.25 * 86_400
_TOLERANCE: Final = 1e-6


def pace_note(
    times: Float[np.ndarray, " N"], starts: Int[np.ndarray, " S1"], *, is_date: bool
) -> str:
    """Return how rows follow one another: `regular, every 1 h`, `business days`, `irregular`.

    Args:
        times: Of each row, in seconds if they are dates, rising within a sequence.
        starts: First row of each sequence, and the number of rows.
        is_date: Whether times are dates.
    """
    is_first = np.zeros(len(times), dtype=np.bool_)
    is_first[starts[:-1]] = True
    gaps = np.diff(times)[~is_first[1:]]
    if not len(gaps):
        return "one row a sequence"
    clock = fit_clock(times, starts, is_date=is_date)
    if clock.pace == "regular":
        return f"regular, every {_length(clock.step_seconds, is_date=is_date)}"
    if clock.pace == "weekdays":
        return "business days, Monday to Friday"
    if clock.pace == "months":
        named = {1: "month", 3: "quarter", 12: "year"}
        return f"regular, every {named.get(clock.months, f'{clock.months} months')}"
    return _irregular(gaps, is_date=is_date)


def _irregular(gaps: Float[np.ndarray, " G"], *, is_date: bool) -> str:
    step = float(np.median(gaps))
    if step > 0:
        is_step = np.abs(gaps - step) <= _TOLERANCE * step
        n_gaps = int(np.count_nonzero(~is_step))
        if is_step.mean() >= _NEARLY:
            word = "gap" if n_gaps == 1 else "gaps"
            return f"every {_length(step, is_date=is_date)}, but {n_gaps} other {word}"
    low, high = (_length(float(gap), is_date=is_date) for gap in (gaps.min(), gaps.max()))
    return f"irregular, {low} to {high} apart, median {_length(step, is_date=is_date)}"


def shift_note(gaps: Float[np.ndarray, " G"]) -> str | None:
    """Say that local times jump by an hour twice a year, if they do and do nothing else."""
    if len(gaps) < 2 or (step := float(np.median(gaps))) <= 0 or step > 24 * _HOUR:  # noqa: PLR2004
        return None
    off = gaps - step
    jumps = np.flatnonzero(np.abs(off) > _TOLERANCE * step)
    is_hour = np.abs(np.abs(off[jumps]) - _HOUR) <= _TOLERANCE * _HOUR
    directions = np.sign(off[jumps])
    n_expected = 2 * (float(gaps.sum()) / _YEAR) + 2
    if not len(jumps) or not is_hour.all() or len(jumps) > n_expected:
        return None
    if np.any(directions[1:] == directions[:-1]):
        return None
    word = "once" if len(jumps) == 1 else f"{len(jumps)} times"
    return f"local times that jump by an hour {word}, as daylight saving makes them; UTC would not"


def _length(seconds: float, *, is_date: bool) -> str:
    if not is_date:
        return f"{seconds:g}"
    for name, unit in _UNITS:
        count = seconds / unit
        if seconds >= unit and (abs(count - round(count)) < _TOLERANCE or name == "ms"):
            plural = "s" if name in ("week", "day") and round(count) != 1 else ""
            return f"{count:g} {name}{plural}"
    return f"{seconds:g} s"
