"""`evaluate` for tables: how real what a model writes is, and what it gives away."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import serinette
from serinette.artifact.folder import CRITIC, WEIGHTS, Artifact
from serinette.core.config import build
from serinette.core.errors import DataError, NotFoundError
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Beside, Evaluation, Section
from serinette.evaluation.series.findings import evaluate_series
from serinette.kinds.series.parts import Parts, split_table
from serinette.kinds.series.table import Table
from serinette.kinds.split import SplitConfig
from serinette.recipes.evaluate.facts import files_of
from serinette.recipes.series.engine_config import LATENT, SECTIONS
from serinette.recipes.series.generate import OpenedSeries, SeriesRequest, generate_series
from serinette.recipes.series.score import table_again
from serinette.recipes.series.sets import series_set, whole_set
from serinette.recipes.series.written import joined

BESIDE = Beside(
    real="held-out rows",
    baseline="simple guess",
    baseline_is="always the median, or each column for itself, the least that a network should "
    "beat",
)
_MOST_SEQUENCES = 2_000
_MOST_ROWS = 200_000
_WINDOWS_A_SEQUENCE = 4
_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class SeriesEvaluateRequest:
    """How a model of tables is evaluated."""

    seed: int = 0
    is_quick: bool = False
    """Fewer judges, windows and resamples."""
    temperature: float = 1.0
    window: int | None = None
    """Steps of the windows that are compared; None: 48, or what half of the sequences have."""


def evaluate_table(
    opened: OpenedSeries,
    real: tuple[Table, Parts],
    request: SeriesEvaluateRequest,
    *,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Evaluation:
    """Compare what a model writes with the rows that were kept away from its training.

    Args:
        opened: The model.
        real: From `table_and_parts`.
        request: How much is measured.
        tell: Told how far it is, one sentence at a time.

    Raises:
        DataError: If nothing was held out.
    """
    table, parts = real
    held_out = parts.test if len(parts.test) else parts.validation
    if not len(held_out):
        raise DataError(
            "nothing was held out, so nothing real is left to compare with; train with "
            "--split.test_share 0.1"
        )
    tell("drawing")
    drawn = drawn_table(opened, parts, request)
    n_broken = broken(opened, drawn)
    train, kept = (series_set(table, parts.starts, part) for part in (parts.train, held_out))
    written = whole_set(drawn)
    found = evaluate_series(
        train, kept, written, seed=request.seed, window=request.window,
        is_quick=request.is_quick, tell=tell,
    )  # fmt: skip
    name = "test" if len(parts.test) else "validation"
    return Evaluation(
        subject=opened.artifact.name,
        headline=found.headline,
        verdicts=found.verdicts,
        sections=(*found.sections, _kept(opened, n_broken, drawn.n_rows), _learnt(opened)),
        facts={
            "model": f"sha256 {_identity(opened.artifact)}…",
            "data": files_of(table.sources) or "a table in memory",
            "engine": opened.artifact.training.get("engine", opened.engine.name),
            "split": parts.how,
            "held-out rows": f"the {name} part, {kept.n_rows:,} rows",
            "written": f"{drawn.n_sequences:,} sequences, {drawn.n_rows:,} rows, temperature "
            f"{request.temperature:g}",
            "floor": "rows that were held out, in the place of what was written",
            "seed": str(request.seed),
            "versions": f"serinette {serinette.__version__}, numpy {np.__version__}",
        },
        notes=(
            "The figures hold for this split and these seeds; compare models only when both agree.",
            *table.warnings,
        ),
        beside=BESIDE,
        is_quick=request.is_quick,
    )


def table_and_parts(opened: OpenedSeries, data: Sequence[Path] | Any) -> tuple[Table, Parts]:
    """Read the training data again and divide them as they were divided.

    Args:
        opened: The model.
        data: Where they are now, or the data frame; empty: where they were.

    Raises:
        NotFoundError: If they are gone.
        DataError: If they have changed.
    """
    source = opened.artifact.source
    is_given = data is not None and not (isinstance(data, (list, tuple)) and not data)
    chosen = data if is_given else [Path(path) for path in source["paths"]]
    if not is_given and not source["paths"]:
        raise NotFoundError("this model was trained on a table in memory; give it: data=...")
    for path in chosen if isinstance(chosen, (list, tuple)) else ():
        if isinstance(path, Path) and not path.exists():
            raise NotFoundError(f"{path}: the training data are gone; say where: --data FILE")
    table = table_again(opened.artifact, opened.codec, chosen)
    if [s.sha256 for s in table.sources] != list(source["sha256"]):
        raise DataError("the data have changed since the training; put them back or train anew")
    return table, split_table(table, build(SplitConfig, source["split"], source="config.json"))


def drawn_table(opened: OpenedSeries, parts: Parts, request: SeriesEvaluateRequest) -> Table:
    """Write about as many rows as there are to learn from."""
    codec = opened.codec
    n_rows = min(_MOST_ROWS, int(np.diff(parts.starts)[parts.train].sum()))
    if codec.is_single:
        length = _WINDOWS_A_SEQUENCE * codec.window
        length = min(length, opened.engine.longest(codec) or length)
        asked = SeriesRequest(
            n=max(2, n_rows // length), length=length, seed=request.seed,
            temperature=request.temperature,
        )  # fmt: skip
    else:
        asked = SeriesRequest(
            n=min(_MOST_SEQUENCES, len(parts.train)), seed=request.seed,
            temperature=request.temperature,
        )  # fmt: skip
    return joined(list(generate_series(opened, asked)))


def broken(opened: OpenedSeries, table: Table) -> int:
    """Count the written rows that break a relation, with a checker of its own."""
    relations = opened.codec.relations
    return int(relations.broken_rows(table.numbers(relations.names), table.starts).sum())


def _kept(opened: OpenedSeries, n_broken: int, n_rows: int) -> Section:
    sentences = opened.codec.relations.sentences
    metrics = (
        Metric(
            name="rows that break a relation",
            key="violations",
            value=float(n_broken),
            unit="rows",
            better="lower",
            n=n_rows,
            floor=0.0,
        ),
    )
    return Section(
        key="relations",
        title="What always holds",
        intro="Relations that were found in the training rows, or asked for. They are kept by "
        "construction; here an independent checker has looked.",
        metrics=metrics,
        notes=sentences or ("No relation was found.",),
    )


def _learnt(opened: OpenedSeries) -> Section:
    """Show what the training measured on rows that it had not seen."""
    metrics = tuple(
        Metric.from_json(metric) for metric in opened.artifact.evaluation.get("metrics", ())
    )
    if opened.engine.name == LATENT:
        return Section(
            key="latents",
            title="Latents",
            intro="How well windows that the model has not seen survive being encoded and decoded, "
            "and how far written latents are from theirs, in standard deviations. This engine "
            "knows no likelihoods.",
            metrics=metrics,
        )
    if opened.engine.name in SECTIONS:
        return Section(
            key="game",
            title="The game",
            intro="How far a small judge told written windows from held-out ones after the "
            "training. This engine knows no likelihoods.",
            metrics=metrics,
        )
    return Section(
        key="likelihood",
        title="Likelihood",
        intro="How well the model predicts rows that it has not seen, beside columns that know "
        "nothing of one another. These are densities of standardised values: only differences "
        "mean anything.",
        metrics=metrics,
    )


def _identity(artifact: Artifact) -> str:
    decides = b"".join(artifact.files.get(name, b"") for name in (WEIGHTS, CRITIC))
    return hashlib.sha256(decides).hexdigest()[:_DIGITS]
