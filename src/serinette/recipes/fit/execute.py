"""A run on disk, from its plan to its artifact."""

import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from serinette.artifact.checkpoints import newest_checkpoint
from serinette.artifact.folder import Guide, load
from serinette.artifact.runs import MODEL
from serinette.core import disk, durable, manifest
from serinette.core.config import Resolved, plain
from serinette.core.cores import available_threads
from serinette.core.durable import sweep_orphans
from serinette.core.metric import Metric
from serinette.nets.config import predicted_symbols
from serinette.nets.model import SequenceModel, load_weights_, weights_of
from serinette.recipes.base_model import BASE
from serinette.recipes.baseline import LineToBeat, affordable_symbols, line_to_beat
from serinette.recipes.fit.fine_tuning import FineTuning, base_weights_, measured_facts, worst_nats
from serinette.recipes.fit.finish import Finishing, write_artifact
from serinette.recipes.fit.game import LIKELIHOOD, GameWork, has_begun, play
from serinette.recipes.fit.keeping import RunStore, begun_with, concluded, go_on
from serinette.recipes.fit.planning import likelihood_share, seconds_to_end, seconds_to_train
from serinette.recipes.fit.probe import Prober
from serinette.recipes.prepare import Prepared
from serinette.recipes.requests import TrainedRun
from serinette.recipes.tuning_words import FACTS, tuned_words
from serinette.training.calibration import fitted_sharpness, sharpen_
from serinette.training.events import Listener, Note, Planned
from serinette.training.gradients import Precision
from serinette.training.loop import SAMPLE_EVERY, Limits, Outcome, Progressed, Training
from serinette.training.machine import choose_device, prepare_process
from serinette.training.plan import useful_updates
from serinette.training.spectral import spectral_start_
from serinette.training.stops import StopSignal, stop_on_signals
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer

N_CARD_SAMPLES = 3
"""Samples shown on the model card."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run with all that is needed to go on with it."""

    run: Path
    prepared: Prepared
    settings: Resolved
    deadline: float | None
    """`time.monotonic()` at which everything should be over, or None."""
    budget_seconds: float | None
    record: Mapping[str, Any]
    """The run's plan as stored: sources, their hashes, the budget."""
    tuning: FineTuning | None = None
    """What it goes on from; None: it starts from scratch."""


def execute(job: Job, listener: Listener) -> TrainedRun:
    """Train to the end, or to the user's stop, and write the artifact of the best weights."""
    sweep_orphans(job.run, alone=True)
    sweep_orphans(job.run / "checkpoints", alone=True)
    prepared, config = job.prepared, job.settings.groups["training"]
    schema = prepared.codec.schema
    prepare_process()
    most = affordable_symbols(job.record["budget_seconds"], prepared.train.n_steps)
    baseline = line_to_beat(prepared, most)
    device = choose_device(config.device)
    precision = Precision(device, config.precision == "bf16")
    model = SequenceModel(job.settings.groups["model"], schema, seed=config.seed)
    _begin_(model, job)
    model = model.to(device)
    limits = _limits(job, baseline)
    old = rehearsal = None
    if job.tuning is not None:
        old, rehearsal = job.tuning.old, job.tuning.rehearsal
        worst = worst_nats(model, prepared.train, precision)
        limits = replace(limits, worst_nats=max(limits.worst_nats, worst))
    prober = Prober(prepared, precision, seed=config.seed, old=old)
    with ExitStack() as stack:
        supply = symbol_supply(model, prepared.train, config, rehearsal)
        trainer = Trainer(model, supply, config, precision, n_threads=available_threads())
        stack.callback(trainer.close)
        stop = stack.enter_context(stop_on_signals())
        stage = _Stage(job, prober, baseline, precision, limits, listener)
        if has_begun(job.run) or _is_written(job.run / LIKELIHOOD):
            return _adversarial(stage, None, stop, listener)
        store = RunStore(job.run, config.keep_checkpoints)
        shared = replace(limits, train_seconds=_likelihood_seconds(job, limits))
        begun = None
        if job.tuning is not None and newest_checkpoint(job.run) is None:
            begun = begun_with(job.run, prober, model, job.tuning.words[0], listener)
        training = Training(trainer, store, prober.probe, listener, shared, begun)
        go_on(job.run, training, listener)
        listener(
            Planned(
                summary=(),
                total_updates=trainer.pace.total,
                budget_seconds=job.budget_seconds,
                baseline_nats=limits.baseline_nats,
            )
        )
        outcome = training.run(stop)
        best = _best_of(job, trainer, outcome)
        if config.objective == "adversarial" and outcome.exit_code == 0:
            _write(stage, best, outcome, job.run / LIKELIHOOD)
            return _adversarial(stage, outcome.progressed, stop, listener)
        measured = _write(stage, best, outcome, job.run / MODEL)
        return concluded(job.run, trainer.update_count, outcome, measured, listener)


def _begin_(model: SequenceModel, job: Job) -> None:
    """Put the weights into a network that its training begins with."""
    config = job.settings.groups["training"]
    if job.tuning is not None:
        base_weights_(model, job.tuning)
    elif config.start == "spectral" and newest_checkpoint(job.run) is None:
        spectral_start_(model, job.prepared.train, seed=config.seed)


def _is_written(folder: Path) -> bool:
    """Say whether a model is there: the stage that writes it is over."""
    durable.settle(folder)
    return disk.exists(folder / manifest.NAME)


