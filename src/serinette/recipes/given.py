"""What people of the Python API give: paths, texts, records, tables in memory."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serinette.kinds.text.records import DEFAULT_TEXT

Source = str | os.PathLike[str]
Texts = Sequence[str | Mapping[str, Any]]
"""Texts, or records."""


def is_frame(source: Any) -> bool:
    """Tell a table in memory from paths and texts."""
    return isinstance(source, (Mapping, np.ndarray)) or hasattr(source, "columns")


def sources_of(
    source: Source | Iterable[str | os.PathLike[str] | Mapping[str, Any]],
) -> tuple[Any, ...]:
    """Return paths or texts; a record in memory becomes a line of JSON."""
    if isinstance(source, (str, os.PathLike)):
        return (Path(source),)
    return tuple(_line(each) if isinstance(each, Mapping) else each for each in source)


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, default=str)


def as_records(source: Any) -> dict[str, Any]:
    """Return the settings that records in memory are read with; none for anything else."""
    if isinstance(source, list | tuple) and any(isinstance(each, Mapping) for each in source):
        return {"data.text_field": DEFAULT_TEXT}
    return {}
