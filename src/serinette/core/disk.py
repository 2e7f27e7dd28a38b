"""The only door to the disk: few small operations, each of which fails with one readable line.

Nothing above this file calls the operating system to write, so a test that makes the N-th call
fail, for every N, has tried every way in which a save can break.

OSError         becomes           because
ENOENT reading  NotFoundError     the file is not there
anything else   ResourceError     full, read-only, forbidden or broken: the disk is at fault
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serinette.core.errors import NotFoundError, ResourceError, SerinetteError

_MEGABYTE = 1_000_000
_BINARY = getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_RUNS = "--runs DIR"
"""How another place for what is kept is chosen."""
_REASONS = {
    errno.EROFS: "the file system is read-only; choose another place with {elsewhere}",
    errno.EACCES: "no permission; change its permissions or choose another place with {elsewhere}",
    errno.EPERM: "no permission; change its permissions or choose another place with {elsewhere}",
    errno.EIO: "the disk reports an input/output error; check the disk and run the command again",
    errno.EMFILE: "too many open files; raise the limit (`ulimit -n`) and run the command again",
    errno.ENFILE: "too many open files; close other programs and run the command again",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        NotFoundError: If there is no such file.
        ResourceError: If the disk does not let it be read.
    """
    with explained(path, "read"), _opened(path, os.O_RDONLY | _BINARY) as descriptor:
        pieces = []
        while piece := os.read(descriptor, 1 << 24):
            pieces.append(piece)
        return b"".join(pieces)


def create(path: Path, content: bytes) -> None:
    """Write a new file and bring it to the platter; a file that exists already is an error."""
    with explained(path, "written", len(content)), _opened(path, _NEW) as descriptor:
        _write_all(descriptor, content)
        os.fsync(descriptor)


def append(path: Path, content: bytes, *, sync: bool) -> None:
    """Add whole lines at the end of a file.

    Text after the last newline is what a crash or a full disk tore off; it is cut away first.
    """
    flags = os.O_RDWR | os.O_CREAT | _BINARY
    with explained(path, "written", len(content)), _opened(path, flags) as descriptor:
        end = _end_of_last_line(descriptor)
        os.ftruncate(descriptor, end)
        os.lseek(descriptor, end, os.SEEK_SET)
        _write_all(descriptor, content)
        if sync:
            os.fsync(descriptor)
    if sync and end == 0:
        sync_folder(path.parent)


def exists(path: Path) -> bool:
    """Tell whether there is a file or folder; what may not be looked at counts as absent."""
    return os.path.exists(path)


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder; what may not be looked at counts as absent."""
    return os.path.isdir(path)


def make_folder(path: Path) -> bool:
    """Create one folder; False if something of that name was there before."""
    with explained(path, "created"):
        try:
            os.mkdir(path)
        except FileExistsError:
            return False
    return True


def ensure_folder(path: Path) -> None:
    """Create a folder and what leads to it, and bring their names to the platter."""
    if not os.path.isdir(path):
        ensure_folder(path.parent)
        make_folder(path)
        sync_folder(path.parent)


def rename(source: Path, target: Path) -> None:
    """Give a file or folder its new name; a file of that name is replaced."""
    with explained(target, "written"):
        os.replace(source, target)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the platter; Windows does so by itself."""
    if os.name == "nt":
        return
    with explained(path, "written"), _opened(path, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)


def names(folder: Path) -> list[str]:
    """List the names in a folder, sorted; a folder that is not there has none."""
    with explained(folder, "read"):
        try:
            return sorted(os.listdir(folder))
        except ValueError:  # no system allows such a name
            return []
        except OSError as error:
            if error.errno in _ABSENT:
                return []
            raise


def remove(path: Path, *, first: str = "manifest.json") -> None:
    """Remove a file or a whole folder; what is not there is no error.

    Args:
        path: What to remove.
        first: The name that goes before all others, so that half a folder never looks whole.
    """
    with explained(path, "removed"):
        try:
            if os.path.isdir(path) and not os.path.islink(path):
                for name in sorted(os.listdir(path), key=lambda name: (name != first, name)):
                    remove(path / name)
                os.rmdir(path)
            else:
                os.unlink(path)
        except FileNotFoundError:
            return


def discard(path: Path) -> None:
    """Remove what nobody needs any more; if the disk objects, the next sweep does it."""
    with suppress(SerinetteError):
        remove(path)


def size(path: Path) -> int:
    """Add up the bytes of a file or of all files in a folder; what cannot be seen counts 0."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            return sum(size(path / name) for name in os.listdir(path))
        return os.lstat(path).st_size
    except OSError:
        return 0


def require_space(folder: Path, n_bytes: int) -> None:
    """Check before a write that it will fit.

    Raises:
        ResourceError: If fewer than `n_bytes` are free where `folder` is, or will be.
    """
    place = folder
    while not exists(place) and place != place.parent:
        place = place.parent
    with explained(place, "read"):
        free = shutil.disk_usage(place).free
    if free < n_bytes:
        raise ResourceError(_no_space(folder, n_bytes, _RUNS))


@contextmanager
def explained(
    path: Path, doing: str, n_bytes: int | None = None, *, elsewhere: str = _RUNS
) -> Iterator[None]:
    """Turn an OSError into one line that a person can act on.

    Args:
        path: What was being worked on.
        doing: The verb of the message: `read`, `written`, `removed`.
        n_bytes: How much was to be written, if that is known.
        elsewhere: How the user chooses another place for it.

    Raises:
        NotFoundError: If a file that was to be read is not there.
        ResourceError: For everything else.
    """
    try:
        yield
    except OSError as error:
        if doing == "read" and error.errno in _ABSENT:
            raise NotFoundError(f"{path} does not exist") from error
        if error.errno in _FULL:
            raise ResourceError(_no_space(path, n_bytes, elsewhere)) from error
        said = (error.strerror or str(error)).lower()
        known = _REASONS.get(error.errno or 0)
        reason = (
            f"{said}; choose another place with {elsewhere}"
            if known is None
            else known.format(elsewhere=elsewhere)
        )
        raise ResourceError(f"{path} cannot be {doing}: {reason}") from error


@contextmanager
def scratch_explained(doing: str, n_bytes: int | None = None) -> Iterator[None]:
    """Explain what goes wrong with a file without a name, which lies where `TMPDIR` says.

    Args:
        doing: The verb of the message.
        n_bytes: How much was to be written, if that is known.
    """
    try:
        place = Path(tempfile.gettempdir())
    except OSError:  # nowhere may a file be made; making one will say so
        place = Path("a scratch file")
    with explained(place, doing, n_bytes, elsewhere="the variable TMPDIR"):
        yield


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:  # the system may take less than it was given
        rest = rest[os.write(descriptor, rest) :]


def _end_of_last_line(descriptor: int) -> int:
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - 4096)
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _no_space(path: Path, n_bytes: int | None, elsewhere: str) -> str:
    figures = [] if n_bytes is None else [f"need {_megabytes(n_bytes)}"]
    with suppress(OSError):
        place = path if exists(path) else path.parent
        figures.append(f"{shutil.disk_usage(place).free // _MEGABYTE:,} MB free")
    numbers = f" ({', '.join(figures)})" if figures else ""
    return f"no space left on the disk of {path}{numbers}; free space or use {elsewhere}"


def _megabytes(n_bytes: int) -> str:
    return f"{-(-n_bytes // _MEGABYTE):,} MB"
