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
from serinette.artifact.folder import Guide
from serinette.artifact.runs import trim_history
from serinette.batching.documents import DocumentBatches
from serinette.batching.streams import TrainingStreams
from serinette.core.cores import available_threads
from serinette.core.errors import DivergedError
from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel, load_weights_, weights_of
from serinette.recipes.fit.game_probe import GameProber
from serinette.recipes.fit.guide import Guided, GuideWork, train_guide
from serinette.recipes.fit.held_out_rows import are_documents, held_out_rows, longest_of
from serinette.recipes.fit.keeping import RunStore, go_on
from serinette.recipes.fit.probe import Prober
from serinette.recipes.game_words import MEASURES, kept_words
from serinette.recipes.prepare import Prepared
from serinette.training.config import TrainingConfig
from serinette.training.events import Game, Listener, Note, Planned
from serinette.training.game.alarms import PHASE
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.rivals import make_rival
from serinette.training.game.trainer import GameSupply, GameTrainer
from serinette.training.gradients import Precision
from serinette.training.loop import Limits, Outcome, Progressed, Training
from serinette.training.stops import StopSignal
from serinette.training.supply import Batches

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
    facts: dict[str, Any]
    """What the artifact tells of it."""
    guide: Guide | None
    """A critic that chooses among candidates at generation."""
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
    rows = _Rows.of(work, 1)
    judge = _judge(work, prober, rows)
    _tell(work, judge, listener)
    begun = Progressed(
        seconds=so_far.seconds,
        best_nats=math.inf if judge is None else judge.start.criterion,
        best_update=so_far.best_update,
        history=so_far.history,
        best_weights=weights_of(work.start),
    )
    outcome, error = Outcome(reason="plan done", progressed=begun), None
    if not has_begun(work.run):
        trim_history(work.run, _last_update(begun))
    if judge is not None and work.game.estimator != "none":
        outcome, error = _run(work, rows, judge, begun, stop, listener)
    guided = Guided(None, {})
    if judge is not None and outcome.exit_code == 0 and work.game.guide_updates:
        guided = _guide(work, judge, outcome.progressed.best_weights, stop, listener)
        if stop.is_set:
            outcome = replace(outcome, reason="interrupted", exit_code=stop.exit_code)
    played = _played(outcome, judge, so_far, guided)
    played.facts["criterion"] = work.game.criterion
    if outcome.exit_code == 0 and work.game.estimator != "none":
        listener(Note(text=kept_words(played.facts)))
    return played._replace(error=error)


def _run(
    work: GameWork,
    rows: "_Rows",
    judge: GameProber,
    begun: Progressed,
    stop: StopSignal,
    listener: Listener,
) -> tuple[Outcome, DivergedError | None]:
    """Let the game itself go to its end; say why if it was given up."""
    with ExitStack() as stack:
        trainer = _trainer(work, rows, _last_update(begun))
        stack.callback(trainer.close)
        store = RunStore(work.run, work.training.keep_checkpoints)
        training = Training(trainer, store, judge.probe, listener, _limits(work, begun), begun)
        if has_begun(work.run):
            go_on(work.run, training, listener)
        listener(
            Planned(
                summary=(),
                total_updates=trainer.pace.total,
                budget_seconds=None,
                game=_judged_by(work, judge),
            )
        )
        try:
            return training.run(stop), None
        except DivergedError as diverged:
            return Outcome(reason="diverged", progressed=training.progressed), diverged


def _limits(work: GameWork, so_far: Progressed) -> Limits:
    """Return what ends the game: its share of the time, and no more than is left of it."""
    seconds = None
    if work.deadline is not None:
        share = work.game.share
        of_game = (share - guide_share(work.game)) / share
        left = max(1.0, work.deadline - time.monotonic())
        seconds = so_far.seconds + of_game * min(left, so_far.seconds * share / (1 - share))
    return replace(
        work.limits,
        train_seconds=seconds,
        most_updates=None,
        phase=PHASE,
        criterion="criterion",
        rate_setting="adversarial.learning_rate",
    )


def _judged_by(work: GameWork, judge: GameProber) -> Game:
    figures = judge.start.metrics
    return Game(
        measure=MEASURES[work.game.criterion],
        start=figures["criterion"],
        spread=figures["criterion_spread"],
        line=judge.start.criterion,
    )


def _guide(
    work: GameWork,
    judge: GameProber,
    weights: Mapping[str, np.ndarray],
    stop: StopSignal,
    listener: Listener,
) -> Guided:
    """Train the guide of the model that is kept."""
    rows = _Rows.of(work, 2)
    model = SequenceModel(work.start.config, work.start.schema)
    load_weights_(model, weights)
    guide = GuideWork(
        model=model.to(work.precision.device),
        judge=judge,
        supply=rows.supply(work, 0),
        game=work.game,
        critic=work.critic,
        training=work.training,
        precision=work.precision,
        n_updates=work.game.guide_updates or 0,
        window=None if rows.is_whole else rows.longest,
        n_threads=available_threads(),
        seconds=None if work.deadline is None else max(1.0, work.deadline - time.monotonic()),
    )
    return train_guide(guide, stop, listener)


def guide_share(game: AdversarialConfig) -> float:
    """Return the share of the whole training time that the guide takes; 0: there is none."""
    if game.guide_updates == 0:
        return 0.0
    return game.share * (1.0 if game.estimator == "none" else game.guide_share)


def _last_update(so_far: Progressed) -> int:
    return int(so_far.history[-1]["update"]) if so_far.history else 0


class _Rows(NamedTuple):
    """Which rows are read and written."""

    batches: Batches
    longest: int
    is_whole: bool

    @classmethod
    def of(cls, work: GameWork, stream: int) -> "_Rows":
        """Whole sequences where they are short, else windows that read on.

        Args:
            work: Data and settings.
            stream: Tells the orders of two readers apart.
        """
        corpus, training = work.prepared.train, work.training
        seed = training.seed + stream
        if are_documents(corpus):
            longest = longest_of(corpus)
            reader = DocumentBatches(corpus, training.n_rows, longest, seed, is_sorted=False)
            return cls(reader, longest, is_whole=True)
        window = training.window
        streams = TrainingStreams(corpus, training.n_rows, window, seed)
        return cls(streams, window, is_whole=False)

    def supply(self, work: GameWork, first_update: int) -> GameSupply:
        """Return what a trainer reads."""
        end = work.prepared.codec.schema.end
        return GameSupply(self.batches, self.longest, end, first_update, not self.is_whole)


def _trainer(work: GameWork, rows: _Rows, first_update: int) -> GameTrainer:
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
        rows.supply(work, first_update),
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


def _tell(work: GameWork, judge: GameProber | None, listener: Listener) -> None:
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
                f"{MEASURES[work.game.criterion]} is {figures['criterion']:.4g} ± "
                f"{figures['criterion_spread']:.2g}"
            )
        )


def _played(
    outcome: Outcome, judge: GameProber | None, before: Progressed, guided: Guided
) -> Played:
    so_far = outcome.progressed
    is_won = so_far.best_update > before.best_update and judge is not None
    lines = [line for line in so_far.history if line["phase"] == PHASE]
    facts: dict[str, Any] = {"is_better": is_won, "likelihood_start": f"../{LIKELIHOOD}"}
    if guided.facts:
        facts["guide"] = guided.facts
    if judge is not None:
        facts["start"] = judge.start.metrics
        facts["best"] = min(
            (line["metrics"] for line in lines), key=lambda m: m["criterion"], default=None
        )
    return Played(outcome, _last_update(so_far), so_far.best_weights, facts, guided.guide)


_FEWEST_ROWS = 20
