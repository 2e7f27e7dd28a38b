"""What a run's folder says of the training in it, so that it can be gone on with. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serinette.artifact.runs import PLAN, find_run
from serinette.core import plain_json
from serinette.core.config import Layer, Resolved, resolve
from serinette.core.disk import read_bytes
from serinette.core.errors import ConfigError, DataError
from serinette.kinds.corpus import SourceFile
from serinette.kinds.table import DEFAULT_KIND
from serinette.recipes.requests import TrainRequest, groups_of


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A run that was begun."""

    run: Path
    """Its folder."""
    record: dict[str, Any]
    """Its plan as stored: kind, settings, sources, their hashes, the budget."""
    given: Any
    """Data that are given again; empty: those of the record are read."""

    @property
    def kind(self) -> str:
        """Name of the kind of its data."""
        found: str = self.record.get("kind", DEFAULT_KIND)
        return found

    @property
    def settings(self) -> Resolved:
        """Its settings."""
        stored = self.record["settings"]
        values = {f"{s}.{k}": v for s, part in stored.items() for k, v in part.items()}
        return resolve(groups_of(self.kind), (Layer(origin=PLAN, values=values),))

    def sources(self, what: str) -> Any:
        """Return what to read.

        Args:
            what: What it was if it lay in memory: `texts`, `a table`.

        Raises:
            ConfigError: If it lay in memory, and is not given again.
        """
        found = self.given if len(self.given) else tuple(map(Path, self.record["sources"]))
        if not len(found):
            noun = what.removeprefix("a ")
            raise ConfigError(
                f"{self.run.name} was trained on {what} in memory; give the same {noun} again"
            )
        return found

    def check_unchanged(self, sources: Sequence[SourceFile]) -> None:
        """Raise unless files are what they were.

        Raises:
            DataError: If they have changed.
        """
        if [source.sha256 for source in sources] != self.record["sha256"]:
            raise DataError(
                f"{self.run.name}: the data have changed since this run began; put them back or "
                "train anew"
            )


def stored_run(request: TrainRequest) -> StoredRun:
    """Find the run that is to be gone on with.

    Raises:
        NotFoundError: If there is none of that name.
    """
    run = find_run(request.resume or "", request.runs)
    record = plain_json.load(read_bytes(run / PLAN), str(run / PLAN))
    return StoredRun(run=run, record=record, given=request.sources)
