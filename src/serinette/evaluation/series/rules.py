"""When a figure of synthetic series is bad, and what is said of it.

Every rule looks at what lies above real series measured in the same way, less the uncertainty of
both. The thresholds are judgements; faults planted in the tests show that each rule sees what it is
named after, and that real series in the place of generated ones light nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Light, Verdict
from serinette.evaluation.series.judge import MOST_SHIFT
from serinette.evaluation.series.prediction import says_nothing
from serinette.evaluation.verdict_rules import Found, Measure, Rule

_ORDER: Sequence[Light] = ("red", "yellow", "green", "none")
_LEAST_ERROR = 1e-3
"""Of the constant's error: what is below counts as none."""
_AGAINST_HELD_OUT = ("Values", "Sequences", "Dependence")


def series_verdicts(metrics: Sequence[Metric]) -> tuple[Verdict, ...]:
    """Judge all that was measured; what was not measured is not judged.

    Args:
        metrics: Of `evaluate_series`, in any order.
    """
    by_key = {metric.key: metric for metric in metrics}
    found = ((rule, rule.measures(by_key)) for rule in RULES)
    verdicts = [_verdict(rule, measures) for rule, measures in found if measures]
    if _has_shifted(by_key):
        verdicts = [_doubted(verdict) for verdict in verdicts]
    return tuple(verdicts)


def _doubted(verdict: Verdict) -> Verdict:
    """Take a green light back where held-out series are so different that anything would pass."""
    if verdict.light != "green" or verdict.name not in _AGAINST_HELD_OUT:
        return verdict
    sentence = "Not judged: held-out series themselves differ from those that were learnt from."
    return replace(verdict, light="none", sentence=sentence)


def _verdict(rule: Rule, measures: Sequence[Measure]) -> Verdict:
    light = min((measure.light for measure in measures), key=_ORDER.index)
    worst = sorted(measures, key=lambda measure: -measure.excess / measure.red)
    told = [one.sentence for one in worst if one.light == light and light != "green"]
    return Verdict(
        light=light, name=rule.name, sentence=" ".join(told) or rule.good, rule=rule.threshold
    )


def _above(found: Found, key: str, limits: tuple[float, float], sentence: str) -> list[Measure]:
    """Measure how far a figure lies above real series', beyond the uncertainty of both."""
    metric = found.get(key)
    if metric is None or metric.floor is None or math.isnan(metric.value):
        return []
    told = sentence.format(value=_number(metric, metric.value), real=_number(metric, metric.floor))
    worst = metric.note.partition("furthest off: ")[2].rpartition(", ")[0]
    told += f" Furthest off: {worst}." if worst else ""
    excess = metric.value - metric.floor - _slack(metric)
    return [Measure(excess=excess, yellow=limits[0], red=limits[1], sentence=told)]


def _slack(metric: Metric) -> float:
    intervals = (metric.interval, metric.floor_interval)
    return math.hypot(*(high - low for low, high in filter(None, intervals))) / 2


def _number(metric: Metric, value: float) -> str:
    return f"{value:.3g}{' %' if metric.unit == '%' else ''}"


def _values(found: Found) -> list[Measure]:
    apart = (
        "Values are not spread as in real series ({value} standard deviations apart, real: {real})."
    )
    return [
        *_above(found, "w1", (0.05, 0.2), apart),
        *_above(found, "ks", (0.03, 0.12),
                "The distributions of values differ by up to {value} (real: {real})."),
        *_above(found, "tv", (0.03, 0.12),
                "{value} of the categories' shares differ (real: {real})."),
        *_above(found, "steps", (0.02, 0.1),
                "Steps from row to row have other sizes (distance {value}, real: {real})."),
        *_above(found, "gaps", (0.04, 0.15),
                "Gaps in time are not as in real series (distance {value}, real: {real})."),
        *_above(found, "repeats", (2.0, 10.0),
                "Values repeat more often or less often by {value} (real: {real})."),
    ]  # fmt: skip


