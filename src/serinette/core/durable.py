"""Folders and files that are whole or not there, wherever a crash, a kill or a full disk strikes.

A folder is written under a temporary name beside its place, every file and then the folder brought
to the platter, the manifest last; one rename publishes it. To replace a folder, the old one is
renamed aside first and removed after; whoever looks next finishes what a crash interrupted.

.tmp-NAME-PID-RANDOM     being written, or being removed: nobody needs it once PID is dead
.old-NAME-PID-RANDOM     the folder that NAME replaces: needed as long as NAME is not there
"""

import os
import re
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from serinette.core import disk, manifest
from serinette.core.errors import ConfigError, SerinetteError
from serinette.core.locking import is_running

_PASSING = re.compile(r"\.(tmp|old)-(.+)-(\d{1,10})-([0-9a-f]{8})", re.DOTALL)
_in_progress: set[str] = set()


def write_folder(folder: Path, files: Mapping[str, bytes], *, replace: bool = False) -> None:
    """Write a folder of files and its manifest: afterwards it is whole, or as it was before.

    Args:
        folder: Where it is to be; folders that lead to it are made.
        files: Contents by plain file name.
        replace: Whether a folder of that name, written by this function, gives way.

    Raises:
        ConfigError: If the folder exists and may not be replaced.
        ResourceError: If the disk refuses; nothing is left behind.
    """
    settle(folder)
    _check_place(folder, replace=replace)
    disk.ensure_folder(folder.parent)
    with _draft(folder) as draft:
        disk.make_folder(draft)
        for name, content in files.items():
            disk.create(draft / name, content)
        disk.create(draft / manifest.NAME, manifest.encode(files))
        disk.sync_folder(draft)
        if disk.exists(folder):
            _swap(draft, folder)
        else:
            disk.rename(draft, folder)
            disk.sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write one file: afterwards it is whole, or as it was before.

    Raises:
        ResourceError: If the disk refuses; nothing is left behind.
    """
    disk.ensure_folder(path.parent)
    with _draft(path) as draft:
        disk.create(draft, content)
        disk.rename(draft, path)
        disk.sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that a crash never leaves half of it under its name."""
    with _draft(folder) as doomed:
        disk.rename(folder, doomed)
        disk.sync_folder(folder.parent)


def read_folder(folder: Path, *, lenient: Collection[str] = ()) -> manifest.FolderContents:
    """Read every file of a folder and check it against the manifest.

    Args:
        folder: A folder that `write_folder` wrote.
        lenient: Files that people edit: a change or a loss is a warning, not an error.

    Raises:
        ArtifactError: If a file is missing or damaged, by name and with the reason.
    """
    settle(folder)
    listed = manifest.read_manifest(folder)
    files, warnings = manifest.read_files(folder, listed, lenient)
    return manifest.FolderContents(manifest=listed, files=files, warnings=warnings)


def verify_folder(folder: Path, *, lenient: Collection[str] = ()) -> tuple[str, ...]:
    """Check every file of a folder against the manifest; return the warnings.

    Raises:
        ArtifactError: As `read_folder`.
    """
    return read_folder(folder, lenient=lenient).warnings


def sweep_orphans(parent: Path, *, alone: bool = False) -> tuple[str, ...]:
    """Remove what dead processes left in `parent`, and finish the replacements they began.

    Args:
        parent: The folder to look in; not the folders inside it.
        alone: The caller holds the lock, so what is not its own is nobody's.

    Returns:
        The names that were dealt with.
    """
    swept = []
    for name in disk.names(parent):
        match = _PASSING.fullmatch(name)
        if match is None or _is_alive(name, os.getpid() if alone else int(match[3])):
            continue
        if match[1] == "old" and _is_needed(parent / name, parent / match[2]):
            disk.rename(parent / name, parent / match[2])
            disk.sync_folder(parent)
        else:
            disk.remove(parent / name)
        swept.append(name)
    return tuple(swept)


def settle(folder: Path) -> None:
    """If a crash came between the two renames of a replacement, put the old folder back."""
    if disk.exists(folder) or not folder.name:
        return
    for aside, target, pid in _asides(folder.parent):
        if target != folder:
            continue
        if _is_alive(aside.name, pid):
            time.sleep(0.05)  # its owner is between the renames at this very moment
        elif _is_needed(aside, folder):
            disk.rename(aside, folder)


def settle_all(parent: Path) -> None:
    """Settle every folder in `parent`."""
    for _, target, _ in _asides(parent):
        settle(target)


def _asides(parent: Path) -> Iterator[tuple[Path, Path, int]]:
    for name in disk.names(parent):
        match = _PASSING.fullmatch(name)
        if match is not None and match[1] == "old":
            yield parent / name, parent / match[2], int(match[3])


def _swap(draft: Path, folder: Path) -> None:
    with _claimed(folder, "old") as aside:
        disk.rename(folder, aside)
        try:
            disk.rename(draft, folder)
        except SerinetteError:
            disk.rename(aside, folder)
            raise
        disk.sync_folder(folder.parent)
        disk.discard(aside)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and remove what is left under it at the end."""
    with _claimed(path, "tmp") as draft:
        try:
            yield draft
        finally:
            disk.discard(draft)


@contextmanager
def _claimed(path: Path, state: str) -> Iterator[Path]:
    """Give a name that the sweep leaves alone as long as it is in use."""
    name = f".{state}-{path.name}-{os.getpid()}-{secrets.token_hex(4)}"
    _in_progress.add(name)
    try:
        yield path.parent / name
    finally:
        _in_progress.discard(name)


def _is_alive(name: str, pid: int) -> bool:
    # In containers the next process often has the number of the last one: it knows its own names.
    return name in _in_progress if pid == os.getpid() else is_running(pid)


def _is_needed(aside: Path, folder: Path) -> bool:
    # The manifest is the first file to be removed: without it the folder was no longer wanted.
    return disk.exists(aside / manifest.NAME) and not disk.exists(folder)


def _check_place(folder: Path, *, replace: bool) -> None:
    content = disk.names(folder)
    if not disk.exists(folder) or (disk.is_folder(folder) and not content):
        return
    if not replace:
        raise ConfigError(f"{folder} exists already; choose another name or remove it")
    if manifest.NAME not in content:
        raise ConfigError(f"{folder} is not replaced: it holds no saved model; choose another name")
