"""The live view of a training: a picture on a terminal, lines of a log anywhere else.

Everything goes to standard error. `rich` is imported only for a terminal.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serinette.cli.game_progress import criterion_words, critic_words, variety_words
from serinette.cli.output import pictured, say
from serinette.cli.progress import PlainLines, View, bar, figure, snippet
from serinette.core.config import format_duration
from serinette.training.events import BETWEEN_SAMPLES, Event, Listener, Progress

if TYPE_CHECKING:
    from rich.table import Table

_REFRESHES_A_SECOND = 4
_BAR_WIDTH = 30
_LAST_WORDS = "measuring and saving"


@contextmanager
def watching() -> Iterator[Listener]:
    """Give a listener that shows a training while the block runs."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _watching_terminal() as listener:
            yield listener
        return
    plain = PlainLines()

    def listen(event: Event) -> None:
        for line in plain.lines(event):
            say(line)

    yield listen


@contextmanager
def _watching_terminal() -> Iterator[Listener]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    plain = PlainLines()
    live = Live(
        console=console,
        get_renderable=lambda: picture(plain.view, console.width),
        refresh_per_second=_REFRESHES_A_SECOND,
        transient=True,
    )

    def listen(event: Event) -> None:
        lines = plain.lines(event)
        if not isinstance(event, Progress):
            for line in lines:
                console.print(Text(pictured(line), style=_style(line)))

    with live:
        yield listen


def picture(view: View, width: int) -> "Table":
    """Draw a view as a small table of at most `width` columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, words, style in _rows(view, width):
        table.add_row(name, Text(words, style=style))
    return table


def _rows(view: View, width: int) -> list[tuple[str, str, str]]:
    """Return (name, words, style) of every line of the picture."""
    if view.progress is None:
        return []
    now = view.progress
    share = now.update / max(1, now.total_updates)
    rows = [
        (
            "updates",
            f"{bar(share, min(_BAR_WIDTH, max(5, width - 60)))} {share:4.0%}  "
            f"{now.update:,} of {now.total_updates:,}  "
            + (f"{format_duration(now.remaining_seconds)} left" if share < 1 else _LAST_WORDS),
            "cyan",
        ),
        *_game_rows(view),
        (view.measure.unit, _figures(view), "" if view.game else "bold"),
        (
            "speed",
            f"{now.symbols_per_second:,.0f} {view.measure.steps}/s, "
            f"learning rate {now.learning_rate:.2g}",
            "",
        ),
    ]
    if view.sample:
        room = max(20, 2 * (width - 14))
        rows += [
            ("sample", snippet(sample, room), "italic")
            for sample in view.sample.split(BETWEEN_SAMPLES)
        ]
    return rows + [("verdict", verdict, "yellow") for verdict in view.verdicts]


def _game_rows(view: View) -> list[tuple[str, str, str]]:
    """Return the lines of a game: the criterion, the rival, the variety."""
    game, last = view.game, view.evaluated
    if game is None:
        return []
    metrics = {} if last is None or "criterion" not in last.metrics else last.metrics
    is_best = bool(metrics) and last is not None and last.is_best
    words = criterion_words(metrics, game, is_best=is_best)
    best = view.best_criterion
    rows = [
        ("game", words if best is None else f"{words}   best {best:.3g}", "bold"),
        ("rival", critic_words(metrics), ""),
        ("variety", variety_words(metrics), ""),
    ]
    return [row for row in rows if row[1]]


def _figures(view: View) -> str:
    measure = view.measure
    words = [] if view.progress is None else [f"train {figure(view.progress.train_nats, measure)}"]
    if view.evaluated is not None and "validation_nats" in view.evaluated.metrics:
        words.append(f"validation {figure(view.evaluated.metrics['validation_nats'], measure)}")
    if view.evaluated is not None and "old_validation_nats" in view.evaluated.metrics:
        words.append(f"old text {figure(view.evaluated.metrics['old_validation_nats'], measure)}")
    if view.best_nats is not None:
        label = "best" if view.game is None else "kept model"
        words.append(f"{label} {figure(view.best_nats, measure)}")
    if view.baseline_nats is not None:
        is_beaten = view.best_nats is not None and view.best_nats < view.baseline_nats
        verdict = "(beaten)" if is_beaten else "(to beat)"
        words.append(f"{measure.baseline} {figure(view.baseline_nats, measure)} {verdict}")
    return "   ".join(words)


def _style(line: str) -> str:
    if line.startswith("warning:"):
        return "yellow"
    return "dim" if line.startswith("  ") else ""
