"""Arguments of `serinette train`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from serinette.cli.dotted_flags import FLAG
from serinette.cli.options import EncodingOption, JsonFlag, KindOption, RunsFolder
from serinette.cli.weights import WeightsOption

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
            help="A set-up for texts of a sort: prose, encyclopaedia, latex, code, titles, names; "
            "or a published one: seqgan, relgan, cot (games after the likelihood stage of texts "
            "and poems), lstm-gan, timegan (tables), or tang-lstm128 (poems), whose number of "
            "updates stands in for a budget.",
        ),
    ] = None
    kind: KindOption = None
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
    encoding: EncodingOption = None
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
