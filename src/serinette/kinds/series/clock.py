"""When the rows of a sequence stand: reproduced where regular, drawn where not.

Shape letters: `N` rows, `S` sequences (`S1` is one more), `B` rows of any array, `G` features of
the calendar.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.kinds.series import store
from serinette.kinds.series.gaps import Gaps

Pace = Literal["none", "regular", "months", "weekdays", "irregular"]
_DAY = 86_400.0
_YEAR = 365.2425 * _DAY
_TOLERANCE = 1e-6
_N_KNOTS = 65
_HARMONICS = 2
_SINGLE = 2
"""Borders of a single sequence."""
_WAITED, _CENSORED, _MORE = 3.0, 0.1, 4.0
"""Mean gaps that have to pass before a sequence is held to have ended; the share of sequences of
which nobody saw the end above which it is because the data end, and how many times as many they
have to be as those that ended just before."""


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
    until: float | None = None
    """Where the data end, if sequences go on beyond it unseen: what is written ends there too."""
    usual_gap: float = 0.0
    """Mean time between two rows, in seconds."""
    unseen_share: float = 0.0
    """How many sequences do, as a share."""

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
    times: Float[np.ndarray, " N"] | None,
    starts: Int[np.ndarray, " S1"],
    *,
    is_date: bool,
    is_censored: bool = True,
) -> Clock:
    """Find out how the rows of the training part follow one another.

    Args:
        times: Of each row, in seconds, rising within a sequence; None: there are none.
        starts: First row of each sequence, and the number of rows.
        is_date: Whether times are dates, so that days and years mean something.
        is_censored: Whether sequences may end only because the data end.
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
    clock = Clock(
        pace=pace, step_seconds=step, months=months, periods=periods, starts=knots,
        is_rounded=is_rounded,
    )  # fmt: skip
    return _censored(clock, times, starts) if is_censored and len(starts) > _SINGLE else clock


def _censored(
    clock: Clock, times: Float[np.ndarray, " N"], starts: Int[np.ndarray, " S1"]
) -> Clock:
    """Let a clock know where the data end, if that is why many of their sequences end.

    Args:
        clock: Of these data.
        times: Of each row, in seconds.
        starts: First row of each sequence, and the number of rows.
    """
    first, last, n_gaps = times[starts[:-1]], times[starts[1:] - 1], np.diff(starts) - 1
    usual = float((last - first).sum() / max(1, n_gaps.sum()))
    until = float(last.max())
    known = replace(clock, until=until, usual_gap=usual)
    is_unseen = are_unseen(known, first, last, n_gaps)
    # Ends that are ends would be as frequent in the stretch before.
    earlier = replace(known, until=until - _WAITED * usual)
    share, n_unseen = float(is_unseen.mean()), int(is_unseen.sum())
    n_before = int((are_unseen(earlier, first, last, n_gaps) & ~is_unseen).sum())
    is_many = share > _CENSORED and n_unseen > _MORE * (n_before + 1)
    return replace(known, unseen_share=share) if is_many else clock


def are_unseen(
    clock: Clock,
    first: Float[np.ndarray, " B"],
    last: Float[np.ndarray, " B"],
    n_gaps: Int[np.ndarray, " B"],
) -> Bool[np.ndarray, " B"]:
    """Say of sequences whether they may go on after the data end (right-censoring).

    The next row was due if three of a sequence's mean gaps had passed. Where they had not, nobody
    saw it end, and its last row says nothing about ends.

    Args:
        clock: Of the table.
        first: Times of the first rows.
        last: Times of the last rows.
        n_gaps: Rows but one.
    """
    if clock.until is None:
        return np.zeros(len(last), dtype=np.bool_)
    gap = np.where(n_gaps > 0, (last - first) / np.maximum(n_gaps, 1), clock.usual_gap)
    found: Bool[np.ndarray, " B"] = clock.until - last < _WAITED * gap
    return found


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
