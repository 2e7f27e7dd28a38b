"""Rows to sequences: sorted by entity and time, what never changes told apart, every decision said.

Shape letters: `N` rows, `S` sequences (`S1` is one more).
"""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.columns import Loaded
from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.gaps import Gaps
from serinette.kinds.series.pace import pace_note, shift_note
from serinette.kinds.series.roles import NONE, Roles, entity_codes, find_roles
from serinette.kinds.series.store import Store, release, row_blocks
from serinette.kinds.series.table import Column, Table


def lay_out(loaded: Loaded, config: SeriesConfig, scratch: Path | None = None) -> Table:
    """Turn columns into a table of sequences.

    Args:
        loaded: Columns, rows in the order of the source.
        config: What the user says.
        scratch: Folder for sorted columns that are too large for memory.

    Raises:
        ConfigError: If a setting names a column that is not there, or one that cannot be the time.
        DataError: If the time is missing somewhere.
    """
    _check_names(loaded.columns, config)
    roles = find_roles(loaded.columns, config, loaded.entity)
    _check_time(loaded.columns, roles)
    by_name = {column.name: column for column in loaded.columns}
    entity = [by_name[name].values for name in roles.entity]
    times = None if roles.time is None else by_name[roles.time].values
    starts, order = arrange(entity, times, len(loaded.columns[0].values))
    columns = loaded.columns if order is None else _sorted(loaded.columns, order, scratch)
    notes, warnings = [*loaded.notes, *roles.notes], [*loaded.warnings, *roles.warnings]
    if order is not None:
        notes.append(_sorting(roles))
    if any(_any_missing(values) for values in entity):
        warnings.append("rows without an entity are taken for one more sequence")
    left_out = _left_out(loaded, config, roles)
    warnings += [
        f"`{name}` is left out: {why}"
        for name, why in left_out.items()
        if name not in config.left_out
    ]
    statics = _statics(columns, starts, config, {*roles.entity, *left_out, roles.time})
    _tell_sequences(notes, warnings, roles, starts)
    if statics:
        notes.append(f"static: {', '.join(f'`{name}`' for name in statics)} (--data.statics)")
    if roles.time is not None:
        time = next(column for column in columns if column.name == roles.time)
        _tell_time(notes, warnings, time, starts)
    return Table(
        columns=tuple(columns), starts=starts, entity=roles.entity, time=roles.time,
        statics=statics, left_out=left_out, sources=loaded.sources,
        notes=tuple(notes), warnings=tuple(warnings),
    )  # fmt: skip


def arrange(
    entity: Sequence[Float[np.ndarray, " N"]], times: Float[np.ndarray, " N"] | None, n_rows: int
) -> tuple[Int[np.ndarray, " S1"], Int[np.ndarray, " N"] | None]:
    """Return where sequences begin, and which row goes where; None: rows stand right already.

    Sequences keep the order of their first rows; rows of the same time keep theirs.
    """
    begins = np.zeros(n_rows, dtype=np.bool_)
    begins[0] = True
    for values in entity:
        begins[1:] |= ~_same(values[1:], values[:-1])
        release(values)
    heads = np.flatnonzero(begins)
    codes_of_heads = np.zeros(1, dtype=np.int32)
    if entity:
        codes_of_heads = entity_codes([values[heads] for values in entity])
    in_runs = not entity or int(codes_of_heads.max()) + 1 == len(heads)
    if in_runs and (times is None or _all_rise(times, begins)):
        return np.append(heads, n_rows), None
    del heads  # as long as the table where rows of sequences are mixed
    places = np.cumsum(begins, dtype=np.int32)
    codes = codes_of_heads[np.subtract(places, 1, out=places)]
    del places, codes_of_heads
    if times is None or _all_rise(times, np.zeros(n_rows, dtype=np.bool_)):
        order = np.argsort(codes, kind="stable")
    else:
        order = np.lexsort((times, codes))
    counts = np.bincount(codes)
    return np.concatenate([[0], np.cumsum(counts)]), order.astype(np.int64, copy=False)


def _same(left: Float[np.ndarray, " N"], right: Float[np.ndarray, " N"]) -> Bool[np.ndarray, " N"]:
    equal: Bool[np.ndarray, " N"] = (left == right) | (np.isnan(left) & np.isnan(right))
    return equal


def _all_rise(times: Float[np.ndarray, " N"], begins: Bool[np.ndarray, " N"]) -> bool:
    is_rising = bool(np.all((times[1:] >= times[:-1]) | begins[1:]))
    release(times)
    return is_rising


def _any_missing(values: Float[np.ndarray, " N"]) -> bool:
    is_any = bool(np.isnan(values).any())
    release(values)
    return is_any


def _sorted(
    columns: Sequence[Column], order: Int[np.ndarray, " N"], scratch: Path | None
) -> tuple[Column, ...]:
    store = Store(len(columns), len(order), scratch)
    for number, column in enumerate(columns):
        for block in row_blocks(len(order), column.values):
            store.put(number, block.start, column.values[order[block]])
    return tuple(
        replace(column, values=values)
        for column, values in zip(columns, store.columns(), strict=True)
    )


