"""The count model that belongs to an artifact, fitted again on the data it was trained on.

It is not stored: a fitted model of a large corpus is larger than the network. The training data
must still be where they were, unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serinette.artifact.folder import Artifact
from serinette.core.config import Layer, Resolved, resolve
from serinette.core.errors import SerinetteError
from serinette.counts.ngram import WittenBell
from serinette.kinds.kind import Kind
from serinette.kinds.table import find_kind
from serinette.recipes.baseline import fit_baseline
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS
from serinette.training.events import silent

_SECTIONS = ("data", "split")


@dataclass(frozen=True, kw_only=True)
class CountModel:
    """A count model, or why there is none."""

    model: WittenBell | None = None
    order: int | None = None
    """Symbols of a window, the predicted one included."""
    note: str = ""
    """A sentence about what is lacking; empty when nothing is."""


def count_model_of(artifact: Artifact) -> CountModel:
    """Fit the count model of the artifact's own training part.

    Data that are gone or have changed give no model but a sentence that says so.
    """
    paths = [Path(path) for path in artifact.source.get("paths", ())]
    if not paths:
        return CountModel(
            note="no count model beside it: the model does not say what it learnt from"
        )
    gone = [path for path in paths if not path.exists()]
    if gone:
        return CountModel(note=f"no count model beside it: {gone[0]} is no longer there")
    try:
        prepared = prepare(artifact.kind, paths, _settings(artifact), silent)
    except SerinetteError as error:
        return CountModel(note=f"no count model beside it: {error}")
    hashes = [source.sha256 for source in prepared.corpus.sources]
    if hashes != artifact.source.get("sha256") or prepared.codec.to_json() != artifact.codec:
        return CountModel(
            note=f"no count model beside it: the data at {paths[0]} have changed since training"
        )
    size = getattr(artifact.schema.fields[0], "size", 0)
    fitted = fit_baseline(prepared.train, prepared.validation, size)
    return CountModel(model=fitted.model, order=fitted.order)


def reading_settings(artifact: Artifact, wishes: Mapping[str, Any]) -> tuple[Kind, Any]:
    """Return the artifact's kind, and how to read data as its training data were read.

    Args:
        artifact: A model.
        wishes: Settings that the user gave instead; None is no wish.

    Raises:
        ConfigError: If a wish does not fit.
    """
    kind = find_kind(artifact.kind)
    given = {f"data.{name}": value for name, value in wishes.items() if value is not None}
    written = {key: f"--{key.partition('.')[2]}" for key in given}
    kept = {f"data.{name}": value for name, value in artifact.source.get("data", {}).items()}
    layers = [
        Layer(origin="config.json", values=kept),
        Layer(origin="command line", values=given, written=written),
    ]
    return kind, resolve({"data": kind.config_type}, layers).groups["data"]


def _settings(artifact: Artifact) -> Resolved:
    values = {
        f"{section}.{key}": value
        for section in _SECTIONS
        for key, value in artifact.source.get(section, {}).items()
    }
    groups = {section: GROUPS[section] for section in _SECTIONS}
    return resolve(groups, [Layer(origin="config.json", values=values)])
