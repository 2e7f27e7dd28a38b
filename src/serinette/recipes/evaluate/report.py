"""An evaluation in the hands of a Python user."""

import os
from dataclasses import dataclass
from pathlib import Path

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Evaluation, Verdict
from serinette.recipes.evaluate.publish import save_report


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `Model.evaluate` returns."""

    evaluation: Evaluation
    """All of it, as plain data."""

    @property
    def headline(self) -> str:
        """The verdict in plain words."""
        return self.evaluation.headline

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The traffic lights."""
        return self.evaluation.verdicts

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All figures."""
        return self.evaluation.metrics

    def metric(self, key: str, setting: str = "") -> Metric:
        """Return one figure: `metric("bleu4", "T=1")`.

        Raises:
            ConfigError: If it was not measured.
        """
        return self.evaluation.metric(key, setting)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report as a page (`.html`) or as data (`.json`).

        Raises:
            ConfigError: If the name ends in something else.
            ResourceError: If the disk refuses.
        """
        save_report(self.evaluation, Path(path))
