"""What every set of samples is measured against: real text, its floors, the training text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from serinette.core.metric import Metric
from serinette.evaluation.figure import Figure, in_setting, with_floors
from serinette.evaluation.quality import (
    PieceSet,
    RealText,
    distance_figures,
    quality_figures,
)
from serinette.evaluation.ragged import Numbering
from serinette.kinds.yardstick import Stretch, Yardstick
from serinette.recipes.evaluate.cache import Cache, key_of
from serinette.recipes.evaluate.copying import CopyFindings, TrainingText, copying
from serinette.recipes.evaluate.material import (
    RealStretches,
    at_most,
    piece_set,
    real_text,
)
from serinette.recipes.evaluate.request import EvaluateRequest

Tell = Callable[[float], None]
"""Takes the share of a stage that is done."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Real text, measured once, against which samples are measured many times."""

    request: EvaluateRequest
    yardstick: Yardstick
    numbering: Numbering
    cache: Cache
    stretches: RealStretches
    real: RealText
    floors: tuple[Figure, ...]
    """What real text scores in the place of samples."""
    drift: tuple[Figure, ...]
    """How far other real text is from the held-out one: training text, where there is any."""
    training: TrainingText | None
    human: CopyFindings | None
    """What held-out text shares with the training text."""

    def measured(
        self, stretches: Sequence[Stretch], setting: str, tell: Tell
    ) -> tuple[list[Figure], CopyFindings | None]:
        """Measure the samples of one setting."""
        kept = at_most(stretches, self.stretches.n_pieces)
        # No figure may hang on the words that other samples invented before.
        numbering, n_known = self.numbering.fork(), len(self.numbering)
        real = replace(self.real, known=lambda: np.arange(len(numbering)) < n_known)
        pieces = _piece_set(self, kept, numbering, tell)
        seed = self.request.seed
        figures = [
            *quality_figures(pieces, real, seed=seed),
            *distance_figures(pieces, real, seed=seed),
        ]
        figures = with_floors(figures, self.floors)
        own = self.real.own_metrics(pieces.texts, pieces.groups)
        figures += [Figure(metric=metric) for metric in own]
        tell(0.8)
        found = None
        if self.training is not None and self.human is not None:
            found = copied(self.training, kept, self.request)
            figures += with_floors(found.figures, self.human.figures)
        seeded = [_seeded(figure, self.request.seed) for figure in figures]
        return in_setting(seeded, setting), found


def set_up(
    request: EvaluateRequest,
    yardstick: Yardstick,
    stretches: RealStretches,
    training: TrainingText | None,
    cache: Cache,
    tell: Tell,
) -> Bench:
    """Measure real text in the place of samples, and held-out text in the place of copies."""
    numbering = Numbering()
    n_embedded = n_embedded_of(request, stretches)
    real = real_text(
        stretches,
        yardstick,
        numbering,
        lambda pieces: embedded(pieces, yardstick, cache, tell),
        n_embedded,
        request.seed,
    )
    tell(0.7)
    seed = request.seed
    floors = [
        *quality_figures(real.twin, real, seed=seed),
        *distance_figures(real.halves[1], real, seed=seed),
    ]
    return Bench(
        request=request,
        yardstick=yardstick,
        numbering=numbering,
        cache=cache,
        stretches=stretches,
        real=real,
        floors=tuple(floors),
        drift=tuple(_drift(real, floors, seed)),
        training=training,
        human=None if training is None else copied(training, stretches.held_out, request),
    )


def copied(
    training: TrainingText, stretches: Sequence[Stretch], request: EvaluateRequest
) -> CopyFindings:
    """Look pieces up in the training text."""
    return copying(training, stretches, n_characters=request.n_copy_characters, seed=request.seed)


def embedded(
    pieces: Sequence[str], yardstick: Yardstick, cache: Cache, tell: Tell
) -> Float32[np.ndarray, "N D"]:
    """Embed pieces, or find that it was done before."""
    key = key_of("embedding 1", yardstick.embedding, list(pieces))
    kept = cache.get_array(key)
    if kept is not None:
        return kept
    vectors = yardstick.embed(pieces, lambda n: tell(0.6 * n / max(1, len(pieces))))
    cache.put_array(key, vectors)
    return vectors


def _piece_set(
    bench: Bench, stretches: Sequence[Stretch], numbering: Numbering, tell: Tell
) -> PieceSet:
    return piece_set(
        stretches,
        bench.yardstick,
        numbering,
        lambda pieces: embedded(pieces, bench.yardstick, bench.cache, tell),
        n_embedded_of(bench.request, bench.stretches),
    )


def n_embedded_of(request: EvaluateRequest, stretches: RealStretches) -> int:
    """Return how many pieces of every set are embedded: no more than a half has."""
    n_half = sum(len(stretch.spans) for stretch in stretches.halves[0])
    return min(request.n_embedded, n_half, stretches.n_pieces)


def _drift(real: RealText, floors: Sequence[Figure], seed: int) -> list[Figure]:
    """Measure the twin as samples are measured, where it is not itself the second half."""
    if real.twin.texts == real.halves[1].texts:
        return []
    figures = with_floors(distance_figures(real.twin, real, seed=seed), floors)
    return [
        replace(
            figure,
            metric=replace(
                figure.metric,
                key=f"{figure.metric.key}_training",
                name=f"training text itself: {figure.metric.name}",
                better="neither",
            ),
        )
        for figure in figures
    ]


def _seeded(figure: Figure, seed: int) -> Figure:
    """Say of a figure of samples where its randomness came from."""
    metric: Metric = replace(figure.metric, seed=seed)
    return replace(figure, metric=metric)