def _sequences(found: Found) -> list[Measure]:
    sentence = (
        "The sequences' {word} values are not spread as real ones' ({{value}}, real: {{real}})."
    )
    words = {"min": "least", "mean": "mean", "max": "greatest"}
    return [
        measure
        for key, word in words.items()
        for measure in _above(found, f"sequence_{key}", (0.06, 0.2), sentence.format(word=word))
    ]


def _dependence(found: Found) -> list[Measure]:
    return [
        *_above(found, "correlation", (0.02, 0.08),
                "Correlations between columns are off by {value} (real: {real})."),
        *_above(found, "acf", (0.015, 0.06),
                "What came before matters more or less than in real series: autocorrelations are "
                "off by {value} (real: {real})."),
        *_above(found, "ccf", (0.015, 0.06),
                "Columns follow one another differently: cross-correlations are off by {value} "
                "(real: {real})."),
        *_above(found, "spectrum", (0.4, 1.5),
                "Swings of some frequencies are too strong or too weak, by {value} decibels "
                "(real: {real})."),
        *_above(found, "statics", (0.05, 0.15),
                "Static columns explain more or less of a sequence than in real ones, by {value} "
                "(real: {real})."),
    ]  # fmt: skip


def _judge(found: Found) -> list[Measure]:
    limits = (0.05, 0.2)
    sentence = (
        "A judge tells generated from held-out windows, {value} above chance where 0.5 is always "
        "(real: {real})."
    )
    measures = _above(found, "judge", limits, sentence)
    # Where held-out series differ by themselves, the score is high for all: the past decides.
    return measures + _above(
        found,
        "judge_training",
        limits,
        "A judge tells generated from training windows, {value} above chance (real: {real}).",
    )


def _prediction(found: Found) -> list[Measure]:
    metric = found.get("prediction")
    if metric is None or metric.floor is None:
        return []
    if says_nothing(metric):
        sentence = "Nothing to judge: the columns cannot be predicted from what came before."
        return [Measure(excess=0.0, yellow=0.1, red=0.3, sentence=sentence, is_judged=False)]
    # Where real series predict all but perfectly, a multiple of next to nothing is no fault.
    least = _LEAST_ERROR * (metric.baseline or 0.0)
    excess = (metric.value - metric.floor - _slack(metric) / 2) / max(metric.floor, least)
    sentence = (
        f"Learnt from generated series, predictions err by {metric.value:.3g}, learnt from real "
        f"ones by {metric.floor:.3g}."
    )
    return [Measure(excess=excess, yellow=0.1, red=0.3, sentence=sentence)]


def _drift(found: Found) -> list[Measure]:
    return [
        *_above(found, "drift", (0.1, 0.3),
                "Sequences end elsewhere than they begin: first and last quarter are {value} "
                "standard deviations apart (real: {real})."),
        *_above(found, "trend", (0.1, 0.3),
                "Sequences do not rise and fall as real ones do, by {value} standard deviations "
                "(real: {real})."),
    ]  # fmt: skip


def _lengths(found: Found) -> list[Measure]:
    return [
        *_above(found, "lengths", (0.05, 0.2),
                "Sequences are not as long as real ones (distance {value}, real: {real})."),
        *_above(found, "facts", (0.05, 0.2),
                "Facts about sequences are spread otherwise (distance {value}, real: {real})."),
    ]  # fmt: skip


def _missing(found: Found) -> list[Measure]:
    sentence = "Values are missing more or less often, by {value} (real: {real})."
    return _above(found, "missing", (0.5, 3.0), sentence)


def _copying(found: Found) -> list[Measure]:
    measures = [
        *_above(found, "copies", (0.5, 2.0),
                "{value} of the windows are copies of training windows (held-out: {real})."),
        *_above(found, "near_copies", (1.0, 5.0),
                "{value} of the windows lie nearer to a training window than real ones do "
                "(held-out: {real})."),
    ]  # fmt: skip
    ratio = found.get("dcr")
    if ratio is not None and ratio.interval is not None:
        sentence = (
            f"Generated windows lie at {ratio.value:.2f} of the distance to the training set at "
            "which unseen real ones lie."
        )
        excess = 1.0 - ratio.interval[1]
        # Where held-out series are of another kind, only a striking nearness is a sign.
        yellow, red = (0.4, 0.7) if _has_shifted(found) else (0.1, 0.4)
        measures.append(Measure(excess=excess, yellow=yellow, red=red, sentence=sentence))
    return measures


