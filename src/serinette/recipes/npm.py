"""Packages of the npm registry, got by npm itself: nothing is installed and nothing is run."""

import shutil
from pathlib import Path
from typing import Final

from serinette.core.errors import MissingExtraError, NotFoundError, ResourceError
from serinette.recipes.client import ask_client

_ABSENT: Final = ("E404", "ETARGET", "ENOVERSIONS")


def npm_download(requirement: str, folder: Path) -> Path:
    """Let npm download the tarball of one package.

    Args:
        requirement: `name==version`, as for every other package.
        folder: Receives the tarball.

    Raises:
        MissingExtraError: If npm is not installed.
        NotFoundError: If npm finds no such package.
        ResourceError: If the download fails otherwise.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise MissingExtraError(
            f"{requirement}: comes from the npm registry, and npm is not installed; "
            "install Node.js, which brings it (Debian and Ubuntu: apt-get install npm)"
        )
    options = ("--silent", "--ignore-scripts", "--pack-destination", str(folder))
    command = [npm, "pack", requirement.replace("==", "@"), *options]
    done = ask_client("npm", command, requirement)
    if done.returncode != 0:
        raise _download_error(requirement, done.stderr)
    tarballs = sorted(folder.glob("*.tgz"))
    if not tarballs:
        raise ResourceError(f"{requirement}: npm left no tarball; try again with a newer npm")
    return tarballs[0]


def _download_error(requirement: str, stderr: str) -> Exception:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    reason = lines[0] if lines else "no reason given"
    text = (
        f"{requirement}: npm could not download it ({reason}); check the network and npm's registry"
    )
    is_absent = any(code in stderr for code in _ABSENT)
    return NotFoundError(text) if is_absent else ResourceError(text)
