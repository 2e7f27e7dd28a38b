"""From a trainer to a finished training: evaluations, checkpoints, stops, recoveries.

Nothing is lost: a checkpoint holds the trainer, the best weights so far and the clock; it is
written every `checkpoint_seconds`, at every end and at the first Ctrl-C.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from serinette.core.errors import DivergedError
from serinette.nets.model import weights_of
from serinette.training.events import Evaluated, Listener, Note, Progress
from serinette.training.gradients import LossSum
from serinette.training.stops import StopSignal
from serinette.training.trainer import Adjusts, Snapshot
from serinette.training.watch import watch

MAX_ROLLBACKS = 3
"""How often training goes back to the last good state before it gives up."""
SAMPLE_EVERY = 3
"""Evaluations from one live sample to the next, where the kind shows a single one."""
_PROGRESS_SECONDS = 0.25
_REPLAN_TOLERANCE = 0.02
"""Share of the plan by which it may be too long or too short..."""
_LATE_TOLERANCE = 0.05
"""...and of what is left of it."""
_REPLANS = 40


@runtime_checkable
class Store(Protocol):
    """Where a training leaves what must survive it."""

    def checkpoint(self, snapshot: Snapshot) -> None:
        """Write a checkpoint; older ones may go."""

    def history_line(self, line: Mapping[str, Any]) -> None:
        """Append one evaluation to the history."""


Probe = Callable[[Any, bool], "Probed"]
"""Measures a model; the flag asks for a sample too."""


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What a probe found."""

    metrics: Mapping[str, float]
    """`validation_nats` per character, unless there is no validation part."""
    sample: str | None = None
    stop: str | None = None
    """Why training should end here; None: it goes on."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What ends a training besides its plan."""

    train_seconds: float | None = None
    """Seconds the updates may take; the plan's rest is stretched or shortened to meet it."""
    most_updates: int | None = None
    """The plan is never stretched beyond this update."""
    nats_factor: float = 1.0
    """Steps per character: turns nats per step into nats per character."""
    worst_nats: float = math.inf
    """A loss per step above this counts as diverged, like one that is not a number."""
    sample_every: int = SAMPLE_EVERY
    """Evaluations from one live sample to the next."""
    baseline_nats: float | None = None
    """The count model's validation nats per character."""
    n_characters: int | None = None
    """Size of the training part, for the verdicts."""
    phase: str = "likelihood"
    """Written into the history and the checkpoints."""
    rate_setting: str = "training.learning_rate"
    """What to lower when it diverges."""
    criterion: str = "validation_nats"
    """The metric of a probe whose least value makes the best model."""


