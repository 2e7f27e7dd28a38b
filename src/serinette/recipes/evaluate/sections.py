"""The order of the report: which figure answers which question, and what the question is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serinette.core.chart import Axis, Chart, Line, Role
from serinette.core.metric import Metric
from serinette.evaluation.figure import Difference
from serinette.evaluation.report.content import Section

OTHER = "the other model"
"""What the second model is called on curves."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    key: str
    title: str
    intro: str
    metrics: tuple[str, ...]
    """Keys of its figures, in order."""


_PLANS = (
    _Plan(
        key="prediction",
        title="Prediction",
        intro="How well the model foresees text that it has never read: every character is "
        "predicted from all before it. Fewer bits are better. A count model (an n-gram of the "
        "same training text) is the line to beat.",
        metrics=("bpc", "bpb", "perplexity", "count_bpc", "unigram_bpc", "unknown"),
    ),
    _Plan(
        key="calibration",
        title="Calibration",
        intro="Whether its probabilities mean what they say: of all that it holds for 30 % "
        "likely, 30 % should come true.",
        metrics=("ece", "fitted_temperature", "temperature_gain"),
    ),
    _Plan(
        key="realism",
        title="Realism",
        intro="How near the samples are to real text that the model has not seen. The floor is "
        "what real text scores in the place of the samples; beating it on BLEU or on the LM score "
        "is a sign of collapse, not of quality.",
        metrics=(
            "bleu2", "bleu3", "bleu4", "bleu5", "lm", "rlm", "fed", "mauve", "accuracy", "wording",
            "form", "regulated", "tone", "rhyme", "parallel", "words", "invented", "spelling",
            "brackets", "valid", "length", "unfinished",
        ),
    ),
    _Plan(
        key="drift",
        title="Drift",
        intro="How far the training text itself is from the held-out text, measured in the place "
        "of the samples. Where the two differ, as the beginning and the end of a book do, no model "
        "can come nearer than this.",
        metrics=(
            "rlm_training", "fed_training", "mauve_training", "accuracy_training",
            "wording_training",
        ),
    ),
    _Plan(
        key="variety",
        title="Variety",
        intro="Whether the samples differ from one another as real pieces do. Self-BLEU compares "
        "every sample with all others: higher means more alike.",
        metrics=(
            "selfbleu2", "selfbleu3", "selfbleu4", "selfbleu5", "distinct1", "distinct2",
            "distinct3", "distinct4", "entropy2", "coverage", "repetition", "repeats", "repeated",
            "repeated_rhyme",
        ),
    ),
    _Plan(
        key="copying",
        title="Copying",
        intro="How much of the samples stands word for word in the training text. People repeat "
        "one another too: held-out text, looked up in the same way, is the measure.",
        metrics=(
            "copy30", "copy50", "copy100", "copied_line", "duplicates", "near_duplicates",
            "longest",
        ),
    ),
    _Plan(
        key="privacy",
        title="Privacy",
        intro="What the model gives away about single passages that it learnt from. None of "
        "these figures is a guarantee: they are what three simple attacks find.",
        metrics=(
            "extraction", "mia_loss", "mia_auc_loss", "mia_calibrated", "mia_auc_calibrated",
            "mia_min_k", "mia_auc_min_k", "exposure1", "exposure2", "exposure4", "exposure8",
            "exposure16",
        ),
    ),
)  # fmt: skip


KNOWN_KEYS = tuple(key for plan in _PLANS for key in plan.metrics)
"""Figures that an evaluation can hold."""


