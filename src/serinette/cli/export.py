"""`serinette export MODEL`: a model as one file for other programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serinette.cli.opening import open_model
from serinette.cli.options import JsonFlag, ModelName, RunsFolder, examples, make_app
from serinette.cli.output import print_json, show

if TYPE_CHECKING:
    from serinette.recipes.export import Exported


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Arguments of `serinette export`."""

    model: ModelName
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="onnx|zip|html",
            help="What to write: the step graph alone, the whole model, or a page that runs a "
            "model of text in a browser. By the ending of -o if not set.",
        ),
    ] = None
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write; nothing may be there. The model's name and the format if not "
            "set.",
        ),
    ] = None
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="int8|fp16|fp32",
            help="Of a page: bytes a weight, 1, 2 or 4. fp32 writes what generate writes; what "
            "the others lose is measured and told.  [default: int8]",
        ),
    ] = None
    runs: RunsFolder = Path("runs")
    json: JsonFlag = False


def run(options: ExportOptions) -> None:
    """Write a model as one file for other programs.

    html is a page that runs the model where there is no network: the weights stand in it, and it
    draws with the random numbers of generate. zip is the whole model, the same bytes for the same
    model; every command takes it as it takes a folder. onnx is the network alone, one step of it,
    for ONNX Runtime in any language; its metadata say how to use it. PyTorch is not needed.
    """
    from serinette.recipes.export import export, form_of

    form = form_of(options.form, options.output)
    artifact = open_model(options.model, options.runs)
    path = options.output or Path(f"{artifact.name}.{form}")
    written = export(artifact, path, form, weights=options.weights)
    if options.json:
        print_json({"export": written.to_json()})
    else:
        show(_told(written))


app = make_app(
    run,
    ExportOptions,
    epilog=examples(
        "serinette export plays -o plays.html",
        "serinette export plays -o plays.html --weights fp32",
        "serinette export plays --format zip",
        "serinette generate plays.zip --seed 7",
        "serinette export plays -o plays.onnx --json | jq .export.n_bytes",
    ),
)


def _told(written: "Exported") -> str:
    size = f"{written.path}: {written.n_bytes / 1e6:.2f} MB"
    if written.weights is None:
        return size
    if not written.loss_nats:
        return f"{size}, weights {written.weights}"
    return f"{size}, weights {written.weights}, which lose {written.loss_nats:.2g} nats a character"
