"""What a training would find in a table, before anything is trained. No torch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from serinette.core.config import Layer, resolve
from serinette.kinds.series.fitting import fit_codec
from serinette.kinds.series.parts import split_table
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.summary import table_lines
from serinette.kinds.series.wording import described
from serinette.recipes.requests import groups_of
from serinette.recipes.series.habits import HABITS


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """What a table holds."""

    lines: tuple[str, ...]
    """Columns, sequences, time."""
    relations: tuple[str, ...]
    """What holds in every row."""
    decisions: tuple[str, ...]
    """How it was read, how it would be split, how each column would be drawn."""
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def describe_table(sources: Sequence[Path], layers: Sequence[Layer] = ()) -> TableReport:
    """Read, split and fit the codec, and say what was found.

    Raises:
        DataError: If the data cannot be read, or nothing could be learnt.
        ConfigError: If a setting is unknown or out of range.
    """
    groups = groups_of("series")
    habits = {key: value for key, value in HABITS.items() if key.startswith("split.")}
    settings = resolve(
        {name: groups[name] for name in ("data", "split")},
        (Layer(origin="kind series", values=habits), *layers),
    )
    table = read_table(sources, settings.groups["data"], for_training=True)
    parts = split_table(table, settings.groups["split"])
    codec, _ = fit_codec(table, settings.groups["data"], parts.train, parts.starts)
    return TableReport(
        lines=tuple(table_lines(table)),
        relations=codec.relations.sentences,
        decisions=(parts.how, *described(codec)),
        warnings=table.warnings,
    )
