"""Runs: one folder a training.

runs/NAME/
  plan.json          settings as resolved, and what the budget chose
  history.jsonl      one record an evaluation    run.lock       held while a training goes on
  checkpoints/       states to resume from       model/         the artifact, the best so far
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from serinette.artifact import archive
from serinette.artifact.run_names import check_name, run_name
from serinette.core import disk, durable, manifest, plain_json
from serinette.core.errors import (
    ArtifactError,
    ConfigError,
    NotFoundError,
    SerinetteError,
)
from serinette.core.lines import read_json_lines
from serinette.core.locking import is_locked, lock

__all__ = [
    "Comparison",
    "RunSummary",
    "check_name",
    "compare_runs",
    "create_run",
    "find_model",
    "find_run",
    "list_runs",
    "remove_run",
    "run_name",
    "summarise",
    "trim_history",
]

CONFIG, PLAN, HISTORY = "config.json", "plan.json", "history.jsonl"
MODEL, CHECKPOINTS = "model", "checkpoints"

_MAX_NAMES = 8
_GAME = "adversarial"
"""Phase of the lines of a history that a game writes."""

State = Literal["trained", "running", "unfinished", "empty", "damaged"]
"""`trained`: has a model; `running`: a process holds it; `unfinished`: has checkpoints only."""


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One line of `serinette runs list`."""

    name: str
    folder: Path
    state: State
    update: int
    """Updates at the last evaluation; 0 if there was none."""
    seconds: float
    """Seconds of training at the last evaluation."""
    kind: str
    """Kind of the data: `text`, `poem`, `series`; empty where it is not known."""
    validation_nats: float | None
    """The best so far, nats per character, of a table nats per row; of a game that won, the kept
    model's."""
    n_bytes: int
    """Size on disk."""
    game: Mapping[str, Any] | None = None
    """What the model tells of its adversarial stage; None: there was none, or not yet."""
    base: Mapping[str, Any] | None = None
    """Name and hash of the model that it goes on from; None: it started from scratch."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs side by side."""

    runs: tuple[RunSummary, ...]
    differences: Mapping[str, tuple[Any, ...]]
    """Settings (`section.key`) whose values are not the same in all, one value a run."""


def create_run(runs: Path, name: str) -> Path:
    """Make the folder of a new run: `NAME`, or `NAME-2`, `NAME-3` if that is taken.

    Raises:
        ConfigError: If `name` cannot be a name.
        ResourceError: If the disk refuses.
    """
    check_name(name)
    disk.ensure_folder(runs)
    durable.sweep_orphans(runs)
    number = 1
    while not disk.make_folder(runs / (name if number == 1 else f"{name}-{number}")):
        number += 1
    disk.sync_folder(runs)
    return runs / (name if number == 1 else f"{name}-{number}")


def find_model(name: str, runs: Path) -> Path:
    """Find an artifact by its path or by the name of its run.

    Args:
        name: A path to an artifact, packed or not, or to a run, or the name of a run.
        runs: The folder of the runs.

    Raises:
        NotFoundError: If there is neither; it names the nearest runs.
        ArtifactError: If a folder is there but is no model.
    """
    for folder in _candidates(name, runs):
        if archive.is_packed(folder) or _is_artifact(folder):
            return folder
        if _is_artifact(folder / MODEL):
            return folder / MODEL
    for folder in _candidates(name, runs):
        if disk.names(folder / CHECKPOINTS):
            raise NotFoundError(
                f"run '{folder.name}' has no model yet; finish it: serinette train --resume "
                + folder.name
            )
        if disk.is_folder(folder):
            raise ArtifactError(
                f"{folder} is not a saved model: it has no {manifest.NAME}; "
                "give a model's folder or the name of a run"
            )
        if disk.exists(folder):
            raise ArtifactError(f"{folder} is a file, not a model; train on it: serinette train")
    raise NotFoundError(f"no model or run '{name}' in {runs}; {_nearest(name, runs)}")


def find_run(name: str, runs: Path) -> Path:
    """Find the folder of a run by its name or path.

    Raises:
        NotFoundError: If there is none; it names the nearest.
    """
    for folder in reversed(_candidates(name, runs)):
        if _is_run(folder):
            return folder
    raise NotFoundError(f"no run '{name}' in {runs}; {_nearest(name, runs)}")


def list_runs(runs: Path) -> list[RunSummary]:
    """Summarise every run in a folder, by name; one that cannot be read is listed as damaged."""
    return [summarise(runs / name) for name in _run_names(runs)]


def summarise(run: Path) -> RunSummary:
    """Summarise one run."""
    state, plan = _state(run), _plan(run)
    try:
        history = read_json_lines(run / HISTORY)
        last = history[-1] if history else {}
        update, seconds = int(last.get("update", 0)), float(last.get("seconds", 0.0))
        best = _kept_nats(history, _game(run))
    except (SerinetteError, TypeError, ValueError, AttributeError):
        state, update, seconds, best = "damaged", 0, 0.0, None
    return RunSummary(
        name=run.name,
        folder=run,
        state=state,
        update=update,
        seconds=seconds,
        kind=str(plan.get("kind", "")),
        base=plan.get("base"),
        validation_nats=best,
        n_bytes=disk.size(run),
        game=_game(run),
    )


