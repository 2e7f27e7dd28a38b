"""What a training says to people, as sentences. Pure: nothing is printed here.

Of texts people see bits per character, which is nats divided by ln 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from serinette.cli.game_progress import game_lines
from serinette.cli.output import pictured
from serinette.core.config import format_duration
from serinette.training.events import (
    BETWEEN_SAMPLES,
    TEXTS,
    Evaluated,
    Event,
    Finished,
    Game,
    Measure,
    Note,
    Planned,
    Progress,
)

SECONDS_BETWEEN_LINES = 10.0
"""How often a plain log tells the progress between two evaluations."""
_WHOLE = 400
"""Characters of a sample where several are shown: they are short, and shown whole."""
_SNIPPET = 90
_FIGURES = (
    ("train", "train_nats"),
    ("validation", "validation_nats"),
    ("old text", "old_validation_nats"),
)


def figure(nats: float, measure: Measure) -> str:
    """Return nats in the unit of a measure, with three decimals."""
    return f"{nats / measure.nats:.3f}"


@dataclass(frozen=True, kw_only=True)
class View:
    """All that a picture of a running training needs."""

    planned: Planned | None = None
    progress: Progress | None = None
    evaluated: Evaluated | None = None
    best_nats: float | None = None
    best_criterion: float | None = None
    """Of the models of a game so far."""
    sample: str = ""
    verdicts: tuple[str, ...] = ()

    def after(self, event: Event) -> "View":
        """Return the view once the event has happened."""
        match event:
            case Planned():
                fresh: View = replace(self, planned=event)
                return fresh if event.game is None else replace(fresh, verdicts=())
            case Progress():
                return replace(self, progress=event)
            case Evaluated():
                measured = event.metrics.get("validation_nats")
                best = measured if event.is_best and measured is not None else self.best_nats
                found = [event.metrics.get("criterion"), self.best_criterion]
                return replace(
                    self,
                    evaluated=event,
                    best_nats=best,
                    best_criterion=min((x for x in found if x is not None), default=None),
                    sample=event.sample if event.sample is not None else self.sample,
                    verdicts=event.verdicts,
                )
        return self

    @property
    def measure(self) -> Measure:
        """What the figures are."""
        return TEXTS if self.planned is None else self.planned.measure

    @property
    def game(self) -> Game | None:
        """What a game is judged by; None: there is none, or not yet."""
        return None if self.planned is None else self.planned.game

    @property
    def baseline_nats(self) -> float | None:
        """The line to beat."""
        if self.evaluated is not None and self.evaluated.baseline_nats is not None:
            return self.evaluated.baseline_nats
        return None if self.planned is None else self.planned.baseline_nats


def bar(share: float, width: int) -> str:
    """Draw a share in [0, 1] as a line."""
    done = round(min(max(share, 0.0), 1.0) * width)
    return "━" * done + "─" * (width - done)


def progress_line(event: Progress, measure: Measure = TEXTS) -> str:
    """Say how far a training is."""
    return (
        f"update {event.update:,} of {event.total_updates:,} · "
        f"{format_duration(event.remaining_seconds)} left · "
        f"{event.symbols_per_second:,.0f} {measure.steps}/s · "
        f"train {figure(event.train_nats, measure)} {measure.unit}"
    )


def evaluation_line(
    event: Evaluated,
    baseline_nats: float | None,
    measure: Measure = TEXTS,
) -> str:
    """Say what an evaluation measured, beside the line to beat."""
    parts = [f"update {event.update:,}", format_duration(event.seconds)]
    parts += [
        f"{name} {figure(event.metrics[key], measure)}"
        for name, key in _FIGURES
        if key in event.metrics
    ]
    line = f"{' · '.join(parts)} {measure.unit}"
    remarks = ["best so far"] if event.is_best else []
    measured = event.metrics.get("validation_nats")
    if measured is not None and baseline_nats is not None:
        relation = "below" if measured < baseline_nats else "above"
        remarks.append(f"{relation} the {measure.baseline}'s {figure(baseline_nats, measure)}")
    return f"{line} ({', '.join(remarks)})" if remarks else line


def finished_line(
    event: Finished,
    best_nats: float | None,
    measure: Measure = TEXTS,
    *,
    is_game: bool = False,
) -> str:
    """Say how a training ended; what validation is after a game is the kept model's."""
    line = f"{event.reason} after {event.update:,} updates and {format_duration(event.seconds)}"
    if best_nats is None:
        return line
    which = "the kept model's validation" if is_game else "best validation"
    return f"{line}; {which} {figure(best_nats, measure)} {measure.unit}"


def snippet(sample: str, width: int = _SNIPPET) -> str:
    """Return the start of a sample on one line; line breaks are shown."""
    line = pictured(sample.strip().replace("\n", " ⏎ ").replace("\t", " "))
    return line if len(line) <= width else line[: width - 1] + "…"


@dataclass
class PlainLines:
    """Turns events into lines of a log."""

    view: View = field(default_factory=View)
    _told_at: float = 0.0

    def lines(self, event: Event) -> Sequence[str]:
        """Return what to print for an event; often nothing."""
        known = self.view.verdicts
        self.view = self.view.after(event)
        match event:
            case Note():
                return [f"warning: {event.text}" if event.is_warning else event.text]
            case Planned():
                return self._plan_lines(event)
            case Progress():
                if event.seconds - self._told_at < SECONDS_BETWEEN_LINES:
                    return []
                self._told_at = event.seconds
                phase = "" if self.view.game is None else "game: "
                return [phase + progress_line(event, self.view.measure)]
            case Evaluated():
                self._told_at = event.seconds
                lines = self._evaluation_lines(event)
                if event.sample:
                    lines += _shown(event.sample)
                return lines + [
                    f"  {verdict}" for verdict in event.verdicts if verdict not in known
                ]
            case Finished():
                best = self.view.best_nats
                is_game = self.view.game is not None
                return [finished_line(event, best, self.view.measure, is_game=is_game)]

    def _evaluation_lines(self, event: Evaluated) -> list[str]:
        line = evaluation_line(event, self.view.baseline_nats, self.view.measure)
        game = self.view.game
        return [line] if game is None else game_lines(event, game)

    def _plan_lines(self, event: Planned) -> list[str]:
        if event.baseline_nats is None:
            return list(event.summary)
        measure = event.measure
        beat = (
            f"line to beat: {figure(event.baseline_nats, measure)} {measure.unit} "
            f"({measure.baseline} on the same split)"
        )
        return [*event.summary, beat]


def _shown(sample: str) -> list[str]:
    """Return a line for each of the samples; several are short, and shown whole."""
    samples = sample.split(BETWEEN_SAMPLES)
    if len(samples) == 1:
        return [f"  sample: {snippet(sample)}"]
    return [f"  sample: {snippet(each, _WHOLE)}" for each in samples]
