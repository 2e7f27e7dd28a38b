"""`--engine auto`: where a judge tells written rows from held-out ones, try the other engine."""

from dataclasses import replace

from serinette.artifact.folder import save
from serinette.artifact.runs import MODEL
from serinette.core.metric import Metric
from serinette.core.seeds import derive
from serinette.evaluation.series.comparison import compare
from serinette.evaluation.series.judge import judge_metrics
from serinette.kinds.series.whole_windows import rows_of_window
from serinette.recipes.series.contents import Ended
from serinette.recipes.series.engine_config import LATENT
from serinette.recipes.series.engines import Engine, LoadedEngine
from serinette.recipes.series.generate import SeriesRequest, generate_series
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.sets import series_set, whole_set
from serinette.recipes.series.window_training import train_windows_engine, windows_summary
from serinette.recipes.series.written import joined
from serinette.training.events import Listener, Note
from serinette.training.stops import stop_on_signals

TOLD = 0.05
"""So far above the floor a judge's score says that what is written is told apart."""
_N_JUDGES, _N_WINDOWS = 3, 500
_PLACE = 23


def try_latent(job: SeriesJob, rows: Ended, listener: Listener) -> Ended:
    """Keep the autoregressive engine, or the latent one where a judge tells it apart less.

    Args:
        job: With the seconds that are kept for the trial.
        rows: The autoregressive engine, whose artifact is written.
        listener: Told of every decision.

    Returns:
        What is kept; its artifact is written.

    Raises:
        DivergedError: If the latent engine diverges; the artifact stands.
    """
    seed = job.settings.groups["training"].seed
    first = judged(rows.engine, job.prepared, seed)
    if _excess(first) <= TOLD:
        return _kept(job, rows, f"the judge hardly tells it apart ({_told(first)})", listener)
    listener(Note(text=f"engine autoregressive is told apart ({_told(first)}): trying latent"))
    for sentence in windows_summary(job.prepared, job.settings, LATENT):
        listener(Note(text=sentence))
    with stop_on_signals() as stop:
        latent = train_windows_engine(job, LATENT, stop, listener)
    if latent.outcome.reason == "interrupted":
        listener(Note(text="the trial was interrupted: the autoregressive engine stands"))
        return replace(rows, outcome=replace(latent.outcome, progressed=rows.outcome.progressed))
    second = judged(latent.engine, job.prepared, seed)
    both = f"autoregressive {_told(first)}, latent {_told(second)}"
    is_better = second.value < first.value
    why = f"the judge tells it apart less: {both}"
    return _kept(job, latent if is_better else rows, why, listener)


def judged(engine: Engine, prepared: PreparedSeries, seed: int) -> Metric:
    """Return how well a judge tells written windows from those of the validation part.

    Args:
        engine: Trained.
        prepared: The table.
        seed: Of what is written and of the judges.
    """
    codec, table, parts = prepared.codec, prepared.table, prepared.parts
    length = rows_of_window(codec)
    asked = SeriesRequest(n=2 * _N_WINDOWS, length=length, seed=derive(seed, _PLACE))
    loaded = LoadedEngine(codec=codec, engine=engine)
    drawn = joined(list(generate_series(loaded, asked)))
    train, kept = (
        series_set(table, parts.starts, part) for part in (parts.train, parts.validation)
    )
    written = whole_set(drawn)
    comparison = compare(train, kept, written, seed=seed, window=length)
    found = judge_metrics(
        comparison, lambda sentence: None, n_judges=_N_JUDGES, n_windows=_N_WINDOWS
    )
    return found[0]


def _kept(job: SeriesJob, ended: Ended, why: str, listener: Listener) -> Ended:
    """Write the artifact of an engine with the reason why it was kept."""
    decision = f"{ended.engine.name}: {why}"
    listener(Note(text=f"engine {decision}"))
    training = {**ended.contents.training, "engine": decision}
    contents = replace(ended.contents, training=training)
    save(job.run / MODEL, contents, replace=True)
    return replace(ended, contents=contents)


def _excess(metric: Metric) -> float:
    return metric.value - (metric.floor or 0.0)


def _told(metric: Metric) -> str:
    return f"{metric.value:.3f}, real rows {metric.floor or 0.0:.3f}"