def compare_runs(runs: Path, names: Sequence[str]) -> Comparison:
    """Put runs side by side with the settings in which they differ.

    Raises:
        NotFoundError: If one is not there.
        ArtifactError: If the settings of one cannot be read.
    """
    folders = [find_run(name, runs) for name in names]
    settings = [_settings(folder) for folder in folders]
    keys = sorted({key for one in settings for key in one})
    rows = {key: tuple(one.get(key) for one in settings) for key in keys}
    return Comparison(
        runs=tuple(summarise(folder) for folder in folders),
        differences={key: row for key, row in rows.items() if any(v != row[0] for v in row)},
    )


def remove_run(runs: Path, name: str) -> None:
    """Remove a run and its model.

    Raises:
        ConfigError: If `name` is a path, not a name.
        NotFoundError: If it is not there.
        LockedError: If a training holds it.
    """
    check_name(name)
    folder = runs / name
    if not _is_run(folder):
        raise NotFoundError(f"no run '{name}' in {runs}; {_nearest(name, runs)}")
    with lock(folder):
        durable.remove_folder(folder)


def trim_history(run: Path, update: int) -> None:
    """Drop the records after `update`: a resumed training writes them again."""
    records = read_json_lines(run / HISTORY)
    kept = [record for record in records if record.get("update", 0) <= update]
    if len(kept) < len(records):
        text = "".join(plain_json.dump_line(record) + "\n" for record in kept)
        durable.write_file(run / HISTORY, text.encode())


def _candidates(name: str, runs: Path) -> list[Path]:
    """List where a name may lead: first as a path, then as a run."""
    try:
        check_name(name)
    except ConfigError:
        return [Path(name)]
    return [Path(name), runs / name]


def _is_artifact(folder: Path) -> bool:
    durable.settle(folder)
    return disk.exists(folder / manifest.NAME)


def _is_run(folder: Path) -> bool:
    return any(disk.exists(folder / name) for name in (CONFIG, PLAN, HISTORY, CHECKPOINTS, MODEL))


def _run_names(runs: Path) -> list[str]:
    return [
        name
        for name in disk.names(runs)
        if not name.startswith(".") and disk.is_folder(runs / name)
    ]


def _nearest(name: str, runs: Path) -> str:
    names = _run_names(runs)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"'{one}'" for one in near) + "?"
    if names:
        more = ", ..." if len(names) > _MAX_NAMES else ""
        return f"there are: {', '.join(names[:_MAX_NAMES])}{more}"
    return "there are none yet: serinette train FILE makes one"


def _plan(run: Path) -> Mapping[str, Any]:
    """Return the plan as stored; empty where it cannot be read."""
    try:
        plan = plain_json.load(disk.read_bytes(run / PLAN), str(run / PLAN))
    except SerinetteError:
        return {}
    return plan if isinstance(plan, Mapping) else {}


def _game(run: Path) -> Mapping[str, Any] | None:
    place = run / MODEL / CONFIG
    try:
        training = plain_json.load(disk.read_bytes(place), str(place)).get("training", {})
        game = training.get("adversarial")
    except (SerinetteError, AttributeError):
        return None
    return game if isinstance(game, Mapping) and "is_better" in game else None


def _state(run: Path) -> State:
    if is_locked(run):
        return "running"
    if _is_artifact(run / MODEL):
        return "trained"
    return "unfinished" if disk.names(run / CHECKPOINTS) else "empty"


def _validation_nats(record: Mapping[str, Any]) -> list[float]:
    nats = record.get("metrics", {}).get("validation_nats")
    return [] if nats is None else [float(nats)]


def _kept_nats(
    history: Sequence[Mapping[str, Any]], game: Mapping[str, Any] | None
) -> float | None:
    """Return the least validation nats of the likelihood stage, or those of a game that won."""
    if game is not None and game["is_better"]:
        return next(iter(_validation_nats({"metrics": game["best"]})), None)
    likelihood = [record for record in history if record.get("phase") != _GAME]
    return min((nats for record in likelihood for nats in _validation_nats(record)), default=None)


def _settings(run: Path) -> dict[str, Any]:
    path = run / (CONFIG if disk.exists(run / CONFIG) else PLAN)
    plain = plain_json.load(disk.read_bytes(path), str(path))
    if not isinstance(plain, dict):
        raise ArtifactError(f"{path} is not a JSON object; train again")
    return dict(_flat(plain.get("settings", plain), ""))


def _flat(value: Any, place: str) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping) or not value:
        return [(place, value)]
    return [
        pair for key, part in value.items() for pair in _flat(part, f"{place}.{key}".lstrip("."))
    ]
