"""When the rows of a sequence stand: reproduced where regular, drawn where not.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `B` rows of any array, `G` features of
the calendar.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series import store
from serinette.kinds.series.gaps import Gaps

Pace = Literal["none", "regular", "months", "weekdays", "irregular"]
_DAY = 86_400.0
_YEAR = 365.2425 * _DAY
_TOLERANCE = 1e-6
_N_KNOTS = 65
_HARMONICS = 2


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The times of a table's rows."""

    pace: Pace
    step_seconds: float = 0.0
    """Between two rows where they are regular; between dates of `weekdays` one day."""
    months: int = 0
    """Between two rows of pace `months`."""
    periods: tuple[float, ...] = ()
    """Cycles of the calendar that a step may depend on, in seconds: a day, a week, a year."""
    starts: tuple[float, ...] = ()
    """Quantiles of the times at which sequences begin, in rising order."""
    is_rounded: bool = True
    """Whether starts are whole steps apart."""

    @property
    def is_known_ahead(self) -> bool:
        """Whether the time of the next row follows from the row before."""
        return self.pace not in ("none", "irregular")

    @property
    def n_features(self) -> int:
        """How many numbers `features` gives."""
        return 2 * _HARMONICS * len(self.periods)

    def features(self, times: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B G"]:
        """Return where times stand in the cycles of the calendar."""
        waves = []
        for period in self.periods:
            angle = 2 * np.pi * np.mod(times, period) / period
            for harmonic in range(1, _HARMONICS + 1):
                waves += [np.sin(harmonic * angle), np.cos(harmonic * angle)]
        if not waves:
            return np.zeros((*times.shape, 0))
        found: Float[np.ndarray, "*B G"] = np.stack(waves, axis=-1)
        return found

    def after(self, times: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """Return the times of the next rows; the pace must be known ahead."""
        if self.pace == "months":
            return _add_months(times, self.months)
        later: Float[np.ndarray, " B"] = times + self.step_seconds
        if self.pace == "weekdays":
            weekday = np.floor(later / _DAY + 3) % 7  # 0 is Monday
            later = later + np.where(weekday >= 5, 7 - weekday, 0) * _DAY  # noqa: PLR2004
        return later

    def start(self, u: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """Return the times at which sequences begin, for numbers in [0, 1)."""
        if not self.starts:
            return np.zeros(len(u))
        drawn: Float[np.ndarray, " B"] = np.interp(
            u, np.linspace(0, 1, len(self.starts)), self.starts
        )
        if self.pace == "regular" and self.is_rounded:
            first = self.starts[0]
            drawn = first + np.round((drawn - first) / self.step_seconds) * self.step_seconds
        elif self.pace in ("months", "weekdays"):
            drawn = self._in_step(drawn)
        return drawn

    def _in_step(self, drawn: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """Return the nearest times at which a row may stand."""
        first = self.starts[0]
        if self.pace == "weekdays":
            day = self.after(first + np.round((drawn - first) / _DAY) * _DAY - _DAY)
            nearest: Float[np.ndarray, " B"] = np.minimum(day, self.starts[-1])
            return nearest
        month = 30.436875 * _DAY * self.months
        found = np.full(len(drawn), first)
        n_months = np.round((drawn - first) / month).astype(np.int64)
        for n in np.unique(n_months):
            moved = _add_months(np.array([first]), int(n) * self.months)[0]
            found[n_months == n] = moved
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Clock":
        """Read plain values back."""
        return cls(
            **{**plain, "periods": tuple(plain["periods"]), "starts": tuple(plain["starts"])}
        )


def fit_clock(
    times: Float[np.ndarray, " N"] | None, starts: Int[np.ndarray, " S1"], *, is_date: bool
) -> Clock:
    """Find out how the rows of the training part follow one another.

    Args:
        times: Of each row, in seconds, rising within a sequence; None: there are none.
        starts: First row of each sequence, and the number of rows.
        is_date: Whether times are dates, so that days and years mean something.
    """
    if times is None:
        return Clock(pace="none")
    gaps = Gaps(times=times, starts=starts)
    begins = times[starts[:-1]]
    if len(begins) == 1:  # a window of a single long sequence may begin anywhere
        begins = np.asarray(times[:: max(1, -(-len(times) // store.BLOCK_ROWS))])
    store.release(times)
    knots = tuple(float(t) for t in np.quantile(begins, np.linspace(0, 1, _N_KNOTS)))
    pace, step, months = _pace(gaps, is_date=is_date)
    periods = tuple(
        period
        for period in (_DAY, 7 * _DAY, _YEAR)
        if is_date and gaps.typical <= period / 2 and gaps.span >= 1.5 * period
    )
    is_rounded = pace == "regular" and bool(
        np.all(np.abs(np.mod((begins - begins[0]) / step + 0.5, 1) - 0.5) < _TOLERANCE)
    )
    return Clock(
        pace=pace, step_seconds=step, months=months, periods=periods, starts=knots,
        is_rounded=is_rounded,
    )  # fmt: skip


def _pace(gaps: Gaps, *, is_date: bool) -> tuple[Pace, float, int]:
    if gaps.n == 0:
        return "regular", 1.0, 0
    step = gaps.typical
    if step > 0 and gaps.all_near(step, _TOLERANCE):
        return "regular", step, 0
    if not is_date:
        return "irregular", 0.0, 0
    weekdays = Clock(pace="weekdays", step_seconds=_DAY)
    if all(np.array_equal(weekdays.after(before), later) for before, later in gaps.pairs()):
        return "weekdays", _DAY, 0
    for months in (1, 3, 6, 12):
        if all(np.array_equal(_add_months(a, months), b) for a, b in gaps.pairs()):
            return "months", 0.0, months
    return "irregular", 0.0, 0


def _add_months(times: Float[np.ndarray, " B"], months: int) -> Float[np.ndarray, " B"]:
    """Return the same day of a later month, or that month's last day."""
    days = np.floor(times / _DAY)
    dates = days.astype("int64").astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    day = (dates - month.astype("datetime64[D]")).astype(np.int64)
    length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    target = month + months
    target_length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(
        np.int64
    )
    is_last = day == length - 1
    day = np.where(is_last, target_length - 1, np.minimum(day, target_length - 1))
    moved = (target.astype("datetime64[D]") + day).astype(np.int64).astype(np.float64)
    shifted: Float[np.ndarray, " B"] = moved * _DAY + (times - days * _DAY)
    return shifted
