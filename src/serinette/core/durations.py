"""Durations as people write them: `5m`, `90s`, `1h30m`, `150`."""

import re

from serinette.core.errors import ConfigError

_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_PART = r"(?:(\d+(?:\.\d+)?)\s*{unit})?\s*"
_PATTERN = re.compile(
    _PART.format(unit="(?:hours?|h)")
    + _PART.format(unit="(?:minutes?|mins?|m)")
    + _PART.format(unit="(?:seconds?|secs?|s)?"),
    re.ASCII | re.IGNORECASE,
)


def parse_duration(text: str) -> float:
    """Return seconds, always more than 0.

    Args:
        text: Hours, minutes and seconds in this order, each optional and each allowed decimals:
            `1h30m`, `5m`, `90s`, `1.5h`. A bare number is seconds.

    Raises:
        ConfigError: If the text is no duration, or is zero.
    """
    match = _PATTERN.fullmatch(text.strip())
    parts = match.groups() if match is not None else (None, None, None)
    seconds = sum(
        float(part) * unit
        for part, unit in zip(parts, _UNIT_SECONDS.values(), strict=True)
        if part is not None
    )
    if not 0 < seconds < float("inf"):
        raise ConfigError(
            f"'{text}' is not a duration; write hours, minutes and seconds like "
            "5m, 90s, 1h30m, or a number of seconds like 150"
        )
    return seconds


def format_duration(seconds: float) -> str:
    """Return a duration for people, to the second: `1 h 30 min`, `4 min 10 s`, `7 s`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"
