"""Ctrl-C, SIGTERM and a closed terminal: finish the update, save, then end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopSignal:
    """Whether somebody asked a training to stop, and which exit code says so."""

    def __init__(self) -> None:
        self.is_set = False
        self.exit_code = 0

    def ask(self, exit_code: int = 130) -> None:
        """Ask for a stop at the next update."""
        self.is_set = True
        self.exit_code = exit_code


@contextmanager
def stop_on_signals() -> Iterator[StopSignal]:
    """Turn the first signal into a request; a second Ctrl-C stops at once.

    Outside the main thread signals cannot be caught; the request can then still be made by hand.
    """
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.ask(128 + number)

    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {getattr(signal, n): signal.signal(getattr(signal, n), on_signal) for n in names}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
