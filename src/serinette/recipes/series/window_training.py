"""Trains an engine that writes whole windows on a table, and makes an artifact of it.

A training that was stopped keeps what it has reached as a model. The games of `training.game` go on
from there to the bit; the latent engine keeps no checkpoints, and begins anew.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from jaxtyping import Int

from serinette.artifact.checkpoints import Checkpoint, newest_checkpoint
from serinette.artifact.folder import save
from serinette.artifact.runs import HISTORY, MODEL, trim_history
from serinette.core.config import Resolved
from serinette.core.metric import Metric
from serinette.core.schema import Schema
from serinette.core.thinning import thinned
from serinette.kinds.series.whole_windows import (
    fact_shares,
    feature_weights,
    first_rows,
    rows_of_window,
    whole_windows,
    window_schema,
)
from serinette.nets.critic_config import CriticConfig
from serinette.nets.latent_config import FACTS, LatentConfig
from serinette.nets.networks import n_parameters
from serinette.nets.window_features import FeatureKinds
from serinette.recipes.fit.keeping import RunStore
from serinette.recipes.series.contents import Ended, SeriesFound, series_contents
from serinette.recipes.series.engine_config import LATENT, LSTM_GAN, SECTIONS, TIMEGAN
from serinette.recipes.series.engines import ENGINES
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.sketch import sketch
from serinette.recipes.series.window_judge import FEWEST, WindowJudge
from serinette.training.events import Listener, Note
from serinette.training.game.joint import Task
from serinette.training.game.ledger import Weights
from serinette.training.game.lstm_gan import train_lstm_gan
from serinette.training.game.timegan import train_timegan
from serinette.training.latent import latent_loss, train_latent
from serinette.training.latent_course import LatentProgress, Watch
from serinette.training.latent_data import LatentData
from serinette.training.loop import Outcome, Progressed
from serinette.training.stops import StopSignal, stop_on_signals
from serinette.training.trainer import Snapshot

_MOST_WINDOWS, _MOST_HELD_OUT = 50_000, 2_000
_NOTES = 4
"""Sentences about the progress of a phase."""
_WORDS = {
    "autoencoder": "autoencoder",
    "game": "generator against critic",
    "generator": "generator alone",
    "critic": "critic alone",
    "embedding": "embedder and recovery",
    "supervision": "supervisor",
}
_TOLD = ("rmse", "moments", "critic_accuracy", "supervised")
"""Figures that are worth a sentence; the first that is there is told."""


def train_windows_run(job: SeriesJob, listener: Listener) -> Ended:
    """Train an engine of whole windows as the run's only one, and write its artifact.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    name = job.choice.plan
    kept = newest_checkpoint(job.run)
    if kept is not None:
        trim_history(job.run, kept.update)
        listener(Note(text=f"{job.run.name}: going on after update {kept.update:,}"))
    elif (job.run / HISTORY).exists():
        listener(Note(text=f"{job.run.name}: the {name} engine begins anew", is_warning=True))
        trim_history(job.run, 0)
    for sentence in job.record["summary"]:
        listener(Note(text=sentence))
    store = RunStore(job.run, keep=1)
    with stop_on_signals() as stop:
        ended = train_windows_engine(job, name, stop, listener, _Kept(store, kept))
    save(job.run / MODEL, ended.contents, replace=True)
    return ended


