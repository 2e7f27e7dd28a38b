"""A disk that fails at the N-th call, for tests that try every N."""

import errno
import os

OPERATIONS = (
    "open",
    "close",
    "read",
    "write",
    "fsync",
    "mkdir",
    "replace",
    "unlink",
    "rmdir",
    "listdir",
    "fstat",
    "ftruncate",
    "lseek",
)


class FaultyDisk:
    """Stands in for `os` in `serinette.core.disk`.

    Args:
        fails_at: Number of the call that fails, from 0; None: none.
        fault: An errno, "short" (a write that takes one byte only) or "kill" (nothing works after).
    """

    def __init__(self, fails_at=None, fault=errno.ENOSPC):
        self.fails_at, self.fault = fails_at, fault
        self.n_calls = 0
        self.log = []
        self.has_failed = False

    def __getattr__(self, name):
        real = getattr(os, name)
        return self._wrapped(name, real) if name in OPERATIONS else real

    def _wrapped(self, name, real):
        def call(*arguments, **keywords):
            number, self.n_calls = self.n_calls, self.n_calls + 1
            self.log.append(name)
            if self.fault == "kill" and self.has_failed:
                self._close_anyway(name, real, arguments)
                raise Killed
            if number != self.fails_at and name == "fsync":
                return None  # real ones would only take time
            if number != self.fails_at:
                return real(*arguments, **keywords)
            self.has_failed = True
            return self._fail(name, real, arguments)

        return call

    def _fail(self, name, real, arguments):
        if self.fault == "short":
            return real(arguments[0], arguments[1][:1]) if name == "write" else real(*arguments)
        self._close_anyway(name, real, arguments)
        if self.fault == "kill":
            raise Killed
        raise OSError(self.fault, os.strerror(self.fault))

    def _close_anyway(self, name, real, arguments):
        if name == "close":
            real(*arguments)


class Killed(BaseException):
    """The process is gone: no clean-up of ours can run after it."""
