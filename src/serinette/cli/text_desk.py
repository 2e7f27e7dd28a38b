"""`serinette generate MODEL -i` for texts: a person and the model write in turns.

It works in a terminal and, line by line on standard input, in a pipe.
"""

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from serinette.cli.desk_input import prepare_input, work
from serinette.cli.exits import INTERRUPTED
from serinette.cli.output import has_colour, show
from serinette.cli.writing_commands import parse
from serinette.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.cli.generate_options import GenerateOptions
    from serinette.cli.writing_desk import WritingDesk
    from serinette.recipes.generate import GenerateRequest
    from serinette.recipes.manuscript import Session

_HINT = "1-9 take · text: write it · /again · /undo · /back · /edit · /length · /help · /quit"


def sit_down(artifact: "Artifact", request: "GenerateRequest", options: "GenerateOptions") -> None:
    """Write until the user leaves.

    Raises:
        ConfigError: If options do not go together with it.
        DataError: If the session cannot be read.
        typer.Exit: With 130, if the user breaks off.
    """
    _check(options)
    if len(request.prefixes) > 1:
        raise ConfigError("--interactive takes one --prefix; leave out the others")
    from serinette.cli.desk_pages import Ink
    from serinette.cli.mixing import mix_of
    from serinette.cli.writing_desk import WritingDesk
    from serinette.recipes.generate import Opened

    path = options.output or _free_path(options.model)
    session = _session(path, request, options)
    mix = mix_of(artifact, options.mix, options.mix_by, options.runs)
    opened = Opened(artifact, mix)
    prepare_input()
    ink = Ink(is_terminal=sys.stdout.isatty(), is_coloured=has_colour(sys.stdout))
    desk = WritingDesk(opened, request, session, path, ink)
    try:
        _work(desk)
    except KeyboardInterrupt:
        show("\n" + _farewell(desk, options))
        raise typer.Exit(INTERRUPTED) from None
    show(_farewell(desk, options))


def _farewell(desk: "WritingDesk", options: "GenerateOptions") -> str:
    """Return the desk's last words; a command that they hold finds the model again."""
    runs = "" if options.runs == Path("runs") else f" --runs {options.runs}"
    return desk.farewell().replace(" -i -o ", f"{runs} -i -o ")


def _check(options: "GenerateOptions") -> None:
    for name, is_given in (
        ("--json", options.json),
        ("--suffix", options.suffix is not None),
        ("--stop", bool(options.stop)),
        ("--beam", options.beam is not None),
        ("--resample", options.resample is not None),
        ("--best-of", (options.best_of or 1) > 1),
        ("--max-steps", options.max_steps is not None),
        ("--regex", options.regex is not None),
        ("--lines", options.lines is not None),
        ("--text-length", options.text_length is not None),
        ("--line-length", options.line_length is not None),
        ("--acrostic", options.acrostic is not None),
        ("--require", bool(options.require)),
        ("--fixed", bool(options.fixed)),
        ("--balanced", options.balanced is not None),
    ):
        if is_given:
            raise ConfigError(
                f"{name} and --interactive: leave out one; what is written there is written bit "
                "by bit"
            )


def _free_path(model: str) -> Path:
    """Return a file of the working directory that is not there yet."""
    name = Path(model).name or "text"
    names = (f"{name}-desk{'' if n == 1 else f'-{n}'}.json" for n in itertools.count(1))
    return next(path for path in map(Path, names) if not path.exists())


def _session(path: Path, request: "GenerateRequest", options: "GenerateOptions") -> "Session":
    """Read the session that is gone on with, or begin one."""
    from serinette.cli.writing_desk import MOST_OFFERS
    from serinette.recipes.manuscript import YOU, Manuscript, Session, session_of

    if not path.exists():
        manuscript = Manuscript().write(request.prefixes[0], YOU)
        return Session(
            model=options.model,
            manuscript=manuscript,
            seed=request.seed,
            n_offers=min(options.n or Session.n_offers, MOST_OFFERS),
            temperature=options.temperature or Session.temperature,
        )
    if request.prefixes != ("",):
        raise ConfigError(f"--prefix and {path}: the session has its text already; leave out one")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check -o") from error
    session = session_of(content, str(path))
    return replace(
        session,
        model=options.model,
        n_offers=min(options.n or session.n_offers, MOST_OFFERS),
        temperature=options.temperature or session.temperature,
    )


def _work(desk: "WritingDesk") -> None:
    _print(desk.open())
    show(_HINT)
    work(parse, lambda command: _print(desk.obey(command)))


def _print(text: str) -> None:
    """Print what the desk has made safe for this stream."""
    sys.stdout.write(text + "\n")
