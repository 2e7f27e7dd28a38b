"""What a training tells whoever watches it. No torch here: the command line imports this page.

A listener is any function of one event; it must return quickly and must not raise.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

BETWEEN_SAMPLES = "\f"
"""What parts several samples that are shown of one evaluation: no text holds a form feed."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """One sentence that the user should read: a decision, a warning."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How people are told the figures of a training."""

    unit: str = "bits/char"
    """What a figure is called."""
    nats: float = math.log(2)
    """How many nats one of it is."""
    steps: str = "symbols"
    """What is read."""
    baseline: str = "count model"
    """What is to be beaten."""


TEXTS: Final = Measure()
"""The figures of a training on texts."""
TABLES: Final = Measure(unit="nats/row", nats=1.0, steps="rows", baseline="columns alone")
"""The figures of a training on a table: densities of standardised values, which may be below 0;
only differences mean anything."""


@dataclass(frozen=True, kw_only=True)
class Game:
    """What the models of an adversarial stage are judged by."""

    measure: str
    """What the criterion is called; less is better."""
    start: float
    """The likelihood model's."""
    spread: float
    """Its standard deviation over sets of written rows."""
    line: float
    """What a model of the game must come below."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plan is fixed; training begins."""

    summary: tuple[str, ...]
    """Sentences that say what was chosen and why."""
    total_updates: int
    budget_seconds: float | None
    baseline_nats: float | None = None
    """The baseline's validation nats per character: the line to beat."""
    measure: Measure = TEXTS
    """What the figures of this training are."""
    game: Game | None = None
    """Of an adversarial stage; None: likelihood is what counts."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Some updates are done; sent a few times a second at most."""

    update: int
    total_updates: int
    seconds: float
    """Seconds of training so far, resumed parts included."""
    remaining_seconds: float
    symbols_per_second: float
    train_nats: float
    """Running mean of the training loss, nats per character."""
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The model was measured on the validation part."""

    update: int
    seconds: float
    metrics: Mapping[str, float]
    """`train_nats`, `validation_nats` (both per character) and what else was measured."""
    is_best: bool
    baseline_nats: float | None = None
    sample: str | None = None
    verdicts: tuple[str, ...] = ()
    """What the history says in words: `over-fitting: ...`."""
    events: tuple[str, ...] = ()
    """What was done since the last evaluation: `critic's learning rate halved`."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Training has ended and the artifact is written."""

    update: int
    seconds: float
    reason: str
    """`plan done`, `early stop`, `interrupted`."""
    metrics: Mapping[str, float] = field(default_factory=dict)


Event = Note | Planned | Progress | Evaluated | Finished
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Ignore every event: the listener of a library call."""
