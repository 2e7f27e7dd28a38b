"""Which files to read: named ones, and those found in folders; what is no text is told apart."""

import codecs
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from serinette.core.errors import DataError, NotFoundError, ResourceError

_MAGIC: Final = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_IN_ZIP: Final = (
    (b"word/", "a Word document (docx)"),
    (b"xl/", "an Excel workbook (xlsx)"),
    (b"application/epub+zip", "an e-book (epub)"),
    (b"opendocument", "an OpenDocument file"),
)
_HEAD: Final = 8192
_SHOWN: Final = 40
_MOST_CONTROLS: Final = 0.05
_CONTROLS: Final = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1b"))


@dataclass(frozen=True, kw_only=True)
class FileBytes:
    """One file as it is on disk."""

    path: Path
    data: bytes
    from_folder: bool
    """Found in a folder; not named by the user."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def list_files(path: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the files to read, each with whether it was found in a folder; sorted by path.

    Raises:
        NotFoundError: If there is nothing at the path.
        DataError: If it is a folder without a file, or neither a file nor a folder.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name that is too long to be one: a text in place of a path
        raise NotFoundError(
            f"{str(path)[:_SHOWN]!r}...: no such file or folder ({error.strerror}); give a path, "
            "or a list of texts"
        ) from error
    if is_folder:
        found = sorted(_walk(path))
        if not found:
            raise DataError(f"{path}: the folder holds no file to read; put text files into it")
        yield from ((file, True) for file in found)
    elif path.is_file():
        yield path, False
    elif not os.path.lexists(path) or path.is_symlink():
        raise NotFoundError(f"{path}: no such file or folder{_nearest(path)}")
    else:
        raise DataError(f"{path}: neither a file nor a folder; save its content to a file first")


def read_bytes(path: Path, *, from_folder: bool) -> FileBytes:
    """Read one file.

    Raises:
        DataError: If it cannot be read.
        ResourceError: If it is too long for memory.
    """
    try:
        return FileBytes(path=path, data=path.read_bytes(), from_folder=from_folder)
    except MemoryError as error:
        raise ResourceError(
            f"{path}: {path.stat().st_size:,} bytes do not fit into memory; give a part of it"
        ) from error
    except PermissionError as error:
        raise DataError(
            f"{path}: no permission to read it; change its permissions or copy it"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); copy it and try again") from (
            error
        )


def binary_format(data: bytes) -> str | None:
    """Say what the bytes are if they are clearly no text, or None.

    UTF-16 and UTF-32 are not judged by their control characters: any byte is usual in them.
    """
    head = data[:_HEAD]
    for magic, name in _MAGIC:
        if head.startswith(magic):
            inside = (what for mark, what in _IN_ZIP if mark in head)
            return next(inside, name) if magic == b"PK\x03\x04" else name
    is_wide = b"\0" in head or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    if not is_wide and n_controls > _MOST_CONTROLS * len(head):
        return "a binary file"
    return None


def _walk(folder: Path) -> Iterator[Path]:
    """Yield regular files below a folder; hidden ones are left out, a loop of links is cut."""
    seen: set[str] = set()
    for root, names, files in os.walk(folder, followlinks=True):
        here = os.path.realpath(root)
        if here in seen:
            names.clear()
            continue
        seen.add(here)
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in files:
            path = Path(root, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _nearest(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f" (there is no folder {path.parent} either)"
    guess = get_close_matches(path.name, names, n=1)
    return f" (did you mean '{path.parent / guess[0]}'?)" if guess else "; check the name"


class Found(NamedTuple):
    """How a file came to be read."""

    from_folder: bool
    """Only found in a folder; never named by the user."""
    source: int
    """Which of the paths led to it first, from 0."""


def distinct_files(paths: Iterable[Path]) -> dict[Path, Found]:
    """List every file once, in the order of the paths."""
    found: dict[Path, Found] = {}
    for number, path in enumerate(paths):
        for file, from_folder in list_files(path):
            before = found.get(file, Found(True, number))
            found[file] = Found(before.from_folder and from_folder, before.source)
    return found
