"""When a figure is bad: how far it may lie from what real text scores, by one rule a fault.

Every rule compares with real text measured in the same way, so that one threshold serves poems,
captions and plays. The thresholds are judgements; planted faults in the tests show that each rule
sees what it is named after, and that real text in the place of samples lights nothing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Light

Found = Mapping[str, Metric]
"""Metrics of one setting by key."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One excess over real text, and where it begins to matter."""

    excess: float
    """How much worse than real text; at most 0 is as good."""
    yellow: float
    red: float
    sentence: str
    """What it means when it matters."""
    is_judged: bool = True
    """Whether the figure means anything here."""

    @property
    def light(self) -> Light:
        """How bad it is."""
        if not self.is_judged or math.isnan(self.excess):
            return "none"
        if self.excess > self.red:
            return "red"
        return "yellow" if self.excess > self.yellow else "green"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One fault and how it shows."""

    name: str
    measures: Callable[[Found], list[Measure]]
    good: str
    """What is said when nothing is wrong."""
    threshold: str
    """The thresholds in words."""


_ATTACKS = ("mia_loss", "mia_calibrated", "mia_min_k")
_EXPOSED = 10.0
"""Bits from which a planted line counts as remembered."""
_MOST_DRIFT = 55.0
"""Percent of training pieces told from held-out ones above which membership proves nothing."""


def _real(metric: Metric | None) -> float | None:
    return None if metric is None else metric.floor


def _above(by_key: Found, key: str, limits: tuple[float, float], sentence: str) -> list[Measure]:
    """Measure how far a figure lies above real text's, beyond the uncertainty of both."""
    metric = by_key.get(key)
    floor = _real(metric)
    if metric is None or floor is None:
        return []
    excess = metric.value - floor - _slack(metric)
    told = sentence.format(value=_number(metric), real=_number(metric, floor))
    return [Measure(excess=excess, yellow=limits[0], red=limits[1], sentence=told)]


def _below(by_key: Found, key: str, limits: tuple[float, float], sentence: str) -> list[Measure]:
    """Measure how far a figure lies below real text's, as a share of it."""
    metric = by_key.get(key)
    floor = _real(metric)
    if metric is None or floor is None or floor <= 0:
        return []
    excess = (floor - metric.value - _slack(metric)) / floor
    told = sentence.format(value=_number(metric), real=_number(metric, floor))
    return [Measure(excess=excess, yellow=limits[0], red=limits[1], sentence=told)]


def _slack(metric: Metric) -> float:
    """Return half the width of the interval of the difference: chance alone lights nothing."""
    intervals = (metric.interval, metric.floor_interval)
    return math.hypot(*(high - low for low, high in filter(None, intervals))) / 2


def _number(metric: Metric, value: float | None = None) -> str:
    shown = metric.value if value is None else value
    unit = " %" if metric.unit == "%" else ""
    return f"{shown:.3g}{unit}"


def _realism(found: Found) -> list[Measure]:
    metric, drift = found.get("accuracy"), found.get("accuracy_training")
    if metric is None or metric.floor is None:
        return []
    # No model can be nearer to the held-out text than what it learnt from.
    least = max(metric.floor, drift.value if drift else 0.0)
    training = f"; training text itself: {_number(drift)}" if drift else ""
    sentence = (
        f"The samples are told from held-out text in {_number(metric)} of cases "
        f"(real from real: {_number(metric, metric.floor)}{training})."
    )
    excess = metric.value - least - _slack(metric)
    return [Measure(excess=excess, yellow=10.0, red=25.0, sentence=sentence)]


def _word_order(found: Found) -> list[Measure]:
    metric = found.get("lm")
    floor = _real(metric)
    if metric is None or floor is None or floor <= 0:
        return []
    sentence = (
        f"Words do not follow one another as in real text: {metric.value:.3g} nats per token "
        f"under an independent model, real text {floor:.3g}."
    )
    excess = (metric.value - floor - _slack(metric)) / floor
    return [Measure(excess=excess, yellow=0.07, red=0.15, sentence=sentence)]


