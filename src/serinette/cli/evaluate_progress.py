"""Progress of an evaluation on standard error: one live line on a terminal, lines otherwise."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serinette.cli.output import pictured, say
from serinette.cli.progress import bar
from serinette.core.durations import format_duration
from serinette.recipes.evaluate.progress import Working

_WIDTH = 24
_SECONDS_BETWEEN_LINES = 10.0


def progress_line(working: Working) -> str:
    """Say how far an evaluation is."""
    left = format_duration(working.remaining_seconds)
    return f"{bar(working.share, _WIDTH)} {working.share:4.0%} · {left} left · {working.doing}"


@contextmanager
def telling() -> Iterator[Callable[[Working], None]]:
    """Give a listener that writes to standard error; the live line is wiped at the end."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    try:
        yield _live
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def _live(working: Working) -> None:
    width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be wiped
    sys.stderr.write(f"\r\x1b[2K{pictured(progress_line(working))[:width]}")
    sys.stderr.flush()


def _lines() -> Callable[[Working], None]:
    """Write a line for every stage, and one every ten seconds within."""
    told: dict[str, float] = {}

    def tell(working: Working) -> None:
        now = time.monotonic()
        if working.doing not in told or now - told[working.doing] >= _SECONDS_BETWEEN_LINES:
            told[working.doing] = now
            left = format_duration(working.remaining_seconds)
            say(f"{working.share:4.0%} · {left} left · {working.doing}")

    return tell
