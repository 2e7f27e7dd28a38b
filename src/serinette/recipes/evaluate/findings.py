"""All that is measured of one model: what it predicts, and what it writes at each setting."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from serinette.core import plain_json
from serinette.core.chart import Chart
from serinette.core.errors import DataError
from serinette.core.metric import Metric
from serinette.counts.ngram import WittenBell
from serinette.evaluation.figure import Figure, with_baselines
from serinette.evaluation.report.content import Specimen
from serinette.recipes.baseline import fit_baseline
from serinette.recipes.evaluate.bench import Bench, Tell
from serinette.recipes.evaluate.cache import key_of
from serinette.recipes.evaluate.case import Case, Subject
from serinette.recipes.evaluate.copying import CopyFindings, novelty_chart, specimens
from serinette.recipes.evaluate.drawing import (
    DrawnText,
    Writer,
    draw,
    draw_from_counts,
    stretch_of,
    writer_of,
)
from serinette.recipes.evaluate.likelihood import head, likelihood
from serinette.recipes.evaluate.material import shuffled
from serinette.recipes.evaluate.progress import Progress
from serinette.recipes.evaluate.request import Setting
from serinette.recipes.evaluate.sections import CurvePoint

_VERSION = 1
"""Raised when the same model and setting would give other samples."""
_SPECIMENS = 6
_SPECIMEN_CHARACTERS = 400
"""Samples of a setting are shown up to this length together, two at least."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The count model of the same training part."""

    model: WittenBell
    figures: tuple[Figure, ...]
    """What its samples score."""


