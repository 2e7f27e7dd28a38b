"""How far an evaluation is, with the time that is left."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_QUIET_SECONDS = 0.5
"""Time between two reports within a stage."""


@dataclass(frozen=True, kw_only=True)
class Working:
    """One report of progress."""

    doing: str
    """What is being done: `drawing 10,000 pieces at T=0.7`."""
    share: float
    """Of the whole evaluation, from 0 to 1."""
    remaining_seconds: float


Listener = Callable[[Working], None]


def silent(_: Working) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of the work."""

    doing: str
    seconds: float
    """A guess, above 0; only the proportions matter once time has passed."""


class Progress:
    """Tells a listener how far the stages are.

    Args:
        stages: In the order in which they will run.
        listener: Told at most twice a second within a stage, and at the start of each.
    """

    def __init__(self, stages: Sequence[Stage], listener: Listener) -> None:
        self._left = list(stages)
        self._total = sum(stage.seconds for stage in stages)
        self._done = 0.0
        self._reached = 0.0
        self._listener = listener
        self._started = time.monotonic()
        self._told_at = 0.0

    @contextmanager
    def next_stage(self) -> Iterator[Callable[[float], None]]:
        """Enter the next stage; the function given takes the stage's own share, from 0 to 1."""
        stage = self._left.pop(0)

        def tell(share: float) -> None:
            if time.monotonic() - self._told_at >= _QUIET_SECONDS:
                self._tell(stage, share)

        self._tell(stage, 0.0)
        yield tell
        self._done += stage.seconds

    def _tell(self, stage: Stage, share: float) -> None:
        within = self._done + min(max(share, 0.0), 1.0) * stage.seconds
        self._reached = done = max(self._reached, within)  # a stage may count in several rounds
        elapsed = time.monotonic() - self._started
        # The guesses rule the first moments, the clock the rest.
        pace = (elapsed + 1.0) / (done + 1.0)
        self._told_at = time.monotonic()
        self._listener(
            Working(
                doing=stage.doing,
                share=done / self._total,
                remaining_seconds=pace * (self._total - done),
            )
        )
