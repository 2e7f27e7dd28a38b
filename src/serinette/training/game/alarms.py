"""What the history of an adversarial training says in words, and what is done about it. Pure.

A line's `metrics` may hold, each as a plain number: `critic_real_accuracy` and
`critic_fake_accuracy` (shares that the critic gets right), `generator_gradient_norm`,
`critic_gradient_norm`, `spread` (variance of what is written over that of real rows),
`distinct_2_ratio` (different pairs of neighbours over those of real texts), `duplicate_share` (of
written rows that stand more than once). What is missing raises no alarm. No torch here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Final, Literal

AlarmName = Literal["collapse", "critic has won", "oscillation", "explosion"]

PHASE: Final = "adversarial"
"""What the lines of a game are called in a history."""
RECENT: Final = 3
"""Lines that must agree before anything is said."""
LEAST_SPREAD: Final = 0.5
LEAST_DISTINCT: Final = 0.9
MOST_DUPLICATES: Final = 0.2
WON: Final = 0.98
"""Share of both sides that a critic gets right when nothing is left to learn from it."""
_SWINGS, _SWUNG, _SWING = 8, 4, 0.3
"""Lines that are looked at; how often the critic must change sides; how far it must go."""
_EXPLODED = 20.0
_MOST_REACTIONS = 4


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something has gone wrong."""

    name: AlarmName
    text: str
    """One sentence with the figures and a remedy."""


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """What a training changes by itself."""

    generator_rate: float = 1.0
    """Factor of the generator's learning rate."""
    critic_rate: float = 1.0
    """Factor of the critic's learning rate."""
    noise: float = 0.0
    """Added to the spread of the noise on what the critic sees, in standard deviations."""
    is_end: bool = False
    """Whether the training ends; the best weights so far are kept."""
    text: str
    """What is done, in words."""


def alarms(history: Sequence[Mapping[str, Any]]) -> tuple[Alarm, ...]:
    """Return what is wrong at the end of a history, worst first; nothing on a short one.

    Args:
        history: Lines `{update, seconds, phase, metrics, events}` of the game, oldest first.
    """
    metrics = [line["metrics"] for line in history]
    found = (_explosion(metrics), _collapse(metrics), _won(metrics), _oscillation(metrics))
    return tuple(alarm for alarm in found if alarm is not None)


def react(found: Sequence[Alarm], n_before: int) -> Reaction | None:
    """Return what is to be done about the worst alarm; None: there is none.

    Args:
        found: From `alarms`.
        n_before: Reactions that this training has had; the fifth ends it.
    """
    if not found:
        return None
    worst = found[0]
    if n_before >= _MOST_REACTIONS:
        return Reaction(is_end=True, text=f"{worst.name} again: the best weights so far are kept")
    return _REACTIONS[worst.name]


_REACTIONS: Final[Mapping[AlarmName, Reaction]] = {
    "explosion": Reaction(
        generator_rate=0.5, critic_rate=0.5, text="explosion: both learning rates are halved"
    ),
    "collapse": Reaction(
        generator_rate=0.5, noise=0.05,
        text="collapse: the generator's rate is halved, and the critic sees noise of 0.05 more",
    ),
    "critic has won": Reaction(
        critic_rate=0.5, noise=0.05,
        text="critic has won: its rate is halved, and it sees noise of 0.05 more",
    ),
    "oscillation": Reaction(
        generator_rate=0.5, critic_rate=0.5, text="oscillation: both learning rates are halved"
    ),
}  # fmt: skip


def _recent(metrics: Sequence[Mapping[str, float]], name: str, n: int = RECENT) -> list[float]:
    """Return the last figures of a name; none if there are fewer than `n`."""
    found = [line[name] for line in metrics if name in line][-n:]
    return found if len(found) == n else []


def _explosion(metrics: Sequence[Mapping[str, float]]) -> Alarm | None:
    return next(_explosions(metrics), None)


def _explosions(metrics: Sequence[Mapping[str, float]]) -> Iterator[Alarm]:
    for player in ("generator", "critic"):
        norms = [line[name] for line in metrics if (name := f"{player}_gradient_norm") in line]
        if len(norms) < 2 * RECENT:
            continue
        before, now = median(norms[:-RECENT]), min(norms[-RECENT:])
        if now > _EXPLODED * before:
            yield Alarm(
                name="explosion",
                text=f"explosion: gradients of the {player} went from {before:.3g} to {now:.3g}; "
                f"lower the {player}'s learning rate",
            )


def _collapse(metrics: Sequence[Mapping[str, float]]) -> Alarm | None:
    return next(_collapses(metrics), None)


def _collapses(metrics: Sequence[Mapping[str, float]]) -> Iterator[Alarm]:
    remedy = "lower the generator's rate, or let the critic see rows together (packing)"
    spread = _recent(metrics, "spread")
    if spread and max(spread) < LEAST_SPREAD:
        yield Alarm(
            name="collapse",
            text=f"collapse: what is written has {spread[-1]:.2f} of the variance of real rows; "
            f"{remedy}",
        )
    distinct = _recent(metrics, "distinct_2_ratio")
    if distinct and max(distinct) < LEAST_DISTINCT:
        yield Alarm(
            name="collapse",
            text=f"collapse: written texts have {distinct[-1]:.2f} of the different pairs of real "
            f"ones; {remedy}",
        )
    repeated = _recent(metrics, "duplicate_share")
    if repeated and min(repeated) > MOST_DUPLICATES:
        yield Alarm(
            name="collapse",
            text=f"collapse: {repeated[-1]:.0%} of what is written stands there more than once; "
            f"{remedy}",
        )


def _won(metrics: Sequence[Mapping[str, float]]) -> Alarm | None:
    real, fake = (_recent(metrics, f"critic_{side}_accuracy") for side in ("real", "fake"))
    if not real or not fake or min(*real, *fake) < WON:
        return None
    return Alarm(
        name="critic has won",
        text=f"critic has won: it gets {real[-1]:.0%} of real and {fake[-1]:.0%} of written rows "
        "right, and the generator learns little from it; fewer critic steps, a lower critic rate, "
        "noise, dropout or label smoothing would help",
    )


def _oscillation(metrics: Sequence[Mapping[str, float]]) -> Alarm | None:
    """Say whether the critic calls everything real, then everything written, and so on."""
    real, fake = (_recent(metrics, f"critic_{side}_accuracy", _SWINGS) for side in ("real", "fake"))
    leaning = [a - b for a, b in zip(real, fake, strict=True)] if len(real) == len(fake) else []
    swings = [(a, b) for a, b in pairwise(leaning) if a * b < 0 and min(abs(a), abs(b)) > _SWING]
    if len(swings) < _SWUNG:
        return None
    far = fmean(abs(x) for x in leaning)
    return Alarm(
        name="oscillation",
        text=f"oscillation: within {_SWINGS} reports the critic changed sides {len(swings)} times, "
        f"by {far:.2f} of its accuracy; lower both rates, or average the generator longer",
    )