def train_windows_engine(
    job: SeriesJob,
    name: str,
    stop: StopSignal,
    listener: Listener,
    kept: "_Kept | None" = None,
) -> Ended:
    """Train an engine of whole windows on the training part.

    Args:
        job: Settings, table and seconds.
        name: Of the engine.
        stop: Asked before every update.
        listener: Told how it goes.
        kept: Where checkpoints and records go, and what to go on from; None: nothing is kept.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    prepared, config = job.prepared, job.settings.groups[SECTIONS[name]]
    seed = job.settings.groups["training"].seed
    begun = time.monotonic()
    diary = _Diary(stop, listener, kept)
    data = latent_data(prepared)
    codec = prepared.codec
    schema = replace(window_schema(codec), end=1 if data.has_end else None)
    course = _Course(job, data, config, schema, diary)
    with _one_thread():
        weights, metrics = _TRAINERS[name](course)
    if codec.static_symbols:
        weights[FACTS] = fact_shares(codec, prepared.steps.static_symbols[prepared.parts.train])
    outcome = Outcome(
        reason="interrupted" if stop.is_set else "plan done",
        progressed=Progressed(
            seconds=time.monotonic() - begun, best_update=diary.n_updates, history=diary.lines
        ),
        exit_code=stop.exit_code,
    )
    engine = ENGINES[name](weights, config, schema)
    found = SeriesFound(
        network=name, schema=schema, sizes=config, weights=weights, metrics=metrics,
        sample=sketch(codec, engine, seed=seed), outcome=outcome,
    )  # fmt: skip
    return Ended(
        contents=series_contents(job, found), engine=engine, outcome=outcome,
        n_updates=diary.n_updates, metrics=metrics,
    )  # fmt: skip


class _Kept(NamedTuple):
    """Where a training is kept."""

    store: RunStore
    checkpoint: Checkpoint | None
    """What to go on from; None: the training begins."""


class _Course(NamedTuple):
    """All that a training of an engine is given."""

    job: SeriesJob
    data: LatentData
    config: Any
    schema: Schema
    diary: "_Diary"

    @property
    def seed(self) -> int:
        """Of everything."""
        seed: int = self.job.settings.groups["training"].seed
        return seed


_Trained = tuple[dict[str, np.ndarray], tuple[Metric, ...]]
"""Weights, and figures on held-out windows."""


def _train_latent(course: _Course) -> _Trained:
    diary, prepared = course.diary, course.job.prepared
    weights = train_latent(
        course.data, course.config, seed=course.seed, seconds=course.job.choice.latent_seconds,
        tell=diary.tell, stop=diary.is_stopped,
    )  # fmt: skip
    return weights, _held_out_metrics(weights, course.config, prepared, course.seed)


def _train_lstm_gan(course: _Course) -> _Trained:
    critic: CriticConfig = course.job.settings.groups["critic"]
    return _play(course, lambda task, watch: train_lstm_gan(task, course.config, critic, watch))


def _train_timegan(course: _Course) -> _Trained:
    return _play(course, lambda task, watch: train_timegan(task, course.config, watch))


def _play(course: _Course, train: Callable[[Task, Watch], Weights]) -> _Trained:
    """Train by a game whose weights a judge of the validation part chooses."""
    diary = course.diary
    judges = {name: _judge(course, name) for name in ("validation", "test")}
    task = Task(
        data=course.data, kinds=FeatureKinds.of(course.schema), seed=course.seed,
        seconds=course.job.choice.latent_seconds, judge=judges["validation"],
        keep=diary.keep, kept=diary.kept,
    )  # fmt: skip
    if task.judge is None:
        diary.note("too few validation windows to choose weights by: the last ones are kept")
    weights = train(task, Watch(tell=diary.tell, stop=diary.is_stopped))
    metrics = tuple(
        Metric(
            name=f"written windows told from those of the {name} part (accuracy above one half)",
            key=f"{name}_told", value=max(0.0, judge(weights)), unit="", better="lower",
            n=2 * judge.n_windows,
        )
        for name, judge in judges.items()
        if judge is not None
    )  # fmt: skip
    return weights, metrics


def _judge(course: _Course, name: str) -> WindowJudge | None:
    """Return a judge of a part; None where it holds too few windows."""
    prepared = course.job.prepared
    part = getattr(prepared.parts, name)
    if len(first_rows(prepared.codec, prepared.steps, part)) < FEWEST:
        return None
    held_out = _windows(prepared, part, _MOST_HELD_OUT)
    return WindowJudge(course.data, held_out, course.config, course.schema, course.seed)


_TRAINERS: Final[Mapping[str, Callable[[_Course], _Trained]]] = {
    LATENT: _train_latent,
    LSTM_GAN: _train_lstm_gan,
    TIMEGAN: _train_timegan,
}


def latent_data(prepared: PreparedSeries) -> LatentData:
    """Return the windows of the training part, evenly thinned where there are very many."""
    return _windows(prepared, prepared.parts.train, _MOST_WINDOWS)


def windows_summary(prepared: PreparedSeries, settings: Resolved, name: str) -> tuple[str, ...]:
    """Say in words what will be trained."""
    config = settings.groups[SECTIONS[name]]
    schema = window_schema(prepared.codec)
    n_windows = len(first_rows(prepared.codec, prepared.steps, prepared.parts.train))
    return (
        f"network: {_NETWORKS[name](config)}; {n_parameters(name, config, schema):,} parameters",
        f"plan: {n_windows:,} windows of {rows_of_window(prepared.codec)} rows, "
        f"{schema.n_features} numbers a row",
    )


_NETWORKS: Final[Mapping[str, Callable[[Any], str]]] = {
    LATENT: lambda config: (
        f"an LSTM autoencoder, 2 x {config.hidden_size} cells there and {config.hidden_size} back, "
        f"{config.latent_size} numbers a window, and a generator of those"
    ),
    LSTM_GAN: lambda config: (
        f"{config.noise_size} numbers of noise, {config.n_dense + 1} dense layers and "
        f"{config.n_layers} x {config.hidden_size} cells against a critic"
    ),
    TIMEGAN: lambda config: (
        f"embedder, recovery and generator of {config.n_layers} x {config.hidden_size} cells, a "
        f"supervisor of {config.supervisor_layers} x {config.hidden_size}, and a critic"
    ),
}


def _windows(prepared: PreparedSeries, part: Int[np.ndarray, " _"], most: int) -> LatentData:
    codec = prepared.codec
    first = first_rows(codec, prepared.steps, part)
    windows = whole_windows(codec, prepared.steps, thinned(first, most))
    is_there = np.arange(windows.values.shape[1]) < windows.lengths[:, None]
    return LatentData(
        windows=windows.values,
        lengths=windows.lengths,
        context=windows.context if windows.context.shape[1] else None,
        weights=feature_weights(codec, windows.values[is_there]),
        n_levels=len(codec.values),
    )


class _Diary:
    """Counts the updates of a training and turns its reports into sentences and records."""

    def __init__(self, stop: StopSignal, listener: Listener, kept: "_Kept | None") -> None:
        self._stop, self._listener, self._store = stop, listener, kept and kept.store
        self._told: tuple[str, int] = ("", 0)
        self.n_updates = 0
        """Of all phases."""
        self.lines: list[dict[str, Any]] = []
        self.kept: tuple[Mapping[str, np.ndarray], Mapping[str, Any]] | None = None
        """What to go on from."""
        before = 0.0
        if kept is not None and kept.checkpoint is not None:
            facts = kept.checkpoint.facts
            self.kept = kept.checkpoint.tensors, facts
            self.n_updates, before = kept.checkpoint.update, facts["seconds"]
            self.lines = list(facts["lines"])
        self._begun = time.monotonic() - before

    def keep(self, tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Write a checkpoint."""
        if self._store is None:
            return
        seconds = time.monotonic() - self._begun
        more = {"update": self.n_updates, "seconds": seconds, "lines": self.lines}
        self._store.checkpoint(Snapshot(tensors=tensors, facts={**facts, **more}))

    def is_stopped(self) -> bool:
        """Say before an update whether it is not to be made."""
        if self._stop.is_set:
            return True
        self.n_updates += 1
        return False

    def tell(self, progress: LatentProgress) -> None:
        """Take a report."""
        line: dict[str, Any] = {
            "update": self.n_updates,
            "seconds": round(time.monotonic() - self._begun, 3),
            "phase": progress.phase,
            "metrics": dict(progress.metrics),
            "events": [] if progress.warning is None else [progress.warning],
        }
        self.lines.append(line)
        if self._store is not None:
            self._store.history_line(line)
        if progress.warning is not None:
            self._listener(Note(text=progress.warning, is_warning=True))
        part = (progress.phase, math.floor(progress.share * _NOTES))
        if part != self._told:
            self._told = part
            names = ("spread",) if progress.phase == "game" else _TOLD
            figures = [f", {k} {progress.metrics[k]:.3g}" for k in names if k in progress.metrics]
            self.note(
                f"{_WORDS[progress.phase]}, {progress.share:.0%}: update {progress.update:,}"
                + "".join(figures[:1])
            )

    def note(self, text: str) -> None:
        """Pass a sentence on."""
        self._listener(Note(text=text))


def _held_out_metrics(
    weights: Mapping[str, np.ndarray], config: LatentConfig, prepared: PreparedSeries, seed: int
) -> tuple[Metric, ...]:
    """Measure how far held-out windows are from themselves decoded, and from what is written."""
    found = []
    for name in ("validation", "test"):
        part = getattr(prepared.parts, name)
        if not len(first_rows(prepared.codec, prepared.steps, part)):
            continue
        data = _windows(prepared, part, _MOST_HELD_OUT)
        loss = latent_loss(weights, config, data, seed=seed)
        figures = {
            "rmse": ("error of windows encoded and decoded", loss.rmse),
            "distance": ("distance of written latents", loss.distance),
        }
        found += [
            Metric(
                name=f"{name} {words}", key=f"{name}_{key}", value=value, unit="sd",
                better="lower", n=len(data.windows),
            )
            for key, (words, value) in figures.items()
        ]  # fmt: skip
    return tuple(found)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute on one thread: these networks are small, and a seed decides every bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
