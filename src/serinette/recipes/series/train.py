"""`train` for tables: from a CSV to an artifact. The run on disk survives whatever happens."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import torch

from serinette.artifact.folder import save
from serinette.artifact.runs import MODEL
from serinette.core.cores import available_threads
from serinette.core.durable import sweep_orphans
from serinette.core.locking import lock
from serinette.core.metric import Metric
from serinette.nets.fields import FieldsModel, StepBatch, batch_nats
from serinette.nets.fields_config import FieldsConfig
from serinette.nets.model import load_weights_, weights_of
from serinette.recipes.fit.keeping import RunStore, concluded, go_on
from serinette.recipes.requests import TrainedRun, TrainRequest
from serinette.recipes.series.baseline import ColumnsAlone
from serinette.recipes.series.begin import begin_job, resume_job
from serinette.recipes.series.contents import Ended, SeriesFound, series_contents
from serinette.recipes.series.engine_config import SECTIONS
from serinette.recipes.series.engines import ENGINES
from serinette.recipes.series.guide import with_guide
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.plan import supply_of, useful_updates
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.sketch import sketch
from serinette.recipes.series.trial import try_latent
from serinette.recipes.series.window_training import train_windows_run
from serinette.training.config import TrainingConfig
from serinette.training.events import TABLES, Listener, Planned
from serinette.training.gradients import Precision
from serinette.training.loop import SAMPLE_EVERY, Limits, Outcome, Probed, Training
from serinette.training.stops import stop_on_signals
from serinette.training.trainer import Trainer
from serinette.training.windows import WindowBatches, held_out_windows

_MEASURED = 512
"""Windows that are measured while training goes on."""
_ALL = 20_000
_FITTED_BATCHES = 40


def train_series(request: TrainRequest, listener: Listener) -> TrainedRun:
    """Train a model of a table, or go on with a training that was stopped.

    Raises:
        ConfigError: If a setting is unknown or out of range.
        DataError: If the data cannot be used, or have changed since the run began.
        DivergedError: If training diverged for good; the best model so far is kept.
    """
    job = resume_job(request, listener) if request.resume else begin_job(request, listener)
    with lock(job.run):
        return _execute(job, listener)


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
            engine = ENGINES["fields"](weights_of(model), model.config, model.schema)
            sample = sketch(self._prepared.codec, engine, seed=self._seed)
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
    if job.choice.plan in SECTIONS:
        ended = train_windows_run(job, listener)
    else:
        ended = _train_rows(job, listener)
    if job.choice.plan == "trial" and ended.outcome.reason != "interrupted":
        ended = try_latent(job, ended, listener)
    ended = with_guide(job, ended, listener)
    return concluded(job.run, ended.n_updates, ended.outcome, ended.metrics, listener)


def _train_rows(job: SeriesJob, listener: Listener) -> Ended:
    """Train the autoregressive engine, or go on with it."""
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
        most_updates=useful_updates(prepared, config),
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
                measure=TABLES,
            )
        )
        outcome = training.run(stop)
        return _finished(job, trainer, alone, outcome)


def _baseline(prepared: PreparedSeries, config: TrainingConfig) -> ColumnsAlone:
    batches = WindowBatches(prepared.codec, prepared.steps, prepared.parts.train, config)
    return ColumnsAlone(prepared.codec, (batches.next() for _ in range(_FITTED_BATCHES)))


def _finished(job: SeriesJob, trainer: Trainer, alone: ColumnsAlone, outcome: Outcome) -> Ended:
    """Write the artifact of the best weights, or of the present ones if none were measured yet."""
    so_far, prepared = outcome.progressed, job.prepared
    sizes: FieldsConfig = job.settings.groups["model"]
    schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
    has_held_out = len(prepared.parts.validation) > 0
    with trainer.average.in_place():
        last = weights_of(trainer.model)
    weights = so_far.best_weights if has_held_out and so_far.best_weights else last
    best = FieldsModel(sizes, schema)
    load_weights_(best, weights)
    engine = ENGINES["fields"](weights, sizes, schema)
    found = SeriesFound(
        network="fields", schema=schema, sizes=sizes, weights=weights,
        metrics=_held_out_metrics(best, prepared, alone),
        sample=sketch(prepared.codec, engine, seed=trainer.config.seed), outcome=outcome,
    )  # fmt: skip
    contents = series_contents(job, found)
    save(job.run / MODEL, contents, replace=True)
    return Ended(
        contents=contents, engine=engine, outcome=outcome, n_updates=trainer.update_count,
        metrics=found.metrics,
    )  # fmt: skip


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
