"""Samples for an evaluation: drawn in stretches, cut as the real text is cut."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from serinette.counts.drawing import draw_counted
from serinette.counts.ngram import WittenBell
from serinette.decoding.config import DecodingConfig
from serinette.decoding.row_critic import RowCritic
from serinette.decoding.stepper import Stepper
from serinette.kinds.corpus import RawSequence
from serinette.kinds.kind import Codec
from serinette.kinds.yardstick import Stretch, Yardstick
from serinette.recipes.evaluate.request import Setting
from serinette.recipes.generate import GenerateRequest, Sample, generate_with

_BATCH = 128
_MOST_ROUNDS = 6
_MOST_LABELS = 20
_LOOKED_AT = 2_000
_LONGER = 1.5
"""A document may become so many times as long as all but a few of the training text."""
_SPARE = 1.3
"""Rows drawn from the count model for one that is needed: some hold no piece."""
_ROOM = 1.1
"""Steps drawn for a stretch, above what real stretches take."""


Told = tuple[tuple[str, str], ...]
"""Facts by field, as pairs."""


@dataclass(frozen=True, kw_only=True)
class Chooser:
    """A critic that draws one of the candidates of a sample."""

    critic: RowCritic
    candidates: int


@dataclass(frozen=True, kw_only=True)
class Writer:
    """All that is needed to draw samples."""

    codec: Codec
    steppers: Sequence[Stepper]
    """One for each thread."""
    yardstick: Yardstick
    n_steps: int
    """Longest sample."""
    shares: Mapping[Told, float]
    """What samples are told, and the share of them that each gets; empty where nothing is."""
    guide: Chooser | None = None
    """With which the model writes unless it is told not to; None: without."""


@dataclass(frozen=True, kw_only=True)
class DrawnText:
    """Samples of one setting, as they came."""

    texts: tuple[str, ...]
    """In the order of the rows."""
    n_unfinished: int
    """Samples that were cut off at the longest length."""


def writer_of(
    codec: Codec,
    steppers: Sequence[Stepper],
    yardstick: Yardstick,
    training: Sequence[RawSequence],
    guide: Chooser | None = None,
) -> Writer:
    """Find out from the training part how long samples become, and what they are told."""
    # A second model may not know all facts about the data, nor any.
    told = Counter(
        tuple(pair for pair in codec.measured_context(s.context).items() if codec.knows(*pair))
        for s in training
    )
    del told[()]
    common = dict(told.most_common(_MOST_LABELS))
    total = sum(common.values())
    return Writer(
        codec=codec,
        steppers=steppers,
        yardstick=yardstick,
        n_steps=_n_steps(codec, yardstick, training),
        shares={facts: count / total for facts, count in common.items()},
        guide=guide,
    )


def draw(
    writer: Writer,
    setting: Setting,
    *,
    n_pieces: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> DrawnText:
    """Draw samples until they hold `n_pieces` pieces, or six rounds have not sufficed.

    Args:
        writer: The model.
        setting: How to draw.
        n_pieces: How many pieces the samples are to hold.
        seed: Same seed, same samples.
        on_progress: Told the share of the pieces that there are.
    """
    texts: list[str] = []
    n_found = n_unfinished = 0
    for _ in range(_MOST_ROUNDS):
        n_wanted = math.ceil((n_pieces - n_found) / writer.yardstick.pieces_per_stretch)
        if n_wanted <= 0:
            break
        for sample in _samples(writer, setting.decoding, len(texts), n_wanted, seed):
            texts.append(sample.text)
            n_found += sum(len(s.spans) for s in stretch_of(sample.text, writer.yardstick))
            n_unfinished += sample.finish_reason != "end"
            on_progress(min(1.0, n_found / n_pieces))
    return DrawnText(texts=tuple(texts), n_unfinished=n_unfinished)


def draw_from_counts(
    writer: Writer, model: WittenBell, *, n_pieces: int, seed: int
) -> list[Stretch]:
    """Draw from a count model in the place of the network."""
    end = writer.codec.schema.end or 0
    n_rows = math.ceil(_SPARE * n_pieces / writer.yardstick.pieces_per_stretch)
    rows = draw_counted(model, end=end, n_rows=n_rows, n_steps=writer.n_steps, seed=seed)
    texts = [writer.codec.decode(row[:, None]) for row in rows]
    return [stretch for text in texts for stretch in stretch_of(text, writer.yardstick)]


def stretch_of(text: str, yardstick: Yardstick) -> list[Stretch]:
    """Cut a sample: its first stretch is measured, as long as a stretch of real text."""
    return yardstick.cut(text)[:1]


def _samples(
    writer: Writer, decoding: DecodingConfig, first_row: int, n: int, seed: int
) -> Iterator[Sample]:
    decoding, guide = replace(decoding, max_steps=writer.n_steps), writer.guide
    for facts, count in _allotted(writer.shares, n):
        request = GenerateRequest(
            n=count,
            seed=seed,
            first_row=first_row,
            labels=dict(facts),
            decoding=decoding,
            batch_size=_BATCH * len(writer.steppers),
            resample=1 if guide is None else guide.candidates,
        )
        critic = None if guide is None else guide.critic
        drawn = generate_with(writer.codec, writer.steppers, request, critic)
        yield from (each for each in drawn if isinstance(each, Sample))
        first_row += count


def _allotted(shares: Mapping[Told, float], n: int) -> list[tuple[Told, int]]:
    """Deal `n` rows out to what is told, the largest remainders first."""
    if not shares:
        return [((), n)]
    exact = {facts: share * n for facts, share in shares.items()}
    counts = {facts: int(value) for facts, value in exact.items()}
    by_remainder = sorted(exact, key=lambda facts: counts[facts] - exact[facts])
    for facts in by_remainder[: n - sum(counts.values())]:
        counts[facts] += 1
    return [(facts, count) for facts, count in counts.items() if count]


def _n_steps(codec: Codec, yardstick: Yardstick, training: Sequence[RawSequence]) -> int:
    step = max(1, len(training) // _LOOKED_AT)
    if yardstick.is_whole:
        lengths = [len(codec.encode(s.content)) for s in training[::step]]
        return max(16, math.ceil(_LONGER * float(np.percentile(lengths, 99))))
    stretches = [stretch for s in training[:: 10 * step] for stretch in yardstick.cut(s.content)]
    full = [s for s in stretches if len(s.spans) == yardstick.pieces_per_stretch]
    sampled = (full or stretches)[:: max(1, len(full or stretches) // 100)]
    if not sampled:
        return 1_000
    length = float(np.mean([len(codec.encode(s.content)) for s in sampled]))
    # The first piece of a sample is left out, as the first of a document is.
    return math.ceil(_ROOM * length * (1 + 1 / yardstick.pieces_per_stretch))
