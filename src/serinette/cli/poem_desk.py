"""`serinette generate MODEL -i`: a desk at which poems are chosen, revised and kept.

It works in a terminal and, command by command on standard input, in a pipe.
"""

from typing import TYPE_CHECKING

import typer

from serinette.cli import desk_input
from serinette.cli.desk_commands import parse
from serinette.cli.exits import INTERRUPTED
from serinette.cli.output import show
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.cli.desk import Desk
    from serinette.cli.generate_options import GenerateOptions
    from serinette.recipes.generate import GenerateRequest

_ASKING = "输入关键字 (keywords, or nothing) › "
_HINT = "1-9 choose · 锁 lock · 换 redraw · 候选 top · 改 put · 存 keep · 助 help · 退 quit"


def sit_down(artifact: "Artifact", request: "GenerateRequest", options: "GenerateOptions") -> None:
    """Work at the desk until the user leaves.

    Raises:
        ConfigError: If options do not go together with it.
        ConstraintError: If the rules that the options ask for cannot hold.
        typer.Exit: With 130, if the user breaks off.
    """
    _check(options)
    from serinette.cli.desk import Desk

    desk_input.prepare_input()
    desk = Desk(artifact, request, options)
    try:
        _work(desk, asks=not request.wishes.title)
    except KeyboardInterrupt:
        show("\n" + desk.farewell())
        raise typer.Exit(INTERRUPTED) from None
    show(desk.farewell())


def _check(options: "GenerateOptions") -> None:
    for name, value in (("-o", options.output), ("--json", options.json)):
        if value:
            raise ConfigError(f"{name} and --interactive: leave out one; 出 or export writes files")
    if len(options.prefix or ()) > 1:
        raise ConfigError("--interactive takes one --prefix; leave out the others")


def _work(desk: "Desk", *, asks: bool) -> None:
    keywords = desk_input.read_line(_ASKING) if asks else ""
    if keywords is None:
        return
    show(desk.open(keywords.strip()))
    show(_HINT)
    desk_input.work(parse, lambda command: show(desk.obey(command)))
