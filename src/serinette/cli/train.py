"""`serinette train DATA...`: learn from texts, within a time that the user chooses."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from serinette.cli.dotted_flags import SettingsCommand, as_settings
from serinette.cli.live import watching
from serinette.cli.options import examples, make_app
from serinette.cli.output import print_json, say, show
from serinette.cli.train_options import DEFAULT_BUDGET, TrainOptions
from serinette.cli.train_settings import list_settings, print_dry_run
from serinette.cli.weights import weights_of
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

    budget, layers = options.budget, _layers(options, os.environ)
    is_counted = any("training.updates" in layer.values for layer in layers)
    has_end = options.updates is not None or is_counted or _ends_by_itself(options.preset)
    if budget is None and not has_end and options.resume is None:
        budget = DEFAULT_BUDGET
        say(f"no --budget given: training for {format_duration(parse_duration(budget))}")
    return TrainRequest(
        sources=tuple(Path(path) for path in options.data or ()),
        kind=options.kind,
        base_model=options.base_model,
        preset=options.preset,
        layers=layers,
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
