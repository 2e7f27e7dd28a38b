"""The list of a folder's files with their sizes and SHA-256, and the check against the folder.

{"format": 1, "files": {name: {"sha256": ..., "size": ...}}, "sha256": of all before}

The list is written in one way only and is read in no other, so that not even a blank of it can
change unnoticed.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serinette.core import disk
from serinette.core.errors import ArtifactError, NotFoundError

NAME = "manifest.json"
FORMAT = 1
REMEDY = "restore it from a copy or train again"

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What the manifest knows of one file."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A list of the files of a folder."""

    format: int
    files: Mapping[str, FileRecord]


@dataclass(frozen=True, kw_only=True)
class FolderContents:
    """A folder that was read whole and agrees with its manifest."""

    manifest: Manifest
    files: Mapping[str, bytes]
    """Contents by name; what was read is what was checked."""
    warnings: tuple[str, ...]
    """What differs and may: files that people edit or add."""


def encode(files: Mapping[str, bytes]) -> bytes:
    """Write the manifest of these contents."""
    return _encode(
        {
            name: FileRecord(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for name, content in files.items()
        }
    )


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest itself, not yet the files.

    Raises:
        ArtifactError: If the folder has none, it is damaged, or of a newer format.
    """
    path = folder / NAME
    try:
        content = disk.read_bytes(path)
    except NotFoundError as error:
        reason = f"it has no {NAME}" if disk.exists(folder) else "there is no such folder"
        raise ArtifactError(f"{folder} is not a saved model: {reason}; give its folder") from error
    return parse(content, path)


def parse(content: bytes, path: Path) -> Manifest:
    """Read the bytes of a manifest.

    Args:
        content: What it holds.
        path: Where it lies, for messages.

    Raises:
        ArtifactError: If it is damaged, or of a newer format.
    """
    try:
        plain = json.loads(content)
        check_format(plain["format"], path)
        return _decode(plain, content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged: {error}; {REMEDY}") from error


def check_format(version: object, path: Path) -> None:
    """Refuse what a later version wrote, by number.

    Raises:
        ArtifactError: If `version` is above ours.
    """
    if isinstance(version, int) and version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}, this version reads up to {FORMAT}; upgrade serinette"
        )


def read_verified(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Read one file and check that it is what was saved.

    Raises:
        ArtifactError: If it is missing, cut off, longer, or other bytes.
    """
    path = folder / name
    record = manifest.files.get(name)
    if record is None:
        raise ArtifactError(f"{path} is not in {NAME}: the model is not whole; {REMEDY}")
    try:
        content = disk.read_bytes(path)
    except NotFoundError as error:
        raise ArtifactError(f"{path} is missing; {REMEDY}") from error
    check(content, record, path)
    return content


def check(content: bytes, record: FileRecord, path: Path) -> None:
    """Check that a file is what was saved.

    Raises:
        ArtifactError: If it is cut off, longer, or other bytes.
    """
    if len(content) != record.size:
        sizes = f"{len(content):,} bytes where {record.size:,} were saved"
        raise ArtifactError(f"{path} is damaged: {sizes}; {REMEDY}")
    if hashlib.sha256(content).hexdigest() != record.sha256:
        reason = "its SHA-256 is not the one saved, so it is damaged or of another model"
        raise ArtifactError(f"{path} is not to be used: {reason}; {REMEDY}")


def is_plain_name(name: str) -> bool:
    """Tell a name that a file of ours can have from paths and the like."""
    return _PLAIN_NAME.fullmatch(name) is not None


def read_files(
    folder: Path, manifest: Manifest, lenient: Collection[str]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Read and check every listed file.

    Returns:
        The contents, and a sentence for each lenient file that changed and each file not listed.

    Raises:
        ArtifactError: If any other file is missing or damaged.
    """
    contents, warnings = {}, []
    for name in manifest.files:
        try:
            contents[name] = read_verified(folder, manifest, name)
        except ArtifactError:
            if name not in lenient:
                raise
            if disk.exists(folder / name):
                contents[name] = disk.read_bytes(folder / name)
                warnings.append(f"{folder / name} was edited since it was saved")
            else:
                warnings.append(f"{folder / name} was removed since it was saved")
    warnings += [
        f"{folder / name} is not part of what was saved"
        for name in disk.names(folder)
        if name not in manifest.files and name != NAME and not name.startswith(".")
    ]
    return contents, tuple(warnings)


def _encode(files: Mapping[str, FileRecord]) -> bytes:
    listed = {name: {"sha256": r.sha256, "size": r.size} for name, r in sorted(files.items())}
    body: dict[str, object] = {"format": FORMAT, "files": listed}
    body["sha256"] = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return json.dumps(body, indent=1).encode() + b"\n"


def _decode(plain: Mapping[str, Any], content: bytes) -> Manifest:
    files = {
        name: FileRecord(sha256=record["sha256"], size=record["size"])
        for name, record in plain["files"].items()
    }
    for name in files:
        if not is_plain_name(name) or name == NAME:
            raise ValueError(f"{name!r} is no name of a file of ours")
    if _encode(files) != content:
        raise ValueError("it does not match its own checksum")
    return Manifest(format=FORMAT, files=files)
