"""How rows follow one another in time, in words.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `G` gaps.
"""

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series.clock import fit_clock
from serinette.kinds.series.gaps import Gaps

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
    gaps = Gaps(times=times, starts=starts)
    if not gaps.n:
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


def _irregular(gaps: Gaps, *, is_date: bool) -> str:
    step = gaps.typical
    if step > 0:
        n_gaps = sum(_n_off(some, step, _TOLERANCE) for some in gaps.blocks())
        if gaps.n - n_gaps >= _NEARLY * gaps.n:
            word = "gap" if n_gaps == 1 else "gaps"
            return f"every {_length(step, is_date=is_date)}, but {n_gaps} other {word}"
    ends = [(float(some.min()), float(some.max())) for some in gaps.blocks() if len(some)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    low, high = (_length(gap, is_date=is_date) for gap in (least, most))
    return f"irregular, {low} to {high} apart, median {_length(step, is_date=is_date)}"


def _n_off(gaps: Float[np.ndarray, " G"], step: float, tolerance: float) -> int:
    return int(np.count_nonzero(np.abs(gaps - step) > tolerance * step))


def shift_note(gaps: Gaps) -> str | None:
    """Say that local times jump by an hour twice a year, if they do and do nothing else."""
    if gaps.n < 2 or (step := gaps.typical) <= 0 or step > 24 * _HOUR:  # noqa: PLR2004
        return None
    found, seconds = [], 0.0
    for some in gaps.blocks():
        off = some - step
        found.append(off[np.abs(off) > _TOLERANCE * step])
        seconds += float(some.sum())
    jumps = np.concatenate(found)
    is_hour = np.abs(np.abs(jumps) - _HOUR) <= _TOLERANCE * _HOUR
    directions = np.sign(jumps)
    n_expected = 2 * (seconds / _YEAR) + 2
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
