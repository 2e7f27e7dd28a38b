"""From a request to a job: the table is read, its engine chosen, the run laid down on disk."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from serinette.artifact.runs import create_run, run_name
from serinette.core import plain_json
from serinette.core.config import Layer, Resolved, resolve
from serinette.core.cores import available_threads
from serinette.core.durable import write_file
from serinette.core.errors import ConfigError
from serinette.kinds.series.whole_windows import rows_of_window
from serinette.nets.fields_config import FieldsConfig
from serinette.nets.networks import n_parameters
from serinette.recipes.fit.planning import seconds_to_train
from serinette.recipes.presets import PRESETS, find_preset
from serinette.recipes.requests import TrainRequest, groups_of
from serinette.recipes.series.choice import EngineChoice, choose_engine
from serinette.recipes.series.engine_config import LATENT, LSTM_GAN, SECTIONS, TIMEGAN
from serinette.recipes.series.guide_config import WindowGuideConfig
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.plan import (
    SIZES,
    regularisers,
    rows_for,
    seconds_per_update,
    size_for,
    updates_for,
    useful_updates,
)
from serinette.recipes.series.prepare import PreparedSeries, prepare_series
from serinette.recipes.series.window_training import windows_summary
from serinette.recipes.stored_run import stored_run
from serinette.training.config import TrainingConfig
from serinette.training.events import Listener, Note

_HABITS = Layer(origin="kind series", values=HABITS)
_PHASES: Mapping[str, Mapping[str, int]] = {
    LATENT: {"ae_updates": 1, "gan_updates": 6},
    LSTM_GAN: {"game_updates": 1},
    TIMEGAN: {"embedding_updates": 1, "supervision_updates": 1, "game_updates": 1},
}
"""Updates of the phases of each engine for one of `training.updates`."""


class SeriesPlan(NamedTuple):
    """A training that is settled, and not begun."""

    prepared: PreparedSeries
    settings: Resolved
    choice: EngineChoice
    train_seconds: float | None
    """Seconds for the updates of the autoregressive engine; None: their number decides."""
    summary: tuple[str, ...]


def begin_job(request: TrainRequest, listener: Listener) -> SeriesJob:
    """Settle what the user has left open, and lay the run down on disk.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used, or not by the engine that is asked for.
    """
    plan = plan_series(request, listener)
    run = create_run(request.runs, request.name or _name(request))
    record = {
        "kind": "series",
        "settings": plan.settings.to_json(),
        "origins": dict(plan.settings.origins),
        "sources": [str(Path(s.path).resolve()) for s in plan.prepared.table.sources],
        "sha256": [s.sha256 for s in plan.prepared.table.sources],
        "budget_seconds": request.budget_seconds,
        "engine": plan.choice.to_json(),
        "summary": list(plan.summary),
    }
    write_file(run / "plan.json", plain_json.dump(record))
    return SeriesJob(
        run=run, prepared=plan.prepared, settings=plan.settings, record=record, choice=plan.choice,
        train_seconds=plan.train_seconds, budget_seconds=request.budget_seconds,
    )  # fmt: skip


def plan_series(request: TrainRequest, listener: Listener) -> SeriesPlan:
    """Read the table, and settle what the user has left open.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used, or not by the engine that is asked for.
    """
    started = time.monotonic() if request.started is None else request.started
    groups = groups_of("series")
    layers = _layers(request)
    presets = preset_layers(request)
    for layer in presets:
        listener(Note(text=f"{layer.origin}: {find_preset(request.preset or '').summary}"))
    wished = resolve(groups, (_HABITS, *presets, *layers))
    prepared = prepare_series(_source(request), wished, listener, request.runs)
    own = {key for layer in layers for key in layer.values}
    budget = None if "training.updates" in own else request.budget_seconds
    if budget is None and "training.updates" not in own and not presets:
        raise ConfigError("neither a budget nor training.updates is given; add --budget 5m")
    left = None if budget is None else _left(wished, budget, started)
    choice = choose_engine(wished.groups["engine"], prepared, left)
    wish = _Wish(request, prepared, wished, layers, own)
    seconds: float | None = None
    if choice.plan in SECTIONS:
        chosen = _windows_plan(wish, choice.plan)
    else:
        chosen, choice, seconds = _rows_plan(wish, choice, budget, started)
    listener(Note(text=f"engine {choice.plan}: {choice.why}"))
    settled = (_HABITS, Layer(origin="plan", values=chosen), *preset_layers(request), *layers)
    settings = resolve(groups, settled)
    return SeriesPlan(
        prepared, settings, choice, seconds, tuple(_summary(prepared, settings, choice))
    )


def resume_job(request: TrainRequest, listener: Listener) -> SeriesJob:
    """Read a run's plan back; its data must be what they were.

    Raises:
        NotFoundError: If there is no such run.
        DataError: If the data have changed since it began.
    """
    stored = stored_run(request)
    prepared = prepare_series(stored.sources("a table"), stored.settings, listener, stored.run)
    stored.check_unchanged(prepared.table.sources)
    return SeriesJob(
        run=stored.run, prepared=prepared, settings=stored.settings, record=stored.record,
        choice=EngineChoice.from_json(stored.record.get("engine")),
    )  # fmt: skip


def _left(wished: Resolved, budget: float, started: float) -> float:
    """Return what a budget leaves for the updates; the critic that chooses needs some of it too."""
    guide: WindowGuideConfig = wished.groups["guide"]
    left = seconds_to_train(budget, time.monotonic() - started)
    return max(1.0, left - guide.seconds_within(budget))


class _Wish(NamedTuple):
    """What is asked for, and of what table."""

    request: TrainRequest
    prepared: PreparedSeries
    wished: Resolved
    layers: tuple[Layer, ...]
    own: set[str]
    """Settings that the user has made."""


def _layers(request: TrainRequest) -> tuple[Layer, ...]:
    flags: dict[str, Any] = {}
    if request.updates is not None:
        flags["training.updates"] = request.updates
    if request.seed is not None:
        flags["training.seed"] = request.seed
    return (*request.layers, Layer(origin="command line", values=flags))


def _rows_plan(
    wish: _Wish, choice: EngineChoice, budget: float | None, started: float
) -> tuple[dict[str, Any], EngineChoice, float | None]:
    """Return settings of the autoregressive engine, the choice, and the seconds for its updates."""
    request, prepared, wished, layers, own = wish
    chosen: dict[str, Any] = {**_sizes(request, prepared, own), **regularisers(prepared)}
    if "training.n_rows" not in own:
        chosen["training.n_rows"] = rows_for(prepared, wished.groups["training"])
    if budget is None:
        return chosen, choice, None
    settled = (_HABITS, Layer(origin="plan", values=chosen), *layers)
    settings = resolve(groups_of("series"), settled)
    per_update = seconds_per_update(
        prepared, settings.groups["model"], settings.groups["training"], available_threads()
    )
    left = _left(wished, budget, started)
    config: TrainingConfig = settings.groups["training"]
    choice = choice.beside(seconds=left, needed=per_update * useful_updates(prepared, config))
    seconds = max(1.0, left - choice.kept_seconds)
    chosen["training.updates"] = updates_for(prepared, config, seconds, per_update)
    return chosen, choice, seconds


def _windows_plan(wish: _Wish, engine: str) -> dict[str, Any]:
    """Return settings of an engine of whole windows: how long each of its phases lasts."""
    if wish.request.size is not None:
        raise ConfigError(
            f"--size {wish.request.size} is of the autoregressive engine; use "
            f"--{SECTIONS[engine]}.hidden_size 96"
        )
    chosen: dict[str, Any] = {}
    if engine != LATENT:
        chosen[f"{SECTIONS[engine]}.n_steps"] = rows_of_window(wish.prepared.codec)
    if "training.updates" not in wish.own:
        return chosen
    updates = wish.wished.groups["training"].updates
    phases = {f"{SECTIONS[engine]}.{name}": n * updates for name, n in _PHASES[engine].items()}
    return chosen | {name: n for name, n in phases.items() if name not in wish.own}


def preset_layers(request: TrainRequest) -> tuple[Layer, ...]:
    """Return what a preset settles; nothing where none is asked for.

    Raises:
        ConfigError: If the preset is unknown, or meant for another kind.
    """
    if request.preset is None:
        return ()
    preset = find_preset(request.preset)
    if preset.kind != "series":
        raise ConfigError(
            f"preset '{request.preset}' is for the kind {preset.kind}, the data are of kind "
            "series; leave it out, or take one of "
            + ", ".join(name for name, found in PRESETS.items() if found.kind == "series")
        )
    return (Layer(origin=f"preset {request.preset}", values=preset.values),)


def _source(request: TrainRequest) -> Any:
    if not len(request.sources):
        raise ConfigError("no data given; name a table to learn from")
    return request.sources


def _name(request: TrainRequest) -> str:
    first = request.sources[0] if isinstance(request.sources, tuple) else None
    return run_name(first) if isinstance(first, Path) else "table"


def _sizes(request: TrainRequest, prepared: PreparedSeries, own: set[str]) -> dict[str, Any]:
    size = request.size or size_for(prepared)
    if size not in SIZES:
        raise ConfigError(f"--size must be one of {', '.join(SIZES)}, got {size!r}")
    return {f"model.{k}": v for k, v in SIZES[size].items() if f"model.{k}" not in own}


def _summary(prepared: PreparedSeries, settings: Resolved, choice: EngineChoice) -> tuple[str, ...]:
    if choice.plan in SECTIONS:
        return windows_summary(prepared, settings, choice.plan)
    sizes: FieldsConfig = settings.groups["model"]
    config: TrainingConfig = settings.groups["training"]
    schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
    passes = config.updates * config.n_rows * prepared.codec.window / prepared.n_training_rows
    return (
        f"network: {sizes.n_layers} x {sizes.hidden_size} cells, {len(schema.fields)} fields a "
        "row, "
        f"{n_parameters('fields', sizes, schema):,} parameters",
        f"plan: {config.updates:,} updates of {config.n_rows} windows x {prepared.codec.window} "
        f"rows, {passes:,.1f} passes over {prepared.n_training_rows:,} rows",
    )
