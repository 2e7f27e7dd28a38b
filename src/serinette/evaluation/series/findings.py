"""Everything that the report says of synthetic series: sections, traffic lights, a headline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Section, Verdict
from serinette.evaluation.series.comparison import Comparison, compare
from serinette.evaluation.series.dependence import (
    dependence,
    dependence_metrics,
    static_metric,
)
from serinette.evaluation.series.drift import drift_metrics
from serinette.evaluation.series.judge import MOST_SHIFT, N_JUDGES, N_WINDOWS, judge_metrics
from serinette.evaluation.series.marginals import (
    column_spreads,
    fact_metric,
    length_metric,
    marginal_metrics,
    row_metrics,
)
from serinette.evaluation.series.pictures import (
    autocorrelation_charts,
    correlation_chart,
    densities,
    fans,
    spectrum_charts,
    stretches,
    window_chart,
)
from serinette.evaluation.series.prediction import prediction_metrics
from serinette.evaluation.series.privacy import closeness, privacy_metrics
from serinette.evaluation.series.rules import series_verdicts
from serinette.evaluation.series.sets import SeriesSet, checked, with_gaps
from serinette.evaluation.verdicts import headline

_QUICK_JUDGES = 3
_QUICK_WINDOWS = 400
_RESAMPLES = 200
_QUICK_RESAMPLES = 60


@dataclass(frozen=True, kw_only=True)
class SeriesFindings:
    """What was found out about one generated table."""

    sections: tuple[Section, ...]
    verdicts: tuple[Verdict, ...]
    headline: str
    """The verdict in plain words, one paragraph."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures of all sections."""
        return tuple(metric for section in self.sections for metric in section.metrics)


def evaluate_series(  # noqa: PLR0913 - three sets, and how they are measured
    train: SeriesSet,
    held_out: SeriesSet,
    generated: SeriesSet,
    *,
    seed: int,
    window: int | None = None,
    is_quick: bool = False,
    tell: Callable[[str], None],
) -> SeriesFindings:
    """Measure how real generated series are, and what they give away.

    Args:
        train: What the model learnt from.
        held_out: Real series that it has not seen.
        generated: What it wrote; as many sequences as there are in `train` are best.
        seed: Of windows, kernels, folds and resamples.
        window: Steps of a window; None: 48, or what half of the sequences have.
        is_quick: Whether fewer judges, windows and resamples will do.
        tell: Told decisions and how far it is, one sentence at a time.

    Raises:
        DataError: If a set has fewer than two rows, or the columns differ.
    """
    checked((("training", train), ("held-out", held_out), ("generated", generated)))
    finite, notes = _finite((train, held_out, generated))
    sets = with_gaps(finite)
    n_resamples = _QUICK_RESAMPLES if is_quick else _RESAMPLES
    comparison = compare(*sets, seed=seed, window=window, n_resamples=n_resamples)
    notes += _decisions(comparison)
    for note in notes:
        tell(note)
    sections = (
        _looks(comparison, notes),
        _values(comparison, tell),
        _dependences(comparison, tell),
        _told_apart(comparison, tell, is_quick=is_quick),
        _usefulness(comparison, tell),
        _privacy(comparison, tell),
    )
    verdicts = series_verdicts([metric for one in sections for metric in one.metrics])
    return SeriesFindings(sections=sections, verdicts=verdicts, headline=headline(verdicts))


def _finite(sets: Sequence[SeriesSet]) -> tuple[list[SeriesSet], list[str]]:
    """Take infinite values for missing ones, and say so."""
    found, notes = [], []
    for name, series in zip(("training", "held-out", "generated"), sets, strict=True):
        is_infinite = np.isinf(series.values)
        if is_infinite.any():
            n = int(is_infinite.sum())
            notes.append(f"{n:,} infinite values of the {name} series count as missing.")
            values = np.where(is_infinite, np.nan, series.values)
            found.append(replace(series, values=values))
        else:
            found.append(series)
    return found, notes


