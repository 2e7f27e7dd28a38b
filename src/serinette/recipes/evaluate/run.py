"""`evaluate`: a model in, an evaluation out. The story from beginning to end is told here."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import serinette
from serinette.artifact.folder import Artifact
from serinette.core import plain_json
from serinette.evaluation.figure import differences
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.verdicts import headline, model_verdicts, sample_verdicts
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.adversarial import (
    START,
    game_of,
    game_section,
    n_candidates,
    start_of,
    with_start_named,
)
from serinette.recipes.evaluate.bench import Bench, Tell, set_up
from serinette.recipes.evaluate.cache import Cache, key_of
from serinette.recipes.evaluate.case import Case, open_case
from serinette.recipes.evaluate.copying import TrainingText
from serinette.recipes.evaluate.facts import facts_of
from serinette.recipes.evaluate.findings import Findings, count_model, findings_of
from serinette.recipes.evaluate.material import cut_all, real_stretches, without_lines
from serinette.recipes.evaluate.privacy import (
    PrivacyFindings,
    Reader,
    canary_findings,
    extraction,
    membership_findings,
)
from serinette.recipes.evaluate.progress import Listener, Progress, Stage, silent
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.sections import arranged, comparison, curves

_VERSION = 2
"""Raised when the same request would give another report."""
_NO_CANARIES = "No canaries were planted; train with --canaries 20 to measure exposure."
_REMARKS = (
    "The figures hold for this split, these seeds and these sample sizes; compare models only "
    "when all three agree.",
    "Embeddings hardly see word order: read the Fréchet distance, MAUVE and the classifier by "
    "meaning together with the LM score and the classifier by wording.",
    "The samples shown are the first ones of each setting, not chosen.",
)


def evaluate(
    artifact: Artifact,
    request: EvaluateRequest,
    *,
    data: Sequence[Path] | Sequence[str] = (),
    against: Artifact | None = None,
    cache: Cache | None = None,
    listener: Listener = silent,
) -> Evaluation:
    """Evaluate a model on the data that were kept away from its training.

    Args:
        artifact: The model.
        request: How much is measured.
        data: Where the training data are now, or the texts; empty: where they were.
        against: A second model, measured on the same text and with the same draws; None: of a
            model of a game its likelihood start, if that still lies beside it.
        cache: Where samples, embeddings and whole reports are kept; None keeps nothing.
        listener: Told of the progress.

    Raises:
        NotFoundError: If the training data are gone.
        DataError: If they have changed, or there is too little held-out text.
    """
    cache = Cache(None) if cache is None else cache
    start = start_of(artifact) if against is None else None
    artifacts = [each for each in (artifact, against, start) if each is not None]
    case = open_case(artifacts, data)
    corpora = (case.prepared.corpus, *case.earlier)
    sources = [(source.path, source.sha256) for corpus in corpora for source in corpus.sources]
    models = [(subject.name, subject.identity) for subject in case.subjects]
    key = key_of(
        "report", _VERSION, serinette.__version__, models, sources, asdict(request),
        case.yardstick.embedding,
    )  # fmt: skip
    kept = cache.get(key)
    if kept is not None:
        return Evaluation.from_json(plain_json.load(kept, "cache"))
    evaluation = _evaluate(case, request, cache, listener, has_start=start is not None)
    cache.put(key, plain_json.dump(evaluation.to_json()))
    return evaluation


def _evaluate(
    case: Case, request: EvaluateRequest, cache: Cache, listener: Listener, *, has_start: bool
) -> Evaluation:
    progress = Progress(_stages(case, request), listener)
    with progress.next_stage() as tell:
        bench = _bench(case, request, cache, tell)
    with progress.next_stage() as tell:
        counted = count_model(case, bench, tell)
    found = [findings_of(subject, case, bench, counted, progress) for subject in case.subjects]
    with progress.next_stage():
        leaks = _privacy(case, bench)
    first = found[0]
    first.figures += [*bench.drift, *leaks.figures]
    first.charts["privacy"] = list(leaks.charts)
    first.notes["privacy"] = list(leaks.notes)
    return _report(case, bench, found, has_start=has_start)


def _report(case: Case, bench: Bench, found: Sequence[Findings], *, has_start: bool) -> Evaluation:
    """Put what was found into the order in which it is read.

    Args:
        case: Models and data.
        bench: What they were measured against.
        found: Of each model.
        has_start: Whether the second one is what the first one's game began with.
    """
    first, others = found[0], found[1:]
    compared_with = [p for other in others for p in other.points]
    verdicts = (*model_verdicts(first.metrics), *sample_verdicts(first.metrics))
    sections = arranged(first.metrics, first.charts, first.notes)
    for subject, other in zip(case.subjects[1:], others, strict=True):
        compared = differences(first.figures, other.figures, seed=bench.request.seed)
        sections.append(comparison(compared, START if has_start else subject.name))
    artifact = case.subjects[0].artifact
    game = game_section(artifact, first.points, compared_with if has_start else ())
    charts = curves(first.points, compared_with)
    return Evaluation(
        subject=case.subjects[0].name,
        headline=" ".join([headline(verdicts), *_beaten(artifact)]),
        verdicts=verdicts,
        sections=tuple(sections if game is None else [*sections, game]),
        specimens=tuple(first.specimens),
        charts=tuple(with_start_named(charts) if has_start else charts),
        facts=facts_of(case, bench),
        notes=(*case.caveats, *_REMARKS, *_too_little(bench)),
        is_quick=bench.request.is_quick,
    )


def _beaten(artifact: Artifact) -> list[str]:
    """Say so where the likelihood model beat its game."""
    game = game_of(artifact)
    if game is None or game["is_better"] or game.get("best") is None:
        return []
    n = n_candidates(artifact)
    guided = "" if n == 1 else f", whose critic chooses among {n} candidates"
    return [f"The game did not beat likelihood: this is the likelihood model{guided}."]


def _stages(case: Case, request: EvaluateRequest) -> list[Stage]:
    """Guess how long everything takes: two ordinary cores, a network of a million parameters."""
    share = request.n_pieces / 10_000
    embedding = request.n_embedded / 250
    measuring = 10 * share + embedding + 1
    stages = [
        Stage(doing="measuring real text", seconds=measuring + 2 * embedding),
        Stage(doing="measuring samples of the count model", seconds=measuring),
    ]
    for subject in case.subjects:
        size = max(0.3, subject.artifact.model_config.hidden_size**2 / 256**2)
        predicting = request.n_scored_characters / 20_000
        stages.append(Stage(doing=f"{subject.name}: predicting held-out text", seconds=predicting))
        for setting in request.settings:
            drawing = 18 * share * size + 0.2
            doing = f"{subject.name}: {{}} samples at {setting.name}"
            stages += [
                Stage(doing=doing.format("drawing"), seconds=drawing),
                Stage(doing=doing.format("measuring"), seconds=measuring),
            ]
    return [*stages, Stage(doing="looking for leaks", seconds=10 * share + 3)]


def _bench(case: Case, request: EvaluateRequest, cache: Cache, tell: Tell) -> Bench:
    """Measure real text; canaries are none."""
    trained = case.prepared.parts.train.sequences
    planted = [canary.text for canary in case.prepared.canaries]
    stretches = real_stretches(
        cut_all([s.content for s in case.held_out.sequences], case.yardstick),
        cut_all(without_lines([s.content for s in trained], planted), case.yardstick),
        most=request.n_pieces,
        seed=request.seed,
    )
    copied = [*trained, *(s for corpus in case.earlier for s in corpus.sequences)]
    training = TrainingText.of(copied, is_whole=case.yardstick.is_whole)
    return set_up(request, case.yardstick, stretches, training, cache, tell)


def _privacy(case: Case, bench: Bench) -> PrivacyFindings:
    request, stretches, prepared = bench.request, bench.stretches, case.prepared
    subject = case.subjects[0]
    reader = Reader(codec=subject.codec, steppers=subject.steppers)
    n, seed = request.n_prefixes, request.seed
    found = extraction(reader, stretches.twin, stretches.held_out, n=n, seed=seed)
    # Text that is neither trained on nor held out calibrates the attack.
    is_apart = case.held_out is not prepared.parts.validation
    apart = prepared.parts.validation.sequences if is_apart else ()
    membership = membership_findings(
        reader,
        _up_to(stretches.twin, request.n_scored_characters),
        _up_to(stretches.held_out, request.n_scored_characters),
        [sequence.content for sequence in apart],
        seed=seed,
    )
    if not prepared.canaries:
        return found.joined(membership).joined(PrivacyFindings(notes=(_NO_CANARIES,)))
    space = case.kind.canary_space(prepared.parts.train, prepared.canaries)
    documents = {sequence.content for sequence in prepared.parts.train.sequences}
    is_document = prepared.canaries[0].text in documents
    canaries = canary_findings(reader, prepared.canaries, space, is_document=is_document, seed=seed)
    return found.joined(membership).joined(canaries)


def _up_to(stretches: Sequence[Stretch], n_characters: int) -> tuple[Stretch, ...]:
    """Return as many stretches as may be read by the model."""
    kept: list[Stretch] = []
    for stretch in stretches:
        if n_characters <= 0:
            break
        kept.append(stretch)
        n_characters -= len(stretch.content)
    return tuple(kept)


def _too_little(bench: Bench) -> list[str]:
    n, name = bench.stretches.n_pieces, bench.yardstick.piece_name
    wanted = bench.request.n_pieces
    if n >= wanted:
        return []
    return [
        f"There is real text for {n:,} {name} a set, not for {wanted:,}: the intervals are wider."
    ]
