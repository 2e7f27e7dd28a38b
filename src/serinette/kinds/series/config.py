"""How a table is read. Every field can be set as `--data.FIELD`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serinette.core.errors import ConfigError

TYPES = ("real", "integer", "category", "boolean", "datetime", "identifier", "text")


@dataclass(frozen=True, kw_only=True)
class SeriesConfig:
    """What the columns of a table are. What is not set is found out, shown, and kept."""

    entity: tuple[str, ...] = ()
    """Columns that name a sequence. Not set: found out; `-` alone: the table is one series."""
    time: str | None = None
    """Column that orders a sequence. Not set: found out; `-`: the rows stand in order."""
    statics: tuple[str, ...] = ()
    """Columns that never change within a sequence. Not set: found out; `-` alone: none."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Types of columns, by name, where they are found out wrongly."""
    left_out: tuple[str, ...] = ()
    """Columns that the model is not to learn."""
    decimal: Literal["auto", ".", ","] = "auto"
    """The decimal mark of numbers in text files."""
    delimiter: str = "auto"
    """What stands between two fields of a text file: one character."""
    encoding: str | None = None
    """Encoding of text files. Not set: UTF-8 (with or without a mark), then found out."""
    day_first: bool | None = None
    """Whether 03/04/2020 is the 3rd of April. Not set: found out from days above 12."""
    missing: tuple[str, ...] = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")
    """Spellings of a missing cell."""
    most_levels: int = 10_000
    """More different spellings than this make a column an identifier or a text."""
    relations: bool = True
    """Whether relations between columns are looked for and kept."""
    constraints: tuple[str, ...] = ()
    """Relations that must hold in every row: `end >= start`, `total = net + tax`, `age > 0`."""
    censoring: bool = True
    """Whether sequences that end because the data end are held to go on unseen: their last rows
    then say nothing about ends, and what is written ends where the data do."""
    window: int = 0
    """Steps of a training window, at least 2; 0 lets the data choose."""

    def __post_init__(self) -> None:
        for name, kind in self.types.items():
            if kind not in TYPES:
                raise ConfigError(f"data.types: '{name}' is to be {kind!r}; use one of {TYPES}")
        if self.delimiter != "auto" and len(self.delimiter) != 1:
            raise ConfigError(f"data.delimiter must be one character, got {self.delimiter!r}")
        if self.window != 0 and self.window < 2:  # noqa: PLR2004
            raise ConfigError(f"data.window must be 0 or at least 2, got {self.window}")
        if self.most_levels < 2:  # noqa: PLR2004
            raise ConfigError(f"data.most_levels must be at least 2, got {self.most_levels}")