def _decisions(comparison: Comparison) -> list[str]:
    notes = [f"Windows have {comparison.window} rows."]
    if comparison.is_cut:
        middle = int(np.median(comparison.train.series.lengths))
        notes.append(
            f"There are too few sequences to compare whole ones: all sides are cut into blocks of "
            f"{middle} rows, and lengths are not compared."
        )
    sizes = [side.series.n_sequences for side in comparison.sides]
    notes.append(
        f"Compared are {sizes[2]:,} generated, {sizes[0]:,} training and {sizes[1]:,} held-out "
        f"{'blocks' if comparison.is_cut else 'sequences'}."
    )
    return notes


def _looks(comparison: Comparison, notes: Sequence[str]) -> Section:
    return Section(
        key="looks",
        title="What the series look like",
        intro="Look here first. Held-out series are real ones that the model has not seen.",
        charts=(*fans(comparison), *stretches(comparison), window_chart(comparison)),
        notes=tuple(notes),
    )


def _values(comparison: Comparison, tell: Callable[[str], None]) -> Section:
    tell("values, steps and lengths")
    whole = [one for one in (length_metric(comparison), fact_metric(comparison)) if one]
    return Section(
        key="values",
        title="Values, steps and lengths",
        intro="How the values of each column are spread, how they change from row to row, and "
        "what sequences are like as a whole. 0 is the same; beside each figure stands what "
        "training series score against held-out ones.",
        metrics=(
            *marginal_metrics(comparison),
            *row_metrics(comparison),
            *whole,
            *drift_metrics(comparison),
        ),
        charts=densities(column_spreads(comparison)),
    )


def _dependences(comparison: Comparison, tell: Callable[[str], None]) -> Section:
    tell("dependence between columns and over time")
    found = dependence(comparison)
    static = static_metric(comparison)
    return Section(
        key="dependence",
        title="Dependence between columns and over time",
        intro="Whether columns go together as in real series, and whether a row depends on the "
        "rows before it.",
        metrics=(*dependence_metrics(comparison, found), *([static] if static else [])),
        charts=(
            *correlation_chart(found),
            *autocorrelation_charts(found),
            *spectrum_charts(found),
        ),
    )


def _told_apart(comparison: Comparison, tell: Callable[[str], None], *, is_quick: bool) -> Section:
    metrics = judge_metrics(
        comparison,
        tell,
        n_judges=_QUICK_JUDGES if is_quick else N_JUDGES,
        n_windows=_QUICK_WINDOWS if is_quick else N_WINDOWS,
    )
    return Section(
        key="judge",
        title="Can they be told apart?",
        intro="A judge learns to tell generated windows from real ones: 0 is guessing, 0.5 is "
        "always right. It sees noise of a fraction of a percent, which the small networks "
        "usually taken for this do not, so its figures are no match for published ones.",
        metrics=tuple(metrics),
        notes=_shift(metrics),
    )


def _shift(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Warn where held-out series are of another kind than those learnt from."""
    floor = next((m.floor for m in metrics if m.key == "judge"), None)
    if floor is None or floor <= MOST_SHIFT:
        return ()
    return (
        "Training and held-out series can be told apart by themselves, perhaps because they are of "
        "different times: figures against held-out series say little here, and the judge is asked "
        "about the training series too. Held-out sequences picked at random would say more.",
    )


def _usefulness(comparison: Comparison, tell: Callable[[str], None]) -> Section:
    tell("prediction learnt from generated series")
    metrics, notes = prediction_metrics(comparison)
    return Section(
        key="prediction",
        title="Are they good to learn from?",
        intro="The next row is predicted from the rows before, learnt from generated series and "
        "tested on held-out ones; the floor is the same learnt from training series.",
        metrics=tuple(metrics),
        notes=tuple(notes),
    )


def _privacy(comparison: Comparison, tell: Callable[[str], None]) -> Section:
    tell("nearest neighbours")
    return Section(
        key="privacy",
        title="Do they give away what was learnt from?",
        intro="Generated windows should lie no nearer to the training series than held-out ones "
        "do. These are tests that can find a leak, not a proof that there is none.",
        metrics=tuple(privacy_metrics(comparison, closeness(comparison))),
    )
