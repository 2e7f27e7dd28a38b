"""The count model that belongs to an artifact, fitted again on the data it was trained on.

It is not stored: a fitted model of a large corpus is larger than the network. The training data
must still be where they were, unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serinette.artifact.folder import Artifact
from serinette.core.config import Layer, resolve
from serinette.core.errors import SerinetteError
from serinette.counts.ngram import WittenBell
from serinette.kinds.kind import Kind
from serinette.kinds.table import find_kind
from serinette.recipes.baseline import fit_baseline
from serinette.recipes.training_data import prepared_again


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
    try:
        prepared = prepared_again(artifact)
    except SerinetteError as error:
        return CountModel(note=f"no count model beside it: {error}")
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
