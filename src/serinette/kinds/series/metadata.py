"""Metadata of SDV, so that a table described for it is read here without a word more."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from serinette.core.errors import ConfigError, DataError, NotFoundError

_TYPES: Final = {
    "numerical": None,
    "categorical": "category",
    "boolean": "boolean",
    "datetime": "datetime",
    "id": "identifier",
    "unknown": None,
}
"""None: found out. Every other `sdtype` is personal data, which the model is not to learn."""


def config_from_sdv(
    source: Path | Mapping[str, Any], table_name: str | None = None
) -> dict[str, Any]:
    """Return the settings of `SeriesConfig` that SDV's metadata stand for.

    Args:
        source: The JSON file, or what it holds: one table (`columns`, `sequence_key`,
            `sequence_index`) or several (`tables`).
        table_name: Which of several tables; None: the only one.

    Raises:
        NotFoundError: If the file does not exist.
        DataError: If it is not metadata of SDV.
        ConfigError: If it describes several tables and none, or a wrong one, is named.
    """
    place = str(source) if isinstance(source, Path) else "the metadata"
    described = _table(_content(source), table_name, place)
    columns = described.get("columns")
    if not isinstance(columns, Mapping) or not all(
        isinstance(c, Mapping) for c in columns.values()
    ):
        raise DataError(f"{place}: no 'columns'; give what SDV's save_to_json writes")
    key, index = described.get("sequence_key"), described.get("sequence_index")
    keys = [key] if isinstance(key, str) else key or []
    named = [*keys, index or ""] if isinstance(keys, list | tuple) else [None]
    if not all(isinstance(name, str) for name in named):
        raise DataError(f"{place}: 'sequence_key' and 'sequence_index' must name columns")
    entity = tuple(keys)
    told = {
        name: _TYPES.get(str(column.get("sdtype", "unknown")), "text")
        for name, column in columns.items()
        if name not in entity and name != index
    }
    if index and columns.get(index, {}).get("sdtype") == "datetime":
        told[index] = "datetime"  # numbers order rows as well
    left_out = tuple(name for name, type_ in told.items() if type_ in ("identifier", "text"))
    types = {name: type_ for name, type_ in told.items() if type_ and name not in left_out}
    settings: dict[str, Any] = {"entity": entity or ("-",), "time": index or "-"}
    found = {"types": types, "left_out": left_out}
    return settings | {name: value for name, value in found.items() if value}


def _content(source: Path | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(source, Path):
        return source
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(f"{source}: no such file") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{source}: not JSON ({error}); give what SDV's save_to_json writes"
        ) from error
    if not isinstance(content, Mapping):
        raise DataError(f"{source}: not an object; give what SDV's save_to_json writes")
    return content


def _table(content: Mapping[str, Any], name: str | None, place: str) -> Mapping[str, Any]:
    tables = content.get("tables")
    if not isinstance(tables, Mapping):
        return content
    if name is None and len(tables) == 1:
        name = next(iter(tables))
    if name not in tables:
        which = "which table is meant" if name is None else f"no table {name!r}"
        raise ConfigError(f"{place}: {which}; name one of {', '.join(map(str, tables))}")
    found = tables[name]
    if not isinstance(found, Mapping):
        raise DataError(f"{place}: table {name!r} is not an object")
    return found
