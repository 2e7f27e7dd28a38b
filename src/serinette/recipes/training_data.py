"""The data that a model learnt from, read again exactly as they were read then."""

from collections.abc import Sequence
from pathlib import Path

from serinette.artifact.folder import Artifact
from serinette.core.config import Layer, Resolved, resolve
from serinette.core.errors import DataError, NotFoundError
from serinette.recipes.prepare import Prepared, prepare
from serinette.recipes.requests import groups_of
from serinette.training.events import silent

_SECTIONS = ("data", "split")


def prepared_again(
    artifact: Artifact, data: Sequence[Path] | Sequence[str] = (), *, remedy: str = ""
) -> Prepared:
    """Read, split and encode the training data as before the training.

    Args:
        artifact: The model.
        data: Where the data are now, or the texts themselves; empty: where they were.
        remedy: What to do when they are not there; ends the message.

    Raises:
        NotFoundError: If the data are not where they were, or the model does not say where.
        DataError: If they have changed since, or cannot be read.
    """
    sources = data or [Path(path) for path in artifact.source.get("paths", ())]
    if not sources:
        raise NotFoundError(f"the model does not say what it learnt from{remedy}")
    gone = [path for path in sources if isinstance(path, Path) and not path.exists()]
    if gone:
        raise NotFoundError(f"{gone[0]} is no longer there{remedy}")
    prepared = prepare(artifact.kind, sources, _settings(artifact), silent)
    hashes = [source.sha256 for source in prepared.corpus.sources]
    if hashes != artifact.source.get("sha256") or prepared.codec.to_json() != artifact.codec:
        place = sources[0] if isinstance(sources[0], Path) else "hand"
        raise DataError(f"the data at {place} have changed since training{remedy}")
    return prepared


def _settings(artifact: Artifact) -> Resolved:
    values = {
        f"{section}.{key}": value
        for section in _SECTIONS
        for key, value in artifact.source.get(section, {}).items()
    }
    all_groups = groups_of(artifact.kind)
    groups = {section: all_groups[section] for section in _SECTIONS}
    return resolve(groups, [Layer(origin="config.json", values=values)])
