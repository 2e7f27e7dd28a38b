"""What a training of a table has found, as an artifact."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serinette.artifact.card import SeriesCardFacts, series_card
from serinette.artifact.folder import ArtifactContents
from serinette.core.config import plain
from serinette.core.metric import Metric
from serinette.core.schema import Schema
from serinette.nets.networks import n_parameters
from serinette.recipes.series.engine_config import AUTOREGRESSIVE, SECTIONS
from serinette.recipes.series.engines import Engine
from serinette.recipes.series.job import SeriesJob
from serinette.training.loop import Outcome


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesFound:
    """A trained network and how it came about."""

    network: str
    """A name of `nets.networks.NETWORKS`."""
    schema: Schema
    sizes: Any
    """The network's config."""
    weights: Mapping[str, np.ndarray]
    metrics: tuple[Metric, ...]
    """Figures on held-out rows."""
    sample: str
    """A drawn sequence, pictured."""
    outcome: Outcome


@dataclass(frozen=True, kw_only=True, eq=False)
class Ended:
    """An engine at the end of its training."""

    contents: ArtifactContents
    engine: Engine
    outcome: Outcome
    n_updates: int
    metrics: tuple[Metric, ...]


def series_contents(job: SeriesJob, found: SeriesFound) -> ArtifactContents:
    """Return all that goes into the artifact of a table's model."""
    prepared, so_far = job.prepared, found.outcome.progressed
    name = found.network if found.network in SECTIONS else AUTOREGRESSIVE
    read_as = {section: plain(job.settings.groups[section]) for section in ("data", "split")}
    return ArtifactContents(
        kind="series",
        schema=found.schema,
        codec=prepared.codec.to_json(),
        model=plain(found.sizes),
        training={
            "settings": job.settings.to_json(),
            "best_update": so_far.best_update,
            "seconds": so_far.seconds,
            "reason": found.outcome.reason,
            "engine": f"{name}: {job.choice.why}",
        },
        source={"paths": job.record["sources"], "sha256": job.record["sha256"], **read_as},
        evaluation={"metrics": [metric.to_json() for metric in found.metrics]},
        history=so_far.history,
        weights=found.weights,
        graph=None,
        card=series_card(
            SeriesCardFacts(
                name=job.run.name,
                n_rows=prepared.n_training_rows,
                sources=[Path(path).name for path in job.record["sources"]],
                n_parameters=n_parameters(found.network, found.sizes, found.schema),
                metrics=found.metrics,
                sample=found.sample,
                notes=(prepared.parts.how, *prepared.codec.relations.sentences),
            )
        ),
        network=found.network,
    )
