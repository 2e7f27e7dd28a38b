"""`serinette data`: public corpora to try things on."""

from pathlib import Path
from typing import Annotated

import typer

from serinette.cli.options import JsonFlag, examples
from serinette.cli.output import print_json, say, show
from serinette.cli.plain_command import PlainCommand
from serinette.cli.tables import table
from serinette.training.events import Event, Note

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="List and get public corpora to try things on.",
    epilog=examples("serinette data list", "serinette data get shakespeare"),
)

CorpusName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name of a corpus, as `data list` shows it.", show_default=False
    ),
]
TargetFolder = Annotated[
    Path, typer.Option("--to", metavar="DIR", help="Folder that receives the text.")
]


@app.command("list", cls=PlainCommand, epilog=examples("serinette data list"))
def list_all(json: JsonFlag = False) -> None:
    """List the corpora with their size, licence and the package that each is taken from."""
    from serinette.recipes.corpora import list_corpora

    found = list_corpora()
    if json:
        print_json(
            {
                "corpora": [
                    {
                        "name": entry.name,
                        "title": entry.title,
                        "characters": entry.n_characters,
                        "licence": entry.licence,
                        "package": f"{entry.package}=={entry.version}",
                    }
                    for entry in found
                ]
            }
        )
        return
    rows = [("name", "what", "characters", "licence")]
    rows += [
        (e.name, e.title, f"{e.n_characters:,}" if e.n_characters else "", e.licence) for e in found
    ]
    show(table(rows))


@app.command("get", cls=PlainCommand, epilog=examples("serinette data get shakespeare"))
def get(name: CorpusName, to: TargetFolder = Path("data"), json: JsonFlag = False) -> None:
    """Download the package of a corpus, check it, and write its text into a folder."""
    from serinette.recipes.corpora import get_corpus

    path = get_corpus(name, to, listener=_tell)
    if json:
        print_json({"path": str(path)})
    else:
        show(str(path))


def _tell(event: Event) -> None:
    if isinstance(event, Note):
        say(event.text)
