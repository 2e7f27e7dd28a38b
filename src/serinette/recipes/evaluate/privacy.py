"""What a model gives away about single passages: three attacks, each against a control.

Extraction: the beginning of a training passage is given; does the rest come out word for word?
Membership: can training passages be told from held-out ones by how well they are predicted?
Canaries: are made-up lines that were planted in the training text likelier than others like them?
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from serinette.core.chart import Axis, Chart, Line
from serinette.core.metric import Metric
from serinette.core.seeds import derive
from serinette.counts.ngram import WittenBell
from serinette.decoding.config import DecodingConfig
from serinette.decoding.reading import sequence_nats
from serinette.decoding.stepper import Stepper
from serinette.evaluation.exposure import RepeatExposure, by_repeats, exposures
from serinette.evaluation.figure import Figure, ratio_figure
from serinette.evaluation.membership import (
    Membership,
    calibrated_score,
    fewest_others,
    loss_score,
    membership,
    min_k_score,
)
from serinette.kinds.corpus import Canary
from serinette.kinds.kind import CanarySpace, Codec
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.material import groups_of
from serinette.recipes.generate import GenerateRequest, Sample, generate_with

_PREFIX = 50
"""Characters given, and characters asked for."""
_SHORTEST = 20
_FALSE_ALARMS = 0.01
_REFERENCES = 4_096
_CALIBRATION_ORDER = 4


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A model that reads."""

    codec: Codec
    steppers: Sequence[Stepper]

    def nats(
        self, contents: Sequence[str], *, is_closed: bool = False
    ) -> list[Float[np.ndarray, " _"]]:
        """Return nats of every step of every content, and of its end if it `is_closed`."""
        end = np.array([self.codec.schema.end], dtype=np.int64)
        closing = end if is_closed else end[:0]
        symbols = [
            np.concatenate([end, self.codec.encode(content)[:, 0].astype(np.int64), closing])
            for content in contents
        ]
        context = self.codec.encode_context({}).astype(np.int64)
        n_threads = len(self.steppers)

        def read(k: int) -> list[Float[np.ndarray, " _"]]:
            mine = symbols[k::n_threads]
            return list(sequence_nats(self.steppers[k], mine, np.tile(context, (len(mine), 1))))

        with ThreadPoolExecutor(n_threads) as pool:
            shares = list(pool.map(read, range(n_threads)))
        return [shares[i % n_threads][i // n_threads] for i in range(len(symbols))]


@dataclass(frozen=True, kw_only=True)
class PrivacyFindings:
    """Figures and pictures of the section."""

    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()

    def joined(self, other: "PrivacyFindings") -> "PrivacyFindings":
        """Put two sets of findings together."""
        return PrivacyFindings(
            figures=self.figures + other.figures,
            charts=self.charts + other.charts,
            notes=self.notes + other.notes,
        )


def extraction(
    reader: Reader,
    trained: Sequence[Stretch],
    held_out: Sequence[Stretch],
    *,
    n: int,
    seed: int,
) -> PrivacyFindings:
    """Give the beginning of passages and see whether the rest comes out, greedily."""
    hits = {}
    for name, stretches in (("trained", trained), ("held out", held_out)):
        passages = [_halves(s.content) for s in stretches if len(s.content) >= _SHORTEST][:n]
        if not passages:
            return PrivacyFindings(notes=("Passages are too short for prefix extraction.",))
        hits[name] = _continued(reader, passages)
    facts: dict[str, Any] = {
        "scale": 100.0,
        "name": "training passages that come out word for word",
        "key": "extraction",
        "unit": "%",
        "better": "lower",
        "note": f"the first {_PREFIX} characters are given, the next {_PREFIX} are asked for, "
        "always the likeliest symbol; the floor is the same for held-out passages",
    }
    floor = ratio_figure(hits["held out"], seed=seed, **facts).metric
    figure = ratio_figure(
        hits["trained"], seed=seed, floor=floor.value, floor_interval=floor.interval, **facts
    )
    return PrivacyFindings(figures=(figure,))


def _halves(content: str) -> tuple[str, str]:
    cut = min(_PREFIX, len(content) // 2)
    return content[:cut], content[cut : 2 * cut]


def _continued(reader: Reader, passages: Sequence[tuple[str, str]]) -> Float[np.ndarray, " N"]:
    """Tell for each passage whether the model goes on exactly as the text does."""
    n_steps = max(len(reader.codec.encode(rest)) for _, rest in passages)
    request = GenerateRequest(
        prefixes=tuple(prefix for prefix, _ in passages),
        decoding=DecodingConfig(greedy=True, max_steps=n_steps),
    )
    drawn = generate_with(reader.codec, reader.steppers, request)
    samples = [each for each in drawn if isinstance(each, Sample)]
    return np.array(
        [
            float(sample.text.startswith(rest))
            for sample, (_, rest) in zip(samples, passages, strict=True)
        ]
    )


def membership_findings(
    reader: Reader,
    trained: Sequence[Stretch],
    held_out: Sequence[Stretch],
    apart: Sequence[str],
    *,
    seed: int,
) -> PrivacyFindings:
    """Try to tell training pieces from held-out ones.

    Args:
        reader: The model.
        trained: What it learnt from.
        held_out: What it did not.
        apart: Text that is neither: an independent count model for calibration learns from it.
        seed: Of the bootstrap.
    """
    n_others = sum(len(stretch.spans) for stretch in held_out)
    needed = fewest_others(_FALSE_ALARMS)
    if n_others < needed:
        note = (
            f"Membership inference at 1 % false alarms needs {needed} held-out pieces; "
            f"there are {n_others}."
        )
        return PrivacyFindings(notes=(note,))
    reference = _count_model(reader.codec, apart)
    members, others = (_attacks(reader, part, reference) for part in (trained, held_out))
    groups = (groups_of(trained), groups_of(held_out))
    found = {
        name: membership(
            members[name], others[name], fpr=_FALSE_ALARMS, groups=groups, seed=derive(seed, k)
        )
        for k, name in enumerate(members)
    }
    figures = tuple(
        figure for name, result in found.items() for figure in _membership_figures(name, result)
    )
    return PrivacyFindings(figures=figures, charts=(_roc(found),))


_ATTACKS = {
    "loss": "loss",
    "calibrated": "loss against an independent count model",
    "min_k": "least likely fifth",
}


def _attacks(
    reader: Reader, stretches: Sequence[Stretch], reference: WittenBell | None
) -> dict[str, Float[np.ndarray, " N"]]:
    """Score every piece by every attack; a piece is read with the text before it."""
    scores: dict[str, list[float]] = {
        name: [] for name in _ATTACKS if reference or name != "calibrated"
    }
    contents = [stretch.content for stretch in stretches]
    for stretch, nats in zip(stretches, reader.nats(contents), strict=True):
        symbols = reader.codec.encode(stretch.content)[:, 0].astype(np.int64)
        independent = None if reference is None else reference.nats(symbols)
        ends = np.cumsum(reader.codec.step_lengths(stretch.content))
        for start, stop in stretch.spans:
            # A step belongs to the piece that its last character lies in.
            first, last = np.searchsorted(ends, (start, stop), side="right")
            piece = slice(int(first), max(int(last), int(first) + 1))
            scores["loss"].append(loss_score(nats[piece]))
            scores["min_k"].append(min_k_score(nats[piece]))
            if independent is not None:
                scores["calibrated"].append(calibrated_score(nats[piece], independent[piece]))
    return {name: np.array(values) for name, values in scores.items()}


def _count_model(codec: Codec, contents: Sequence[str]) -> WittenBell | None:
    encoded = [codec.encode(content)[:, 0].astype(np.int64) for content in contents]
    if not any(len(symbols) for symbols in encoded):
        return None
    (field,) = codec.schema.fields
    return WittenBell.fit(encoded, _CALIBRATION_ORDER, getattr(field, "size", 0))


def _membership_figures(name: str, found: Membership) -> list[Figure]:
    interval, area = found.interval, found.auc_interval
    facts: dict[str, Any] = {"n": found.n_members + found.n_others, "unit": "%", "better": "lower"}
    tpr = Metric(
        name=f"training pieces recognised at 1 % false alarms, by {_ATTACKS[name]}",
        key=f"mia_{name}",
        value=100 * found.tpr,
        interval=None if interval is None else (100 * interval[0], 100 * interval[1]),
        floor=100 * found.fpr,
        **facts,
    )
    auc = Metric(
        name=f"area under the curve, by {_ATTACKS[name]}",
        key=f"mia_auc_{name}",
        value=100 * found.auc,
        interval=None if area is None else (100 * area[0], 100 * area[1]),
        floor=50.0,
        **facts,
    )
    return [Figure(metric=tpr), Figure(metric=auc)]


def _roc(found: dict[str, Membership]) -> Chart:
    least = 1e-3
    lines = [
        Line(
            name=_ATTACKS[name],
            points=tuple((x, y) for x, y in result.roc if x >= least and y >= least),
        )
        for name, result in found.items()
    ]
    guessing = Line(name="guessing", points=((least, least), (1.0, 1.0)), role="ideal")
    return Chart(
        title="Membership inference",
        x=Axis(label="false alarms: share of held-out pieces", scale="log", low=least, high=1.0),
        y=Axis(label="share of training pieces recognised", scale="log", low=least, high=1.0),
        lines=(*lines, guessing),
        note="What matters is the left side: an attacker who is sure of a few has found a leak.",
    )


def canary_findings(
    reader: Reader,
    canaries: Sequence[Canary],
    space: CanarySpace,
    *,
    is_document: bool,
    seed: int,
) -> PrivacyFindings:
    """Rank the planted lines among others of their kind, by the nats that the model gives them.

    Args:
        reader: The model.
        canaries: At least one.
        space: All that a canary could have been.
        is_document: Whether each was planted as a document, closed by an end, not as a line.
        seed: Of the lines that they are ranked among.
    """
    references = space.draw(_REFERENCES, derive(seed, 2))
    # Without what closes it, a line could be the beginning of a longer one.
    closing = "" if is_document else "\n"
    planted, drawn = (
        np.array(
            [
                float(nats.sum())
                for nats in reader.nats([line + closing for line in lines], is_closed=is_document)
            ]
        )
        for lines in ([canary.text for canary in canaries], references)
    )
    found = exposures(planted, drawn, space_bits=space.bits)
    repeats: Int[np.ndarray, " C"] = np.array([canary.repeats for canary in canaries])
    groups = by_repeats(found.bits, repeats, seed=seed)
    ceiling = (
        f"ranked among {found.n_references:,} lines drawn alike: above {found.ceiling:.0f} bits "
        f"the figure is extrapolated; {space.bits:.0f} bits would be certainty"
    )
    figures = tuple(
        Figure(
            metric=Metric(
                name=f"exposure of lines planted {group.repeats} time"
                + ("s" if group.repeats > 1 else ""),
                key=f"exposure{group.repeats}",
                value=group.median,
                interval=group.interval,
                unit="bits",
                better="lower",
                n=group.n,
                floor=1.0,
                seed=seed,
                note=ceiling,
            )
        )
        for group in groups
    )
    return PrivacyFindings(figures=figures, charts=(_exposure_chart(groups, found.ceiling),))


def _exposure_chart(groups: Sequence[RepeatExposure], ceiling: float) -> Chart:
    xs = [float(group.repeats) for group in groups]
    bands = tuple(group.interval or (group.median, group.median) for group in groups)
    lines = (
        Line(
            name="median exposure",
            points=tuple((x, g.median) for x, g in zip(xs, groups, strict=True)),
            band=bands,
        ),
        Line(
            name="above this it is extrapolated",
            points=((min(xs), ceiling), (max(xs), ceiling)),
            role="ideal",
        ),
        Line(name="a line never seen", points=((min(xs), 1.0), (max(xs), 1.0)), role="floor"),
    )
    return Chart(
        title="Exposure of planted lines",
        x=Axis(label="times in the training text", scale="log"),
        y=Axis(label="bits", low=0.0),
        lines=lines,
    )
