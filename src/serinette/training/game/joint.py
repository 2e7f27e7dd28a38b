"""The phase in which all players learn together: watched, judged, and put right by itself."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from serinette.core.errors import DivergedError
from serinette.nets.window_features import FeatureKinds
from serinette.training.game.alarms import Reaction, alarms, react
from serinette.training.game.ledger import Keep, Keeper, Ledger, Part, Weights, restore_parts_
from serinette.training.latent_course import Course, LatentProgress, Phase, Watch
from serinette.training.latent_data import LatentData

EVERY = 100
"""Updates between two reports."""
_JUDGED = 20
"""Times that the weights are judged."""
_LEAST_LEFT = 0.05
"""Share of the seconds that is left for the game, whatever the phases before have taken."""
_FIRST_JUDGED = 0.2
"""Share of the game before which nothing is judged."""
Judge = Callable[[Mapping[str, np.ndarray]], float]
"""How far written windows are told from held-out ones; lower is better."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What is to be learnt."""

    data: LatentData
    """The training windows."""
    kinds: FeatureKinds
    """Of their features."""
    seed: int
    """Of everything."""
    seconds: float | None = None
    """How long to train, above 0; None: as many updates as the engine's settings say."""
    judge: Judge | None = None
    """Chooses the weights; None: the last ones are kept."""
    keep: Keep | None = None
    """Given the state of the training every minute, and where it is stopped."""
    kept: tuple[Mapping[str, np.ndarray], Mapping[str, Any]] | None = None
    """A state to go on from; None: the training begins."""

    def part(self, share: float) -> float | None:
        """Return a share of the seconds; None where updates decide."""
        return None if self.seconds is None else share * self.seconds


@runtime_checkable
class Game(Protocol):
    """Players that learn together."""

    name: str
    """The engine."""

    def round(self, share: float) -> Mapping[str, float]:
        """Adjust every player; return what was seen. `share` of the game is done."""

    def spread(self) -> float:
        """Return the variance of what is written over that of real windows."""

    def weights(self) -> Weights:
        """Return what would write now: averages, calibrated."""

    def react_(self, reaction: Reaction) -> None:
        """Change rates and noise."""

    def parts(self) -> dict[str, Part]:
        """Return all that changes while training, by name."""

    def facts(self) -> dict[str, Any]:
        """Return what else changes, as plain values."""

    def restore_(self, facts: Mapping[str, Any]) -> None:
        """Go on from what `facts` returned."""


class Run:
    """A training under way: what is learnt, who watches, how far it has come.

    Args:
        game: The players; they are put back to where the task's kept state left them.
        task: What is learnt.
        watch: Who is told, and may end it.
    """

    def __init__(self, game: Game, task: Task, watch: Watch) -> None:
        self.task, self.watch, self.ledger = task, watch, Ledger()
        parts = game.parts()
        if task.kept is not None:
            arrays, facts = task.kept
            restore_parts_(parts, arrays)
            game.restore_(facts["game"])
            self.ledger.restore_(arrays, facts["ledger"])
        self._keeper = Keeper(task.keep, parts, game.facts, self.ledger)

    def updates(self, phase: str, n_updates: int, seconds: float | None) -> Iterator[float]:
        """Yield before every update of a phase what share of it is done; nothing once it has ended.

        Whoever makes the update counts it in the ledger.
        """
        ledger = self.ledger
        if phase in ledger.done or ledger.is_stopped or n_updates == 0:
            return
        course = Course(n_updates, seconds, ledger.elapsed)
        while (share := course.share(ledger.update)) < 1:
            ledger.elapsed = course.elapsed
            if self.watch.stop():
                ledger.is_stopped = True
                self._keeper.now()
                return
            yield share
            self._keeper.when_due()

    def left(self) -> float | None:
        """Return the seconds that the phases before have left; None where updates decide."""
        if self.task.seconds is None:
            return None
        return max(_LEAST_LEFT * self.task.seconds, self.task.seconds - self.ledger.spent)

    def tell(
        self, phase: Phase, share: float, metrics: Mapping[str, float], warning: str | None = None
    ) -> None:
        """Report."""
        self.watch.tell(
            LatentProgress(
                phase=phase, update=self.ledger.update, share=share, metrics=metrics,
                warning=warning,
            )
        )  # fmt: skip


def look(game: Game, judge: Judge | None, ledger: Ledger, share: float) -> float | None:
    """Judge the weights when it is time, and keep the best; return the score, None: not now."""
    place = math.floor(share * _JUDGED)
    if judge is None or share < _FIRST_JUDGED or place <= ledger.n_judged:
        return None
    ledger.n_judged = place
    weights = game.weights()
    score = judge(weights)
    if score < ledger.score:
        ledger.score, ledger.best_update, ledger.weights = score, ledger.update, weights
    return score


def play(game: Game, run: Run, n_updates: int, seconds: float | None) -> None:
    """Let the players learn together until the course is done or alarms end it.

    Args:
        game: The players.
        run: Who is told, of alarms and of what is done about them too; whose ledger holds the best
            weights in the end, none where nothing was judged.
        n_updates: How many there are where no seconds are given.
        seconds: How long; None: `n_updates` decide.

    Raises:
        DivergedError: If a loss or a gradient is not finite and nothing was judged before.
    """
    ledger = run.ledger
    for share in run.updates("game", n_updates, seconds):
        found = game.round(share)
        ledger.update += 1
        if not _is_finite(game.name, found, ledger):
            text = f"diverged: update {ledger.best_update:,} is kept"
            run.tell("game", share, {}, text)
            break
        if ledger.update % EVERY == 0 and _report(game, run, found, share):
            break
    if ledger.update and not ledger.is_stopped:
        look(game, run.task.judge, ledger, 1.0)
    ledger.end("game")


def _report(game: Game, run: Run, found: Mapping[str, float], share: float) -> bool:
    """Measure, judge, and do what alarms ask for; return whether they end the game."""
    ledger = run.ledger
    metrics = {**found, "spread": game.spread()}
    score = look(game, run.task.judge, ledger, share)
    if score is not None:
        metrics["judge"] = score
    ledger.history.append({"metrics": metrics})
    raised = alarms(ledger.history) if share >= _FIRST_JUDGED else ()
    reaction = react(raised, ledger.n_reactions)
    warning = None
    if reaction is not None:
        warning = f"{raised[0].text}; done about it: {reaction.text}"
        ledger.n_reactions += 1
        ledger.history.clear()  # the next alarm must be raised by what comes after
        game.react_(reaction)
    run.tell("game", share, metrics, warning)
    return reaction is not None and reaction.is_end


def check_finite(name: str, phase: Phase, update: int, values: Mapping[str, float]) -> None:
    """Stop a training that has gone wrong.

    Raises:
        DivergedError: If a value is not finite.
    """
    for key, value in values.items():
        if not math.isfinite(value):
            raise DivergedError(
                f"engine {name}, {phase}, update {update}: {key} is {value}; lower the learning "
                "rates"
            )


def _is_finite(name: str, found: Mapping[str, float], ledger: Ledger) -> bool:
    if ledger.weights is None:
        check_finite(name, "game", ledger.update, found)
    return all(math.isfinite(value) for value in found.values())
