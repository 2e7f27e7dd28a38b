"""One process at a time: a lock that the system takes back however its holder dies."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from serinette.core import disk
from serinette.core.errors import LockedError

LOCK_NAME = "run.lock"

_WAITS = (0.02, 0.05)
"""Seconds between attempts: `is_locked` holds a lock for an instant while it looks."""

_held: set[int] = set()


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold `folder` for the length of a `with`.

    The lock belongs to this process alone: children that it forks do not keep it alive.

    Raises:
        LockedError: If another process (or this one) holds it; the message names its number.
        ResourceError: If the lock file cannot be written, or the file system knows no locks.
    """
    path = folder / LOCK_NAME
    with disk.explained(path, "locked"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    _watch_forks()
    _held.add(descriptor)
    try:
        _acquire(descriptor, path)
        yield
    finally:
        if descriptor in _held:  # in a forked child it is closed already
            _held.discard(descriptor)
            os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Tell whether a process holds `folder` now."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_running(pid: int) -> bool:
    """Tell whether a process of this number exists."""
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)  # query only
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's process; no process at all
        return pid < 1 << 31
    return True


def _acquire(descriptor: int, path: Path) -> None:
    with disk.explained(path, "locked"):
        if not _try_lock_patiently(descriptor):
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise LockedError(
                f"{path.parent} is in use by process {holder}; wait for it or stop it"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())


def _try_lock_patiently(descriptor: int) -> bool:
    for wait_seconds in _WAITS:
        if _try_lock(descriptor):
            return True
        time.sleep(wait_seconds)
    return _try_lock(descriptor)


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far past the number, which stays readable
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@cache
def _watch_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_let_go)


def _let_go() -> None:
    """Close a forked child's copies, or the lock would outlive its owner in the child."""
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()
