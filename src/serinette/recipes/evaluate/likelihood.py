"""How well a model foresees held-out text, and whether its probabilities mean what they say."""

import math
from dataclasses import dataclass, replace

from serinette.core.bootstrap import ratio_interval
from serinette.core.chart import Chart
from serinette.core.metric import Metric
from serinette.counts.ngram import WittenBell
from serinette.decoding.forecasts import Forecasts, forecasts
from serinette.decoding.stepper import Stepper
from serinette.evaluation.calibration import (
    Tally,
    expected_calibration_error,
    fitted_temperature,
    reliability_chart,
    top_tally,
)
from serinette.evaluation.figure import Figure
from serinette.evaluation.score import Score, blocks_of
from serinette.kinds.corpus import Corpus, RawSequence
from serinette.kinds.kind import Codec
from serinette.recipes.evaluate.material import shuffled
from serinette.recipes.score import CountModel, closed_steps, contexts_of, scored


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """Figures of the sections Prediction and Calibration."""

    figures: tuple[Figure, ...]
    chart: Chart
    notes: tuple[str, ...]


def likelihood(
    codec: Codec,
    stepper: Stepper,
    held_out: Corpus,
    baseline: CountModel | None,
    *,
    seed: int,
) -> Likelihood:
    """Predict held-out text and measure the predictions.

    Args:
        codec: Of the model.
        stepper: Of the model.
        held_out: At least one sequence.
        baseline: The count model of the same training part.
        seed: Of the bootstrap.
    """
    closed = [closed_steps(codec, sequence.content) for sequence in held_out.sequences]
    found = forecasts(stepper, closed, contexts_of(codec, held_out))
    score = scored(codec, held_out, found.per_sequence, baseline=baseline, seed=seed)
    figures = [*_prediction(score, seed), *_calibration(found, score, seed)]
    if isinstance(baseline, WittenBell):
        unigram = scored(codec, held_out, found.per_sequence, baseline=baseline.at(1), seed=seed)
        figures[2:2] = _counted(score, unigram, baseline.order)
    notes = (
        (f"{score.n_unknown:,} characters were unknown to the model.",) if score.n_unknown else ()
    )
    tally = Tally(n_forecasts=found.n_forecasts, expected=found.expected, came_true=found.came_true)
    top = top_tally(found.confidence, found.is_hit)
    return Likelihood(
        figures=tuple(figures),
        chart=reliability_chart(tally, top),
        notes=notes,
    )


def head(corpus: Corpus, n_characters: int, seed: int) -> Corpus:
    """Return sequences chosen by chance, up to a number of characters; all, if they are fewer."""
    if corpus.n_characters <= n_characters:
        return corpus
    kept: list[RawSequence] = []
    # The first ones would all be of the first files.
    for sequence in shuffled(corpus.sequences, seed):
        if n_characters <= 0:
            break
        kept.append(replace(sequence, content=sequence.content[:n_characters]))
        n_characters -= len(sequence.content)
    return replace(corpus, sequences=tuple(kept))


def _prediction(score: Score, seed: int) -> list[Figure]:
    nats, sizes, n_bytes = blocks_of(score.per_sequence)
    bits = nats / math.log(2)
    per_character = Figure(metric=score.metrics[0], totals=bits, sizes=sizes)
    measured = replace(score.metrics[1], interval=ratio_interval(bits, n_bytes, seed=seed))
    per_byte = Figure(metric=measured, totals=bits, sizes=n_bytes)
    ends = per_character.metric.interval
    perplexity = replace(
        score.metrics[2], interval=None if ends is None else (2.0 ** ends[0], 2.0 ** ends[1])
    )
    return [per_character, per_byte, Figure(metric=perplexity)]


def _counted(score: Score, unigram: Score, order: int) -> list[Figure]:
    """Return the baselines as figures of their own."""
    counted = []
    for key, name, nats in (
        ("count_bpc", f"count model, order {order}", score.baseline_nats),
        ("unigram_bpc", "count model, order 1 (frequencies only)", unigram.baseline_nats),
    ):
        if nats is not None:
            counted.append(
                Figure(
                    metric=Metric(
                        name=f"bits per character, {name}",
                        key=key,
                        value=nats / score.n_characters / math.log(2),
                        unit="bits",
                        better="neither",
                        n=score.n_characters,
                    )
                )
            )
    return counted


def _calibration(found: Forecasts, score: Score, seed: int) -> list[Figure]:
    error = expected_calibration_error(top_tally(found.confidence, found.is_hit), seed=seed)
    interval = error.interval
    best = fitted_temperature(found.sharpness, found.nats_by_sharpness)
    return [
        Figure(
            metric=Metric(
                name="expected calibration error of the likeliest symbol",
                key="ece",
                value=100 * error.value,
                interval=None if interval is None else (100 * interval[0], 100 * interval[1]),
                unit="%",
                better="lower",
                n=error.n,
                note="how far confidence and success lie apart on average",
            )
        ),
        Figure(
            metric=Metric(
                name="softmax temperature that would fit best",
                key="fitted_temperature",
                value=best.temperature,
                unit="",
                better="neither",
                n=score.n_steps,
                note="at the end of what was tried: it may be further"
                if best.is_at_edge
                else "1 is calibrated; above 1 the model is too sure of itself",
            )
        ),
        Figure(
            metric=Metric(
                name="what that temperature would gain",
                key="temperature_gain",
                value=best.saved_nats / score.n_characters / math.log(2),
                unit="bits per character",
                better="lower",
                n=score.n_characters,
            )
        ),
    ]
