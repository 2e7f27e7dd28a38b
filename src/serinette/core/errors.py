"""Every error that a user can meet, and the exit code of each.

SerinetteError            anything the user can fix
├── ConfigError       2   a setting is unknown, missing or out of range
├── MissingExtraError 2   a package of an optional extra is not installed
├── ConstraintError   2   a request whose constraints cannot hold
├── DataError         3   the input data cannot be used (file and offset are named)
├── NotFoundError     4   no such model, run or data set
├── ArtifactError     5   a model or checkpoint is corrupt or of an incompatible format
├── ResourceError     6   disk, memory or time ran out
├── DivergedError     7   training or adapting diverged; the last good model is kept
├── QualityError      8   a quality gate failed
└── LockedError       9   another process holds the run

A bug in our own code is never a SerinetteError: it keeps its traceback and exits with 1.
A message is one line that gives the place, the value received and what to do.
"""


class SerinetteError(Exception):
    """Base class. The command line prints it as one line, without a traceback."""

    exit_code = 2


class ConfigError(SerinetteError):
    """A setting is unknown, missing or out of range."""


class MissingExtraError(SerinetteError):
    """A package of an optional extra is not installed."""


class ConstraintError(SerinetteError):
    """A request whose constraints cannot hold."""


class DataError(SerinetteError):
    """The input data cannot be used."""

    exit_code = 3


class NotFoundError(SerinetteError):
    """No such model, run or data set."""

    exit_code = 4


class ArtifactError(SerinetteError):
    """A model or checkpoint is corrupt or of an incompatible format."""

    exit_code = 5


class ResourceError(SerinetteError):
    """Disk, memory or time ran out."""

    exit_code = 6


class DivergedError(SerinetteError):
    """Training diverged, or weights that follow a text; the last good model is kept."""

    exit_code = 7


class QualityError(SerinetteError):
    """A quality gate failed."""

    exit_code = 8


class LockedError(SerinetteError):
    """Another process holds the run."""

    exit_code = 9
