"""Expensive results kept between evaluations, under a hash of everything that they depend on.

Whatever the cache does, a result only comes sooner or has to be computed again: an entry that was
damaged, a full disk, a folder that may not be written are all misses. The content of every entry
follows its own SHA-256; files appear under their name only when they are whole, so several
processes may share a folder. When there is too much, what was not used for longest goes first.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from serinette.core import disk, durable
from serinette.core.errors import NotFoundError, SerinetteError

_HASH_BYTES = hashlib.sha256().digest_size
_OFF = "off"


def cache_folder(environ: Mapping[str, str], platform: str, home: Path) -> Path | None:
    """Return where evaluations keep their results; None: nowhere.

    Args:
        environ: The environment. `SERINETTE_CACHE` names a folder, or is `off`.
        platform: As `sys.platform`; where nothing is set, each has its own custom.
        home: The user's folder.
    """
    wished = environ.get("SERINETTE_CACHE")
    if wished:
        return None if wished.lower() == _OFF else Path(wished)
    match platform:
        case "win32":
            base = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        case "darwin":
            base = home / "Library" / "Caches"
        case _:
            # The XDG specification: a path that is not absolute is to be ignored.
            given = environ.get("XDG_CACHE_HOME", "")
            base = Path(given) if given.startswith("/") else home / ".cache"
    return base / "serinette" / "evaluate"


def key_of(*parts: object) -> str:
    """Return the key of a result: a SHA-256 in hexadecimal of all that it depends on.

    Args:
        *parts: Bytes, or anything that JSON can hold. What computes the result belongs to it: put
            a version of the code among the parts.
    """
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else _canonical(part)
        sort = "bytes" if isinstance(part, bytes) else "json"
        digest.update(f"{sort} {len(content)}:".encode("ascii"))  # no part runs into the next
        digest.update(content)
    return digest.hexdigest()


class Cache:
    """A folder of results by key.

    Args:
        folder: Where; made when something is first put. None: nothing is ever found.
        most_bytes: What all entries may take together.
    """

    def __init__(self, folder: Path | None, most_bytes: int = 512 * 2**20) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self.note = ""
        """Why nothing can be kept, one sentence; empty as long as it can."""

    def get(self, key: str) -> bytes | None:
        """Return what was put under the key, or None."""
        if self._folder is None:
            return None
        path = self._folder / key
        try:
            entry = disk.read_bytes(path)
        except NotFoundError:
            return None
        except SerinetteError as error:
            self._remark(error)
            return None
        content = entry[_HASH_BYTES:]
        if hashlib.sha256(content).digest() != entry[:_HASH_BYTES]:
            disk.discard(path)
            return None
        with suppress(OSError):
            os.utime(path)  # used just now, so among the last to go
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep something under a key; what is larger than the whole cache is not kept."""
        entry = hashlib.sha256(content).digest() + content
        if self._folder is None or len(entry) > self._most_bytes:
            return
        try:
            durable.write_file(self._folder / key, entry)
            durable.sweep_orphans(self._folder)
        except SerinetteError as error:
            self._remark(error)
        self._make_room(self._folder)

    def get_array(self, key: str) -> np.ndarray | None:
        """Return the array that was put under the key, or None."""
        content = self.get(key)
        if content is None:
            return None
        try:
            array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError):  # bytes that are no array
            return None
        return array

    def put_array(self, key: str, array: np.ndarray) -> None:
        """Keep an array of numbers under a key."""
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        self.put(key, content.getvalue())

    def _remark(self, error: SerinetteError) -> None:
        if not self.note:
            reason = str(error).split(";")[0]
            self.note = f"nothing is kept for the next evaluation: {reason}"

    def _make_room(self, folder: Path) -> None:
        entries = _entries(folder)
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._most_bytes:
                break
            disk.discard(path)
            total -= size


def _entries(folder: Path) -> list[tuple[int, int, Path]]:
    """Return time of last use, bytes and path of every entry."""
    found = []
    with suppress(SerinetteError):
        for name in disk.names(folder):
            with suppress(OSError):  # another process removed it
                status = os.stat(folder / name)
                if not name.startswith("."):  # one that is being written
                    found.append((status.st_mtime_ns, status.st_size, folder / name))
    return found


def _canonical(part: Any) -> bytes:
    return json.dumps(part, sort_keys=True, separators=(",", ":")).encode("ascii")
