"""`serinette evaluate MODEL`: the truth about a generator, as a page, as JSON, in a few lines."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serinette.cli.evaluate_check import are_tables, check_together
from serinette.cli.evaluate_progress import telling
from serinette.cli.opening import open_model
from serinette.cli.options import JsonFlag, RunsFolder, examples, make_app
from serinette.cli.output import print_json, say, show
from serinette.cli.tables import table
from serinette.core.errors import ConfigError, QualityError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.core.metric import Metric
    from serinette.evaluation.gates import Gate
    from serinette.evaluation.report.content import Evaluation
    from serinette.recipes.evaluate.cache import Cache
    from serinette.recipes.evaluate.progress import Listener
    from serinette.recipes.evaluate.request import EvaluateRequest

_MARKS = {"red": "✗", "yellow": "!", "green": "✓", "none": "·"}
_SHOWN = (
    "bpc", "ece", "bleu4", "selfbleu4", "lm", "rlm", "fed", "mauve", "accuracy", "copy50",
    "judge", "timegan_discriminative", "timegan_predictive", "w1", "acf", "correlation",
    "prediction", "dcr", "copies", "mia", "violations", "broken",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Arguments of `serinette evaluate`."""

    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A model's folder, or the name of a run. Not needed with --samples or --answers.",
            show_default=False,
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Where the report goes: .html or .json. Into the model's folder if not set.",
        ),
    ] = None
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer samples: a first look in under a minute.")
    ] = False
    against: Annotated[
        str | None,
        typer.Option(metavar="MODEL2", help="Compare with a second model on the same text."),
    ] = None
    temperatures: Annotated[
        str, typer.Option(metavar="LIST", help="Temperatures at which samples are drawn.")
    ] = "0.7,0.85,1"
    top_p: Annotated[
        str,
        typer.Option("--top-p", metavar="LIST", help="More settings: top-p at temperature 1."),
    ] = ""
    pieces: Annotated[
        int, typer.Option(min=20, metavar="N", help="Samples a setting for what is counted.")
    ] = 10_000
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same report.")] = 0
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Where the training data are now, if they have moved."),
    ] = None
    samples: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Judge these samples, of any generator, one a line; or a table."
        ),
    ] = None
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --samples: real text to compare with."),
    ] = None
    training: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --samples: what the generator learnt from."),
    ] = None
    documents: Annotated[
        str,
        typer.Option(
            metavar="file|blank-line|line", help="With --samples: where a piece of the files ends."
        ),
    ] = "line"
    entity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Of tables in --samples: the column that names a sequence."
        ),
    ] = None
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of tables in --samples: the column that orders a sequence."
        ),
    ] = None
    fail_on: Annotated[
        str | None,
        typer.Option(metavar="GATES", help="Leave with code 8 if one holds: 'copy50>1%,bpc>2.2'."),
    ] = None
    turing: Annotated[
        bool,
        typer.Option(
            "--turing",
            help="Can people tell? A quiz in the terminal; with -o FILE.html a sheet to hand out.",
        ),
    ] = False
    answers: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Score answered sheets of --turing; needs --key."),
    ] = None
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key that was written with the sheet.")
    ] = None
    protocol: Annotated[
        Literal["timegan"] | None,
        typer.Option(
            metavar="timegan",
            help="Of a table: TimeGAN's own scores too, with 10 judges each; needs PyTorch.",
        ),
    ] = None
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Keep samples and embeddings for next time.")
    ] = True
    runs: RunsFolder = Path("runs")
    json: JsonFlag = False


def run(options: EvaluateOptions) -> None:
    """Find out whether a model is any good: real, varied, original, discreet.

    The report stands beside the model as report.html: traffic lights with their thresholds,
    samples with what was copied underlined, and every figure with its interval, what real text
    scores in its place (the floor) and what a count model scores. The same is kept as JSON, and
    the model card is filled from it. PyTorch is not needed.

    With --samples the output of any generator is judged in the same way.
    """
    check_together(options)
    # The matrices are small: a second thread of NumPy's gains nothing (46 s against 47 s), and
    # waits busily where the machine is shared.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if options.answers:
        from serinette.cli.turing import score_sheets

        score_sheets(options.answers, options.key, as_json=options.json)
        return
    if options.turing:
        from serinette.cli.turing import run_test

        run_test(
            open_model(options.model or "", options.runs),
            _request(options),
            tuple(options.data or ()),
            options.out,
            as_json=options.json,
        )
        return
    artifact = None if options.model is None else open_model(options.model, options.runs)
    if artifact is not None and options.out is None:
        from serinette.recipes.evaluate.publish import check_place

        check_place(artifact)
    gates = _gates(options, artifact)
    if artifact is not None and artifact.kind == "series":
        from serinette.cli.series import evaluate_series_model

        _conclude(options, *evaluate_series_model(artifact, options), gates)
        return
    if are_tables(options):
        from serinette.cli.series import evaluate_series_files

        _conclude(options, *evaluate_series_files(options), gates)
        return
    cache = _cache(options)
    with telling() as listener:
        evaluation, places = _evaluation(options, artifact, cache, listener)
    if cache.note:
        say(f"warning: {cache.note}")
    _conclude(options, evaluation, places, gates)


app = make_app(
    run,
    EvaluateOptions,
    epilog=examples(
        "serinette evaluate notes",
        "serinette evaluate notes --quick --fail-on 'copy50>1%,bpc>2.2'",
        "serinette evaluate notes --against notes-2 -o comparison.html",
        "serinette evaluate --samples out.txt --reference real.txt --training train.txt -o r.html",
        "serinette evaluate --samples s.csv --reference r.csv --training t.csv --entity bike",
        "serinette evaluate notes --turing",
    ),
)