def _sorting(roles: Roles) -> str:
    keys = [f"`{name}`" for name in (*roles.entity, roles.time) if name is not None]
    return f"rows were not in order; sorted by {' and '.join(keys)}"


def _statics(
    columns: Sequence[Column], starts: Int[np.ndarray, " S1"], config: SeriesConfig,
    apart: set[str | None],
) -> tuple[str, ...]:  # fmt: skip
    if config.statics:
        return () if config.statics == (NONE,) else _checked_statics(columns, starts, config)
    if len(starts) < 3 or np.diff(starts).max() < 2:  # noqa: PLR2004 - two sequences, two rows
        return ()
    return tuple(
        column.name
        for column in columns
        if column.name not in apart and _is_static(column.values, starts)
    )


def _is_static(values: Float[np.ndarray, " N"], starts: Int[np.ndarray, " S1"]) -> bool:
    """Whether a column changes between sequences and never within one."""
    same = _same(values[1:], values[:-1])
    release(values)
    is_first = np.zeros(len(values), dtype=np.bool_)
    is_first[starts[:-1]] = True
    return bool(np.all(same | is_first[1:])) and not same.all()


def _checked_statics(
    columns: Sequence[Column], starts: Int[np.ndarray, " S1"], config: SeriesConfig
) -> tuple[str, ...]:
    is_first = np.zeros(int(starts[-1]), dtype=np.bool_)
    is_first[starts[:-1]] = True
    for column in columns:
        if column.name in config.statics:
            changes = ~_same(column.values[1:], column.values[:-1]) & ~is_first[1:]
            if changes.any():
                number = int(np.searchsorted(starts, np.argmax(changes) + 1, "right"))
                raise ConfigError(
                    f"data.statics: `{column.name}` changes within sequence {number}; "
                    "leave it out of the list, or name another entity"
                )
    return config.statics


def _left_out(loaded: Loaded, config: SeriesConfig, roles: Roles) -> dict[str, str]:
    found = {**loaded.left_out, **dict.fromkeys(config.left_out, "you said so")}
    return {name: why for name, why in found.items() if name not in (*roles.entity, roles.time)}


def _tell_sequences(
    notes: list[str], warnings: list[str], roles: Roles, starts: Int[np.ndarray, " S1"]
) -> None:
    lengths = np.diff(starts)
    if roles.entity:
        notes.append(
            f"{len(lengths)} sequence{'s' if len(lengths) > 1 else ''} of {lengths.min()} to "
            f"{lengths.max()} rows"
        )
    else:
        notes.append(f"one sequence of {lengths[0]} rows; --entity divides it")
    if int(starts[-1]) == 1:
        warnings.append("the table has a single row; nothing can be learnt from it")


def _tell_time(
    notes: list[str], warnings: list[str], time: Column, starts: Int[np.ndarray, " S1"]
) -> None:
    is_date = time.type == "datetime"
    notes.append(f"time: `{time.name}` ({pace_note(time.values, starts, is_date=is_date)}; --time)")
    gaps = Gaps(times=time.values, starts=starts)
    shift = shift_note(gaps) if is_date else None
    n_equal = sum(int(np.count_nonzero(some == 0)) for some in gaps.blocks())
    if shift is not None:
        notes.append(f"`{time.name}`: {shift}")
    elif n_equal:
        rows = "1 row has" if n_equal == 1 else f"{n_equal} rows have"
        warnings.append(
            f"{rows} the same `{time.name}` as the row before; they keep the order of the source"
        )
    release(time.values)


def _check_time(columns: Sequence[Column], roles: Roles) -> None:
    if roles.time is None:
        return
    time = next(column for column in columns if column.name == roles.time)
    if time.type not in ("datetime", "real", "integer"):
        raise ConfigError(
            f"data.time: `{time.name}` is {time.type}, neither a date nor a number; name another "
            f'column, or say --data.types \'{{"{time.name}": "datetime"}}\''
        )
    if _any_missing(time.values):
        first = int(np.argmax(np.isnan(time.values)))
        raise DataError(
            f"row {first + 1}, column `{time.name}`: the time is missing; "
            "fill it, remove the row, or give another --time"
        )


def _check_names(columns: Sequence[Column], config: SeriesConfig) -> None:
    names = [column.name for column in columns]
    asked = {
        "entity": config.entity, "time": () if config.time is None else (config.time,),
        "statics": config.statics, "types": tuple(config.types), "left_out": config.left_out,
    }  # fmt: skip
    for setting, wanted in asked.items():
        allows_none = setting in ("entity", "time", "statics") and wanted == (NONE,)
        for name in wanted if not allows_none else ():
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = (
                    f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names[:10])}"
                )
                raise ConfigError(f"data.{setting}: no column is named {name!r}; {hint}")
