"""Trains the latent engine on a table, and makes an artifact of it.

There are no checkpoints: a training that was stopped keeps what it has reached as a model, and
begins anew when it is gone on with.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Int

from serinette.artifact.folder import save
from serinette.artifact.runs import HISTORY, MODEL, trim_history
from serinette.core.metric import Metric
from serinette.core.thinning import thinned
from serinette.kinds.series.whole_windows import (
    fact_shares,
    feature_weights,
    first_rows,
    rows_of_window,
    whole_windows,
    window_schema,
)
from serinette.nets.latent_config import FACTS, LatentConfig
from serinette.nets.networks import n_parameters
from serinette.recipes.fit.keeping import RunStore
from serinette.recipes.series.contents import Ended, SeriesFound, series_contents
from serinette.recipes.series.engine_config import LATENT
from serinette.recipes.series.engines import ENGINES
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.sketch import sketch
from serinette.training.events import Listener, Note
from serinette.training.latent import latent_loss, train_latent
from serinette.training.latent_course import LatentProgress
from serinette.training.latent_data import LatentData
from serinette.training.loop import Outcome, Progressed
from serinette.training.stops import StopSignal, stop_on_signals

_MOST_WINDOWS, _MOST_HELD_OUT = 50_000, 2_000
_NOTES = 4
"""Sentences about the progress of a phase."""
_WORDS = {"autoencoder": "autoencoder", "game": "generator against critic"}


def train_latent_run(job: SeriesJob, listener: Listener) -> Ended:
    """Train the latent engine as the run's only one, and write its artifact.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    if (job.run / HISTORY).exists():
        listener(Note(text=f"{job.run.name}: the latent engine begins anew", is_warning=True))
        trim_history(job.run, 0)
    for sentence in job.record["summary"]:
        listener(Note(text=sentence))
    store = RunStore(job.run, keep=1)
    with stop_on_signals() as stop:
        ended = train_latent_engine(job, stop, listener, store.history_line)
    save(job.run / MODEL, ended.contents, replace=True)
    return ended


def train_latent_engine(
    job: SeriesJob,
    stop: StopSignal,
    listener: Listener,
    history_line: Callable[[Mapping[str, Any]], None] = lambda line: None,
) -> Ended:
    """Train the latent engine on the training part.

    Args:
        job: Settings, table and seconds.
        stop: Asked before every update.
        listener: Told how it goes.
        history_line: Given a record every hundred updates.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    prepared, config = job.prepared, job.settings.groups["latent"]
    seed = job.settings.groups["training"].seed
    begun = time.monotonic()
    diary = _Diary(stop, listener, history_line)
    data = latent_data(prepared)
    with _one_thread():
        weights = train_latent(
            data, config, seed=seed, seconds=job.choice.latent_seconds,
            tell=diary.tell, stop=diary.is_stopped,
        )  # fmt: skip
        metrics = _held_out_metrics(weights, config, prepared, seed)
    codec = prepared.codec
    if codec.static_symbols:
        weights[FACTS] = fact_shares(codec, prepared.steps.static_symbols[prepared.parts.train])
    schema = replace(window_schema(codec), end=1 if data.has_end else None)
    outcome = Outcome(
        reason="interrupted" if stop.is_set else "plan done",
        progressed=Progressed(
            seconds=time.monotonic() - begun, best_update=diary.n_updates, history=diary.lines
        ),
        exit_code=stop.exit_code,
    )
    engine = ENGINES[LATENT](weights, config, schema)
    found = SeriesFound(
        network=LATENT, schema=schema, sizes=config, weights=weights, metrics=metrics,
        sample=sketch(codec, engine, seed=seed), outcome=outcome,
    )  # fmt: skip
    return Ended(
        contents=series_contents(job, found), engine=engine, outcome=outcome,
        n_updates=diary.n_updates, metrics=metrics,
    )  # fmt: skip


def latent_data(prepared: PreparedSeries) -> LatentData:
    """Return the windows of the training part, evenly thinned where there are very many."""
    return _windows(prepared, prepared.parts.train, _MOST_WINDOWS)


def latent_summary(prepared: PreparedSeries, config: LatentConfig) -> tuple[str, ...]:
    """Say in words what will be trained."""
    schema = window_schema(prepared.codec)
    n_windows = len(first_rows(prepared.codec, prepared.steps, prepared.parts.train))
    return (
        f"network: an LSTM autoencoder, 2 x {config.hidden_size} cells there and "
        f"{config.hidden_size} back, {config.latent_size} numbers a window, and a generator of "
        f"those; {n_parameters(LATENT, config, schema):,} parameters",
        f"plan: {n_windows:,} windows of {rows_of_window(prepared.codec)} rows, "
        f"{schema.n_features} numbers a row",
    )


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
    )


class _Diary:
    """Counts the updates of a training and turns its reports into sentences and records."""

    def __init__(
        self,
        stop: StopSignal,
        listener: Listener,
        history_line: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._stop, self._listener, self._keep = stop, listener, history_line
        self._begun = time.monotonic()
        self._told: tuple[str, int] = ("", 0)
        self.n_updates = 0
        """Of both phases."""
        self.lines: list[dict[str, Any]] = []

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
        self._keep(line)
        if progress.warning is not None:
            self._listener(Note(text=progress.warning, is_warning=True))
        part = (progress.phase, math.floor(progress.share * _NOTES))
        if part != self._told:
            self._told = part
            name = "rmse" if progress.phase == "autoencoder" else "spread"
            self._listener(
                Note(
                    text=f"{_WORDS[progress.phase]}, {progress.share:.0%}: update "
                    f"{progress.update:,}, {name} {progress.metrics[name]:.3g}"
                )
            )


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
