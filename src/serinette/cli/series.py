"""What `generate`, `inspect`, `score` and `evaluate` do with tables of time series."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serinette.cli.dotted_flags import as_settings
from serinette.cli.output import print_json, say, show
from serinette.cli.tables import table as text_table
from serinette.cli.wishes import facts_of, refuse_options_of_others
from serinette.core.config import Layer, flag_layer, format_duration, parse_duration
from serinette.core.errors import ConfigError

if TYPE_CHECKING:
    from serinette.artifact.folder import Artifact
    from serinette.cli.evaluate import EvaluateOptions
    from serinette.cli.generate_options import GenerateOptions
    from serinette.evaluation.report.content import Evaluation
    from serinette.kinds.series.table import Table
    from serinette.recipes.series.generate import OpenedSeries, SeriesRequest

_SHOWN_STRETCHES = 5


def generate_table(artifact: "Artifact", options: "GenerateOptions") -> None:
    """Write sequences as a table: to a file, or as CSV to standard output."""
    from serinette.cli.generate import chosen_seed
    from serinette.kinds.series.writer import check_table_path
    from serinette.recipes.series.generate import OpenedSeries, generate_series

    refuse_options_of_others(options, "series")
    if options.output is not None:
        check_table_path(options.output)
    opened = OpenedSeries(artifact)
    request = _request(opened, options, chosen_seed(options.seed))
    begun = time.monotonic()
    shows = sys.stderr.isatty()
    n_done = n_rows = 0
    n_wished = request.n * (1 if request.history is None else request.history.n)

    def tell(done: int) -> None:
        nonlocal n_done
        n_done = done
        if shows:
            print(f"\r{done:,} of {n_wished:,} sequences", end="", file=sys.stderr, flush=True)

    def drawn() -> "Iterator[Table]":
        nonlocal n_rows
        for table in generate_series(opened, request, tell):
            n_rows += table.n_rows
            yield table
        if shows:
            print("\r", end="", file=sys.stderr)

    _write(drawn(), options.output)
    if options.output is not None:
        seconds = time.monotonic() - begun
        say(
            f"{n_rows:,} rows of {n_done:,} sequences written to {options.output} "
            f"in {format_duration(seconds)}"
        )


def _write(tables: "Iterator[Table]", output: Path | None) -> None:
    """Write tables as one; only CSV is written while the next ones are drawn."""
    from serinette.kinds.series.parquet import SUFFIXES
    from serinette.kinds.series.writer import csv_pieces, write_csv, write_table
    from serinette.recipes.series.written import joined

    if output is None:
        for piece in csv_pieces(tables):
            sys.stdout.buffer.write(piece)
    elif output.suffix.lower() in SUFFIXES:
        write_table(joined(list(tables)), output)
    else:
        # What a request says wrongly shows itself before anything is written.
        write_csv(chain([next(tables)], tables), output)


def _request(opened: "OpenedSeries", options: "GenerateOptions", seed: int) -> "SeriesRequest":
    from serinette.recipes.series.generate import SeriesRequest

    history = None
    if options.history is not None:
        from serinette.recipes.series.history import read_history

        history = read_history(opened.artifact, opened.codec, (options.history,))
        for warning in history.warnings:
            say(f"warning: {warning}")
    start = None if options.start is None else _moment(options.start)
    return SeriesRequest(
        n=options.n or 1,
        length=options.max_steps,
        seed=seed,
        first_row=options.first_row,
        start=start,
        step_seconds=None if options.every is None else parse_duration(options.every),
        history=history,
        statics=facts_of(options),
        scenario={} if options.scenario is None else _scenario(options.scenario),
        temperature=1.0 if options.temperature is None else _temperature(options.temperature),
        resample=options.resample,
    )


def _temperature(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(
            f"--temperature {text}: must be a number; a table takes no schedule"
        ) from None


def _moment(text: str) -> float:
    """Return seconds since 1970 of a date, or a number as it is.

    Raises:
        ConfigError: If it is neither.
    """
    from serinette.kinds.series.dates import formats_of, read_dates

    try:
        return float(text)
    except ValueError:
        for format_ in formats_of(text):
            found = read_dates([text], format_)
            if found is not None:
                return float(found[0])
    raise ConfigError(f"--start {text!r} is no time; write 2024-05-01T06:00, or a number")


def _scenario(path: Path) -> Mapping[str, Sequence[str | None]]:
    """Read columns that are given row by row; an empty cell is drawn."""
    import csv

    from serinette.core.disk import read_bytes

    lines = read_bytes(path).decode("utf-8-sig").splitlines()
    rows = list(csv.DictReader(lines))
    if not rows:
        raise ConfigError(f"{path}: no rows; write a header of columns and a line for every row")
    return {name: [row[name] or None for row in rows] for name in rows[0]}


def inspect_table(paths: Sequence[Path], options: Any) -> None:
    """Say what a table holds, and what training would make of it."""
    from serinette.recipes.series.describe import describe_table

    values = {
        "data.entity": list(options.entity) if options.entity else None,
        "data.time": options.time,
        "data.encoding": options.encoding,
    }
    if options.weight:
        raise ConfigError(f"--weight '{options.weight[0]}': weights are for texts, not for tables")
    layer = Layer(origin="command line", values={k: v for k, v in values.items() if v is not None})
    report = describe_table(paths, [layer, flag_layer(as_settings(options.settings or ()))])
    if options.json:
        print_json({"kind": "series", **report.to_json()})
        return
    show("\n".join(report.lines))
    show("\nrelations that hold in every row, and will in what is written:")
    for sentence in report.relations or ("none found",):
        show(f"  {sentence}")
    show("\ntraining would decide:")
    for sentence in report.decisions:
        show(f"  {sentence}")
    for warning in report.warnings:
        say(f"warning: {warning}")


def score_table(artifact: "Artifact", paths: Sequence[Path], *, as_json: bool) -> None:
    """Say how likely a table is, and which stretches are the least likely."""
    from serinette.recipes.series.generate import OpenedSeries
    from serinette.recipes.series.score import score_series

    found = score_series(OpenedSeries(artifact), paths, most=_SHOWN_STRETCHES)
    if as_json:
        print_json(
            {
                "nats_per_row": found.nats_per_row,
                "n_rows": int(found.n_rows.sum()),
                "sequences": [
                    {"nats": float(nats), "rows": int(rows)}
                    for nats, rows in zip(found.nats, found.n_rows, strict=True)
                ],
                "least_likely": [vars(stretch) for stretch in found.stretches],
            }
        )
        return
    show(
        f"{found.nats_per_row:.3f} nats/row over {int(found.n_rows.sum()):,} rows of "
        f"{len(found.nats):,} sequences (densities of standardised values: compare, do not read)"
    )
    rows = [("sequence", "rows", "nats/row")]
    rows += [
        (str(s.sequence), f"{s.first_row:,} to {s.first_row + s.n_rows - 1:,}",
         f"{s.nats_per_row:.3f}")
        for s in found.stretches
    ]  # fmt: skip
    show("\nleast likely:\n" + text_table(rows))


def evaluate_series_model(
    artifact: "Artifact", options: "EvaluateOptions"
) -> tuple["Evaluation", tuple[Path, ...]]:
    """Measure what a model of tables writes; return what was found and where it lies."""
    from dataclasses import replace

    from serinette.recipes.evaluate.publish import publish, save_report
    from serinette.recipes.series.evaluate import (
        SeriesEvaluateRequest,
        evaluate_table,
        table_and_parts,
    )
    from serinette.recipes.series.generate import OpenedSeries

    if options.against is not None:
        raise ConfigError(
            f"--against {options.against}: two models of tables are not compared in one report; "
            "evaluate each with the same --seed"
        )
    opened = OpenedSeries(artifact)
    real = table_and_parts(opened, tuple(options.data or ()))
    request = SeriesEvaluateRequest(seed=options.seed, is_quick=options.quick)
    evaluation = evaluate_table(opened, real, request, tell=say)
    if options.protocol == "timegan":
        from serinette.recipes.series.timegan import timegan_section

        section = timegan_section(opened, real, seed=options.seed, tell=say)
        evaluation = replace(evaluation, sections=(*evaluation.sections, section))
    if options.out is None:
        return evaluation, publish(evaluation, artifact)
    return evaluation, save_report(evaluation, options.out)


def evaluate_series_files(options: "EvaluateOptions") -> tuple["Evaluation", tuple[Path, ...]]:
    """Measure what any generator of tables wrote; return what was found and where it lies."""
    from serinette.kinds.series.config import SeriesConfig
    from serinette.recipes.evaluate.publish import save_report
    from serinette.recipes.series.evaluate import SeriesEvaluateRequest
    from serinette.recipes.series.files import TableFiles, evaluate_table_files

    files = TableFiles(
        samples=options.samples or Path(),
        reference=options.reference or Path(),
        training=options.training or Path(),
    )
    config = SeriesConfig(entity=tuple(options.entity or ()), time=options.time)
    request = SeriesEvaluateRequest(seed=options.seed, is_quick=options.quick)
    evaluation = evaluate_table_files(files, config, request, tell=say)
    return evaluation, save_report(evaluation, options.out) if options.out is not None else ()