@dataclass
class Progressed:
    """What the loop itself must remember over a checkpoint."""

    seconds: float = 0.0
    best_nats: float = math.inf
    """The least value of the criterion."""
    best_update: int = 0
    evaluations_without_best: int = 0
    n_rollbacks: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_weights: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a training ended."""

    reason: str
    """`plan done`, `early stop` or `interrupted`."""
    progressed: Progressed
    exit_code: int = 0
    """130 or 143 when it was interrupted."""


class Training:
    """Runs a trainer to its end.

    Args:
        trainer: Fresh, or restored.
        store: Where checkpoints and history go.
        probe: Measures the model.
        listener: Told what happens.
        limits: What ends it besides the plan.
        so_far: What an earlier stage of the same training has come to.
    """

    def __init__(
        self,
        trainer: Adjusts,
        store: Store,
        probe: Probe,
        listener: Listener,
        limits: Limits,
        so_far: Progressed | None = None,
    ) -> None:
        self._trainer = trainer
        self._store = store
        self._probe = probe
        self._listener = listener
        self._limits = limits
        self._so_far = so_far or Progressed()
        self._recent = LossSum(0.0, 0)
        self._shown = 0.0
        self._clock = time.monotonic()
        self._events: list[str] = []
        self._stop: str | None = None
        self._evaluation_seconds: list[float] = []
        self._reserve = 0.0
        self._measured_from = (0, 0.0)
        self._n_read, self._began_at, self._began_after = 0, 0.0, 0
        self._first = 1

    @property
    def progressed(self) -> Progressed:
        """What it has come to."""
        return self._so_far

    def resume_(self, snapshot: Snapshot, history: list[dict[str, Any]]) -> None:
        """Go on from a checkpoint and the history up to it."""
        best = {n[5:]: a for n, a in snapshot.tensors.items() if n.startswith("best/")}
        own = {n: a for n, a in snapshot.tensors.items() if not n.startswith("best/")}
        self._trainer.restore_(Snapshot(tensors=own, facts=snapshot.facts))
        facts = snapshot.facts["loop"]
        best_nats = facts["best_nats"]
        self._so_far = Progressed(
            seconds=facts["seconds"],
            best_nats=math.inf if best_nats is None else best_nats,
            best_update=facts["best_update"],
            evaluations_without_best=facts["evaluations_without_best"],
            n_rollbacks=facts["n_rollbacks"],
            history=history,
            best_weights=best,
        )
        self._recent = LossSum(*facts["recent"])

    def run(self, stop: StopSignal) -> Outcome:
        """Train until the plan is done, validation stalls, or the user stops it.

        Raises:
            DivergedError: If training went astray more often than it may go back.
        """
        trainer = self._trainer
        self._clock = time.monotonic()
        self._first = trainer.update_count + 1
        self._measure_from_here()
        good = trainer.snapshot()
        saved = self._so_far.seconds
        while not trainer.is_done:
            if stop.is_set:
                self._save()
                code = stop.exit_code
                return Outcome(reason="interrupted", progressed=self._so_far, exit_code=code)
            loss = trainer.update()
            self._tick()
            if not loss.mean() <= self._limits.worst_nats:
                good = self._roll_back(good, loss)
                continue
            self._recent = self._recent.plus(loss)
            self._n_read += loss.steps
            self._show()
            if trainer.update_count == self._first:  # it alone prepares: a critic, memory, kernels
                self._measure_from_here()
            self._replan()
            if self._is_evaluation():
                self._evaluate()
                good = trainer.snapshot()
                if self._has_stalled() or self._stop is not None:
                    self._save()
                    return Outcome(reason="early stop", progressed=self._so_far)
            if self._so_far.seconds - saved >= trainer.config.checkpoint_seconds:
                self._save()
                saved = self._so_far.seconds
        self._save()
        return Outcome(reason="plan done", progressed=self._so_far)

    def _measure_from_here(self) -> None:
        """Count the speed from now on."""
        update, seconds = self._trainer.update_count, self._so_far.seconds
        self._measured_from = (update, seconds)
        self._n_read, self._began_at, self._began_after = 0, seconds, update

    def _tick(self) -> None:
        now = time.monotonic()
        self._so_far.seconds += now - self._clock
        self._clock = now

    def _is_evaluation(self) -> bool:
        """Whether the share of the plan has just passed a multiple of 1 / n_evaluations."""
        trainer, n = self._trainer, self._trainer.config.n_evaluations
        before = trainer.pace.share(trainer.update_count - 1)
        now = trainer.pace.share(trainer.update_count)
        return math.floor(now * n + 1e-9) > math.floor(before * n + 1e-9)

    def _evaluate(self) -> None:
        trainer, so_far = self._trainer, self._so_far
        begun = so_far.seconds
        is_sampling = (len(so_far.history) + 1) % self._limits.sample_every == 0 or trainer.is_done
        with trainer.average.in_place():
            probed = self._probe(trainer.model, is_sampling)
            nats = probed.metrics.get(self._limits.criterion, self._train_nats())
            is_best = nats < so_far.best_nats
            if is_best:
                so_far.best_nats = nats
                so_far.best_update = trainer.update_count
                so_far.evaluations_without_best = 0
                so_far.best_weights = weights_of(trainer.model)
            else:
                so_far.evaluations_without_best += 1
        self._tick()
        metrics = {"train_nats": self._train_nats(), **trainer.figures(), **probed.metrics}
        if not is_best and trainer.config.schedule == "plateau":
            trainer.plateau_factor /= 2
            self._events.append(f"learning rate halved to {trainer.rate:.2g}: validation stalls")
        self._evaluation_seconds.append(self._so_far.seconds - begun)
        self._stop = probed.stop
        if probed.stop is not None:
            self._events.append(probed.stop)
        line = self._line(metrics, probed.sample)
        so_far.history.append(line)
        verdicts = tuple(watch(so_far.history, n_characters=self._limits.n_characters))
        self._events += trainer.react_(so_far.history)
        self._keep(line)
        self._recent = LossSum(0.0, 0)
        self._listener(
            Evaluated(
                update=trainer.update_count,
                seconds=so_far.seconds,
                metrics=metrics,
                is_best=is_best,
                baseline_nats=self._limits.baseline_nats,
                sample=probed.sample,
                verdicts=verdicts,
                events=tuple(line["events"]),
            )
        )

    def _line(self, metrics: Mapping[str, float], sample: str | None) -> dict[str, Any]:
        line: dict[str, Any] = {
            "update": self._trainer.update_count,
            "seconds": round(self._so_far.seconds, 3),
            "phase": self._limits.phase,
            "metrics": dict(metrics),
            "events": [],
        }
        if sample is not None:
            line["sample"] = sample
        return line

    def _keep(self, line: dict[str, Any]) -> None:
        """Put a line with what has happened since the last one into the history."""
        line["events"] = self._events
        self._events = []
        self._store.history_line(line)

    def _has_stalled(self) -> bool:
        patience = self._trainer.config.patience
        return 0 < patience <= self._so_far.evaluations_without_best and not self._trainer.is_done

    def _replan(self) -> None:
        """Stretch or shorten the rest of the plan where the machine's speed has changed.

        The time of an update is that of the last few per cent of the plan; evaluations to come are
        paid for first.
        """
        trainer, allowed = self._trainer, self._limits.train_seconds
        if allowed is None or trainer.is_done:
            return
        update, seconds = self._measured_from
        n_updates = trainer.update_count - update
        if n_updates < max(3, trainer.pace.length // _REPLANS):
            return
        evaluating = sum(self._evaluation_seconds)
        per_update = (self._so_far.seconds - seconds - evaluating) / n_updates
        self._measured_from = (trainer.update_count, self._so_far.seconds)
        self._reserve = max([self._reserve, *self._evaluation_seconds])
        self._evaluation_seconds = []
        left = allowed - self._so_far.seconds - self._reserve * self._evaluations_left()
        total = trainer.update_count + max(1, int(left / per_update))
        total = min(total, self._limits.most_updates or total)
        planned = trainer.pace.total
        tolerance = min(
            _REPLAN_TOLERANCE * trainer.pace.length,
            _LATE_TOLERANCE * (planned - trainer.update_count),
        )
        if abs(total - planned) > tolerance:
            trainer.pace = trainer.pace.changed(trainer.update_count, total)
            self._events.append(
                f"plan changed to {trainer.pace.total} updates: one takes "
                f"{per_update * 1000:.0f} ms now"
            )

    def _evaluations_left(self) -> float:
        share = self._trainer.pace.share(self._trainer.update_count)
        return (1 - share) * self._trainer.config.n_evaluations

    def _roll_back(self, good: Snapshot, loss: LossSum) -> Snapshot:
        so_far, trainer = self._so_far, self._trainer
        so_far.n_rollbacks += 1
        if so_far.n_rollbacks > MAX_ROLLBACKS:
            trainer.restore_(good)
            self._save()
            raise DivergedError(
                f"training diverged {so_far.n_rollbacks} times (last loss {loss.mean():.3g}); the "
                f"best model so far is kept; try --{self._limits.rate_setting} "
                f"{trainer.config.learning_rate / 10:.2g}"
            )
        at = trainer.update_count
        trainer.restore_(good)
        trainer.slow_down_()
        event = (
            f"loss {loss.mean():.3g} at update {at}: back to update {trainer.update_count}, "
            "learning rate halved"
        )
        self._events.append(event)
        self._listener(Note(text=event, is_warning=True))
        return trainer.snapshot()

    def _show(self) -> None:
        if self._so_far.seconds - self._shown < _PROGRESS_SECONDS and not self._trainer.is_done:
            return
        trainer, seconds = self._trainer, self._so_far.seconds
        self._shown = seconds
        left = max(0, trainer.pace.total - trainer.update_count)
        one = (seconds - self._began_at) / max(1, trainer.update_count - self._began_after)
        self._listener(
            Progress(
                update=trainer.update_count,
                total_updates=trainer.pace.total,
                seconds=seconds,
                remaining_seconds=one * left,
                symbols_per_second=self._n_read / max(seconds - self._began_at, 1e-9),
                train_nats=self._train_nats(),
                learning_rate=trainer.rate,
            )
        )

    def _train_nats(self) -> float:
        return self._recent.mean() * self._limits.nats_factor

    def _save(self) -> None:
        so_far = self._so_far
        snapshot = self._trainer.snapshot()
        tensors = {**snapshot.tensors, **{f"best/{n}": a for n, a in so_far.best_weights.items()}}
        loop = {
            "seconds": so_far.seconds,
            "best_nats": so_far.best_nats if math.isfinite(so_far.best_nats) else None,
            "best_update": so_far.best_update,
            "evaluations_without_best": so_far.evaluations_without_best,
            "n_rollbacks": so_far.n_rollbacks,
            "recent": list(self._recent),
        }
        self._store.checkpoint(
            replace(
                snapshot,
                tensors=tensors,
                facts={**snapshot.facts, "loop": loop, "phase": self._limits.phase},
            )
        )
        self._tick()
