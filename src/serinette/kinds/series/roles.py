"""Which columns name a sequence and which one orders it: found out from names and values.

A time is a date, or a number named like a time. An entity is a column that makes times differ that
repeat without it, or one named like an entity whose values come in runs. With neither, the table is
one long sequence. Whatever is decided is said, and can be said otherwise.

Shape letters: `N` rows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float, Int, Shaped

from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.store import row_blocks
from serinette.kinds.series.table import Column
from serinette.kinds.series.types import is_named_id

NONE: Final = "-"
"""What a user writes for "no such column"."""
_JUDGED_ROWS: Final = 1_000_000
_TIME_NAMES: Final = (
    "time", "timestamp", "datetime", "date", "ts", "ds", "t", "date_time", "step", "time_step",
    "timestep", "epoch", "seconds", "index", "idx", "year", "week",
)  # fmt: skip
_ENTITY_NAMES: Final = re.compile(
    r"entity|sequence|series|ticker|symbol|station|sensor|device|machine|unit|engine|subject|patient|"
    r"user|customer|client|account|session|trip|bike|vehicle|store|shop|item|group|case|run|trial|"
    r"episode|player|meter|site|house|household",
    re.IGNORECASE,
)
_FEWER: Final = 0.1
"""An entity must bring repeated times down to less than this share of what they were."""
_REPEATED: Final = 0.05
_MOST_REPEATED: Final = 0.9
_SHORTEST_MEAN: Final = 2.0


@dataclass(kw_only=True)
class Roles:
    """What was decided about entity and time."""

    entity: tuple[str, ...] = ()
    time: str | None = None
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find_roles(
    columns: Sequence[Column], config: SeriesConfig, entity: tuple[str, ...] = ()
) -> Roles:
    """Decide which columns are entity and time.

    Args:
        columns: All of the table; rows in the order of the source.
        config: What the user says; every name in it is a column's.
        entity: What the source itself says.
    """
    told = config.entity or entity
    roles = Roles(entity=() if told == (NONE,) else told)
    if config.time is not None:
        roles.time = None if config.time == NONE else config.time
        if not told:
            _choose_entity(columns, roles)
        return roles
    for time in _time_candidates(columns, config, roles):
        roles.time = time.name
        if not told:
            _choose_entity(columns, roles)
        repeated = _repeated(time.values[:_JUDGED_ROWS], codes_of(columns, roles.entity))
        if repeated <= _MOST_REPEATED and (time.type == "datetime" or _rises(columns, roles)):
            return roles
        why = "it does not rise from row to row"
        if repeated > _MOST_REPEATED:
            why = f"{repeated:.0%} of the rows repeat it; if it is, name the entity with --entity"
        roles.notes = [f"`{time.name}` is not taken for the time: {why}"]
        roles.warnings.clear()
        roles.time = None
        roles.entity = roles.entity if told else ()
    if not told:
        _choose_entity(columns, roles)
    return roles


def codes_of(columns: Sequence[Column], names: Sequence[str]) -> Int[np.ndarray, " N"] | None:
    """Number the entities of the first rows that are looked at; None: there is one."""
    if not names:
        return None
    chosen = [column for name in names for column in columns if column.name == name]
    return entity_codes([column.values[:_JUDGED_ROWS] for column in chosen])


def entity_codes(values: Sequence[Float[np.ndarray, " N"]]) -> Int[np.ndarray, " N"]:
    """Number entities by their first row; what misses its name is an entity too."""
    n_rows, n_codes = len(values[0]), 1
    codes = np.zeros(n_rows, dtype=np.int32)
    for column in values:
        known = _union(_named(column[block]) for block in row_blocks(n_rows, column))

        def keys(
            block: slice, column: np.ndarray = column, known: np.ndarray = known
        ) -> np.ndarray:
            numbers = np.searchsorted(known, _named(column[block]))
            return codes[block].astype(np.int64) * len(known) + numbers

        found = _union(keys(block) for block in row_blocks(n_rows, column))
        for block in row_blocks(n_rows, column):
            codes[block] = np.searchsorted(found, keys(block))
        n_codes = len(found)
    first = np.empty(n_codes, dtype=np.int64)
    for block in reversed(list(row_blocks(n_rows))):  # what is put there last stays
        first[codes[block][::-1]] = np.arange(block.start, block.stop)[::-1]
    rank = np.empty(n_codes, dtype=np.int32)
    rank[np.argsort(first)] = np.arange(n_codes)
    for block in row_blocks(n_rows):
        codes[block] = rank[codes[block]]
    return codes


def _named(cells: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    return np.where(np.isnan(cells), -np.inf, cells)


def _union(blocks: Iterable[Shaped[np.ndarray, " _"]]) -> Shaped[np.ndarray, " _"]:
    """Return the different values of some blocks, in rising order."""
    found = None
    for block in blocks:
        found = np.unique(block) if found is None else np.union1d(found, block)
    assert found is not None  # noqa: S101 - there is at least one row
    return found


def _time_candidates(columns: Sequence[Column], config: SeriesConfig, roles: Roles) -> list[Column]:
    apart = {*roles.entity, *config.statics, *config.left_out}
    found = []
    for column in columns:
        name = column.name.lower()
        is_date = column.type == "datetime"
        if column.name in apart or not (is_date or _is_time_number(column)):
            continue
        if np.isnan(column.values[:_JUDGED_ROWS]).any():
            roles.notes.append(f"`{column.name}` is not taken for the time: some cells are missing")
            continue
        rank = _TIME_NAMES.index(name) if name in _TIME_NAMES else len(_TIME_NAMES)
        found.append((not is_date, rank, column))
    return [column for *_, column in sorted(found, key=lambda entry: entry[:2])]


def _is_time_number(column: Column) -> bool:
    return column.type in ("real", "integer") and column.name.lower() in _TIME_NAMES


def _rises(columns: Sequence[Column], roles: Roles) -> bool:
    """Whether a number that may be the time rises within each sequence, as the rows stand."""
    times = next(c.values for c in columns if c.name == roles.time)[:_JUDGED_ROWS]
    codes = codes_of(columns, roles.entity)
    if codes is None:
        return bool(np.all(np.diff(times) >= 0)) and len(times) > 1
    order = np.argsort(codes, kind="stable")
    is_same = np.diff(codes[order]) == 0
    return bool(np.all(np.diff(times[order])[is_same] >= 0))


def _choose_entity(columns: Sequence[Column], roles: Roles) -> None:
    time = next((c.values for c in columns if c.name == roles.time), None)
    times = None if time is None else time[:_JUDGED_ROWS]
    repeated = 0.0 if times is None else _repeated(times, None)
    for column in _entity_candidates(columns, roles.time):
        codes = entity_codes([column.values[:_JUDGED_ROWS]])
        n_entities = int(codes.max()) + 1
        if n_entities < 2 or len(codes) < _SHORTEST_MEAN * n_entities:  # noqa: PLR2004
            continue
        verdict = _verdict(column, codes, times, repeated, is_first=column is columns[0])
        if verdict is not None:
            roles.entity = (column.name,)
            kind = roles.notes if verdict != _DOUBTFUL else roles.warnings
            kind.append(
                f"entity: `{column.name}` ({verdict}; --entity names another, --entity - none)"
            )
            return
    if repeated > _REPEATED:
        roles.warnings.append(
            f"{repeated:.0%} of the rows have a `{roles.time}` that another row has too; if the "
            "table holds several sequences, name the column that tells them apart with --entity"
        )


_DOUBTFUL: Final = "its rows are mixed with those of others"


def _verdict(
    column: Column,
    codes: Int[np.ndarray, " N"],
    times: Float[np.ndarray, " N"] | None,
    repeated: float,
    *,
    is_first: bool,
) -> str | None:
    """Return why a column is the entity, or None."""
    in_runs = _n_runs(codes) == codes.max() + 1
    is_named = _is_entity_name(column.name)
    if times is not None and repeated > 0:
        is_better = _repeated(times, codes) <= _FEWER * repeated
        if is_better and (is_named or in_runs or column.type == "category"):
            return "times repeat without it"
    is_wordy_first = times is None and is_first and column.type in ("category", "identifier")
    if in_runs and (is_named or is_wordy_first):
        return "its values come in runs"
    return _DOUBTFUL if is_named and times is not None and repeated == 0 else None


def _entity_candidates(columns: Sequence[Column], time: str | None) -> list[Column]:
    eligible = [
        column
        for column in columns
        if column.type in ("category", "identifier", "integer")
        and column.name != time
        and len(columns) > 1  # something must be left to be drawn
        and (column.levels or column.type == "integer")
    ]
    return sorted(eligible, key=lambda c: (not _is_entity_name(c.name), c.type == "integer"))


def _is_entity_name(name: str) -> bool:
    return is_named_id(name) or _ENTITY_NAMES.fullmatch(name) is not None


def _n_runs(codes: Int[np.ndarray, " N"]) -> int:
    return int(np.count_nonzero(np.diff(codes))) + 1


def _repeated(times: Float[np.ndarray, " N"], codes: Int[np.ndarray, " N"] | None) -> float:
    """Return which share of the rows has the time of another row of its sequence."""
    if len(times) < 2:  # noqa: PLR2004
        return 0.0
    keys = (times,) if codes is None else (times, codes)
    order = np.lexsort(keys)
    same = np.diff(times[order]) == 0
    if codes is not None:
        same &= np.diff(codes[order]) == 0
    return float(same.mean())
