"""The closed table of kinds: what is here is all that a config or an artifact can make us use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import ArtifactError, ConfigError
from serinette.kinds.kind import Kind
from serinette.kinds.poem.kind import PoemKind
from serinette.kinds.text.kind import TextKind

KINDS: Final[Mapping[str, Kind]] = {"text": TextKind(), "poem": PoemKind()}
SERIES: Final = "series"
"""The kind of tables: steps of many fields, with recipes of its own."""
NAMES: Final = (*KINDS, SERIES)
DEFAULT_KIND: Final = "text"
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".feather", ".arrow", ".csv.gz", ".tsv.gz")


def kind_of(sources: Any, wish: str | None = None) -> str:
    """Return the kind of some data: the one asked for, or what all files plainly are.

    Args:
        sources: Files or texts; of a table in memory the kind must be asked for.
        wish: A name of the table of kinds; None: found out.

    Raises:
        ConfigError: If there is no such kind.
    """
    if wish is not None and wish not in NAMES:
        raise ConfigError(f"kind '{wish}' is not known; use one of {', '.join(NAMES)}")
    if wish is not None:
        return wish
    if len(sources) and all(isinstance(s, Path) and is_table(s) for s in sources):
        return SERIES
    files = [source for source in sources if isinstance(source, Path) and source.is_file()]
    for name, kind in KINDS.items():
        if files and len(files) == len(sources) and all(map(kind.recognises, files)):
            return name
    return DEFAULT_KIND


def is_table(path: Path) -> bool:
    """Say whether a file is a table by its name."""
    return path.name.lower().endswith(_TABLES)


def find_kind(name: object) -> Kind:
    """Return the kind that an artifact names.

    Raises:
        ArtifactError: If this version has no such kind.
    """
    if not isinstance(name, str) or name not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise ArtifactError(
            f"kind {name!r} is not known to this version (known: {known}); upgrade serinette"
        )
    return KINDS[name]
