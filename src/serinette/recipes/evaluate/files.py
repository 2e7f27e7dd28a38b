"""Judge the samples of any generator against real text: no model is needed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import serinette
from serinette.core import plain_json
from serinette.core.config import build
from serinette.core.errors import DataError
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.verdicts import headline, sample_verdicts
from serinette.kinds.corpus import Corpus
from serinette.kinds.table import find_kind
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.bench import set_up
from serinette.recipes.evaluate.cache import Cache, key_of
from serinette.recipes.evaluate.copying import TrainingText, novelty_chart, specimens
from serinette.recipes.evaluate.facts import files_of, measured_with
from serinette.recipes.evaluate.material import FEWEST_PIECES, cut_all, real_stretches, shuffled
from serinette.recipes.evaluate.progress import Listener, Progress, Stage, silent
from serinette.recipes.evaluate.request import EvaluateRequest
from serinette.recipes.evaluate.sections import arranged

_VERSION = 1
_SETTING = "samples"
_SPECIMENS = 6


@dataclass(frozen=True, kw_only=True)
class FilesRequest:
    """Which files are judged."""

    samples: Path
    """What a generator wrote."""
    reference: Path
    """Real text that the generator has not seen, if it can be had."""
    training: Path | None = None
    """What the generator learnt from; with it copying is measured too."""
    documents: str = "line"
    """Where a document ends in all three: `file`, `blank-line` or `line`."""
    kind: str = "text"


def evaluate_files(
    files: FilesRequest,
    request: EvaluateRequest,
    *,
    cache: Cache | None = None,
    listener: Listener = silent,
) -> Evaluation:
    """Evaluate samples.

    With `training` its pieces stand in the place of the samples for the floors. Without, the
    reference is divided into three: what samples are compared with, what stands in their place,
    and what the independent language model learns from.

    Args:
        files: The files.
        request: How much is measured; the settings are not used.
        cache: Where embeddings and whole reports are kept; None keeps nothing.
        listener: Told of the progress.

    Raises:
        NotFoundError: If a file does not exist.
        DataError: If a file cannot be read, or is too little.
    """
    cache = Cache(None) if cache is None else cache
    parts = {"samples": files.samples, "reference": files.reference, "training": files.training}
    read = {name: _read(files, path) for name, path in parts.items() if path is not None}
    contents = {name: _contents(corpus) for name, corpus in read.items()}
    kind = find_kind(files.kind)
    yardstick = kind.yardstick(contents["reference"])
    sources = {name: _named(corpus) for name, corpus in read.items()}
    key = key_of(
        "files", _VERSION, serinette.__version__, sources, files.documents, files.kind,
        asdict(request), yardstick.embedding,
    )  # fmt: skip
    kept = cache.get(key)
    if kept is not None:
        return Evaluation.from_json(plain_json.load(kept, "cache"))
    progress = Progress(_stages(request), listener)
    with progress.next_stage() as tell:
        cut = {name: cut_all(texts, yardstick) for name, texts in contents.items()}
        samples = shuffled(cut["samples"], request.seed)
        held_out, other = _parts(cut, request.seed)
        n_samples = sum(len(stretch.spans) for stretch in samples)
        if n_samples < FEWEST_PIECES:
            raise DataError(
                f"{files.samples}: {n_samples} {yardstick.piece_name} to judge, at least "
                f"{FEWEST_PIECES} are needed; give more samples"
            )
        stretches = real_stretches(
            held_out,
            other,
            most=min(request.n_pieces, n_samples),
            seed=request.seed,
            is_one_text="training" not in read,
        )
        training = (
            TrainingText.of(read["training"].sequences, is_whole=yardstick.is_whole)
            if "training" in read
            else None
        )
        bench = set_up(request, yardstick, stretches, training, cache, tell)
    with progress.next_stage() as tell:
        figures, copies = bench.measured(samples, _SETTING, tell)
    metrics = [figure.metric for figure in (*figures, *bench.drift)]
    charts, notes = {}, {}
    if copies is not None and bench.human is not None:
        charts["copying"] = [novelty_chart({_SETTING: copies.novelty}, bench.human.novelty)]
        notes["copying"] = [f"Longest: {span}" for span in copies.longest]
    verdicts = tuple(sample_verdicts(metrics))
    shown = [stretch.content for stretch in samples[:_SPECIMENS]]
    evaluation = Evaluation(
        subject=files.samples.name,
        headline=headline(verdicts),
        verdicts=verdicts,
        sections=tuple(arranged(metrics, charts, notes)),
        specimens=tuple(specimens(training, shown, _SETTING, request.seed)),
        facts={
            **{name: files_of(corpus.sources) for name, corpus in read.items()},
            **measured_with(bench),
        },
        is_quick=request.is_quick,
    )
    cache.put(key, plain_json.dump(evaluation.to_json()))
    return evaluation


def _read(files: FilesRequest, path: Path) -> Corpus:
    kind = find_kind(files.kind)
    config: Any = build(kind.config_type, {"documents": files.documents}, source="--documents")
    return kind.read((path,), config)


def _named(corpus: Corpus) -> list[tuple[str, str]]:
    """Return name and hash of every file: the report shows both."""
    return [(source.path, source.sha256) for source in corpus.sources]


def _contents(corpus: Corpus) -> list[str]:
    return [sequence.content for sequence in corpus.sequences]


def _parts(cut: dict[str, list[Stretch]], seed: int) -> tuple[Sequence[Stretch], Sequence[Stretch]]:
    """Return what samples are compared with, and other real text."""
    if "training" in cut:
        return cut["reference"], cut["training"]
    reference = shuffled(cut["reference"], seed)
    third = len(reference) // 3
    return reference[:third], reference[third:]


def _stages(request: EvaluateRequest) -> list[Stage]:
    share, embedding = request.n_pieces / 10_000, request.n_embedded / 250
    return [
        Stage(doing="measuring real text", seconds=10 * share + 2 * embedding + 1),
        Stage(doing="measuring the samples", seconds=10 * share + embedding + 1),
    ]