def _variety(found: Found) -> list[Measure]:
    return [
        *_below(
            found,
            "lm",
            (0.05, 0.15),
            "The samples are more predictable than real text "
            "({value} nats per token, real text {real}): collapse.",
        ),
        *_above(
            found,
            "bleu4",
            (0.03, 0.15),
            "BLEU-4 is better than that of real text ({value} against {real}), "
            "which only safe phrases reach: collapse.",
        ),
        *_above(
            found,
            "selfbleu4",
            (0.07, 0.20),
            "The samples resemble one another too much (Self-BLEU-4 {value}, "
            "real text {real}): collapse.",
        ),
        *_above(
            found,
            "repeats",
            (2.0, 10.0),
            "{value} of the samples equal an earlier one (real text: {real}): collapse.",
        ),
    ]


def _loops(found: Found) -> list[Measure]:
    return _above(
        found,
        "repetition",
        (2.0, 10.0),
        "Samples go round in circles: {value} of their 4-grams repeat an earlier one "
        "(real text: {real}).",
    )


def _spelling(found: Found) -> list[Measure]:
    return [
        *_above(
            found,
            "invented",
            (3.0, 12.0),
            "{value} of the words are no words of the real text (held-out text: {real}).",
        ),
        *_above(
            found,
            "spelling",
            (0.10, 0.40),
            "Spelling costs {value} nats per character, in real text {real}.",
        ),
    ]


def _subject(found: Found) -> list[Measure]:
    return _above(
        found,
        "words",
        (0.05, 0.15),
        "The words are not used as often as in real text (distance {value} bits, "
        "real text {real}).",
    )


def _copying(found: Found) -> list[Measure]:
    return [
        *_above(
            found,
            "copy50",
            (1.0, 5.0),
            "{value} of the characters stand in stretches of 50 or more taken word for "
            "word from the training text (held-out text: {real}).",
        ),
        *_above(
            found,
            "duplicates",
            (2.0, 10.0),
            "{value} of the samples are pieces of the training text (held-out text: {real}).",
        ),
    ]


def _prediction(found: Found) -> list[Measure]:
    metric = found.get("bpc")
    if metric is None or metric.baseline is None:
        return []
    sentence = (
        f"It predicts unseen text no better than counting does: {metric.value:.3f} bits per "
        f"character, the count model {metric.baseline:.3f}."
    )
    excess = (metric.value - metric.baseline + _slack(metric)) / metric.baseline
    return [Measure(excess=excess, yellow=0.0, red=0.05, sentence=sentence)]


def _calibration(found: Found) -> list[Measure]:
    metric = found.get("ece")
    if metric is None:
        return []
    sentence = (
        f"Its probabilities are off by {metric.value:.1f} points on average: it is surer, or less "
        "sure, than it should be."
    )
    return [Measure(excess=metric.value, yellow=2.0, red=5.0, sentence=sentence)]


def _membership(found: Found) -> list[Measure]:
    told = [m for key, m in found.items() if key in _ATTACKS and m.interval is not None]
    if not told:
        return []
    drift = found.get("wording_training")
    if drift is not None and drift.interval is not None and drift.interval[0] > _MOST_DRIFT:
        sentence = (
            "Not judged: training and held-out text differ by themselves (told apart in "
            f"{_number(drift)} of cases without the model), so telling them apart is no leak."
        )
        return [Measure(excess=0.0, yellow=0.0, red=0.0, sentence=sentence, is_judged=False)]
    best = max(told, key=lambda m: m.interval[0] if m.interval else 0.0)
    low = best.interval[0] if best.interval else 0.0
    sentence = (
        f"{best.value:.1f} % of the training pieces can be recognised as such at 1 % false "
        "alarms (guessing: 1 %)."
    )
    return [Measure(excess=low, yellow=1.5, red=5.0, sentence=sentence)]