def arranged(
    metrics: Sequence[Metric],
    charts: dict[str, list[Chart]],
    notes: dict[str, list[str]],
) -> list[Section]:
    """Put figures, charts and notes into their sections; empty ones are left out.

    Args:
        metrics: All figures. One that no section names stands under Realism: a kind's own.
        charts: By key of the section.
        notes: By key of the section.
    """
    left = list(metrics)
    chosen: dict[str, list[Metric]] = {}
    for plan in _PLANS:
        chosen[plan.key] = [m for key in plan.metrics for m in left if m.key == key]
        left = [m for m in left if m not in chosen[plan.key]]
    chosen["realism"] += left
    return [
        Section(
            key=plan.key,
            title=plan.title,
            intro=plan.intro,
            metrics=tuple(chosen[plan.key]),
            charts=tuple(charts.get(plan.key, ())),
            notes=tuple(notes.get(plan.key, ())),
        )
        for plan in _PLANS
        if chosen[plan.key] or charts.get(plan.key) or notes.get(plan.key)
    ]


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One setting on the curves."""

    name: str
    x: float
    curve: str
    """`temperature` or `top-p`: points of one curve are joined."""
    metrics: dict[str, Metric]
    """By key."""


def curves(points: Sequence[CurvePoint], others: Sequence[CurvePoint] = ()) -> list[Chart]:
    """Draw quality against diversity, real text in its place.

    Args:
        points: The settings of the model.
        others: The settings of a second model.
    """
    return [
        _against(
            points,
            others,
            title="Quality against variety",
            x=("selfbleu4", "Self-BLEU-4: how alike the samples are"),
            y=("bleu4", "BLEU-4 against held-out text"),
            note="Real text stands where good samples stand. Up and to the right is not better "
            "but safer: the same few phrases.",
        ),
        _against(
            points,
            others,
            title="Likelihood both ways",
            x=("lm", "LM score: nats per token of the samples under a model of real text"),
            y=("rlm", "reverse LM score: nats of real text under a model of the samples"),
            note="Lower is better on the vertical axis. On the horizontal axis real text is the "
            "mark: to its right samples are wilder than real text, to its left tamer.",
        ),
        *(
            _along(points, others, key, label)
            for key, label in (("mauve", "MAUVE (higher is better)"),
                               ("fed", "Fréchet distance (lower is better)"))
        ),
    ]  # fmt: skip


def _by_curve(points: Iterable[CurvePoint]) -> dict[str, list[CurvePoint]]:
    grouped: dict[str, list[CurvePoint]] = {}
    for point in points:
        grouped.setdefault(point.curve, []).append(point)
    return {name: sorted(group, key=lambda p: p.x) for name, group in grouped.items()}


def _against(
    points: Sequence[CurvePoint],
    others: Sequence[CurvePoint],
    *,
    title: str,
    x: tuple[str, str],
    y: tuple[str, str],
    note: str,
) -> Chart:
    lines = []
    for group, role, suffix in ((points, "model", ""), (others, "other", f", {OTHER}")):
        for curve, settings in _by_curve(group).items():
            lines.append(
                Line(
                    name=f"by {curve}{suffix}",
                    points=tuple((p.metrics[x[0]].value, p.metrics[y[0]].value) for p in settings),
                    labels=tuple(p.name for p in settings),
                    role="model" if role == "model" else "other",
                )
            )
    lines += _marks(points, x[0], y[0])
    return Chart(title=title, x=Axis(label=x[1]), y=Axis(label=y[1]), lines=tuple(lines), note=note)


def _marks(points: Sequence[CurvePoint], x: str, y: str) -> list[Line]:
    """Mark where real text and the samples of the count model stand."""
    if not points:
        return []
    across, up = points[0].metrics[x], points[0].metrics[y]
    places: tuple[tuple[str, str, Role, float | None, float | None], ...] = (
        ("real text", "real", "floor", across.floor, up.floor),
        ("count model", "counts", "baseline", across.baseline, up.baseline),
    )
    return [
        Line(name=name, points=((a, b),), labels=(label,), role=role, is_joined=False)
        for name, label, role, a, b in places
        if a is not None and b is not None
    ]


def _along(
    points: Sequence[CurvePoint], others: Sequence[CurvePoint], key: str, label: str
) -> Chart:
    lines = []
    by_curve = _by_curve(points)
    for group, suffix in ((by_curve, ""), (_by_curve(others), f", {OTHER}")):
        for curve, settings in group.items():
            found = [p.metrics[key] for p in settings]
            bands = [m.interval or (m.value, m.value) for m in found]
            lines.append(
                Line(
                    name=f"by {curve}{suffix}",
                    points=tuple((p.x, m.value) for p, m in zip(settings, found, strict=True)),
                    role="other" if suffix else "model",
                    band=tuple(bands),
                )
            )
    floor = points[0].metrics[key].floor if points else None
    if floor is not None:
        xs = [p.x for p in points]
        lines.append(
            Line(name="real text", points=((min(xs), floor), (max(xs), floor)), role="floor")
        )
    name = " or ".join(by_curve)
    return Chart(title=label, x=Axis(label=name), y=Axis(label=label), lines=tuple(lines))


def comparison(differences: Sequence[Difference], other: str) -> Section:
    """Write the differences of two models, first minus second."""
    metrics = [
        Metric(
            name=f"{d.first.name}, difference",
            key=f"{d.first.key}_difference",
            value=d.value,
            unit=d.first.unit,
            better=d.first.better if d.first.better in ("lower", "higher") else "neither",
            n=d.first.n,
            interval=d.interval,
            setting=d.first.setting,
            seed=d.first.seed,
            note=_verdict(d),
        )
        for d in differences
    ]
    ahead = sum(d.better == "first" for d in differences)
    behind = sum(d.better == "second" for d in differences)
    return Section(
        key="comparison",
        title=f"Against {other}",
        intro="This model minus the other, on the same real text and the same draws. Where the "
        "interval holds 0 the difference may be chance.",
        metrics=tuple(metrics),
        notes=(
            f"Better beyond chance in {ahead} figures, worse in {behind}, "
            f"even in {len(differences) - ahead - behind}.",
        ),
    )


def _verdict(d: Difference) -> str:
    words = {"first": "this model is better", "second": "the other is better", "even": "even"}
    paired = "paired" if d.is_paired else "not paired"
    return f"{words[d.better]}; {paired}; the other: {d.second.value:.4g}"
