"""Names of runs: what a person may type, safe as a folder's name on every system."""

import os
import re
from pathlib import Path

from serinette.core import disk
from serinette.core.errors import ConfigError

MAX_CHARACTERS, MAX_BYTES = 64, 200

_NAME = re.compile(r"\w[\w.\- ]*")
_UNFIT = re.compile(r"[^\w.\- ]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def check_name(name: str) -> None:
    """Check a name: letters of any alphabet, digits, `_`, and after the first also `.`, `-`, blank.

    Raises:
        ConfigError: If it is not one, with the reason.
    """
    problem = _problem(name)
    if problem is not None:
        raise ConfigError(f"'{name}' cannot be the name of a run: {problem}; choose another --name")


def run_name(path: Path | str) -> str:
    """Derive the name of a run from the data it learns from: `data/notes.txt` gives `notes`."""
    place = Path(os.path.abspath(path))
    stem = place.name if disk.is_folder(place) else place.stem
    name = _UNFIT.sub("-", stem).lstrip(".- ").rstrip(". ")[:MAX_CHARACTERS]
    while len(name.encode()) > MAX_BYTES:
        name = name[:-1]
    name = name.rstrip(". ")
    return name if _problem(name) is None else "run"


def _problem(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return "it may hold letters, digits, '_', '.', '-' and blanks, and begins with a letter"
    if len(name) > MAX_CHARACTERS or len(name.encode()) > MAX_BYTES:
        return f"it is longer than {MAX_CHARACTERS} characters or {MAX_BYTES} bytes"
    if ".." in name or name[-1] in ". ":
        return "it holds '..' or ends in a dot or a blank"
    if _RESERVED.fullmatch(name):
        return "Windows keeps this name for a device"
    return None
