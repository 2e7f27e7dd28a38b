"""The adversarial stage: from the likelihood stage's best weights to the best of the game."""

import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from serinette.artifact.checkpoints import newest_checkpoint
from serinette.artifact.runs import trim_history
from serinette.batching.documents import DocumentBatches
from serinette.batching.streams import TrainingStreams
from serinette.core.cores import available_threads
from serinette.core.errors import DivergedError
from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel, weights_of
from serinette.recipes.fit.game_probe import GameProber
from serinette.recipes.fit.held_out_rows import are_documents, held_out_rows, longest_of
from serinette.recipes.fit.keeping import RunStore, go_on
from serinette.recipes.fit.probe import Prober
from serinette.recipes.prepare import Prepared
from serinette.training.config import TrainingConfig
from serinette.training.events import Listener, Note, Planned
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.rivals import make_rival
from serinette.training.game.trainer import GameSupply, GameTrainer
from serinette.training.gradients import Precision
from serinette.training.loop import Limits, Outcome, Progressed, Training
from serinette.training.stops import StopSignal
from serinette.training.supply import Batches

PHASE = "adversarial"
LIKELIHOOD = "likelihood"
"""Folder of a run that holds the model of the likelihood stage."""


class GameWork(NamedTuple):
    """What a game is played with."""

    run: Path
    prepared: Prepared
    game: AdversarialConfig
    critic: CriticConfig
    training: TrainingConfig
    precision: Precision
    start: SequenceModel
    """The likelihood stage's best model, on the device; never changed."""
    limits: Limits
    """Of the likelihood stage."""
    deadline: float | None
    """`time.monotonic()` at which the updates should be over; None: they are all made."""


class Played(NamedTuple):
    """How a game ended."""

    outcome: Outcome
    update: int
    weights: Mapping[str, np.ndarray]
    """Of the best model: the likelihood model's, unless the game came out better."""
    facts: Mapping[str, Any]
    """What the artifact tells of it."""
    error: DivergedError | None = None
    """Why it was given up."""


def has_begun(run: Path) -> bool:
    """Say whether the newest checkpoint of a run belongs to a game."""
    kept = newest_checkpoint(run)
    return kept is not None and kept.facts.get("phase") == PHASE


def play(
    work: GameWork, prober: Prober, so_far: Progressed, stop: StopSignal, listener: Listener
) -> Played:
    """Play the game to its end, or go on with it where it was stopped.

    Args:
        work: Data, settings, where it starts.
        prober: Measures the likelihood of the held-out part.
        so_far: What the likelihood stage has come to.
        stop: Ends it.
        listener: Told what happens.
    """
    rows = _Rows.of(work)
    judge = _judge(work, prober, rows)
    with ExitStack() as stack:
        trainer = _trainer(work, rows, so_far)
        stack.callback(trainer.close)
        best = math.inf if judge is None else judge.start.criterion
        begun = Progressed(
            seconds=so_far.seconds,
            best_nats=best,
            best_update=so_far.best_update,
            history=so_far.history,
            best_weights=weights_of(work.start),
        )
        probe = prober.probe if judge is None else judge.probe
        store = RunStore(work.run, work.training.keep_checkpoints)
        training = Training(trainer, store, probe, listener, _limits(work, so_far), begun)
        if has_begun(work.run):
            go_on(work.run, training, listener)
        else:
            trim_history(work.run, trainer.update_count)
        _tell(work, judge, trainer, listener)
        error = None
        try:
            outcome = training.run(stop)
        except DivergedError as diverged:
            error = diverged
            outcome = Outcome(reason="diverged", progressed=training.progressed)
    played = _played(outcome, trainer.update_count, judge, so_far)
    if judge is None:
        played = played._replace(weights=weights_of(work.start))
    return played._replace(error=error)


def _limits(work: GameWork, so_far: Progressed) -> Limits:
    """Return what ends the game: its share of the time, and no more than is left of it."""
    seconds = None
    if work.deadline is not None:
        share = work.game.share
        left = max(1.0, work.deadline - time.monotonic())
        seconds = so_far.seconds + min(left, so_far.seconds * share / (1 - share))
    return replace(
        work.limits,
        train_seconds=seconds,
        most_updates=None,
        phase=PHASE,
        criterion="criterion",
        rate_setting="adversarial.learning_rate",
    )


class _Rows(NamedTuple):
    """Which rows are read and written."""

    batches: Batches
    longest: int
    is_whole: bool

    @classmethod
    def of(cls, work: GameWork) -> "_Rows":
        """Whole sequences where they are short, else windows that read on."""
        corpus, training = work.prepared.train, work.training
        seed = training.seed + 1
        if are_documents(corpus):
            longest = longest_of(corpus)
            reader = DocumentBatches(corpus, training.n_rows, longest, seed, is_sorted=False)
            return cls(reader, longest, is_whole=True)
        window = training.window
        streams = TrainingStreams(corpus, training.n_rows, window, seed)
        return cls(streams, window, is_whole=False)


def _trainer(work: GameWork, rows: _Rows, so_far: Progressed) -> GameTrainer:
    model = SequenceModel(work.start.config, work.start.schema).to(work.precision.device)
    model.load_state_dict(work.start.state_dict())
    rival = make_rival(
        work.game,
        work.critic,
        work.start,
        is_carried=not rows.is_whole,
        seed=work.training.seed,
    )
    return GameTrainer(
        model,
        rival,
        GameSupply(
            batches=rows.batches,
            longest=rows.longest,
            end=work.prepared.codec.schema.end,
            reads_on=not rows.is_whole,
            first_update=so_far.history[-1]["update"] if so_far.history else 0,
        ),
        (work.game, work.training),
        work.precision,
        n_threads=available_threads(),
    )


def _judge(work: GameWork, prober: Prober, rows: _Rows) -> GameProber | None:
    held_out = held_out_rows(
        work.prepared.validation, rows.longest, work.game.n_samples, is_whole=rows.is_whole
    )
    if held_out is None or len(held_out.first) < _FEWEST_ROWS:
        return None
    return GameProber(
        prober,
        work.start,
        held_out,
        work.game,
        work.precision,
        seed=work.training.seed,
    )


def _tell(
    work: GameWork, judge: GameProber | None, trainer: GameTrainer, listener: Listener
) -> None:
    if judge is None:
        listener(
            Note(
                text="too little held-out text to judge the game by: the likelihood model is kept; "
                "give more text, or a larger --split.validation_share",
                is_warning=True,
            )
        )
    else:
        figures = judge.start.metrics
        listener(
            Note(
                text=f"the game begins ({work.game.estimator}): the likelihood model's "
                f"{work.game.criterion} is {figures['criterion']:.4g} ± "
                f"{figures['criterion_spread']:.2g}"
            )
        )
    listener(Planned(summary=(), total_updates=trainer.pace.total, budget_seconds=None))


def _played(outcome: Outcome, update: int, judge: GameProber | None, before: Progressed) -> Played:
    so_far = outcome.progressed
    is_won = so_far.best_update > before.best_update and judge is not None
    lines = [line for line in so_far.history if line["phase"] == PHASE]
    facts: dict[str, Any] = {"is_better": is_won, "likelihood_start": f"../{LIKELIHOOD}"}
    if judge is not None:
        facts["start"] = judge.start.metrics
        facts["best"] = next(
            (line["metrics"] for line in lines if line["update"] == so_far.best_update), None
        )
    return Played(outcome, update, so_far.best_weights, facts)


_FEWEST_ROWS = 20
