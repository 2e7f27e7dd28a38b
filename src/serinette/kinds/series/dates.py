"""Dates and times of day as they are written: recognised, read and written again.

Formats are those of `strftime`; `%q` is the quarter of a year, which begins on its first day. What
stands between brackets at the end may be left away: `%Y-%m-%d[ %H:%M]`.

Shape letters: `N` cells.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from serinette.kinds.series.aligned_dates import aligned_parts

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHORT: Final = tuple(month[:3] for month in _MONTHS)
_DAYS: Final = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m", "%b %Y",
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y",
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%y",
    "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y",
)  # fmt: skip
_CLOCKS: Final = (
    "",
    *(
        joint + clock + zone
        for clock in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
        for joint in ("T", " ")
        for zone in ("", "%z")
    ),
)
_PARTS: Final = {
    "Y": "([0-9]{4})", "y": "([0-9]{2})", "m": "([0-9]{1,2})", "d": "([0-9]{1,2})",
    "q": "([1-4])", "b": f"((?i:{'|'.join(_SHORT)}))", "B": f"((?i:{'|'.join(_MONTHS)}))",
    "H": "([0-9]{1,2})", "I": "([0-9]{1,2})", "M": "([0-9]{2})", "S": "([0-9]{2})",
    "f": "([0-9]{1,9})", "p": "([AaPp][Mm])", "z": " ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})",
}  # fmt: skip
_LOOKS: Final = re.compile(
    r"[0-9]{1,4}[-/. ].*[-/. ]|[0-9]{4}-[01][0-9]$|[A-Za-z]{3,9} ([0-9]{1,2}, )?[0-9]{4}"
    r"|[0-9]{4}[- ]?Q[1-4]$|Q[1-4] [0-9]{4}$"
)
_LONGEST: Final = 45
_PIVOT: Final = 69
Parts = Mapping[str, Sequence[str] | Int[np.ndarray, " N"]]
"""What stands for each letter of a format, cell by cell: as written, or as whole numbers."""
_PARTS_OF_TEMPLATE: Final = {
    "Y": "{0:04d}", "q": "{11}", "y": "{9:02d}", "m": "{1:02d}", "d": "{2:02d}", "b": "{7:.3}",
    "B": "{7}", "H": "{3:02d}", "I": "{10:02d}", "M": "{4:02d}", "S": "{5:02d}", "p": "{8}",
    "z": "Z",
}  # fmt: skip


def formats_of(cell: str) -> tuple[str, ...]:
    """Return every format that a cell can be read with, `%Y-%m-%d %H:%M` and the like."""
    if len(cell) > _LONGEST or not _LOOKS.match(cell):
        return ()
    return tuple(
        day + clock
        for day in _DAYS
        if re.match(_pattern(day), cell)
        for clock in _CLOCKS
        if read_dates([cell], day + clock) is not None
    )


def with_optional_times(formats: Iterable[str]) -> tuple[str, ...]:
    """Return formats for dates with and without a time of day, of which these show one kind."""
    found: dict[str, None] = {}
    for format_ in formats:
        day = max((day for day in _DAYS if format_.startswith(day)), key=len)
        clock = format_.removeprefix(day)
        if not clock.startswith("["):
            found |= {f"{day}[{c}]": None for c in ((clock,) if clock else _CLOCKS[1:])}
    return tuple(found)


def read_dates(cells: Sequence[str], format_: str) -> Float[np.ndarray, " N"] | None:
    """Return seconds since 1970; None: some cell is not written so, or is no day of the calendar.

    A time with a zone becomes UTC; one without is read as if it were.
    """
    if not len(cells):
        return np.zeros(0)
    parts = aligned_parts(cells, format_) or _parts(cells, format_)
    return None if parts is None else _seconds(parts)


def read_aligned(cells: Sequence[str], format_: str) -> Float[np.ndarray, " N"] | None:
    """Return the same where parts stand at the same places in every cell; None: anywhere else."""
    parts = aligned_parts(cells, format_)
    return None if parts is None else _seconds(parts)


def write_dates(
    seconds: Float[np.ndarray, " N"], format_: str, decimals: int | None = None
) -> list[str]:
    """Return times as they are written; missing ones are empty.

    Args:
        seconds: Since 1970; NaN is missing.
        format_: As of `formats_of`.
        decimals: Digits of a fraction of a second; None: six.
    """
    there = ~np.isnan(seconds)
    micros = np.round(np.where(there, seconds, 0.0) * 1e6).astype(np.int64)
    moments = micros.astype("datetime64[us]")
    days = moments.astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    day = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    clock = (moments - days).astype(np.int64)
    second = clock // 1_000_000
    n_digits = 6 if decimals is None else min(decimals, 6)
    fraction = clock % 1_000_000 // 10 ** (6 - n_digits)
    year, hour = months // 12 + 1970, second // 3600
    columns: list[list[int] | list[str]] = [
        year.tolist(), (months % 12 + 1).tolist(), day.tolist(), hour.tolist(),
        (second // 60 % 60).tolist(), (second % 60).tolist(), fraction.tolist(),
        [_MONTHS[number] for number in (months % 12).tolist()],
        [("AM", "PM")[number] for number in (hour // 12).tolist()],
        (year % 100).tolist(), ((hour + 11) % 12 + 1).tolist(), (months % 12 // 3 + 1).tolist(),
    ]  # fmt: skip
    template = _template(format_, n_digits)
    rows = zip(*columns, strict=True)
    return [
        template.format(*row) if is_there else ""
        for row, is_there in zip(rows, there.tolist(), strict=True)
    ]


def swapped(format_: str) -> str | None:
    """Return the format with day and month in the other order; None: nobody confuses them."""
    for first, second in (("%d", "%m"), ("%m", "%d")):
        match = re.match(f"{first}([-/.]){second}", format_)
        if match:
            return f"{second}{match[1]}{first}" + format_[match.end() :]
    return None


def _parts(cells: Sequence[str], format_: str) -> Parts | None:
    """Take cells apart; None: some cell is not written so."""
    text = "\n".join(cells)
    if text.count("\n") >= len(cells):  # a cell of several lines
        return None
    found = _compiled(format_).findall(text)
    if len(found) != len(cells):
        return None
    groups = zip(*found, strict=True) if isinstance(found[0], tuple) else (found,)
    return dict(zip(_letters(format_), groups, strict=True))


def _seconds(parts: Parts) -> Float[np.ndarray, " N"] | None:
    year, month = _year(parts), _month(parts)
    day = _whole(parts["d"]) if "d" in parts else np.ones_like(year)
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = (months + 1).astype("datetime64[M]").astype("datetime64[D]") - first
    is_day = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length.astype(np.int64))  # noqa: PLR2004
    clock = _clock(parts, len(year))
    if clock is None or not is_day.all():
        return None
    whole: Float[np.ndarray, " N"] = (first.astype(np.int64) + day - 1) * 86_400.0 + clock
    if "f" in parts:
        whole += _micros(parts["f"]) / 1e6
    if "z" in parts:
        whole -= np.array([_offset(zone) for zone in parts["z"]])
    return whole


def _clock(parts: Parts, n: int) -> Int[np.ndarray, " N"] | None:
    zero = np.zeros(n, dtype=np.int64)
    if "I" in parts:
        hour = _whole([word or "12" for word in parts["I"]])
        if not ((hour >= 1) & (hour <= 12)).all():  # noqa: PLR2004
            return None
        is_late = np.array([half in ("PM", "pm", "Pm", "pM") for half in parts["p"]])
        hour = hour % 12 + 12 * is_late
    else:
        hour = _whole(parts["H"]) if "H" in parts else zero
    minute = _whole(parts["M"]) if "M" in parts else zero
    second = _whole(parts["S"]) if "S" in parts else zero
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:  # noqa: PLR2004
        return None
    clock: Int[np.ndarray, " N"] = hour * 3600 + minute * 60 + second
    return clock


def _year(parts: Parts) -> Int[np.ndarray, " N"]:
    if "Y" in parts:
        return _whole(parts["Y"])
    short = _whole(parts["y"])
    return short + np.where(short < _PIVOT, 2000, 1900)


def _month(parts: Parts) -> Int[np.ndarray, " N"]:
    if "q" in parts:
        return _whole(parts["q"]) * 3 - 2
    for letter, names in (("b", _SHORT), ("B", _MONTHS)):
        if letter in parts:
            return np.array([names.index(name.capitalize()) + 1 for name in parts[letter]])
    return _whole(parts["m"])


def _micros(digits: Sequence[str] | Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    if isinstance(digits, np.ndarray):
        return digits
    return np.array([int(word[:6].ljust(6, "0")) for word in digits])


def _whole(digits: Sequence[str] | Int[np.ndarray, " N"]) -> Int[np.ndarray, " N"]:
    if isinstance(digits, np.ndarray):
        return digits
    numbers = (int(word or 0) for word in digits) if "" in digits else map(int, digits)
    return np.fromiter(numbers, np.int64, len(digits))


@lru_cache(maxsize=1024)
def _offset(zone: str) -> int:
    if zone in ("", "Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def _letters(format_: str) -> Iterable[str]:
    return re.findall("%(.)", format_)


def _pattern(format_: str) -> str:
    escaped = re.escape(format_).replace("\\ ", " ")
    escaped = escaped.replace(r"\[", "(?:").replace(r"\]", ")?")
    # Who writes .5 often leaves .0 away.
    escaped = escaped.replace(r"\.%f", rf"(?:\.{_PARTS['f']})?")
    return re.sub("%(.)", lambda match: _PARTS[match[1]], escaped)


@lru_cache(maxsize=2048)
def _compiled(format_: str) -> re.Pattern[str]:
    return re.compile(rf"^{_pattern(format_)}$", re.MULTILINE)


def _template(format_: str, n_digits: int) -> str:
    parts = {**_PARTS_OF_TEMPLATE, "f": f"{{6:0{n_digits}d}}"}
    whole = format_.replace("[", "").replace("]", "")
    return re.sub("%(.)", lambda match: parts[match[1]], whole)
