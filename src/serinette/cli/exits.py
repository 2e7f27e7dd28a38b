"""How the program ends: every error becomes one line and the exit code of its class.

Only an error that is no SerinetteError, usage error or trouble with the system is our own bug; it
keeps its traceback.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from serinette.cli.output import safe
from serinette.core.errors import NotFoundError, ResourceError, SerinetteError

USAGE = 2
BUG = 1
INTERRUPTED = 128 + 2

_OUT_OF_MEMORY = "memory ran out; close other programs, or use a smaller --size or --batch-size"


def exit_code_of(run: Callable[[], int]) -> int:
    """Run a command and return its exit code; every error is told on standard error."""
    try:
        with _terminating():
            code = run()
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        _abandon_stdout()
        return 0
    except (KeyboardInterrupt, Exception) as error:
        message, code = _verdict(error)
        if code == BUG:
            traceback.print_exc()
        line = " ".join(message.split("\n")).strip()
        sys.stderr.write(safe(f"error: {line}\n", sys.stderr))
        return code


def _verdict(error: BaseException) -> tuple[str, int]:
    """Return what to say about an error, and its exit code."""
    match error:
        case KeyboardInterrupt() | EOFError() | typer.Abort():
            return "interrupted", INTERRUPTED
        case typer.TyperException():
            return _usage_message(error), USAGE
        case SerinetteError():
            return str(error), error.exit_code
        case MemoryError():
            return _OUT_OF_MEMORY, ResourceError.exit_code
        case OSError():
            return _system_trouble(error)
    return "this is a bug in serinette; please report the lines above", BUG


@contextmanager
def _terminating() -> Iterator[None]:
    """Leave through `finally` blocks when the system asks the program to end."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _usage_message(error: typer.TyperException) -> str:
    message = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    command = "serinette" if context is None else context.command_path
    return f"{message}; see {command} --help"


def _system_trouble(error: OSError) -> tuple[str, int]:
    place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    if isinstance(error, FileNotFoundError):
        return f"{place}{reason}; check the name", NotFoundError.exit_code
    return f"{place}{reason}; make room or choose another place", ResourceError.exit_code


def _abandon_stdout() -> None:
    """Send what is still buffered nowhere: the reader of the pipe has left."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
