"""How a desk reads what is typed: line by line, from a terminal or a pipe."""

import contextlib
import importlib
import io
import sys
from collections.abc import Callable
from typing import Protocol, TypeVar

from serinette.cli.output import say
from serinette.core.errors import SerinetteError

_PROMPT = "› "


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Command = TypeVar("Command", bound=_Named)


def work(parse: Callable[[str], Command | None], obey: Callable[[Command], None]) -> None:
    """Read and obey until `quit` or the end of input; what cannot be done is one line.

    Args:
        parse: Reads a line; None if nothing was typed.
        obey: Does a command, and shows what came of it.
    """
    while (line := read_line(_PROMPT)) is not None:
        try:
            command = parse(line)
            if command is None:
                continue
            if command.name == "quit":
                return
            obey(command)
        except SerinetteError as error:
            say(f"error: {' '.join(str(error).split())}")
        except OSError as error:
            say(f"error: {error.filename}: {error.strerror}; choose another place")


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
