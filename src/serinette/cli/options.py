"""Options that several commands share, and commands whose options are one dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import typer

from serinette.cli.plain_command import PlainCommand

Options = TypeVar("Options")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
RunsFolder = Annotated[
    Path, typer.Option("--runs", metavar="DIR", help="Folder that holds the runs.")
]
KindOption = Annotated[
    Literal["text", "poem", "series"] | None,
    typer.Option(
        metavar="text|poem|series",
        help="What the data are. If not set: a table of time series if all files are CSV or "
        "Parquet, poems if all are JSON of poems, else text.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Encoding of the files. Found out if not set."),
]
PrecisionOption = Annotated[
    Literal["auto", "int8", "fp32"],
    typer.Option(
        metavar="auto|int8|fp32",
        help="Numbers of the network, of texts and poems: auto is int8 where the model has it.",
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A model's folder or zip, or the name of a run.", show_default=False
    ),
]


def examples(*lines: str) -> str:
    """Return the end of a help page; its lines are kept as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def make_app(
    run: Callable[[Options], None], options: type[Options], **settings: Any
) -> typer.Typer:
    """Return an app of one command that collects its options in a dataclass.

    Args:
        run: What the command does; its docstring is the help page.
        options: A dataclass whose fields are annotated as typer parameters.
        **settings: More of typer's `command(...)`: `epilog`, `cls`.
    """
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(**{"cls": PlainCommand, **settings})(collecting(run, options))
    return app


def collecting(run: Callable[[Options], None], options: type[Options]) -> Callable[..., None]:
    """Return `run` with the fields of `options` as its parameters, for typer to read."""
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(options)  # type: ignore[arg-type]
    ]

    def command(**values: Any) -> None:
        run(options(**values))

    command.__doc__ = run.__doc__
    command.__annotations__ = {**{p.name: p.annotation for p in parameters}, "return": None}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command
