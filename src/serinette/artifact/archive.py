"""A model as one file: the folder's files in a zip that is the same for the same model.

manifest.json first, then the other files by name, all uncompressed, without times. Nothing is ever
unpacked to the disk: a packed model is read into memory and checked against its manifest. What we
did not write so is refused before anything of it is used: paths, folders, links, two entries of
one name, files that the manifest does not list, and compressed ones. So no file is larger than the
zip, and no archive can grow when it is read.
"""

import io
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from serinette.core import disk, manifest
from serinette.core.errors import ArtifactError

SUFFIX = ".zip"
_NAME_PLACE = 30
"""Where the name of a zip's first file stands."""
REMEDY = "get it again, or write it again with serinette export"

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""
_UNIX = 3
_PLAIN_FILE = stat.S_IFREG | 0o644
_IS_ENCRYPTED = 1
_UNREADABLE = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What the zip reader raises on damaged bytes."""


def is_packed(path: Path) -> bool:
    """Tell a packed model from a folder."""
    return path.suffix.lower() == SUFFIX and disk.exists(path) and not disk.is_folder(path)


def begins_as_packed(path: Path) -> bool:
    """Tell a packed model, also a damaged one, from other zips: the manifest is its first file."""
    if not is_packed(path):
        return False
    with path.open("rb") as file:
        head = file.read(_NAME_PLACE + len(manifest.NAME))
    return head[_NAME_PLACE:] == manifest.NAME.encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of a model's files; the same files give the same bytes.

    Args:
        files: Contents by name, without the manifest.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(manifest.NAME), manifest.encode(files))
        for name in sorted(files):
            archive.writestr(_entry(name), files[name])
    return buffer.getvalue()


def read(path: Path) -> manifest.FolderContents:
    """Read a packed model and check every file of it.

    Raises:
        ArtifactError: If it is damaged, or holds anything but what its manifest lists.
        NotFoundError: If there is no such file.
    """
    content = disk.read_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _checked(archive, path, len(content))
    except _UNREADABLE as error:
        raise _refused(path, f"it cannot be read ({error})") from error


def _checked(archive: zipfile.ZipFile, path: Path, n_bytes: int) -> manifest.FolderContents:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) != len(archive.infolist()):
        raise _refused(path, "a name stands in it twice")
    for entry in entries.values():
        _check_entry(entry, path)
    if sum(entry.file_size for entry in entries.values()) > n_bytes:
        raise _refused(path, "its files overlap")
    if manifest.NAME not in entries:
        raise _refused(path, f"it has no {manifest.NAME} at its top")
    listed = manifest.parse(archive.read(manifest.NAME), path / manifest.NAME)
    for name in sorted(entries.keys() - listed.files.keys() - {manifest.NAME}):
        raise _refused(path, f"{name!r} is not in its {manifest.NAME}")
    files = {}
    for name, record in listed.files.items():
        if name not in entries:
            raise _refused(path, f"{name} is missing")
        files[name] = archive.read(name)
        manifest.check(files[name], record, path / name)
    return manifest.FolderContents(manifest=listed, files=files, warnings=())


def _check_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not manifest.is_plain_name(entry.orig_filename) or kind not in (0, stat.S_IFREG):
        raise _refused(path, f"{entry.orig_filename!r} is no plain file at its top")
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & _IS_ENCRYPTED:
        raise _refused(path, f"{entry.filename} is compressed or encrypted")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = _PLAIN_FILE << 16
    return entry


def _refused(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(f"{path} is not a packed model: {reason}; {REMEDY}")