@dataclass(kw_only=True)
class Findings:
    """All that was found out about one model."""

    figures: list[Figure] = field(default_factory=list)
    points: list[CurvePoint] = field(default_factory=list)
    specimens: list[Specimen] = field(default_factory=list)
    copies: dict[str, CopyFindings] = field(default_factory=dict)
    charts: dict[str, list[Chart]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of all figures."""
        return [figure.metric for figure in self.figures]


def count_model(case: Case, bench: Bench, tell: Tell) -> Counted:
    """Fit the count model of the same training part, and measure what it writes."""
    prepared = case.prepared
    size = getattr(prepared.codec.schema.fields[0], "size", 0)
    model = fit_baseline(prepared.train, prepared.validation, size).model
    n_pieces, seed = bench.stretches.n_pieces, bench.request.seed
    writer = _writer(case.subjects[0], case)
    stretches = draw_from_counts(writer, model, n_pieces=n_pieces, seed=seed)
    figures = bench.measured(stretches, "", tell)[0] if stretches else []
    return Counted(model=model, figures=tuple(figures))


def findings_of(
    subject: Subject, case: Case, bench: Bench, counted: Counted, progress: Progress
) -> Findings:
    """Measure one model; a stage for what it predicts, and two for every setting.

    Raises:
        DataError: If the samples of a setting hold nothing that can be measured.
    """
    request = bench.request
    found = Findings()
    with progress.next_stage():
        is_same = subject.codec.to_json() == case.prepared.codec.to_json()
        scored = likelihood(
            subject.codec,
            subject.steppers[0],
            head(case.held_out, request.n_scored_characters, request.seed),
            counted.model if is_same else None,
            seed=request.seed,
        )
    found.figures += scored.figures
    found.charts["calibration"] = [scored.chart]
    found.notes["prediction"] = list(scored.notes)
    writer = _writer(subject, case)
    for setting in request.settings:
        with progress.next_stage() as tell:
            drawn = _drawn(subject, writer, setting, bench, tell)
        with progress.next_stage() as tell:
            figures, copies = _measured(drawn, setting, bench, tell)
        _add(found, setting, with_baselines(figures, counted.figures), copies)
        found.notes.setdefault("variety", []).extend(_too_few(figures, setting, bench))
        found.figures += _unfinished(drawn, setting, bench)
        found.specimens += specimens(
            bench.training, _shown(drawn.texts), setting.name, request.seed
        )
    human = None if bench.human is None else bench.human.novelty
    by_setting = {name: copies.novelty for name, copies in found.copies.items()}
    found.charts["copying"] = [novelty_chart(by_setting, human)]
    return found


def _shown(texts: Sequence[str]) -> list[str]:
    """Return the first samples, more of them where they are short."""
    shown: list[str] = []
    for text in texts[:_SPECIMENS]:
        if len(shown) > 1 and sum(map(len, shown)) >= _SPECIMEN_CHARACTERS:
            break
        shown.append(text)
    return shown


def _writer(subject: Subject, case: Case) -> Writer:
    training = case.prepared.parts.train.sequences
    return writer_of(subject.codec, subject.steppers, case.yardstick, training, subject.guide)


def _drawn(
    subject: Subject, writer: Writer, setting: Setting, bench: Bench, tell: Tell
) -> DrawnText:
    """Draw samples, or find those that were drawn before."""
    n_pieces, seed = bench.stretches.n_pieces, bench.request.seed
    key = key_of(
        "samples", _VERSION, subject.identity, asdict(setting.decoding), n_pieces, seed,
        writer.n_steps, bench.yardstick.piece_name, list(writer.shares.items()),
    )  # fmt: skip
    kept = bench.cache.get(key)
    if kept is not None:
        plain = plain_json.load(kept, "cache")
        return DrawnText(texts=tuple(plain["texts"]), n_unfinished=plain["n_unfinished"])
    drawn = draw(writer, setting, n_pieces=n_pieces, seed=seed, on_progress=tell)
    bench.cache.put(key, plain_json.dump(asdict(drawn)))
    return drawn


def _measured(
    drawn: DrawnText, setting: Setting, bench: Bench, tell: Tell
) -> tuple[list[Figure], CopyFindings | None]:
    # Samples come label by label; what looks at the first ones only must meet all labels.
    stretches = shuffled(
        [stretch for text in drawn.texts for stretch in stretch_of(text, bench.yardstick)],
        bench.request.seed,
    )
    if not stretches:
        raise DataError(
            f"the samples at {setting.name} hold no {bench.yardstick.piece_name}: the model ends "
            "at once; train it longer"
        )
    return bench.measured(stretches, setting.name, tell)


def _add(
    found: Findings, setting: Setting, figures: list[Figure], copies: CopyFindings | None
) -> None:
    found.figures += figures
    found.points.append(
        CurvePoint(
            name=setting.name,
            x=setting.x,
            curve=setting.curve,
            metrics={figure.metric.key: figure.metric for figure in figures},
        )
    )
    if copies is not None:
        found.copies[setting.name] = copies
        notes = found.notes.setdefault("copying", [])
        notes += [f"Longest at {setting.name}: {span}" for span in copies.longest[:1]]


def _too_few(figures: Sequence[Figure], setting: Setting, bench: Bench) -> list[str]:
    """Say if the samples hold fewer pieces than the real text that they are compared with."""
    n = next(figure.metric.n for figure in figures if figure.metric.key == "lm")
    wanted = bench.stretches.n_pieces
    if n >= wanted:
        return []
    return [
        f"At {setting.name} the model wrote only {n:,} of {wanted:,} {bench.yardstick.piece_name}, "
        "as it often ends at once; figures that depend on the amount are not to be compared."
    ]


def _unfinished(drawn: DrawnText, setting: Setting, bench: Bench) -> list[Figure]:
    """Say how many documents found no end; passages are cut off on purpose."""
    if not bench.yardstick.is_whole:
        return []
    metric = Metric(
        name="samples that found no end",
        key="unfinished",
        value=100 * drawn.n_unfinished / len(drawn.texts),
        unit="%",
        better="lower",
        n=len(drawn.texts),
        floor=0.0,
        setting=setting.name,
        seed=bench.request.seed,
    )
    return [Figure(metric=metric)]
