"""`serinette explain MODEL [TEXT]`: look into a network while it reads."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serinette.cli.opening import open_model
from serinette.cli.options import JsonFlag, ModelName, RunsFolder, examples, make_app
from serinette.cli.output import print_json, say
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.explaining.explanation import Explanation

_FORMATS = (".html", ".json")


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """Arguments of `serinette explain`."""

    model: ModelName
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="A text, a file, or '-' for standard input; of a table model a file. If not "
            "given: what the model held out of its training data.",
            show_default=False,
        ),
    ] = None
    cell: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER:NUMBER",
            help="Show this cell, such as 1:37, whatever it stands for; may be repeated. Both "
            "count from 0.",
        ),
    ] = None
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Alternatives of each symbol.")] = 5
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Read the first N symbols at most.")
    ] = 100_000
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Surprisal and alternatives alone: no cells are looked for, no context shortened.",
        ),
    ] = False
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write a page (.html) that needs nothing else, or JSON (.json).",
        ),
    ] = None
    runs: RunsFolder = Path("runs")
    json: JsonFlag = False


def run(options: ExplainOptions) -> None:
    """Look into a network while it reads a text.

    For each symbol: how little it was expected, and what could have come instead. For the whole:
    which single cells stand for something (inside quotes, position in the line...), chosen on one
    half of the text and measured on the other, beside a network that was never trained; and how
    far back predictions look. The page shows the text coloured by any of these cells, with their
    gates. PyTorch is not needed.
    """
    if options.output is not None and options.output.suffix not in _FORMATS:
        raise ConfigError(f"-o '{options.output}': write to a file that ends in .html or .json")
    found = _explained(options)
    for note in found.notes:
        say(note)
    if options.output is not None:
        found.save(options.output)
        say(f"written to {options.output}")
    if options.json:
        print_json({"explanation": found.to_json()})
    elif options.output is None:
        from serinette.cli.explain_view import view

        sys.stdout.write(view(found, sys.stdout))


app = make_app(
    run,
    ExplainOptions,
    epilog=examples(
        'serinette explain plays "To be, or not to be"',
        "serinette explain plays hamlet.txt -o hamlet.html",
        "serinette explain plays --cell 1:37 --json | jq .explanation.findings",
        "git show HEAD:main.py | serinette explain code - --quick",
    ),
)


def _explained(options: ExplainOptions) -> "Explanation":
    from serinette.recipes.explain.request import ExplainRequest
    from serinette.recipes.explain.run import explain

    artifact = open_model(options.model, options.runs)
    request = ExplainRequest(
        cells=tuple(options.cell or ()),
        top=options.top,
        limit=options.limit,
        is_quick=options.quick,
    )
    return explain(artifact, options.text, request)
