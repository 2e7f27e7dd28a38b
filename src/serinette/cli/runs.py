"""`serinette runs`: the trainings in a folder, side by side or one at a time."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serinette.cli.game_progress import history_rows, shown_events
from serinette.cli.options import JsonFlag, RunsFolder, examples
from serinette.cli.output import print_json, say, show
from serinette.cli.plain_command import PlainCommand
from serinette.cli.progress import figure, snippet
from serinette.cli.tables import table
from serinette.core.config import format_duration
from serinette.core.errors import ConfigError
from serinette.training.events import TABLES, TEXTS, Measure

if TYPE_CHECKING:
    from serinette.artifact.runs import RunSummary

_SHOWN_EVALUATIONS = 10
_OLD = "old_validation_nats"
_HEAD = ("run", "state", "updates", "time", "validation", "size")

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="List, show, compare and remove trainings.",
    epilog=examples(
        "serinette runs list",
        "serinette runs show notes",
        "serinette runs compare notes notes-2",
        "serinette runs rm notes-2",
    ),
)

RunName = Annotated[str, typer.Argument(metavar="NAME", help="Name of a run.", show_default=False)]


@app.command("list", cls=PlainCommand, epilog=examples("serinette runs list"))
def list_all(runs: RunsFolder = Path("runs"), json: JsonFlag = False) -> None:
    """List every run with its state and its best validation figure."""
    from serinette.artifact.runs import list_runs

    found = list_runs(runs)
    if json:
        print_json({"runs": [_plain(summary) for summary in found]})
    elif not found:
        say(f"no runs in {runs}; serinette train FILE makes one")
    else:
        rows = [(*_HEAD, "model kept")] if any(run.game for run in found) else [_HEAD]
        show(table([*rows, *(_cells(summary)[: len(rows[0])] for summary in found)]))


@app.command("show", cls=PlainCommand, epilog=examples("serinette runs show notes"))
def show_one(name: RunName, runs: RunsFolder = Path("runs"), json: JsonFlag = False) -> None:
    """Show how one training went: its last evaluations, and what they say in words."""
    from serinette.artifact.runs import HISTORY, find_run, summarise
    from serinette.core.lines import read_json_lines
    from serinette.recipes.game_words import kept_words
    from serinette.recipes.tuning_words import origin_words
    from serinette.training.game.alarms import PHASE
    from serinette.training.watch import watch

    folder = find_run(name, runs)
    summary, history = summarise(folder), read_json_lines(folder / HISTORY)
    measure = _measure(summary)
    verdicts = watch(history)
    if json:
        print_json({"run": _plain(summary), "history": history, "verdicts": verdicts})
        return
    show(table([_HEAD, _cells(summary)[: len(_HEAD)]]))
    if summary.base is not None:
        show(f"fine-tuned from {origin_words(summary.base)}")
    if history:
        is_tuned = any(_OLD in line.get("metrics", {}) for line in history)
        head = ("update", "time", "train", "validation", *(["old text"] if is_tuned else []))
        played = [line for line in history if line.get("phase") == PHASE]
        shown = [line for line in history if line not in played][-_SHOWN_EVALUATIONS:]
        show(
            "\n" + table([head, *(_evaluation_cells(line, measure)[: len(head)] for line in shown)])
        )
        show(
            f"\n{'train, validation and old text' if is_tuned else 'train and validation'} are "
            f"{measure.unit}"
        )
        _show_game(played, summary)
        samples = [line["sample"] for line in history if line.get("sample")]
        if samples:
            show(f"last sample: {snippet(samples[-1])}")
    for verdict in verdicts:
        show(verdict)
    if summary.game is not None:
        show(kept_words(summary.game))


@app.command("compare", cls=PlainCommand, epilog=examples("serinette runs compare notes notes-2"))
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Two runs or more.", show_default=False)
    ],
    runs: RunsFolder = Path("runs"),
    json: JsonFlag = False,
) -> None:
    """Put runs side by side, with every setting in which they differ."""
    from serinette.artifact.runs import compare_runs

    if len(names) == 1:
        raise ConfigError(f"compare: got one run, '{names[0]}'; name at least two")
    found = compare_runs(runs, names)
    if json:
        differences = {key: list(values) for key, values in found.differences.items()}
        print_json({"runs": [_plain(run) for run in found.runs], "differences": differences})
        return
    labels = (*_HEAD, "model kept") if any(run.game for run in found.runs) else _HEAD
    columns = [_cells(run) for run in found.runs]
    rows = [(label, *(column[k] for column in columns)) for k, label in enumerate(labels)]
    rows += [(key, *map(_word, values)) for key, values in found.differences.items()]
    show(table(rows))


@app.command(
    "rm", cls=PlainCommand, epilog=examples("serinette runs rm notes-2", "serinette runs rm a b -y")
)
def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Runs to remove.", show_default=False)
    ],
    runs: RunsFolder = Path("runs"),
    is_sure: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
    json: JsonFlag = False,
) -> None:
    """Remove runs with their models and checkpoints. There is no way back."""
    from serinette.artifact.runs import find_run, remove_run

    for name in names:
        find_run(name, runs)
    if not is_sure and not _confirmed(names):
        raise typer.Abort
    for name in names:
        remove_run(runs, name)
        say(f"removed {name}")
    if json:
        print_json({"removed": names})


def _show_game(played: list[dict[str, Any]], run: "RunSummary") -> None:
    """Show the evaluations of an adversarial stage, and what was done on the way."""
    if not played:
        return
    from serinette.recipes.game_words import MEASURES

    game = run.game or {}
    measure = MEASURES.get(game.get("criterion", ""), "criterion")
    show("\nthe game:\n" + table(history_rows(played[-_SHOWN_EVALUATIONS:], measure)))
    for line in played:
        for text in shown_events(line.get("events", ())):
            show(f"update {line.get('update', 0):,}: {text}")


def _confirmed(names: list[str]) -> bool:
    """Ask on a terminal.

    Raises:
        ConfigError: If there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ConfigError(f"rm {' '.join(names)}: nobody is here to ask; add --yes to remove")
    say(f"remove {', '.join(names)} for ever? [y/N]")
    return input().strip().lower() in ("y", "yes")


def _cells(run: "RunSummary") -> tuple[str, ...]:
    return (
        run.name,
        run.state,
        f"{run.update:,}",
        format_duration(run.seconds),
        "" if run.validation_nats is None else _with_unit(run.validation_nats, _measure(run)),
        f"{run.n_bytes / 1e6:,.1f} MB",
        "" if run.game is None else "the game's" if run.game["is_better"] else "likelihood",
    )


def _measure(run: "RunSummary") -> Measure:
    return TABLES if run.kind == "series" else TEXTS


def _with_unit(nats: float, measure: Measure) -> str:
    return f"{figure(nats, measure)} {measure.unit}"


def _evaluation_cells(line: dict[str, Any], measure: Measure) -> tuple[str, ...]:
    metrics = line.get("metrics", {})
    figures = [metrics.get(name) for name in ("train_nats", "validation_nats", _OLD)]
    return (
        f"{line.get('update', 0):,}",
        format_duration(float(line.get("seconds", 0.0))),
        *("" if nats is None else figure(float(nats), measure) for nats in figures),
    )


def _word(value: Any) -> str:
    return "not set" if value is None else str(value)


def _plain(run: "RunSummary") -> dict[str, Any]:
    return {**asdict(run), "folder": str(run.folder)}
