"""`serinette doctor`: what this machine has, and what to install."""

from pathlib import Path
from typing import Annotated

import typer

from serinette.cli.machine import Finding, examine
from serinette.cli.options import JsonFlag, examples
from serinette.cli.output import print_json, show
from serinette.cli.plain_command import PlainCommand
from serinette.core.errors import MissingExtraError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_MARKS = {"good": "ok  ", "missing": "MISS", "fact": "    ", "warning": "note"}


@app.command(
    cls=PlainCommand, epilog=examples("serinette doctor", "serinette doctor --json > machine.json")
)
def doctor(
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where free disk space is measured.")
    ] = Path(),
    json: JsonFlag = False,
) -> None:
    """Check this machine and what is installed.

    Nothing is changed and nothing heavy is imported.
    """
    findings = examine(folder)
    if json:
        print_json({"findings": {f.name: f.to_json() for f in findings}})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            show(_line(finding, width))
    lacking = [f.name for f in findings if f.state == "missing" and f.is_needed]
    if lacking:
        raise MissingExtraError(
            f"{', '.join(lacking)} cannot be found; pip install --force-reinstall serinette"
        )


def _line(finding: Finding, width: int) -> str:
    indent = " " * (len(_MARKS["fact"]) + 2 + width + 2)
    remedy = "".join(f"\n{indent}{line}" for line in finding.remedy)
    return f"{_MARKS[finding.state]}  {finding.name.ljust(width)}  {finding.value}{remedy}"
