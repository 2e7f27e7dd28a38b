"""Asking a package client (pip, npm, apt-get) for a package, which is neither installed nor run."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from serinette.core.errors import ResourceError

_PATIENCE_SECONDS: Final = 600


def ask_client(
    client: str, command: Sequence[str], requirement: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a package client, and wait for it.

    Args:
        client: What it is called in messages.
        command: What is run, word by word.
        requirement: The package, as `name==version`.
        folder: Where it runs; None: here.

    Raises:
        ResourceError: If it is not done in time.
    """
    try:
        return subprocess.run(  # noqa: S603 - a fixed command; the requirement is of our own table
            list(command), cwd=folder, capture_output=True, text=True, check=False,
            timeout=_PATIENCE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ResourceError(
            f"{requirement}: {client} was not done after {_PATIENCE_SECONDS} seconds; "
            "check the network and try again"
        ) from error
