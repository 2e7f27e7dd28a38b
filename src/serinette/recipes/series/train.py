"""`train` for tables: from a CSV to an artifact. The run on disk survives whatever happens."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from serinette.artifact.card import SeriesCardFacts, series_card
from serinette.artifact.folder import ArtifactContents, save
from serinette.artifact.runs import create_run, run_name
from serinette.core import plain_json
from serinette.core.config import Layer, Resolved, plain, resolve
from serinette.core.cores import available_threads
from serinette.core.durable import sweep_orphans, write_file
from serinette.core.errors import ConfigError
from serinette.core.locking import lock
from serinette.core.metric import Metric
from serinette.nets.fields import FieldsModel, StepBatch, batch_nats
from serinette.nets.fields_config import FieldsConfig
from serinette.nets.model import weights_of
from serinette.nets.networks import n_parameters
from serinette.recipes.fit.keeping import RunStore, concluded, go_on
from serinette.recipes.fit.planning import seconds_to_train
from serinette.recipes.requests import TrainedRun, TrainRequest, groups_of
from serinette.recipes.series.baseline import ColumnsAlone
from serinette.recipes.series.habits import HABITS
from serinette.recipes.series.plan import (
    SIZES,
    regularisers,
    rows_for,
    seconds_per_update,
    size_for,
    supply_of,
    updates_for,
)
from serinette.recipes.series.prepare import PreparedSeries, prepare_series
from serinette.recipes.series.sketch import sketch
from serinette.recipes.stored_run import stored_run
from serinette.training.config import TrainingConfig
from serinette.training.events import Listener, Measure, Planned
from serinette.training.gradients import Precision
from serinette.training.loop import SAMPLE_EVERY, Limits, Outcome, Probed, Training
from serinette.training.stops import stop_on_signals
from serinette.training.trainer import Trainer
from serinette.training.windows import WindowBatches, held_out_windows

MEASURE = Measure(unit="nats/row", nats=1.0, steps="rows", baseline="columns alone")
"""Densities of standardised values: a figure may be below 0; only differences mean anything."""
_MEASURED = 512
"""Windows that are measured while training goes on."""
_ALL = 20_000
_FITTED_BATCHES = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesJob:
    """A run with all that is needed to go on with it."""

    run: Path
    prepared: PreparedSeries
    settings: Resolved
    record: dict[str, Any]
    train_seconds: float | None = None
    """Seconds for the updates."""
    budget_seconds: float | None = None


def train_series(request: TrainRequest, listener: Listener) -> TrainedRun:
    """Train a model of a table, or go on with a training that was stopped.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used, or have changed since the run began.
        DivergedError: If training diverged for good; the best model so far is kept.
    """
    job = _resumed(request, listener) if request.resume else _begun(request, listener)
    with lock(job.run):
        return _execute(job, listener)


def _begun(request: TrainRequest, listener: Listener) -> SeriesJob:
    started = time.monotonic() if request.started is None else request.started
    flags: dict[str, Any] = {}
    if request.updates is not None:
        flags["training.updates"] = request.updates
    if request.seed is not None:
        flags["training.seed"] = request.seed
    layers = (
        Layer(origin="kind series", values=HABITS),
        *request.layers,
        Layer(origin="command line", values=flags),
    )
    groups = groups_of("series")
    wished = resolve(groups, layers)
    prepared = prepare_series(_source(request), wished, listener, request.runs)
    own = {key for layer in layers[1:] for key in layer.values}
    chosen: dict[str, Any] = {**_sizes(request, prepared, own), **regularisers(prepared)}
    config: TrainingConfig = wished.groups["training"]
    if "training.n_rows" not in own:
        chosen["training.n_rows"] = rows_for(prepared, config)
    settled = (Layer(origin="kind series", values=HABITS), Layer(origin="plan", values=chosen))
    settings = resolve(groups, (*settled, *layers[1:]))
    seconds = None
    if request.budget_seconds is not None and "training.updates" not in own:
        per_update = seconds_per_update(
            prepared, settings.groups["model"], settings.groups["training"], available_threads()
        )
        elapsed = time.monotonic() - started
        seconds = seconds_to_train(request.budget_seconds, elapsed)
        chosen["training.updates"] = updates_for(
            prepared, settings.groups["training"], seconds, per_update
        )
        settled = (settled[0], Layer(origin="plan", values=chosen))
        settings = resolve(groups, (*settled, *layers[1:]))
    elif "training.updates" not in own:
        raise ConfigError("neither a budget nor training.updates is given; add --budget 5m")
    run = create_run(request.runs, request.name or _name(request))
    record = {
        "kind": "series",
        "settings": settings.to_json(),
        "origins": dict(settings.origins),
        "sources": [str(Path(s.path).resolve()) for s in prepared.table.sources],
        "sha256": [s.sha256 for s in prepared.table.sources],
        "budget_seconds": request.budget_seconds,
        "summary": list(_summary(prepared, settings)),
    }
    write_file(run / "plan.json", plain_json.dump(record))
    return SeriesJob(
        run=run, prepared=prepared, settings=settings, record=record, train_seconds=seconds,
        budget_seconds=request.budget_seconds,
    )  # fmt: skip


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


def _summary(prepared: PreparedSeries, settings: Resolved) -> tuple[str, ...]:
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


def _resumed(request: TrainRequest, listener: Listener) -> SeriesJob:
    stored = stored_run(request)
    sources = stored.sources("a table")
    prepared = prepare_series(sources, stored.settings, listener, stored.run)
    stored.check_unchanged(prepared.table.sources)
    return SeriesJob(
        run=stored.run, prepared=prepared, settings=stored.settings, record=stored.record
    )


class _Prober:
    """Measures a model on the validation part; shows a few rows of a drawn sequence."""

    def __init__(self, prepared: PreparedSeries, *, seed: int) -> None:
        self._prepared, self._seed = prepared, seed
        self.batches = tuple(_held_out(prepared, prepared.parts.validation, most=_MEASURED))

    def probe(self, model: FieldsModel, is_sampling: bool) -> Probed:
        """Measure `model`; draw a sequence when asked."""
        metrics = {}
        nats, n_rows = _nats_of(model, self.batches)
        if n_rows:
            metrics["validation_nats"] = nats / n_rows
        sample = None
        if is_sampling:
            sample = sketch(self._prepared.codec, model.config, weights_of(model), seed=self._seed)
        return Probed(metrics=metrics, sample=sample)


def _held_out(prepared: PreparedSeries, part: np.ndarray, *, most: int) -> Iterator[StepBatch]:
    """Yield windows of a part, encoded as they are needed."""
    codec = prepared.codec
    return held_out_windows(codec, prepared.steps, part, window=codec.window, most=most)


@torch.no_grad()
def _nats_of(model: FieldsModel, batches: Sequence[StepBatch]) -> tuple[float, int]:
    """Return -log p of windows, and how many rows they hold."""
    total, n_rows = 0.0, 0
    for batch in batches:
        total += float(batch_nats(model, batch).double().sum())
        n_rows += batch.n_steps
    return total, n_rows


def _execute(job: SeriesJob, listener: Listener) -> TrainedRun:
    sweep_orphans(job.run, alone=True)
    sweep_orphans(job.run / "checkpoints", alone=True)
    prepared = job.prepared
    config: TrainingConfig = job.settings.groups["training"]
    sizes: FieldsConfig = job.settings.groups["model"]
    schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
    alone = _baseline(prepared, config)
    prober = _Prober(prepared, seed=config.seed)
    counted, n_rows = alone.nats(prober.batches)
    baseline = counted / n_rows if n_rows else None
    model = FieldsModel(sizes, schema, seed=config.seed)
    limits = Limits(
        train_seconds=job.train_seconds,
        most_updates=None,
        worst_nats=1e4 * max(1, len(schema.fields)),
        sample_every=SAMPLE_EVERY,
        baseline_nats=baseline,
        n_characters=None,
    )
    precision = Precision(torch.device("cpu"), is_bf16=False)
    with ExitStack() as stack:
        trainer = Trainer(
            model, supply_of(prepared, sizes, config), config, precision,
            n_threads=available_threads(),
        )  # fmt: skip
        stack.callback(trainer.close)
        stop = stack.enter_context(stop_on_signals())
        store = RunStore(job.run, config.keep_checkpoints)
        training = Training(trainer, store, prober.probe, listener, limits)
        go_on(job.run, training, listener)
        listener(
            Planned(
                summary=tuple(job.record["summary"]),
                total_updates=trainer.pace.total,
                budget_seconds=job.budget_seconds,
                baseline_nats=baseline,
                measure=MEASURE,
            )
        )
        outcome = training.run(stop)
        return _finish(job, trainer, alone, outcome, listener)


def _baseline(prepared: PreparedSeries, config: TrainingConfig) -> ColumnsAlone:
    batches = WindowBatches(prepared.codec, prepared.steps, prepared.parts.train, config)
    return ColumnsAlone(prepared.codec, (batches.next() for _ in range(_FITTED_BATCHES)))


def _finish(
    job: SeriesJob, trainer: Trainer, alone: ColumnsAlone, outcome: Outcome, listener: Listener
) -> TrainedRun:
    """Write the artifact of the best weights, or of the present ones if none were measured yet."""
    so_far, prepared = outcome.progressed, job.prepared
    sizes: FieldsConfig = job.settings.groups["model"]
    schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
    has_held_out = len(prepared.parts.validation) > 0
    with trainer.average.in_place():
        last = weights_of(trainer.model)
    weights = so_far.best_weights if has_held_out and so_far.best_weights else last
    best = FieldsModel(sizes, schema)
    best.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    metrics = _held_out_metrics(best, prepared, alone)
    read_as = {section: plain(job.settings.groups[section]) for section in ("data", "split")}
    sample = sketch(prepared.codec, sizes, weights, seed=trainer.config.seed)
    notes = (prepared.parts.how, *prepared.codec.relations.sentences)
    contents = ArtifactContents(
        kind="series",
        schema=schema,
        codec=prepared.codec.to_json(),
        model=plain(sizes),
        training={
            "settings": job.settings.to_json(),
            "best_update": so_far.best_update,
            "seconds": so_far.seconds,
            "reason": outcome.reason,
        },
        source={"paths": job.record["sources"], "sha256": job.record["sha256"], **read_as},
        evaluation={"metrics": [metric.to_json() for metric in metrics]},
        history=so_far.history,
        weights=weights,
        graph=None,
        card=series_card(
            SeriesCardFacts(
                name=job.run.name,
                n_rows=prepared.n_training_rows,
                sources=[Path(path).name for path in job.record["sources"]],
                n_parameters=n_parameters("fields", sizes, schema),
                metrics=metrics,
                sample=sample,
                notes=notes,
            )
        ),
        network="fields",
    )
    save(job.run / "model", contents, replace=True)
    return concluded(job.run, trainer.update_count, outcome, metrics, listener)


def _held_out_metrics(
    model: FieldsModel, prepared: PreparedSeries, alone: ColumnsAlone
) -> tuple[Metric, ...]:
    found = []
    for name in ("validation", "test"):
        nats, counted, n_rows = 0.0, 0.0, 0
        for batch in _held_out(prepared, getattr(prepared.parts, name), most=_ALL):
            nats += _nats_of(model, [batch])[0]
            counted += alone.nats([batch])[0]
            n_rows += batch.n_steps
        if n_rows:
            found.append(
                Metric(
                    name=f"{name} nats per row",
                    key=f"{name}_nats",
                    value=nats / n_rows,
                    unit="nats",
                    better="lower",
                    n=n_rows,
                    baseline=counted / n_rows,
                )
            )
    return tuple(found)