def _request(options: EvaluateOptions) -> "EvaluateRequest":
    from serinette.recipes.evaluate.request import EvaluateRequest

    request = EvaluateRequest(
        temperatures=_numbers(options.temperatures, "--temperatures"),
        top_p=_numbers(options.top_p, "--top-p"),
        n_pieces=options.pieces,
        seed=options.seed,
    )
    return request.quick if options.quick else request


def _numbers(text: str, flag: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(
            f"{flag} '{text}' is not a list of numbers; write them as 0.7,0.85,1"
        ) from error


def _cache(options: EvaluateOptions) -> "Cache":
    from serinette.recipes.evaluate.cache import Cache, cache_folder

    return Cache(cache_folder(os.environ, sys.platform, Path.home()) if options.cache else None)


def _conclude(
    options: EvaluateOptions,
    evaluation: "Evaluation",
    places: Sequence[Path],
    gates: "Sequence[Gate]",
) -> None:
    """Print what was found and where it lies; leave with a code if a gate fails."""
    if options.json:
        print_json(evaluation.to_json())
    else:
        _show(evaluation)
    for place in places:
        say(f"report: {place}")
    _enforce(gates, evaluation)


def _evaluation(
    options: EvaluateOptions,
    artifact: "Artifact | None",
    cache: "Cache",
    listener: "Listener",
) -> tuple["Evaluation", Sequence[Path]]:
    if artifact is None:
        return _of_files(options, cache, listener)
    from serinette.recipes.evaluate.publish import publish, save_report
    from serinette.recipes.evaluate.run import evaluate

    other = None if options.against is None else open_model(options.against, options.runs)
    evaluation = evaluate(
        artifact,
        _request(options),
        data=tuple(options.data or ()),
        against=other,
        cache=cache,
        listener=listener,
    )
    if options.out is not None:
        return evaluation, save_report(evaluation, options.out)
    return evaluation, publish(evaluation, artifact)


def _of_files(
    options: EvaluateOptions, cache: "Cache", listener: "Listener"
) -> tuple["Evaluation", Sequence[Path]]:
    from serinette.recipes.evaluate.files import FilesRequest, evaluate_files
    from serinette.recipes.evaluate.publish import save_report

    files = FilesRequest(
        samples=options.samples or Path(),
        reference=options.reference or Path(),
        training=options.training,
        documents=options.documents,
    )
    evaluation = evaluate_files(files, _request(options), cache=cache, listener=listener)
    return evaluation, save_report(evaluation, options.out) if options.out is not None else ()


def _gates(options: EvaluateOptions, artifact: "Artifact | None") -> "Sequence[Gate]":
    """Read the gates of `--fail-on`; of a table the columns decide what is measured."""
    from serinette.evaluation.gates import parse
    from serinette.recipes.evaluate.sections import KNOWN_KEYS

    is_series = are_tables(options) if artifact is None else artifact.kind == "series"
    return parse(options.fail_on, () if is_series else KNOWN_KEYS) if options.fail_on else ()


def _enforce(gates: "Sequence[Gate]", evaluation: "Evaluation") -> None:
    """Leave with exit code 8 if a gate failed; the report is written by then."""
    from serinette.evaluation.gates import check

    failures = check(gates, evaluation.metrics)
    if failures:
        raise QualityError("; ".join(failures))


def _show(evaluation: "Evaluation") -> None:
    """Print headline, verdicts and the telling figures."""
    show(evaluation.headline + "\n")
    show(table(_verdict_rows(evaluation)) + "\n")
    show(table(_metric_rows(evaluation)))
    for section in evaluation.sections:
        if section.key in ("comparison", "adversarial"):
            show("\n".join(["", section.title, *section.notes]))


def _verdict_rows(evaluation: "Evaluation") -> list[list[str]]:
    """Return one row a verdict and one column a setting."""
    settings = _settings(evaluation)
    rows = [["", "the model", *settings]]
    for name in dict.fromkeys(verdict.name for verdict in evaluation.verdicts):
        lights = {v.setting: v.light for v in evaluation.verdicts if v.name == name}
        rows.append([name, *(_light(lights.get(setting)) for setting in ("", *settings))])
    return rows


def _light(light: str | None) -> str:
    if light is None:
        return ""
    return f"{_MARKS[light]} {light if light != 'none' else 'not judged'}"


def _metric_rows(evaluation: "Evaluation") -> list[list[str]]:
    """Return the telling figures, a row each; the report holds all of them."""
    settings = _settings(evaluation)
    rows = [["", "the model", *settings, evaluation.beside.real, evaluation.beside.baseline]]
    for key in _SHOWN:
        found = {m.setting: m for m in evaluation.metrics if m.key == key}
        if found:
            rows.append(_metric_row(found, settings))
    return rows


def _metric_row(found: "Mapping[str, Metric]", settings: Sequence[str]) -> list[str]:
    first = next(iter(found.values()))
    name = first.name.partition(":")[0]
    values = [_value(found.get(setting)) for setting in ("", *settings)]
    others = ["" if v is None else f"{v:.4g}" for v in (first.floor, first.baseline)]
    has_unit = first.unit and first.unit not in name
    return [f"{name}, {first.unit}" if has_unit else name, *values, *others]


def _value(metric: "Metric | None") -> str:
    if metric is None:
        return ""
    if metric.interval is None:
        return f"{metric.value:.4g}"
    half = (metric.interval[1] - metric.interval[0]) / 2
    return f"{metric.value:.4g} ± {half:.2g}"


def _settings(evaluation: "Evaluation") -> list[str]:
    return list(dict.fromkeys(m.setting for m in evaluation.metrics if m.setting))
