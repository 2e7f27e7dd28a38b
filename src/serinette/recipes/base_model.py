"""The trained model that a fine-tuning goes on from, and what is kept of it. No torch here."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from serinette.artifact.folder import WEIGHTS, Artifact, load
from serinette.artifact.runs import find_model
from serinette.core.config import Layer, Resolved
from serinette.core.errors import ArtifactError, ConfigError
from serinette.kinds.kind import Codec
from serinette.kinds.table import DEFAULT_KIND, SERIES, find_kind, kind_of
from serinette.kinds.text.records import are_records
from serinette.recipes.requests import TrainRequest

BASE: Final = "base"
"""Folder of a run, and key of a model's source: what it was fine-tuned from."""
_READ_AS: Final = ("codec", "documents", "max_vocabulary", "script")
"""How a base's data were read is how new ones are read, where these settings are left open."""
_RECORDS_READ_AS: Final = ("text_field", "label_field", "context_fields")
_KEPT: Final = (
    "embedding_size",
    "hidden_size",
    "n_layers",
    "tied",
    "readout",
    "layer_norm",
    "one_hot",
)
"""Settings that decide the weights of a network."""


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A trained model that a training goes on from."""

    name: str
    artifact: Artifact

    @property
    def kind(self) -> str:
        """Name of the kind of its data."""
        return self.artifact.kind

    @cached_property
    def codec(self) -> Codec:
        """Its codec."""
        return find_kind(self.kind).codec_from_json(self.artifact.codec)

    @property
    def record(self) -> dict[str, Any]:
        """Return what a fine-tuned model keeps of it: all that finds its training text again."""
        return {
            "name": self.name,
            "sha256": hashlib.sha256(self.artifact.files[WEIGHTS]).hexdigest(),
            "codec": self.artifact.codec,
            "source": self.artifact.source,
        }

    @property
    def layer(self) -> Layer:
        """Return the settings that a training takes over from it."""
        model = {f"model.{key}": getattr(self.artifact.model_config, key) for key in _KEPT}
        data = self.artifact.source.get("data", {})
        read_as = {f"data.{key}": data[key] for key in _READ_AS if key in data}
        values = {**model, **read_as, "training.start": "random"}
        return Layer(origin=f"base model {self.name}", values=values)

    def layer_of_records(
        self, sources: Sequence[Path] | Sequence[str], layers: Iterable[Layer]
    ) -> Layer:
        """Return how its records were read, for new data that are records, too.

        Args:
            sources: Files and folders, or texts.
            layers: What the user has said; who says what a document is, reads plain text.
        """
        data = self.artifact.source.get("data", {})
        found = {f"data.{key}": data[key] for key in _RECORDS_READ_AS if data.get(key)}
        if found and data.get("labels") == "field":
            found["data.labels"] = "field"
        is_plain = any(layer.values.get("data.documents") for layer in layers)
        if is_plain or not all(map(are_records, sources)):
            found = {}
        return Layer(origin=f"base model {self.name}", values=found)

    def check(self, settings: Resolved, size: str | None) -> None:
        """Refuse settings of a training that a trained network cannot follow.

        Raises:
            ConfigError: If another size, codec or start is asked for, or its input is one-hot.
        """
        if self.artifact.model_config.one_hot:
            raise ConfigError(
                f"the base model {self.name} reads one-hot vectors, which are as wide as its own "
                "vocabulary; train without a base model, or one with learnt vectors"
            )
        if size is not None:
            raise ConfigError(
                f"--size {size}: a network that is gone on with keeps its size; leave it out, or "
                f"train without the base model {self.name}"
            )
        kept = [f"model.{key}" for key in _KEPT] + ["data.codec", "training.start"]
        for key in kept:
            section, _, name = key.partition(".")
            found = getattr(settings.groups[section], name, None)
            own = self.layer.values.get(key, found)
            if found != own:
                raise ConfigError(
                    f"{settings.origins[key]}: {key} is {found}, but the base model {self.name} "
                    f"has {own} and keeps it; leave it out, or train without a base model"
                )


@dataclass(frozen=True, kw_only=True)
class BaseRecord:
    """What a fine-tuned model says of the one that it was fine-tuned from."""

    name: str
    sha256: str
    """Of its weights' file."""
    codec: Mapping[str, Any]
    source: Mapping[str, Any]
    """Where its own training data came from."""


def base_record(source: Mapping[str, Any]) -> BaseRecord | None:
    """Read a model's source; None: it was trained from scratch.

    Raises:
        ArtifactError: If what it says of its base cannot be read.
    """
    plain = source.get(BASE)
    if plain is None:
        return None
    try:
        record = BaseRecord(**plain)
    except TypeError as error:
        raise ArtifactError(f"config.json: the base model cannot be read ({error})") from error
    is_fine = isinstance(record.codec, Mapping) and isinstance(record.source, Mapping)
    if not is_fine:
        raise ArtifactError("config.json: the base model's codec or source is no JSON object")
    return record


def lineage(source: Mapping[str, Any]) -> Iterator[BaseRecord]:
    """Yield what a model was fine-tuned from, and what that was, nearest first."""
    record = base_record(source)
    while record is not None:
        yield record
        record = base_record(record.source)


def base_of(request: TrainRequest) -> BaseModel | None:
    """Open the model that a training is to go on from; None: it starts from scratch.

    Raises:
        NotFoundError: If there is no such model.
        ArtifactError: If it is damaged.
        ConfigError: If it is not of the kind of the data, or of a kind that cannot be gone on with.
    """
    if request.base_model is None:
        return None
    artifact = load(find_model(request.base_model, request.runs))
    base = BaseModel(name=artifact.name, artifact=artifact)
    _check_kind(base, request)
    return base


def with_kind_of(request: TrainRequest, base: BaseModel | None) -> TrainRequest:
    """Let the data be read as of the base's kind."""
    return request if base is None else replace(request, kind=base.kind)


def _check_kind(base: BaseModel, request: TrainRequest) -> None:
    if base.kind == SERIES:
        raise ConfigError(
            f"{base.name} is a model of tables; only models of texts and poems can be fine-tuned, "
            "so train on all rows together"
        )
    found = kind_of(request.sources, request.kind)
    is_open = request.kind is None and found == DEFAULT_KIND  # any file may be text
    if found != base.kind and not is_open:
        raise ConfigError(
            f"the data are of kind {found}, the base model {base.name} of kind {base.kind}; give "
            "other data, or train without a base model"
        )


def stored_base(run: Path, record: Mapping[str, Any]) -> BaseModel | None:
    """Return the base that a run was begun with: a copy of it lies in the run.

    Raises:
        ArtifactError: If it is damaged.
    """
    named = record.get(BASE)
    return None if named is None else BaseModel(name=named["name"], artifact=load(run / BASE))
