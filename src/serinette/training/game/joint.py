"""The phase in which all players learn together: watched, judged, and put right by itself."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from serinette.core.errors import DivergedError
from serinette.nets.window_features import FeatureKinds
from serinette.training.game.alarms import Reaction, alarms, react
from serinette.training.latent_course import Course, LatentProgress, Phase, Watch
from serinette.training.latent_data import LatentData

EVERY = 100
"""Updates between two reports."""
_JUDGED = 20
"""Times that the weights are judged."""
_FIRST_JUDGED = 0.2
"""Share of the game before which nothing is judged."""
Weights = dict[str, np.ndarray]
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

    def shared(self, first: float, second: float) -> tuple[float | None, ...]:
        """Return the seconds of three phases; the third has what two shares leave."""
        if self.seconds is None:
            return None, None, None
        rest = max(0.05, 1 - first - second)
        return self.seconds * first, self.seconds * second, self.seconds * rest


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


class Best:
    """The weights that a judge told from held-out windows least."""

    def __init__(self, judge: Judge | None) -> None:
        self._judge = judge
        self._told = 0
        self.score = math.inf
        self.update = 0
        self.weights: Weights | None = None

    def look(self, game: Game, update: int, share: float) -> float | None:
        """Judge the weights when it is time; return the score, None: it is not."""
        place = math.floor(share * _JUDGED)
        if self._judge is None or share < _FIRST_JUDGED or place <= self._told:
            return None
        self._told = place
        weights = game.weights()
        score = self._judge(weights)
        if score < self.score:
            self.score, self.update, self.weights = score, update, weights
        return score


def play(game: Game, course: Course, watch: Watch, judge: Judge | None) -> Best:
    """Let the players learn together until the course is done or alarms end it.

    Args:
        game: The players.
        course: How long.
        watch: Who is told, of alarms and of what is done about them too.
        judge: Chooses the weights; None: the last ones are kept.

    Returns:
        The best weights; none where nothing was judged.

    Raises:
        DivergedError: If a loss or a gradient is not finite and nothing was judged before.
    """
    best, history, n_reactions, update = Best(judge), [], 0, 0
    while (share := course.share(update)) < 1 and not watch.stop():
        found = game.round(share)
        update += 1
        if not _is_finite(game.name, update, found, best):
            watch.tell(_report(update, share, {}, f"diverged: update {best.update:,} is kept"))
            break
        if update % EVERY:
            continue
        metrics = {**found, "spread": game.spread()}
        score = best.look(game, update, share)
        if score is not None:
            metrics["judge"] = score
        history.append(_line(update, metrics))
        is_settled = share >= _FIRST_JUDGED
        reaction = (
            react(raised, n_reactions) if is_settled and (raised := alarms(history)) else None
        )
        warning = None
        if reaction is not None:
            warning = f"{raised[0].text}; done about it: {reaction.text}"
            n_reactions += 1
            history.clear()  # the next alarm must be raised by what comes after
            game.react_(reaction)
        watch.tell(_report(update, share, metrics, warning))
        if reaction is not None and reaction.is_end:
            break
    if update and not watch.stop():
        best.look(game, update, 1.0)
    return best


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


def _is_finite(name: str, update: int, found: Mapping[str, float], best: Best) -> bool:
    if best.weights is None:
        check_finite(name, "game", update, found)
    return all(math.isfinite(value) for value in found.values())


def _line(update: int, metrics: Mapping[str, float]) -> dict[str, Any]:
    return {"update": update, "seconds": 0.0, "phase": "game", "metrics": metrics, "events": []}


def _report(
    update: int, share: float, metrics: Mapping[str, float], warning: str | None
) -> LatentProgress:
    return LatentProgress(
        phase="game", update=update, share=share, metrics=metrics, warning=warning
    )
