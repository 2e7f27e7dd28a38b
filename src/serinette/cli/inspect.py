"""`serinette inspect DATA|MODEL`: what files hold, or what a model is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serinette.cli.dotted_flags import FLAG, SettingsCommand, as_settings
from serinette.cli.options import (
    EncodingOption,
    JsonFlag,
    KindOption,
    RunsFolder,
    examples,
    make_app,
)
from serinette.cli.output import print_json, say, show
from serinette.cli.tables import table
from serinette.cli.weights import WeightsOption, shares_table, weights_of
from serinette.core.config import Layer, flag_layer, format_duration
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.recipes.describe import DataReport

_SHOWN_FILES = 20


@dataclass(frozen=True, kw_only=True)
class InspectOptions:
    """Arguments of `serinette inspect`."""

    names: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA|MODEL",
            help="Text files and folders; tables; one model's folder or zip; or a run's name.",
            show_default=False,
        ),
    ]
    kind: KindOption = None
    entity: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Of a table: the column that names a sequence."),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of a table: the column that orders a sequence."),
    ] = None
    documents: Annotated[
        str | None,
        typer.Option(
            metavar="file|blank-line|line", help="Where a document ends. Found out if not set."
        ),
    ] = None
    labels: Annotated[
        str | None,
        typer.Option(metavar="none|folder|file|column|field", help="Where labels come from."),
    ] = None
    codec: Annotated[
        str | None,
        typer.Option(metavar="character|byte|word|grapheme|bpe", help="What one step is."),
    ] = None
    encoding: EncodingOption = None
    weight: WeightsOption = None
    runs: RunsFolder = Path("runs")
    settings: Annotated[
        list[str] | None, typer.Option(FLAG, hidden=True, help="Gathered from --section.key.")
    ] = None
    json: JsonFlag = False


def run(options: InspectOptions) -> None:
    """Show what a data file or a model holds.

    Of data: files, encodings, documents, characters, the split, and what training would decide,
    with the option that decides otherwise. Of a model: whether it is whole, its sizes, where it
    came from, and how good it is.

    The settings --data.KEY and --split.KEY work as in train.
    """
    if _is_model(options.names, options.runs):
        _inspect_model(options)
    else:
        _inspect_data(options)


app = make_app(
    run,
    InspectOptions,
    cls=SettingsCommand,
    epilog=examples(
        "serinette inspect notes.txt",
        "serinette inspect posts.jsonl --data.text_field body --data.context_fields author,year",
        "serinette inspect trips.csv --entity bike --time t",
        "serinette inspect poems/ --documents blank-line",
        "serinette inspect notes --json | jq .evaluation",
    ),
)


def _is_model(names: list[str], runs: Path) -> bool:
    """Tell a model or run from data; a folder of texts is data.

    Raises:
        ConfigError: If models and data are mixed.
    """
    from serinette.artifact.archive import begins_as_packed
    from serinette.core.manifest import NAME

    are_models = [
        (Path(name) / NAME).exists()
        or (Path(name) / "plan.json").exists()
        or begins_as_packed(Path(name))
        or not Path(name).exists()
        for name in names
    ]
    if any(are_models) and len(names) > 1:
        odd = names[are_models.index(True)]
        where = "is a model" if Path(odd).exists() else "does not exist"
        raise ConfigError(f"inspect: '{odd}' {where}; give one model, or data files that exist")
    return are_models[0]


def _inspect_data(options: InspectOptions) -> None:
    from serinette.kinds.table import SERIES, kind_of

    if kind_of([Path(name) for name in options.names], options.kind) == SERIES:
        from serinette.cli.series import inspect_table

        inspect_table([Path(name) for name in options.names], options)
        return
    from serinette.recipes.describe import describe_data

    given = {name: getattr(options, name) for name in ("documents", "labels", "codec", "encoding")}
    values = {f"data.{name}": value for name, value in given.items() if value is not None}
    weights = weights_of(options.weight, options.names)
    if weights is not None:
        values["data.weights"] = weights
    written = {key: f"--{key.partition('.')[2]}" for key in values} | {"data.weights": "--weight"}
    layer = Layer(origin="command line", values=values, written=written)
    layers = [layer, flag_layer(as_settings(options.settings or ()))]
    report = describe_data([Path(name) for name in options.names], layers, options.kind)
    if options.json:
        print_json({"kind": "data", **_plain_report(report)})
        return
    show(_data_text(report))
    for warning in report.warnings:
        say(f"warning: {warning}")


def _plain_report(report: "DataReport") -> dict[str, Any]:
    plain = {key: getattr(report, key) for key in _FIGURES}
    return {
        **plain,
        "files": [asdict(file) for file in report.files],
        "parts": [asdict(part) for part in report.parts],
        "shares": [asdict(share) for share in report.shares],
        "decisions": list(report.decisions),
        "warnings": list(report.warnings),
        "settings": report.settings.to_json(),
        "origins": dict(report.settings.origins),
    }


_FIGURES = {
    "n_documents": "documents",
    "n_characters": "characters",
    "n_distinct": "different characters",
    "n_once": "of them seen once",
    "longest_line": "longest line",
    "longest_document": "longest document",
    "n_symbols": "vocabulary",
}
"""Figures of a report, and what people call them."""

_OVERRIDES = (
    ("documents", "--documents file|blank-line|line"),
    ("codec", "--codec character|byte|word|grapheme|bpe"),
    ("encoding", "--encoding NAME"),
    ("labels", "--labels none|folder|file|column|field"),
    ("records", "--data.text_field NAME, --data.label_field NAME, --data.context_fields A,B"),
    ("weights", "--weight PATH=TIMES"),
    ("split", "--split.validation_share X, --split.test_share X"),
    ("sizes, updates", "--budget TIME, --size NAME, --updates N (see train DATA --dry-run)"),
)


def _data_text(report: "DataReport") -> str:
    files = [("file", "bytes", "encoding")]
    files += [(f.path, f"{f.n_bytes:,}", f.encoding) for f in report.files[:_SHOWN_FILES]]
    blocks = [table(files)]
    if len(report.files) > _SHOWN_FILES:
        blocks.append(f"... {len(report.files) - _SHOWN_FILES:,} more files")
    blocks.append(table([(name, f"{getattr(report, key):,}") for key, name in _FIGURES.items()]))
    parts = [("part", "documents", "characters")]
    parts += [(p.name, f"{p.n_documents:,}", f"{p.n_characters:,}") for p in report.parts]
    blocks.append(table(parts))
    if report.shares:
        blocks.append(shares_table(report.shares))
    blocks.append("training would decide:\n" + "\n".join(f"  {d}" for d in report.decisions))
    overrides = table([(f"  {what}", option) for what, option in _OVERRIDES])
    blocks.append(f"to decide otherwise, give train:\n{overrides}")
    return "\n\n".join(blocks)


def _inspect_model(options: InspectOptions) -> None:
    from serinette.artifact.folder import load
    from serinette.artifact.runs import find_model
    from serinette.nets.networks import n_parameters

    artifact = load(find_model(options.names[0], options.runs))
    count = n_parameters(artifact.network, artifact.model_config, artifact.schema)
    if options.json:
        print_json(
            {
                "kind": "model",
                "folder": str(artifact.folder),
                "format": artifact.format,
                "parameters": count,
                "schema": artifact.schema.to_json(),
                "model": dict(artifact.model),
                "training": dict(artifact.training),
                "source": dict(artifact.source),
                "evaluation": dict(artifact.evaluation),
                "n_evaluations": len(artifact.history),
                "warnings": list(artifact.warnings),
            }
        )
        return
    show(_model_text(artifact, count))
    for warning in artifact.warnings:
        say(f"warning: {warning}")


def _model_text(artifact: "Artifact", n_parameters: int) -> str:
    from serinette.recipes.tuning_words import tuned_words, tuning_facts

    n_bytes = sum(len(content) for content in artifact.files.values())
    rows = [
        ("folder", str(artifact.folder)),
        ("verified", f"yes: every file is as it was written (format {artifact.format})"),
        ("kind", artifact.kind),
        ("parameters", f"{n_parameters:,} ({n_bytes / 1e6:.1f} MB on disk)"),
    ]
    rows += [
        (f"field {field.name}", f"{getattr(field, 'size', 'real')} symbols")
        for field in artifact.schema.fields
    ]
    rows += [
        (f"context {field.name}", f"{field.size - 1} values") for field in artifact.schema.context
    ]
    rows += [("learnt from", str(path)) for path in artifact.source.get("paths", ())]
    facts = tuning_facts(artifact.training)
    if facts is not None:
        rows.append(("fine-tuned", tuned_words(facts).removeprefix("fine-tuned ")))
    if artifact.history:
        last = artifact.history[-1]
        seconds = format_duration(float(last.get("seconds", 0.0)))
        rows.append(("trained for", f"{last.get('update', 0):,} updates, {seconds}"))
    rows += [
        (name.replace("_", " "), str(artifact.training[name]))
        for name in ("reason", "best_update", "engine")
        if name in artifact.training
    ]
    blocks = [table(rows), table([(f"model.{key}", str(v)) for key, v in artifact.model.items()])]
    if artifact.evaluation.get("metrics"):
        blocks.append(_metrics_table(artifact.evaluation["metrics"]))
    return "\n\n".join(blocks)


def _metrics_table(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Put every figure beside its baseline; artifacts of any age may lack parts."""
    rows = [("measured", "model", "count model", "on")]
    rows += [
        (
            str(metric.get("name")),
            _figure(metric.get("value")),
            _figure(metric.get("baseline")),
            f"{metric.get('n', 0):,}",
        )
        for metric in metrics
    ]
    return table(rows)


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else ""
