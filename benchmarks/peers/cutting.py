"""Real tables to training and held-out files, the same for every tool, split before all else."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.reader import read_table
from serinette.kinds.series.table import Table

MADE_ID = "sequence"
_MISSING = ("", "NA")
_SPLIT_SEED = 0
_MOST_WINDOW = 48
_FORMAT = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A table of the command line."""

    name: str
    path: Path
    entity: str | None
    """None: one long series."""
    time: str | None
    context: tuple[str, ...]
    cut: int = 0
    """Rows of the sequences that it is cut into; 0: an entity is a sequence."""
    dropped: tuple[str, ...] = ()
    most_rows: int = 0
    """Whole sequences up to so many rows, picked at random; 0: all."""
    held_out: float = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Files:
    """What every tool is given, and what is kept from all of them."""

    train: Path
    held_out: Path
    entity: str
    time: str | None
    context: tuple[str, ...]
    types: Mapping[str, str]
    time_format: str
    n_train: int
    """Sequences."""
    window: int
    """Steps of the windows that are judged, the same for all tools: half of what series are cut
    into, or as many as half of the real sequences have."""
    told: str
    """One line about the table."""

    @property
    def config(self) -> SeriesConfig:
        """How our reader reads them."""
        return SeriesConfig(
            entity=(self.entity,),
            time=self.time or "-",
            statics=self.context or ("-",),
            types=dict(self.types),
        )


def prepare(wanted: Wanted, folder: Path) -> Files:
    """Read, cut, thin and split a table; write both parts."""
    folder.mkdir(parents=True, exist_ok=True)
    with wanted.path.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    header = [name.strip() for name in header]
    entity, context, header, groups = _sequences(wanted, header, rows)
    groups = _thinned(wanted, groups)
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(groups))
    n_held_out = max(2, round(wanted.held_out * len(groups)))
    parts = {"held-out": order[:n_held_out], "train": order[n_held_out:]}
    dropped = set(wanted.dropped)
    paths = [folder / f"{part}.csv" for part in ("train", "held-out")]
    while True:  # columns that our reader cannot learn are kept from everyone
        for path in paths:
            chosen = [groups[k] for k in np.sort(parts[path.stem])]
            _write(path, header, chosen, dropped)
        config = SeriesConfig(
            entity=(entity,), time=wanted.time or "-", statics=tuple(context) or ("-",)
        )
        table = read_table(paths, config)
        if not table.left_out:
            break
        dropped |= set(table.left_out)
    return Files(
        train=paths[0],
        held_out=paths[1],
        entity=entity,
        time=wanted.time,
        context=tuple(context),
        types={column.name: column.type for column in table.columns},
        time_format=_format(table),
        n_train=len(parts["train"]),
        window=wanted.cut // 2 or max(2, min(_MOST_WINDOW, int(np.median(np.diff(table.starts))))),
        told=_told(wanted, table, parts, dropped),
    )


def _sequences(
    wanted: Wanted, header: list[str], rows: list[list[str]]
) -> tuple[str, list[str], list[str], list[list[list[str]]]]:
    """Return the name of the entity, the context, all names, and the rows of each sequence."""
    groups: dict[str, list[list[str]]] = {}
    place = None if wanted.entity is None else header.index(wanted.entity)
    for row in rows:
        key = "" if place is None else row[place]
        if place is None or key not in _MISSING:
            groups.setdefault(key, []).append(row)
    if wanted.time is not None:
        time = header.index(wanted.time)
        for group in groups.values():
            group.sort(key=lambda row: _moment(row[time]))
    if not wanted.cut:
        assert wanted.entity is not None, f"{wanted.name}: one long series must be cut"
        return wanted.entity, list(wanted.context), header, list(groups.values())
    pieces = [
        group[first : first + wanted.cut]
        for group in groups.values()
        for first in range(0, len(group) - wanted.cut + 1, wanted.cut)
    ]
    named = [[[f"s{k}", *row] for row in piece] for k, piece in enumerate(pieces)]
    context = [*([wanted.entity] if wanted.entity else []), *wanted.context]
    return MADE_ID, context, [MADE_ID, *header], named


def _moment(cell: str) -> tuple[float, str]:
    try:
        return float(cell), ""
    except ValueError:
        return 0.0, cell


def _thinned(wanted: Wanted, groups: list[list[list[str]]]) -> list[list[list[str]]]:
    groups = [group for group in groups if len(group) > 1]
    if not wanted.most_rows:
        return groups
    found, n_rows = [], 0
    for k in np.random.default_rng(_SPLIT_SEED).permutation(len(groups)):
        if n_rows + len(groups[k]) <= wanted.most_rows:
            found.append(groups[k])
            n_rows += len(groups[k])
    return found


def _write(
    path: Path, header: Sequence[str], groups: Sequence[list[list[str]]], dropped: set[str]
) -> None:
    kept = [k for k, name in enumerate(header) if name not in dropped]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([header[k] for k in kept])
        for group in groups:
            writer.writerows([row[k] for k in kept] for row in group)


def _format(table: Table) -> str:
    written = None if table.time is None else table.column(table.time).format
    return (written or _FORMAT).replace("%z", "")


def _told(wanted: Wanted, table: Table, parts: Mapping[str, np.ndarray], dropped: set[str]) -> str:
    lengths = np.diff(table.starts)
    kinds = [column.type for column in table.stepwise]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return (
        f"{table.n_rows:,} rows, {len(parts['train']):,} training and "
        f"{len(parts['held-out']):,} held-out sequences of {lengths.min()} to {lengths.max()} rows"
        f"{f' (cut every {wanted.cut} rows)' if wanted.cut else ''}; columns: {counted}; context: "
        f"{', '.join(table.statics) or 'none'}; time: {wanted.time or 'none'}"
        f"{'; left out for all: ' + ', '.join(sorted(dropped)) if dropped else ''}"
    )
