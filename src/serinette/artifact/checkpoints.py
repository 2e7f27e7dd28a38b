"""States of a training that can be taken up again, whatever killed it.

runs/NAME/checkpoints/update-000120/     state.safetensors, facts.json, manifest.json

The newest whose manifest verifies is used; an older one is kept in case it does not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as tensor_bytes

from serinette.artifact.validate import read_tensors
from serinette.core import disk, durable, plain_json
from serinette.core.errors import ArtifactError, ResourceError

FOLDER, STATE, FACTS = "checkpoints", "state.safetensors", "facts.json"

_NAME = re.compile(r"update-(\d{6,15})")
_MARGIN_BYTES = 1_000_000
"""Left free for the other files of a run."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A verified state of a training."""

    update: int
    """How many updates it has behind it."""
    folder: Path
    tensors: Mapping[str, np.ndarray]
    """Arrays exactly as they were saved; they can be written to."""
    facts: Mapping[str, Any]
    """Plain values: counters, random state, position in the data."""
    skipped: tuple[str, ...]
    """Sentences about newer checkpoints that are damaged."""


def save_checkpoint(
    run: Path,
    update: int,
    tensors: Mapping[str, np.ndarray],
    facts: Mapping[str, Any],
    *,
    keep: int = 2,
) -> None:
    """Save a state and remove those that are no longer needed.

    States of later updates go too: a training that went back to an earlier state has left them.

    Args:
        run: Folder of the run.
        update: How many updates the state has behind it.
        tensors: Arrays by name; dtype and shape are kept.
        facts: Plain JSON values.
        keep: How many good states remain, at least 1.

    Raises:
        ResourceError: If the disk refuses; the last good state is intact.
    """
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    files = {STATE: tensor_bytes(contiguous), FACTS: plain_json.dump(facts)}
    n_bytes = sum(map(len, files.values())) + _MARGIN_BYTES
    try:
        disk.require_space(run, n_bytes)
    except ResourceError:
        _prune(run, keep=1)
        disk.require_space(run, n_bytes)
    saved = run / FOLDER / f"update-{update:06d}"
    durable.write_folder(saved, files, replace=True)
    _prune(run, keep=keep, saved=saved)


def newest_checkpoint(run: Path) -> Checkpoint | None:
    """Return the newest state that verifies; None if none was ever saved.

    Raises:
        ArtifactError: If there are states but none that verifies.
    """
    skipped: list[str] = []
    for folder in _newest_first(run):
        try:
            return _read(folder, tuple(skipped))
        except (ArtifactError, ResourceError) as error:
            skipped.append(str(error))
    if not skipped:
        return None
    raise ArtifactError(
        f"{run} cannot be resumed: no checkpoint is whole ({'; '.join(skipped)}); train again"
    )


def _read(folder: Path, skipped: tuple[str, ...]) -> Checkpoint:
    files = durable.read_folder(folder).files
    if files.keys() < {STATE, FACTS}:
        raise ArtifactError(f"{folder} is not a checkpoint: it has no {STATE} or {FACTS}")
    facts = plain_json.load(files[FACTS], str(folder / FACTS))
    tensors = read_tensors(files[STATE], str(folder / STATE))
    return Checkpoint(
        update=_update(folder), folder=folder, tensors=tensors, facts=facts, skipped=skipped
    )


def _newest_first(run: Path) -> Iterator[Path]:
    parent = run / FOLDER
    durable.settle_all(parent)
    folders = [parent / name for name in disk.names(parent) if _NAME.fullmatch(name)]
    yield from sorted(folders, key=_update, reverse=True)


def _update(folder: Path) -> int:
    return int(folder.name.removeprefix("update-"))


def _prune(run: Path, *, keep: int, saved: Path | None = None) -> None:
    """Remove all that is older than the newest `keep` good ones; never the last good one."""
    n_good = 0
    for folder in _newest_first(run):
        is_abandoned = saved is not None and _update(folder) > _update(saved)
        if n_good >= keep or is_abandoned:
            durable.remove_folder(folder)
        elif folder == saved or _is_whole(folder):
            n_good += 1


def _is_whole(folder: Path) -> bool:
    try:
        durable.verify_folder(folder)
    except (ArtifactError, ResourceError):
        return False
    return True
