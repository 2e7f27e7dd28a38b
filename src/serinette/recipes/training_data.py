"""The data that a model learnt from, read again exactly as they were read then."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serinette.artifact.folder import Artifact
from serinette.core.config import Layer, Resolved, resolve
from serinette.core.errors import DataError, NotFoundError
from serinette.kinds.table import find_kind
from serinette.recipes.base_model import BaseRecord, base_record, lineage
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
    return _again(artifact.kind, artifact, data, remedy=remedy)


def earlier_again(artifact: Artifact, *, remedy: str = "") -> tuple[Prepared, ...]:
    """Read the data of all trainings before a fine-tuning again, the latest first.

    Raises:
        NotFoundError: If data are not where they were, or were texts in memory.
        DataError: If they have changed since, or cannot be read.
    """
    return tuple(
        _again(artifact.kind, record, who=f"the base model {record.name}", remedy=remedy)
        for record in lineage(artifact.source)
    )


def _again(
    kind: str,
    trained: Artifact | BaseRecord,
    data: Sequence[Path] | Sequence[str] = (),
    *,
    who: str = "the model",
    remedy: str,
) -> Prepared:
    source = trained.source
    sources = data or [Path(path) for path in source.get("paths", ())]
    if not sources:
        raise NotFoundError(f"{who} does not say what it learnt from{remedy}")
    gone = [path for path in sources if isinstance(path, Path) and not path.exists()]
    if gone:
        raise NotFoundError(f"{gone[0]} is no longer there{remedy}")
    before = base_record(source)
    codec = None if before is None else find_kind(kind).codec_from_json(before.codec)
    prepared = prepare(kind, sources, _settings(kind, source), silent, codec)
    hashes = [each.sha256 for each in prepared.corpus.sources]
    if hashes != source.get("sha256") or prepared.codec.to_json() != trained.codec:
        place = sources[0] if isinstance(sources[0], Path) else "hand"
        raise DataError(f"the data at {place} have changed since training{remedy}")
    return prepared


def _settings(kind: str, source: Mapping[str, Any]) -> Resolved:
    values = {
        f"{section}.{key}": value
        for section in _SECTIONS
        for key, value in source.get(section, {}).items()
        if key != "weights"  # how often something was read does not change what it is
    }
    all_groups = groups_of(kind)
    groups = {section: all_groups[section] for section in _SECTIONS}
    return resolve(groups, [Layer(origin="config.json", values=values)])
