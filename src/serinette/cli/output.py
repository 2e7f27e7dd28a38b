"""Where words go: results on standard output, everything else on standard error.

Text of a model or of a user can hold terminal control sequences, and signs that turn the order of
a line. `safe` shows both as pictures wherever a terminal would obey them; files and pipes get the
text as it is.
"""

import io
import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from serinette.core import plain_json

SCHEMA_VERSION = 1
"""Version of everything that `--json` prints; it rises when a reader could break."""

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
_PICTURES[0x7F] = "\u2421"
_PICTURES |= {code: f"<{code:X}>" for code in range(0x80, 0xA0)}
_DIRECTIONS = (*range(0x202A, 0x202F), 0x2066, 0x2067)
"""Embeddings, overrides and isolates: they make a terminal show a line in an order that is not its
own. The first-strong isolate, which only keeps apart, is ours."""
_PICTURES |= {code: f"<{code:X}>" for code in _DIRECTIONS}
_RIGHT_TO_LEFT = ("R", "AL", "AN")


@runtime_checkable
class Stream(Protocol):
    """Where text can be written; it knows whether it is a terminal."""

    def write(self, text: str, /) -> int:
        """Write."""
        ...

    def flush(self) -> None:
        """Send what was written on its way."""
        ...

    def isatty(self) -> bool:
        """Tell whether a person is reading."""
        ...


def prepare_streams() -> None:
    """Make printing never fail: UTF-8 into files and pipes, replacements on an old terminal."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def json_line(fields: Mapping[str, Any]) -> str:
    """Return one JSON object as one line; no NaN, and what UTF-8 cannot hold is escaped."""
    return plain_json.dump_line({"schema_version": SCHEMA_VERSION, **fields}) + "\n"


def print_json(fields: Mapping[str, Any]) -> None:
    """Print one JSON object as one line."""
    sys.stdout.write(json_line(fields))


def show(text: str) -> None:
    """Print a result."""
    sys.stdout.write(safe(text, sys.stdout) + "\n")


def say(text: str) -> None:
    """Print a remark that is no result."""
    sys.stderr.write(safe(text, sys.stderr) + "\n")


def safe(text: str, stream: Stream) -> str:
    """Return the text as it may be written to the stream."""
    return pictured(text) if stream.isatty() else text


def pictured(text: str) -> str:
    """Replace control characters, except tab and line feed, by pictures of them."""
    return text.translate(_PICTURES)


def isolated(text: str, stream: Stream) -> str:
    """Keep right-to-left text from reordering what stands beside it in a line of a terminal."""
    is_mixed = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)
    return f"\u2068{text}\u2069" if is_mixed and stream.isatty() else text


def has_colour(stream: Stream) -> bool:
    """Tell whether the stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def dim(text: str, stream: Stream) -> str:
    """Return the text in a faint colour where the stream has any."""
    return f"\x1b[2m{text}\x1b[0m" if has_colour(stream) else text
