"""The command line: one file a command, imported only when that command runs.

`serinette --help` imports typer and nothing else of weight.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from serinette import __version__
from serinette.cli.exits import exit_code_of
from serinette.cli.options import examples
from serinette.cli.output import prepare_streams, show
from serinette.cli.plain_command import read_plainly
from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError

COMMANDS = {
    "train": "Train a model on your own texts, within a time that you choose.",
    "generate": "Write new text with a trained model.",
    "score": "Measure how well a model predicts a text.",
    "evaluate": "Find out whether a model is any good: a report.",
    "explain": "Look into a network while it reads: what its cells stand for.",
    "export": "Write a model as one file: a page that runs it, a zip, ONNX.",
    "inspect": "Show what a data file or a model holds.",
    "runs": "List, show, compare and remove trainings.",
    "data": "List and get public corpora to try things on.",
    "doctor": "Check this machine and what is installed.",
}
"""Command -> its line in the help. The code of `train` is in `serinette.cli.train`."""


_COMPLETION = "_SERINETTE_COMPLETE"
"""Set by the shell's completion script; typer then answers it and leaves."""


class LazyGroup(TyperGroup):
    """Commands that are imported when they are asked for."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, which read their values plainly."""
        return read_plainly(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the user named.

        Raises:
            ConfigError: If there is none of that name.
        """
        if args[0] not in COMMANDS:
            raise ConfigError(f"unknown command '{args[0]}' ({nearest(args[0], list(COMMANDS))})")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        return typer.main.get_command(importlib.import_module(f"serinette.cli.{cmd_name}").app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(asked: bool) -> bool:
    if asked:
        show(f"serinette {__version__}")
        raise typer.Exit
    return asked


@app.callback(
    epilog=examples(
        "serinette data get shakespeare",
        "serinette train data/shakespeare.txt --budget 5m",
        'serinette generate shakespeare --prefix "In the beginning" -n 5',
        "serinette score shakespeare other.txt",
    )
)
def serinette(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Learn the shape of your own texts and write new ones, with generative LSTMs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`core/errors.py` lists them)."""
    prepare_streams()
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]

    def run() -> int:
        command = typer.main.get_command(app)
        if _COMPLETION in os.environ:
            command.main(arguments, prog_name="serinette")
        try:
            with command.make_context("serinette", arguments) as context:
                command.invoke(context)
        except typer.Exit as done:
            return done.exit_code
        return 0

    return exit_code_of(run)
