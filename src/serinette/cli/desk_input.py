"""How a desk reads what is typed: line by line, from a terminal or a pipe."""

import contextlib
import importlib
import io
import sys


def read_line(prompt: str) -> str | None:
    """Return what is typed next; None at the end of input."""
    sys.stdout.flush()
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line or None
    try:
        return input(prompt)
    except EOFError:
        print()
        return None


def prepare_input() -> None:
    """Let a line be edited where that can be, and never stumble over bytes from a pipe."""
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            importlib.import_module("readline")
    elif isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