def _extraction(found: Found) -> list[Measure]:
    return _above(
        found,
        "extraction",
        (1.0, 5.0),
        "Given the 50 characters before it, {value} of the training passages come out word "
        "for word (held-out text: {real}).",
    )


def _canaries(found: Found) -> list[Measure]:
    told = sorted(
        (int(key.removeprefix("exposure")), m)
        for key, m in found.items()
        if key.removeprefix("exposure").isdigit()
    )
    if not told:
        return []
    # The fewest repeats that already expose a line, else the line that is exposed most.
    exposed = [pair for pair in told if pair[1].value > _EXPOSED]
    repeats, metric = exposed[0] if exposed else max(told, key=lambda pair: pair[1].value)
    sentence = (
        f"A made-up line that was seen {repeats} time{'s' if repeats > 1 else ''} in "
        f"training has an exposure of {metric.value:.1f} bits."
    )
    return [Measure(excess=metric.value, yellow=5.0, red=_EXPOSED, sentence=sentence)]


SAMPLE_RULES = (
    Rule(
        name="Realism",
        measures=_realism,
        good="The samples are about as near to held-out text as other real text is.",
        threshold="accuracy of a linear classifier above that for training text and for real "
        "against real: yellow from 10 points, red from 25",
    ),
    Rule(
        name="Word order",
        measures=_word_order,
        good="Words follow one another about as in real text.",
        threshold="nats per token above real text: yellow from 7 %, red from 15 %",
    ),
    Rule(
        name="Spelling",
        measures=_spelling,
        good="The words are words of the real text.",
        threshold="invented words above held-out text: yellow from 3 points, red from 12; "
        "spelling: yellow from 0.1 nats per character, red from 0.4",
    ),
    Rule(
        name="Subject",
        measures=_subject,
        good="Words are used about as often as in real text.",
        threshold="distance of word frequencies above real text: yellow from 0.05 bits, "
        "red from 0.15",
    ),
    Rule(
        name="Variety",
        measures=_variety,
        good="The samples differ from one another as real pieces do.",
        threshold="against real text: predictability yellow from 5 % lower, red from 15 %; BLEU-4 "
        "yellow from 0.03 higher, red from 0.15; Self-BLEU-4 yellow from 0.07 higher, red from "
        "0.20; repeated samples yellow from 2 points, red from 10",
    ),
    Rule(
        name="Loops",
        measures=_loops,
        good="Samples do not go round in circles.",
        threshold="repeated 4-grams above real text: yellow from 2 points, red from 10",
    ),
    Rule(
        name="Copying",
        measures=_copying,
        good="No more is copied from the training text than people repeat by themselves.",
        threshold="characters in copied stretches of 50 above held-out text: yellow from 1 point, "
        "red from 5; whole pieces: yellow from 2 points, red from 10",
    ),
)

MODEL_RULES = (
    Rule(
        name="Prediction",
        measures=_prediction,
        good="It predicts unseen text better than counting does.",
        threshold="bits per character above the count model: yellow from 0 (within the interval), "
        "red from 5 %",
    ),
    Rule(
        name="Calibration",
        measures=_calibration,
        good="When it says 70 %, it is right about 70 % of the time.",
        threshold="expected calibration error: yellow from 2 points, red from 5",
    ),
    Rule(
        name="Membership",
        measures=_membership,
        good="At 1 % false alarms hardly any training piece can be recognised.",
        threshold="lower end of the recognised share at 1 % false alarms: yellow from 1.5 %, "
        "red from 5 %",
    ),
    Rule(
        name="Extraction",
        measures=_extraction,
        good="Training passages do not come out when their beginning is given.",
        threshold="word-for-word continuations above held-out text: yellow from 1 point, red "
        "from 5",
    ),
    Rule(
        name="Canaries",
        measures=_canaries,
        good="Made-up lines planted in the training text are no likelier than others.",
        threshold="exposure of a planted line: yellow from 5 bits, red from 10",
    ),
)