class _Stage(NamedTuple):
    """What both stages of a training work with."""

    job: Job
    prober: Prober
    baseline: LineToBeat
    precision: Precision
    limits: Limits
    listener: Listener


class _Told(NamedTuple):
    """What a training has to say of its model besides."""

    facts: Mapping[str, Any]
    guide: Guide | None


def _likelihood_seconds(job: Job, limits: Limits) -> float | None:
    seconds = limits.train_seconds
    return None if seconds is None else seconds * likelihood_share(job.settings)


def _adversarial(
    stage: _Stage, so_far: Progressed | None, stop: StopSignal, listener: Listener
) -> TrainedRun:
    """Play the game from the likelihood stage's model, and write the better of the two.

    Raises:
        DivergedError: If it went astray more often than it may go back; the better one is written.
    """
    job = stage.job
    first = load(job.run / LIKELIHOOD)
    start = SequenceModel(job.settings.groups["model"], job.prepared.codec.schema)
    load_weights_(start, first.weights())
    if so_far is None:
        so_far = Progressed(
            seconds=first.training["seconds"],
            best_update=first.training["best_update"],
            history=[dict(line) for line in first.history],
        )
    work = GameWork(
        run=job.run,
        prepared=job.prepared,
        game=job.settings.groups["adversarial"],
        critic=job.settings.groups["critic"],
        training=job.settings.groups["training"],
        precision=stage.precision,
        start=start.to(stage.precision.device),
        limits=stage.limits,
        deadline=_deadline(job),
    )
    played = play(work, stage.prober, so_far, stop, listener)
    best = SequenceModel(start.config, start.schema)
    load_weights_(best, played.weights)
    told = {"adversarial": played.facts, "sharpness": first.training["sharpness"]}
    outcome = played.outcome
    measured = _write(stage, best, outcome, job.run / MODEL, _Told(told, played.guide))
    if played.error is not None:
        raise played.error
    return concluded(job.run, played.update, outcome, measured, listener)


def _deadline(job: Job) -> float | None:
    """Return when the updates of a game should be over; None: all that are asked for are made."""
    is_planned = job.settings.origins["adversarial.updates"] == "plan"
    if job.deadline is None or job.budget_seconds is None or not is_planned:
        return None
    return job.deadline - seconds_to_end(job.budget_seconds)


def _limits(job: Job, baseline: LineToBeat) -> Limits:
    prepared = job.prepared
    factor = prepared.steps_per_character(prepared.parts.validation, prepared.validation)
    counted = baseline.validation_nats
    seconds = None
    if job.deadline is not None and job.budget_seconds is not None:
        elapsed = job.budget_seconds - (job.deadline - time.monotonic())
        seconds = seconds_to_train(job.budget_seconds, elapsed)
    config = job.settings.groups["training"]
    per_update = prepared.facts.steps_per_update(plain(config))
    useful = useful_updates(prepared.train.n_steps, per_update)
    return Limits(
        train_seconds=seconds,
        most_updates=max(useful, config.updates),
        nats_factor=prepared.steps_per_character(prepared.parts.train, prepared.train),
        worst_nats=1.5 * math.log(predicted_symbols(prepared.codec.schema)[0].size) + 2,
        sample_every=1 if len(prepared.codec.showpieces()) > 1 else SAMPLE_EVERY,
        baseline_nats=None if counted is None else counted * factor,
        n_characters=prepared.parts.train.n_characters,
    )


def _best_of(job: Job, trainer: Trainer, outcome: Outcome) -> SequenceModel:
    """Return the model of the best weights, or of the present ones if none were measured yet."""
    best = SequenceModel(job.settings.groups["model"], job.prepared.codec.schema)
    with trainer.average.in_place():
        weights = outcome.progressed.best_weights or weights_of(trainer.model)
    load_weights_(best, weights)
    return best


def _write(
    stage: _Stage,
    best: SequenceModel,
    outcome: Outcome,
    folder: Path,
    told: "_Told | None" = None,
) -> tuple[Metric, ...]:
    """Write the artifact of a model.

    Args:
        stage: What it was trained with.
        best: Its weights; those of the likelihood stage are sharpened here.
        outcome: How its training ended.
        folder: Where it is to be.
        told: What the training has to say besides; None: the model is the likelihood stage's.
    """
    job, baseline, so_far = stage.job, stage.baseline, outcome.progressed
    if told is None:
        sharpness = fitted_sharpness(best, job.prepared.validation)
        sharpen_(best, sharpness)
        told = _Told({"sharpness": sharpness}, None)
    tuned = measured_facts(job.tuning, best, job.prepared)
    source = {"paths": job.record["sources"], "sha256": job.record["sha256"]}
    work = Finishing(
        name=job.run.name,
        model=best,
        prepared=job.prepared,
        settings=job.settings,
        baseline=baseline,
        source=source if job.tuning is None else {**source, BASE: job.tuning.base.record},
        training={
            "settings": job.settings.to_json(),
            "best_update": so_far.best_update,
            "seconds": so_far.seconds,
            "reason": outcome.reason,
            "baseline_order": baseline.order,
            **tuned,
            **told.facts,
        },
        history=so_far.history,
        guide=told.guide,
    )
    measured = write_artifact(work, folder, stage.prober.samples(best, N_CARD_SAMPLES))
    if tuned and folder.name == MODEL:
        stage.listener(Note(text=tuned_words(tuned[FACTS])))
    return measured
