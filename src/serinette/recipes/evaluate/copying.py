"""What samples copy from the training text, beside what held-out human text shares with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.chart import Axis, Chart, Line
from serinette.core.metric import Metric
from serinette.evaluation.copying import (
    ORDERS,
    Copies,
    CopyCheck,
    Span,
    copied_share,
    is_contained,
    is_exact_duplicate,
    longest_spans,
    novelty,
)
from serinette.evaluation.figure import Figure, ratio_figure
from serinette.evaluation.report.content import Copied, Specimen
from serinette.kinds.corpus import RawSequence
from serinette.kinds.yardstick import Stretch
from serinette.recipes.evaluate.material import groups_of

_SPANS = (30, 50, 100)
_MARKED = 30
"""Characters from which a stretch is marked in a specimen."""
_LONGEST_SPECIMEN = 700
_NEAR_CHECKED = 1_000
"""Pieces that are looked at for near duplicates: each is laid beside a passage, a millisecond."""


@dataclass(frozen=True, kw_only=True)
class TrainingText:
    """What could have been copied, ready to be looked up."""

    sequences: tuple[RawSequence, ...]
    check: CopyCheck
    is_whole: bool
    """Whether pieces are whole documents."""

    @classmethod
    def of(cls, sequences: Sequence[RawSequence], *, is_whole: bool) -> "TrainingText":
        """Prepare the look-up."""
        check = CopyCheck([sequence.content for sequence in sequences])
        return cls(sequences=tuple(sequences), check=check, is_whole=is_whole)


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyFindings:
    """What was copied by one set of pieces."""

    figures: tuple[Figure, ...]
    novelty: Float[np.ndarray, " O"]
    longest: tuple[str, ...]
    """The longest copied spans with their places, in words."""


def copying(
    training: TrainingText, stretches: Sequence[Stretch], *, n_characters: int, seed: int
) -> CopyFindings:
    """Look pieces up in the training text.

    Args:
        training: The text.
        stretches: Whose pieces are looked up, up to `n_characters`.
        n_characters: Most characters.
        seed: Of the bootstrap.
    """
    kept = _up_to(stretches, n_characters)
    pieces = [piece for stretch in kept for piece in stretch.pieces]
    copies = training.check.match(pieces)
    groups = groups_of(kept)
    spans = longest_spans(copies)
    return CopyFindings(
        figures=tuple(_figures(training, copies, pieces, groups, seed)),
        novelty=novelty(copies),
        longest=tuple(
            f"{span.stop - span.start:,} characters, {_place(training, span)}: "
            f"{_shown(pieces[span.piece][span.start : span.stop])}"
            for span in spans[:3]
        ),
    )


def _figures(
    training: TrainingText,
    copies: Copies,
    pieces: Sequence[str],
    groups: Int[np.ndarray, " N"],
    seed: int,
) -> list[Figure]:
    lengths = np.array([len(piece) for piece in pieces], dtype=np.float64)
    figures = [
        ratio_figure(
            copied_share(copies, k) * lengths,
            lengths,
            groups=groups,
            seed=seed,
            scale=100.0,
            name=f"characters in copied stretches of {k} or more",
            key=f"copy{k}",
            unit="%",
            better="real",
        )
        for k in _SPANS
    ]
    near = training.check.is_near_duplicate(pieces[:_NEAR_CHECKED], copies)
    figures += [
        ratio_figure(
            shares.astype(np.float64),
            groups=groups[: len(shares)],
            seed=seed,
            scale=100.0,
            name=name,
            key=key,
            unit="%",
            better="real",
        )
        for shares, name, key in (
            (_is_duplicate(training, copies, pieces), "pieces of the training text", "duplicates"),
            (near, "pieces nearly in the training text", "near_duplicates"),
        )
    ]
    longest = Metric(
        name="longest copied stretch",
        key="longest",
        value=float(copies.lengths.max(initial=0)),
        unit="characters",
        better="neither",
        n=len(pieces),
    )
    return [*figures, Figure(metric=longest)]


def _is_duplicate(
    training: TrainingText, copies: Copies, pieces: Sequence[str]
) -> Bool[np.ndarray, " N"]:
    """Say which documents are documents of the training text, which passages stand in it."""
    if training.is_whole:
        return is_exact_duplicate(pieces, [s.content for s in training.sequences])
    return is_contained(pieces, copies)


def specimens(
    training: TrainingText | None, texts: Sequence[str], setting: str, seed: int
) -> list[Specimen]:
    """Return samples to show, with what was copied marked."""
    shown = [text[:_LONGEST_SPECIMEN] for text in texts if text.strip()]
    copied: list[list[Copied]] = [[] for _ in shown]
    if training is not None and shown:
        copies = training.check.match(shown)
        for span in longest_spans(copies, n=None, shortest=_MARKED):
            copied[span.piece].append(_copied(training, span))
    return [
        Specimen(
            setting=setting,
            text=text,
            copied=tuple(sorted(marks, key=lambda mark: mark.start)),
            seed=seed,
        )
        for text, marks in zip(shown, copied, strict=True)
    ]


def novelty_chart(
    by_setting: dict[str, Float[np.ndarray, " O"]], held_out: Float[np.ndarray, " O"] | None
) -> Chart:
    """Draw how much is new at every length."""
    lines = [
        Line(name=setting, points=_points(shares), role="model")
        for setting, shares in by_setting.items()
    ]
    if held_out is not None:
        lines.append(Line(name="held-out text", points=_points(held_out), role="floor"))
    return Chart(
        title="How much is new",
        x=Axis(label="length of a stretch, in characters", scale="log", low=1.0, high=100.0),
        y=Axis(label="% of the stretches that the training text lacks", low=0.0, high=100.0),
        lines=tuple(lines),
        note="Below the line of held-out text: more is copied than people share by themselves.",
    )


def _points(shares: Float[np.ndarray, " O"]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(n), 100 * float(share))
        for n, share in zip(ORDERS, shares, strict=True)
        if not np.isnan(share)
    )


def _up_to(stretches: Sequence[Stretch], n_characters: int) -> list[Stretch]:
    kept = []
    for stretch in stretches:
        kept.append(stretch)
        n_characters -= len(stretch.content)
        if n_characters <= 0:
            break
    return kept


def _copied(training: TrainingText, span: Span) -> Copied:
    number, offset = training.check.locate(span.place)
    sequence = training.sequences[number]
    return Copied(
        start=span.start,
        stop=span.stop,
        source=_source(sequence),
        offset=offset,
        line=sequence.content.count("\n", 0, offset) + 1,
    )


def _place(training: TrainingText, span: Span) -> str:
    copied = _copied(training, span)
    return f"{copied.source}, line {copied.line}"


def _source(sequence: RawSequence) -> str:
    """Name the document without the folders, which are nobody's business."""
    return PurePath(sequence.place.partition(", characters ")[0]).name


def _shown(text: str, width: int = 120) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= width else line[: width - 1] + '…'}”"
