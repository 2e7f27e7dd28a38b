"""What a training is asked for, and what it answers. No torch here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serinette.core.config import Layer, Resolved
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.split import SplitConfig
from serinette.kinds.table import DEFAULT_KIND, SERIES, find_kind
from serinette.nets.config import ModelConfig
from serinette.nets.critic_config import CriticConfig
from serinette.nets.fields_config import FieldsConfig
from serinette.nets.latent_config import LatentConfig
from serinette.nets.lstm_gan_config import LstmGanConfig
from serinette.nets.timegan_config import TimeganConfig
from serinette.recipes.series.engine_config import EngineConfig
from serinette.recipes.series.guide_config import WindowGuideConfig
from serinette.recipes.shares import SourceShare
from serinette.training.config import TrainingConfig
from serinette.training.fine_tuning import FineTuningConfig
from serinette.training.game.config import AdversarialConfig


def groups_of(kind_name: str) -> Mapping[str, type]:
    """Return the sections of a training's settings, for TOML, environment and `--section.key`.

    Args:
        kind_name: A name of the table of kinds; it decides what [data] holds.
    """
    if kind_name == SERIES:
        return {
            "data": SeriesConfig,
            "split": SplitConfig,
            "engine": EngineConfig,
            "model": FieldsConfig,
            "latent": LatentConfig,
            "lstm_gan": LstmGanConfig,
            "critic": CriticConfig,
            "timegan": TimeganConfig,
            "training": TrainingConfig,
            "guide": WindowGuideConfig,
        }
    return {
        "data": find_kind(kind_name).config_type,
        "split": SplitConfig,
        "model": ModelConfig,
        "training": TrainingConfig,
        "adversarial": AdversarialConfig,
        "critic": CriticConfig,
        "fine_tuning": FineTuningConfig,
    }


def layer_of_data(
    kind_name: str, sources: Sequence[Path] | Sequence[str], layers: Iterable[Layer]
) -> Layer:
    """Return the settings by which some data are plainly to be read.

    Args:
        kind_name: A name of the table of kinds.
        sources: Files and folders, or texts.
        layers: Everything that has been said; where it tells how to read them, nothing is found.
    """
    said = {key for layer in layers for key, value in layer.values.items() if value}
    return Layer(origin="found in the data", values=find_kind(kind_name).suits(sources, said))


GROUPS: Mapping[str, type] = groups_of(DEFAULT_KIND)
"""Sections of the settings of the kind text."""


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """One training, as asked for."""

    sources: Any = ()
    """Files and folders, or the texts themselves; of a table files, a data frame or an array. Empty
    when `resume` is given."""
    kind: str | None = None
    """A name of the table of kinds; None: found out from the files."""
    base_model: str | None = None
    """A trained model to go on from: its folder, or the name of a run; None: from scratch."""
    preset: str | None = None
    """A name of `recipes.presets.PRESETS`: settings that win over the plan's."""
    layers: tuple[Layer, ...] = ()
    """Settings of the user, in rising priority; they win over the plan."""
    runs: Path = Path("runs")
    """Folder of the runs."""
    name: str | None = None
    """Name of the run; None takes the first source's."""
    resume: str | None = None
    """Name of an unfinished run to go on with."""
    budget_seconds: float | None = None
    """Wall-clock seconds for everything, counted from `started`."""
    updates: int | None = None
    """Updates to make, instead of a budget."""
    size: str | None = None
    """A name of `training.plan.SIZES`; None lets the plan choose."""
    seed: int | None = None
    """Where all randomness comes from; None is 0."""
    started: float | None = None
    """`time.monotonic()` when the clock of the budget started; None is now."""


_OF_TEXTS = {
    "data.text_field",
    "data.query",
    "data.label_field",
    "data.context_fields",
    "data.codec",
}
"""Settings that tables of time series do not have."""


def with_told_kind(request: TrainRequest) -> TrainRequest:
    """Let settings that only texts have say that a table holds texts."""
    told = {key for layer in request.layers for key in layer.values}
    is_open = request.kind is None and request.resume is None
    return replace(request, kind=DEFAULT_KIND) if is_open and told & _OF_TEXTS else request


@dataclass(frozen=True, kw_only=True)
class TrainedRun:
    """A training that has ended."""

    run: Path
    """Folder of the run."""
    model: Path
    """Folder of the artifact."""
    metrics: Mapping[str, float]
    """Held-out figures, in nats per character."""
    reason: str
    """`plan done`, `early stop` or `interrupted`."""
    exit_code: int = 0
    """0, or 130/143 when it was interrupted; the state is saved either way."""


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a training would do."""

    parameters: int
    memory_bytes: int
    """Estimated peak memory of the process."""
    seconds: float
    """Estimated seconds of training."""
    decoded_batches: tuple[tuple[str, ...], ...]
    """Three batches, each as the text of its first rows."""
    summary: tuple[str, ...]
    resolved: Resolved
    """Settings with their origins."""
    shares: tuple[SourceShare, ...] = ()
    """Of several files and folders, what each gives."""
