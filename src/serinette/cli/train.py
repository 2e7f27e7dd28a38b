"""`serinette train DATA...`: learn from texts, within a time that the user chooses."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serinette.cli.dotted_flags import FLAG, SettingsCommand, as_settings
from serinette.cli.live import watching
from serinette.cli.options import JsonFlag, RunsFolder, examples, make_app
from serinette.cli.output import print_json, say, show
from serinette.cli.train_settings import list_settings, print_dry_run
from serinette.cli.weights import WeightsOption, weights_of
from serinette.core.config import (
    Layer,
    environment_layer,
    flag_layer,
    format_duration,
    parse_duration,
    read_toml,
)
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.recipes.requests import TrainRequest

DEFAULT_BUDGET = "5m"


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Arguments of `serinette train`."""

    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA",
            help="Text files, folders of them, lines of JSON, databases, or tables. Not needed "
            "with --resume.",
            show_default=False,
        ),
    ] = None
    weight: WeightsOption = None
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
    base_model: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="Fine-tune: go on from a model of texts or poems, a folder or a run's name. "
            "It keeps its size and its symbols; new ones are added.",
        ),
    ] = None
    replay: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="With --from: share of rows that go on reading the old text. 0 if not set.",
        ),
    ] = None
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
            help="A published set-up on your data: seqgan, relgan, cot (games after the likelihood "
            "stage of texts and poems), lstm-gan, timegan (tables), or tang-lstm128 (poems), whose "
            "number of updates stands in for a budget.",
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
            help="Learn by likelihood alone, or let a game against a critic or a mediator follow "
            "it; the better of the two models is kept. 'likelihood' if not set. Of a table: one or "
            "the other; if not set, whichever a judge tells from real rows less.",
        ),
    ] = None
    sdv_metadata: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of a table: metadata JSON as SDV writes it."),
    ] = None
    codec: Annotated[
        Literal["character", "byte", "word", "grapheme", "bpe"] | None,
        typer.Option(
            metavar="character|byte|word|grapheme|bpe",
            help="What one step is. A character if not set. 'bpe' learns frequent pieces of words.",
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
        Literal["none", "folder", "file", "column", "field"] | None,
        typer.Option(
            metavar="none|folder|file|column|field",
            help="Where a label for each document comes from, to condition on. 'field': from "
            "--data.label_field of its record.",
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
    --training.KEY, of a game --adversarial.KEY and --critic.KEY, each followed by its value;
    --list-settings shows them all. The same names work in a TOML file and, as
    SERINETTE_MODEL__KEY, in the environment; options win over the environment, which wins over
    the file.
    """
    started = time.monotonic()
    if options.list_settings:
        list_settings(options.kind)
        return
    request = _request(options, started)
    from serinette.recipes import train as recipe

    with watching() as listener:
        if options.dry_run:
            dry_run = recipe.plan_only(request)
        else:
            trained = recipe.train(request, listener)
    if options.dry_run:
        print_dry_run(dry_run, as_json=options.json)
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
        "serinette train posts.jsonl --data.text_field body --data.context_fields author,year",
        "serinette train titles.csv --kind text --data.text_field title",
        'serinette train posts.db --data.query "SELECT body, author FROM posts"',
        "serinette train letters.txt novels.txt --weight letters.txt=3",
        "serinette train trips.csv --entity bike --time t --budget 10m",
        "serinette train poems.json --kind poem --budget 30m --data.script traditional",
        "serinette train notes.txt --model.hidden_size 512 --training.learning_rate=3e-3",
        "serinette train notes.txt --config train.toml --dry-run",
        "serinette train captions.txt --codec word --documents line --objective adversarial",
        "serinette train letters.txt --from notes --budget 3m",
        "serinette train --resume notes",
    ),
)


def _request(options: TrainOptions, started: float) -> "TrainRequest":
    _check(options)
    from serinette.recipes.requests import TrainRequest

    budget = options.budget
    has_end = options.updates is not None or _ends_by_itself(options.preset)
    if budget is None and not has_end and options.resume is None:
        budget = DEFAULT_BUDGET
        say(f"no --budget given: training for {format_duration(parse_duration(budget))}")
    return TrainRequest(
        sources=tuple(Path(path) for path in options.data or ()),
        kind=options.kind,
        base_model=options.base_model,
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
    if options.budget is not None and _says_how_long(options.preset):
        raise ConfigError(
            f"--preset {options.preset} says how long it trains; leave out --budget "
            f"{options.budget}, or give --updates"
        )
    if options.data and options.resume is not None:
        raise ConfigError(
            f"--resume {options.resume} goes on with its own data; leave out '{options.data[0]}'"
        )
    own = {"objective": options.objective, "from": options.base_model, "replay": options.replay}
    for name, value in own.items():
        if value is not None and options.resume is not None:
            raise ConfigError(
                f"--resume {options.resume} goes on with its own settings; leave out --{name} "
                f"{value}"
            )
    if options.budget is not None and options.updates is not None:
        raise ConfigError(
            f"--budget {options.budget} and --updates {options.updates} both say how long; "
            "give one of them"
        )


def _objective_key(options: TrainOptions) -> str:
    """Return the setting behind `--objective`: of a table the engine decides."""
    if options.objective is None:
        return "training.objective"
    from serinette.kinds.table import SERIES, kind_of

    kind = kind_of(tuple(Path(path) for path in options.data or ()), options.kind)
    return "engine.objective" if kind == SERIES else "training.objective"


def _says_how_long(preset: str | None) -> bool:
    from serinette.recipes.presets import find_preset

    return preset is not None and find_preset(preset).says_how_long


def _ends_by_itself(preset: str | None) -> bool:
    from serinette.recipes.presets import find_preset

    return preset is not None and not find_preset(preset).needs_budget


def _layers(options: TrainOptions, environ: Mapping[str, str]) -> tuple[Layer, ...]:
    """Return file, environment and flags in rising priority."""
    short = {
        f"data.{name}": getattr(options, name)
        for name in ("codec", "documents", "labels", "encoding", "canaries")
        if getattr(options, name) is not None
    }
    weights = weights_of(options.weight, options.data or ())
    if weights is not None:
        short["data.weights"] = weights
    written = {key: f"--{key.partition('.')[2]}" for key in short} | {"data.weights": "--weight"}
    objective = _objective_key(options)
    tabular = {
        "data.entity": list(options.entity) if options.entity else None,
        "data.time": options.time,
        "data.constraints": list(options.constraint) if options.constraint else None,
        "data.window": options.window,
        "engine.name": options.engine,
        objective: options.objective,
        "fine_tuning.replay": options.replay,
    }
    short |= {key: value for key, value in tabular.items() if value is not None}
    written |= {key: f"--{key.partition('.')[2].removesuffix('s')}" for key in tabular}
    written |= {"engine.name": "--engine", objective: "--objective"}
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


def _say_what_next(run_folder: Path, model: Path, reason: str) -> None:
    show(str(model))
    name = run_folder.name
    if reason == "interrupted":
        say(f"saved; go on with: serinette train --resume {name}")
    else:
        say(f"try: serinette generate {name} -n 3")
