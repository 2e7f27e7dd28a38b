"""A training of a table, settled: what every engine's training is given."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serinette.core.config import Resolved
from serinette.recipes.series.choice import EngineChoice
from serinette.recipes.series.prepare import PreparedSeries


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesJob:
    """A run with all that is needed to go on with it."""

    run: Path
    prepared: PreparedSeries
    settings: Resolved
    record: dict[str, Any]
    choice: EngineChoice
    train_seconds: float | None = None
    """Seconds for the updates of the autoregressive engine."""
    budget_seconds: float | None = None
