"""How good and how varied a set of samples is, every figure beside what real text scores.

Sets of real pieces keep the comparison fair. `held_out` is what samples are compared with. `twin`
is other real text of the same size as the samples: it stands in their place once, and what it
scores is the floor of what is counted. `fitted` is real text besides: the independent language
model that judges samples is fitted on it.

Distances between distributions need a stricter floor: `halves` are two parts of one text, mixed by
chance, so that nothing can be nearer to the first than the second is, but by luck. Training text
would not do: the end of a book differs from its beginning, and a model that blurs may come nearer
to it than the beginning does.

Shape letters: `N` pieces, `M` pieces with features, `D` features, `V` tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float32, Int

from serinette.core.jackknife import jackknife_interval, parts_of, rows_without_each
from serinette.core.metric import Metric
from serinette.evaluation import diversity
from serinette.evaluation.bleu import ORDERS, bleu, self_bleu
from serinette.evaluation.figure import Figure, ratio_figure
from serinette.evaluation.frechet import frechet
from serinette.evaluation.grams import grams_by_length
from serinette.evaluation.language import independent_nats
from serinette.evaluation.mauve import mauve
from serinette.evaluation.ragged import Ragged
from serinette.evaluation.two_sample import classifier_accuracy, gram_features
from serinette.kinds.yardstick import OwnMetrics

Measure = Callable[[Ragged], float]
_LONGEST_GRAM = 4
_ENTROPY_GRAM = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class PieceSet:
    """Pieces, real or generated, in the forms in which they are measured."""

    texts: tuple[str, ...]
    tokens: Ragged
    """The same pieces as numbered tokens."""
    groups: Int[np.ndarray, " N"]
    """Pieces cut from one document or one sample share a number."""
    features: Float32[np.ndarray, "M D"]
    """Embeddings of the first M pieces."""

    def first(self, n: int) -> "PieceSet":
        """Return the first pieces."""
        return PieceSet(
            texts=self.texts[:n],
            tokens=self.tokens.select(np.arange(min(n, len(self.tokens)))),
            groups=self.groups[:n],
            features=self.features[:n],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class RealText:
    """Real pieces in their three parts."""

    held_out: PieceSet
    twin: PieceSet
    fitted: PieceSet
    halves: tuple[PieceSet, PieceSet]
    """What distributions are compared with, and what is as near to it as can be; of one size."""
    known: Callable[[], Bool[np.ndarray, " V"]]
    """Which tokens occur in real text, of all that have been met by now."""
    own_metrics: OwnMetrics
    """Measures samples in ways that are special to the kind."""
    embedding: str
    """What made the features, for the notes."""


def quality_figures(samples: PieceSet, real: RealText, *, seed: int) -> list[Figure]:
    """Measure what is counted; the floors are what `real.twin` scores here."""
    return [
        *_overlap(samples, real, seed),
        *_variety(samples, real, seed),
        _lm_score(samples, real, seed),
    ]


def distance_figures(samples: PieceSet, real: RealText, *, seed: int) -> list[Figure]:
    """Measure distances between distributions; the floors are what `real.halves[1]` scores here.

    All sets are taken to the size of a half, because the figures depend on it.
    """
    reference, second = real.halves
    return [
        _reverse_lm_score(samples.first(len(second.texts)), reference, real, seed),
        *_embedding_distances(samples, reference, real.embedding, seed),
        *_two_sample_tests(samples, reference, seed),
    ]


def _overlap(samples: PieceSet, real: RealText, seed: int) -> list[Figure]:
    against = bleu(samples.tokens, real.held_out.tokens)
    among = self_bleu(samples.tokens)
    figures = []
    for scores, key, name in (
        (against, "bleu", "BLEU-{}"),
        (among, "selfbleu", "Self-BLEU-{}"),
    ):
        figures += [
            ratio_figure(
                scores[:, k],
                groups=samples.groups,
                seed=seed,
                name=name.format(order),
                key=f"{key}{order}",
                unit="",
                better="real",
            )
            for k, order in enumerate(ORDERS)
        ]
    return figures


def _variety(samples: PieceSet, real: RealText, seed: int) -> list[Figure]:
    tokens = samples.tokens
    repeats = diversity.is_repeat(tokens).astype(np.float64)
    loops = diversity.repetition(tokens)
    figures = [
        *_of_whole_sets(samples, real),
        ratio_figure(
            loops,
            groups=samples.groups,
            seed=seed,
            scale=100.0,
            name="repetition within a piece",
            key="repetition",
            unit="%",
            better="real",
        ),
        ratio_figure(
            repeats,
            groups=samples.groups,
            seed=seed,
            scale=100.0,
            name="pieces equal to an earlier one",
            key="repeats",
            unit="%",
            better="real",
        ),
    ]
    return figures


def _word_distance(tokens: Ragged, real: RealText) -> float:
    """Compare how often words are used; an invented word that came once is no subject."""
    known = real.known()
    counts = np.bincount(tokens.values, minlength=len(known))
    kept = tokens.values[known[tokens.values] | (counts[tokens.values] > 1)]
    flat = Ragged(values=kept, starts=np.array([0, len(kept)]))
    return diversity.unigram_divergence(flat, real.held_out.tokens, len(known))


def _of_whole_sets(samples: PieceSet, real: RealText) -> list[Figure]:
    """Measure what is no mean over pieces; intervals come from leaving tenths of the set out."""
    held_out = real.held_out.tokens
    parts = parts_of(samples.groups)
    rests = [samples.tokens.select(rows) for rows in rows_without_each(parts)]
    measures: list[tuple[str, str, str, Literal["real", "lower"], Measure]] = [
        (
            "vocabulary coverage",
            "coverage",
            "%",
            "real",
            lambda tokens: 100 * diversity.vocabulary_coverage(tokens, held_out),
        ),
        (
            "distance of word frequencies",
            "words",
            "bits",
            "lower",
            lambda tokens: _word_distance(tokens, real),
        ),
        (
            "distance of lengths",
            "length",
            "tokens",
            "lower",
            lambda tokens: diversity.length_distance(tokens, held_out),
        ),
    ]
    figures = _of_grams(samples, parts)
    for name, key, unit, better, measure in measures:
        value, without_each = measure(samples.tokens), [measure(rest) for rest in rests]
        figures.append(_jackknifed(samples, value, without_each, name=name, key=key, unit=unit,
                                   better=better))  # fmt: skip
    return figures


def _of_grams(samples: PieceSet, parts: Int[np.ndarray, " N"]) -> list[Figure]:
    """Count n-grams once, by the part of their piece: what is left out is then taken away."""
    n_parts = int(parts.max(initial=0)) + 1
    figures = []
    for n, grams in enumerate(grams_by_length(samples.tokens, _LONGEST_GRAM), start=1):
        cells = grams.numbers * n_parts + parts[grams.rows]
        table = np.bincount(cells, minlength=grams.n_different * n_parts).reshape(-1, n_parts)
        totals = table.sum(axis=1)
        rests = [totals - table[:, part] for part in range(n_parts)]
        facts = [(f"distinct-{n}", f"distinct{n}", "", diversity.distinct_share)]
        if n == _ENTROPY_GRAM:
            facts.append((f"entropy of {n}-grams", f"entropy{n}", "bits", diversity.count_entropy))
        for name, key, unit, measure in facts:
            value, without_each = measure(totals), [measure(rest) for rest in rests]
            figures.append(_jackknifed(samples, value, without_each, name=name, key=key, unit=unit,
                                       better="real"))  # fmt: skip
    return figures


def _jackknifed(
    samples: PieceSet, value: float, without_each: Sequence[float], **facts: Any
) -> Figure:
    interval = jackknife_interval(value, without_each)
    metric = Metric(value=value, interval=interval, n=len(samples.texts), **facts)
    return Figure(metric=metric)


def _lm_score(samples: PieceSet, real: RealText, seed: int) -> Figure:
    return ratio_figure(
        independent_nats(real.fitted.tokens, samples.tokens, known=real.known()),
        samples.tokens.lengths + 1.0,
        groups=samples.groups,
        seed=seed,
        name="LM score: the samples under a count model of real text",
        key="lm",
        unit="nats per token",
        better="real",
    )


def _reverse_lm_score(samples: PieceSet, reference: PieceSet, real: RealText, seed: int) -> Figure:
    return ratio_figure(
        independent_nats(samples.tokens, reference.tokens, known=real.known()),
        reference.tokens.lengths + 1.0,
        groups=reference.groups,
        seed=seed,
        name="reverse LM score: real text under a count model of the samples",
        key="rlm",
        unit="nats per token",
        better="lower",
    )


def _embedding_distances(
    samples: PieceSet, reference: PieceSet, embedding: str, seed: int
) -> list[Figure]:
    n = _n_compared(samples, reference)
    arguments: dict[str, Any] = {
        "groups_real": reference.groups[:n],
        "groups_generated": samples.groups[:n],
        "seed": seed,
    }
    features = reference.features[:n], samples.features[:n]
    distance = frechet(*features, **arguments)
    likeness = mauve(*features, **arguments)
    facts: dict[str, Any] = {"unit": "", "n": n, "note": embedding}
    return [
        Figure(
            metric=Metric(
                name="Fréchet distance of embeddings",
                key="fed",
                value=distance.value,
                interval=distance.interval,
                better="lower",
                **facts,
            )
        ),
        Figure(
            metric=Metric(
                name="MAUVE",
                key="mauve",
                value=likeness.value,
                interval=likeness.interval,
                better="higher",
                **facts,
            )
        ),
    ]


def _two_sample_tests(samples: PieceSet, reference: PieceSet, seed: int) -> list[Figure]:
    n = _n_compared(samples, reference)
    sides = reference.first(n), samples.first(n)
    grams = [gram_features(side.tokens) for side in sides]
    figures = []
    for key, what, pair in (
        ("accuracy", "meaning", [side.features for side in sides]),
        ("wording", "wording", grams),
    ):
        found = classifier_accuracy(
            *pair, groups_real=sides[0].groups, groups_generated=sides[1].groups, seed=seed
        )
        ends = found.interval
        metric = Metric(
            name=f"told from real text by {what}",
            key=key,
            value=100 * found.value,
            interval=None if ends is None else (100 * ends[0], 100 * ends[1]),
            unit="%",
            better="lower",
            n=found.n,
            note="share of pieces that a linear classifier gets right; 50 % is guessing",
        )
        figures.append(Figure(metric=metric))
    return figures


def _n_compared(samples: PieceSet, reference: PieceSet) -> int:
    return min(len(samples.features), len(reference.features))
