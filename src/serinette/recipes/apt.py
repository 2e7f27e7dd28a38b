"""Packages of Debian, got by apt-get itself: nothing is installed and nothing is run."""

import io
import shutil
import tarfile
from pathlib import Path

from serinette.core.errors import DataError, MissingExtraError, NotFoundError, ResourceError
from serinette.recipes.client import ask_client

_MAGIC, _HEADER = b"!<arch>\n", 60
_NAME, _SIZE = slice(0, 16), slice(48, 58)


def apt_download(requirement: str, folder: Path) -> Path:
    """Let apt-get download one package.

    Args:
        requirement: `name==version`, as for every other package.
        folder: Receives the package.

    Raises:
        MissingExtraError: If there is no apt-get.
        NotFoundError: If apt-get knows no such package.
        ResourceError: If the download fails otherwise.
    """
    apt = shutil.which("apt-get")
    if apt is None:
        raise MissingExtraError(
            f"{requirement}: is a package of Debian, and there is no apt-get here; get it on a "
            "Debian or Ubuntu machine and copy the text"
        )
    name, _, version = requirement.partition("==")
    command = [apt, "download", "-q", f"{name}={version}"]
    done = ask_client("apt-get", command, requirement, folder)
    packages = sorted(folder.glob("*.deb"))
    if done.returncode != 0 or not packages:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        reason = errors[0] if errors else "no reason given"
        text = f"{requirement}: apt-get could not download it ({reason}); try apt-get update"
        is_absent = "was not found" in text or "Unable to locate" in text
        raise NotFoundError(text) if is_absent else ResourceError(text)
    return packages[0]


def file_of_package(package: Path, name: str) -> bytes:
    """Return one file of a Debian package.

    Args:
        package: A `.deb`: an `ar` archive that holds the files in `data.tar.*`.
        name: Path of the file, as `usr/share/...`.

    Raises:
        DataError: If the package is none, or has no such file.
    """
    content = package.read_bytes()
    place = len(_MAGIC)
    while content.startswith(_MAGIC) and place + _HEADER <= len(content):
        header = content[place : place + _HEADER]
        size = int(header[_SIZE])
        place += _HEADER
        if header[_NAME].startswith(b"data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content[place : place + size])) as archive:
                file = archive.extractfile(f"./{name}")
                if file is not None:
                    return file.read()
        place += size + size % 2
    raise DataError(f"{package.name}: no Debian package that holds {name}")