def _membership(found: Found) -> list[Measure]:
    metrics = [found[key] for key in ("mia", "mia_calibrated") if key in found]
    told = [metric for metric in metrics if metric.interval is not None]
    if not told:
        return []
    if _has_shifted(found):
        sentence = (
            "Not judged: training and held-out series differ by themselves, so telling them "
            "apart is no leak."
        )
        return [Measure(excess=0.0, yellow=0.05, red=0.15, sentence=sentence, is_judged=False)]
    best = max(told, key=lambda metric: metric.interval[0] if metric.interval else 0.0)
    low = best.interval[0] if best.interval else 0.0
    sentence = (
        f"Training windows are recognised by their distance to generated ones in "
        f"{100 * best.value:.0f} % of pairs (guessing: 50 %)."
    )
    return [Measure(excess=low - 0.5, yellow=0.05, red=0.15, sentence=sentence)]


def _has_shifted(found: Found) -> bool:
    judge = found.get("judge")
    return judge is not None and (judge.floor or 0.0) > MOST_SHIFT


RULES = (
    Rule(
        name="Values",
        measures=_values,
        good="Single values and steps are spread as in real series.",
        threshold="above real series: values yellow from 0.05 standard deviations, red from 0.2; "
        "distributions and shares yellow from 0.03, red from 0.12; steps yellow from 0.02, red "
        "from 0.1; gaps yellow from 0.04, red from 0.15; repeats yellow from 2 points, red from 10",
    ),
    Rule(
        name="Sequences",
        measures=_sequences,
        good="Sequences as a whole have the range of real ones.",
        threshold="distance of least, mean and greatest values above real series: yellow from "
        "0.06, red from 0.2",
    ),
    Rule(
        name="Dependence",
        measures=_dependence,
        good="Columns depend on one another and on what came before as in real series.",
        threshold="above real series: correlations yellow from 0.02, red from 0.08; over time "
        "yellow from 0.015, red from 0.06; spectra yellow from 0.4 decibels, red from 1.5; statics "
        "yellow from 0.05, red from 0.15",
    ),
    Rule(
        name="Judge",
        measures=_judge,
        good="A judge tells generated from real windows no better than real from real.",
        threshold="accuracy above that of real against real: yellow from 0.05, red from 0.2",
    ),
    Rule(
        name="Prediction",
        measures=_prediction,
        good="What is learnt from generated series predicts real ones about as well.",
        threshold="error above that of learning from real series: yellow from 10 %, red from 30 %",
    ),
    Rule(
        name="Drift",
        measures=_drift,
        good="Sequences do not wander off.",
        threshold="first against last quarter, above real series: yellow from 0.1 standard "
        "deviations, red from 0.3",
    ),
    Rule(
        name="Lengths",
        measures=_lengths,
        good="Sequences are as long as real ones, and about the same things.",
        threshold="distance of lengths and of facts above real series: yellow from 0.05, red from "
        "0.2",
    ),
    Rule(
        name="Missing values",
        measures=_missing,
        good="Values are missing as often as in real series.",
        threshold="difference above real series: yellow from 0.5 points, red from 3",
    ),
    Rule(
        name="Copying",
        measures=_copying,
        good="Nothing is nearer to the training series than unseen real series are.",
        threshold="copies above held-out series: yellow from 0.5 points, red from 2; near copies "
        "yellow from 1 point, red from 5; distance to the training set below that of unseen "
        "real series: yellow from 10 %, red from 40 % (40 % and 70 % where held-out series are of "
        "another kind)",
    ),
    Rule(
        name="Membership",
        measures=_membership,
        good="Training windows cannot be recognised by their distance to generated ones.",
        threshold="lower end of the AUC above one half: yellow from 0.05, red from 0.15",
    ),
)
