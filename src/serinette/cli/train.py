"""`serinette train DATA...`: learn from texts, within a time that the user chooses."""

import os
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from serinette.cli.dotted_flags import FLAG, SettingsCommand, as_settings
from serinette.cli.live import watching
from serinette.cli.options import JsonFlag, RunsFolder, examples, make_app
from serinette.cli.output import print_json, say, show
from serinette.core.config import (
    Layer,
    environment_layer,
    field_help,
    flag_layer,
    format_duration,
    parse_duration,
    plain,
    read_toml,
    to_toml,
)
from serinette.core.errors import ConfigError
from serinette.core.settings_text import toml_value

if TYPE_CHECKING:
    from serinette.recipes.requests import DryRun, TrainRequest

DEFAULT_BUDGET = "5m"


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Arguments of `serinette train`."""

    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA",
            help="Text files, folders of them, or tables. Not needed with --resume.",
            show_default=False,
        ),
    ] = None
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Wall-clock time for the whole training, such as 90s, 5m or 1h30m. The best plan "
            f"for this machine, corpus and time is chosen. Without --updates, {DEFAULT_BUDGET}.",
        ),
    ] = None
    updates: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Train for exactly N updates instead of a time."),
    ] = None
    size: Annotated[
        Literal["xs", "s", "m", "l", "xl", "xxl"] | None,
        typer.Option(
            metavar="xs|s|m|l|xl|xxl", help="Size of the network. The plan chooses if not set."
        ),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the run. The first file's name if not set."),
    ] = None
    runs: RunsFolder = Path("runs")
    resume: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Go on with an interrupted run, exactly where it was."),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file of settings, in sections such as [model]."),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Where all randomness comes from. 0 if not set."),
    ] = None
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A published set-up to run beside the plan: tang-lstm128 for poems, lstm-gan and "
            "timegan for tables. Where no budget is given, its number of updates stands in.",
        ),
    ] = None
    kind: Annotated[
        Literal["text", "poem", "series"] | None,
        typer.Option(
            metavar="text|poem|series",
            help="What the data are. If not set: a table of time series if all files are CSV or "
            "Parquet, poems if all are JSON of poems, else text.",
        ),
    ] = None
    entity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column that names a sequence; may be repeated; '-': there is "
            "one long sequence. Found out if not set.",
        ),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of a table: the column that orders a sequence; '-': rows stand in order. Found "
            "out if not set.",
        ),
    ] = None
    constraint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="Of a table: what must hold in every row, such as 'end >= start'; may be "
            "repeated. Relations that hold in the data are found and kept anyway.",
        ),
    ] = None
    window: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Of a table: rows of a training window."),
    ] = None
    engine: Annotated[
        Literal["auto", "autoregressive", "latent", "lstm-gan", "timegan"] | None,
        typer.Option(
            metavar="auto|autoregressive|latent|lstm-gan|timegan",
            help="Of a table: draw row after row, or write whole windows from latents that an "
            "adversary has judged. 'auto' tries the second where a judge tells the first from "
            "real rows, and is taken if not set. The last two are published set-ups to compare "
            "with; see --preset.",
        ),
    ] = None
    objective: Annotated[
        Literal["likelihood", "adversarial"] | None,
        typer.Option(
            metavar="likelihood|adversarial",
            help="Of a table: learn by likelihood, or against a critic. If not set, whichever "
            "writes rows that a judge tells from real ones less.",
        ),
    ] = None
    sdv_metadata: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of a table: metadata JSON as SDV writes it."),
    ] = None
    codec: Annotated[
        Literal["character", "byte", "word"] | None,
        typer.Option(
            metavar="character|byte|word", help="What one step is. A character if not set."
        ),
    ] = None
    documents: Annotated[
        Literal["file", "blank-line", "line"] | None,
        typer.Option(
            metavar="file|blank-line|line",
            help="Where one document ends and the next begins. Found out if not set.",
        ),
    ] = None
    labels: Annotated[
        Literal["none", "folder", "file", "column"] | None,
        typer.Option(
            metavar="none|folder|file|column",
            help="Where a label for each document comes from, to condition on.",
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of the files. Found out if not set."),
    ] = None
    canaries: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Hide N made-up lines once in the training text, N twice, and so on up to "
            "16 times, so that 'evaluate' can tell how well the model keeps what it saw.",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show parameters, memory, time, three decoded batches and every setting, "
            "then stop before training.",
        ),
    ] = False
    list_settings: Annotated[
        bool,
        typer.Option(
            "--list-settings",
            help="Print every setting with its meaning and default, as a file for --config.",
        ),
    ] = False
    settings: Annotated[
        list[str] | None, typer.Option(FLAG, hidden=True, help="Gathered from --section.key.")
    ] = None
    json: JsonFlag = False


def run(options: TrainOptions) -> None:
    """Train a model on your own texts, within a time that you choose.

    The run is kept in runs/NAME; nothing is ever overwritten. Ctrl-C saves and stops; --resume
    goes on.

    Every setting has an option of its own: --data.KEY, --split.KEY, --model.KEY,
    --training.KEY, each followed by its value; --list-settings shows them all. The same names
    work in a TOML file and, as SERINETTE_MODEL__KEY, in the environment; options win over the
    environment, which wins over the file.
    """
    started = time.monotonic()
    if options.list_settings:
        _list_settings(options.kind)
        return
    request = _request(options, started)
    from serinette.recipes import train as recipe

    with watching() as listener:
        if options.dry_run:
            dry_run = recipe.plan_only(request)
        else:
            trained = recipe.train(request, listener)
    if options.dry_run:
        _print_dry_run(dry_run, as_json=options.json)
        return
    if options.json:
        print_json(
            {
                "run": str(trained.run),
                "model": str(trained.model),
                "reason": trained.reason,
                "metrics": dict(trained.metrics),
            }
        )
    else:
        _say_what_next(trained.run, trained.model, trained.reason)
    raise typer.Exit(trained.exit_code)


app = make_app(
    run,
    TrainOptions,
    cls=SettingsCommand,
    epilog=examples(
        "serinette train notes.txt --budget 5m",
        "serinette train poems/ --documents file --labels folder --name poems",
        "serinette train names.txt --documents line --updates 500 --size xs",
        "serinette train trips.csv --entity bike --time t --budget 10m",
        "serinette train poems.json --kind poem --budget 30m --data.script traditional",
        "serinette train notes.txt --model.hidden_size 512 --training.learning_rate=3e-3",
        "serinette train notes.txt --config train.toml --dry-run",
        "serinette train --resume notes",
    ),
)


def _list_settings(kind: str | None) -> None:
    from serinette.kinds.table import DEFAULT_KIND
    from serinette.recipes.requests import groups_of

    for section, config_type in groups_of(kind or DEFAULT_KIND).items():
        show(f"[{section}]")
        meanings = field_help(config_type)
        for name, value in plain(config_type()).items():
            for line in textwrap.wrap(meanings.get(name, ""), 96):
                show(f"# {line}")
            show(f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}")
        show("")


def _request(options: TrainOptions, started: float) -> "TrainRequest":
    _check(options)
    from serinette.recipes.requests import TrainRequest

    budget = options.budget
    has_end = options.updates is not None or options.preset is not None
    if budget is None and not has_end and options.resume is None:
        budget = DEFAULT_BUDGET
        say(f"no --budget given: training for {format_duration(parse_duration(budget))}")
    return TrainRequest(
        sources=tuple(Path(path) for path in options.data or ()),
        kind=options.kind,
        preset=options.preset,
        layers=_layers(options, os.environ),
        runs=options.runs,
        name=options.name,
        resume=options.resume,
        budget_seconds=None if budget is None else parse_duration(budget),
        updates=options.updates,
        size=options.size,
        seed=options.seed,
        started=started,
    )


def _check(options: TrainOptions) -> None:
    """Refuse what contradicts itself.

    Raises:
        ConfigError: If there is nothing to train on, or two ways to say how long.
    """
    if not options.data and options.resume is None:
        raise ConfigError("nothing to train on; name text files or folders, or --resume NAME")
    if options.preset is not None and options.budget is not None:
        from serinette.recipes.presets import find_preset

        if "training.updates" in find_preset(options.preset).values:
            raise ConfigError(
                f"--preset {options.preset} says how long it trains; leave out --budget "
                f"{options.budget}, or give --updates"
            )
    if options.data and options.resume is not None:
        raise ConfigError(
            f"--resume {options.resume} goes on with its own data; leave out '{options.data[0]}'"
        )
    if options.budget is not None and options.updates is not None:
        raise ConfigError(
            f"--budget {options.budget} and --updates {options.updates} both say how long; "
            "give one of them"
        )


def _layers(options: TrainOptions, environ: Mapping[str, str]) -> tuple[Layer, ...]:
    """Return file, environment and flags in rising priority."""
    short = {
        f"data.{name}": getattr(options, name)
        for name in ("codec", "documents", "labels", "encoding", "canaries")
        if getattr(options, name) is not None
    }
    written = {key: f"--{key.partition('.')[2]}" for key in short}
    tabular = {
        "data.entity": list(options.entity) if options.entity else None,
        "data.time": options.time,
        "data.constraints": list(options.constraint) if options.constraint else None,
        "data.window": options.window,
        "engine.name": options.engine,
        "engine.objective": options.objective,
    }
    short |= {key: value for key, value in tabular.items() if value is not None}
    written |= {key: f"--{key.partition('.')[2].removesuffix('s')}" for key in tabular}
    written |= {"engine.name": "--engine", "engine.objective": "--objective"}
    layers = [environment_layer(environ)]
    if options.sdv_metadata is not None:
        layers.append(_sdv_layer(options.sdv_metadata))
    if options.config is not None:
        layers.insert(0, read_toml(options.config))
    layers.append(Layer(origin="command line", values=short, written=written))
    return (*layers, flag_layer(as_settings(options.settings or ())))


def _sdv_layer(path: Path) -> Layer:
    from serinette.kinds.series.metadata import config_from_sdv

    values = {f"data.{name}": value for name, value in config_from_sdv(path).items()}
    return Layer(origin=str(path), values=values)


def _print_dry_run(dry_run: "DryRun", *, as_json: bool) -> None:
    if as_json:
        fields: dict[str, Any] = {
            "parameters": dry_run.parameters,
            "memory_bytes": dry_run.memory_bytes,
            "seconds": dry_run.seconds,
            "decoded_batches": [list(rows) for rows in dry_run.decoded_batches],
            "summary": list(dry_run.summary),
            "settings": dry_run.resolved.to_json(),
            "origins": dict(dry_run.resolved.origins),
        }
        print_json(fields)
        return
    for line in dry_run.summary:
        show(line)
    show(
        f"\n{dry_run.parameters:,} parameters, about {dry_run.memory_bytes / 2**20:,.0f} MB of "
        f"memory, about {format_duration(dry_run.seconds)} of training"
    )
    for number, rows in enumerate(dry_run.decoded_batches, start=1):
        show(f"\nbatch {number}, decoded, {len(rows)} of its rows:")
        for row in rows:
            show(f"  {row!r}")
    show(f"\n{to_toml(dry_run.resolved)}")


def _say_what_next(run_folder: Path, model: Path, reason: str) -> None:
    show(str(model))
    name = run_folder.name
    if reason == "interrupted":
        say(f"saved; go on with: serinette train --resume {name}")
    else:
        say(f"try: serinette generate {name} -n 3")
