"""From nats per step to figures that can be compared across vocabularies and codecs.

The end of a sequence is predicted too, and counts as one character and one byte, as the separator
that it stands for would. All figures are sums over sums, never means of means.

Shape letters: `T` steps, `K` characters.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from serinette.core.bootstrap import ratio_interval
from serinette.core.metric import Metric

UNICODE_CHARACTERS = 1_112_064
"""Code points that a text can hold: all but the surrogates."""
BLOCK_CHARACTERS = 1_000
"""What the bootstrap resamples of long documents."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SequenceScore:
    """One sequence, as the model sees it."""

    place: str
    """Where it came from."""
    text: str
    surprisal: Float[np.ndarray, " K"]
    """Nats of every character of `text`; of one spelt in several steps, their sum."""
    end_nats: float
    """Nats of the end after it."""
    n_bytes: int
    """Of `text` in UTF-8."""
    n_steps: int
    """Predicted steps, the end included."""
    n_unknown: int
    """Steps that the model's vocabulary lacks."""

    @property
    def nats(self) -> float:
        """Nats of the whole, the end included."""
        return float(self.surprisal.sum()) + self.end_nats


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """How well a model predicts a text. Lower is better throughout."""

    nats: float
    n_sequences: int
    n_characters: int
    """Ends included, one for each sequence."""
    n_bytes: int
    """UTF-8; ends included, one byte for each sequence."""
    n_steps: int
    n_unknown: int
    interval: tuple[float, float] | None
    """95 % of bits per character; None where the text is too short to say."""
    baseline_nats: float | None
    """What the count model needs for the same text."""
    per_sequence: tuple[SequenceScore, ...]

    @property
    def bits_per_character(self) -> float:
        """Bits that a character costs."""
        return self.nats / self.n_characters / math.log(2)

    @property
    def bits_per_byte(self) -> float:
        """Bits that a byte of UTF-8 costs: comparable across scripts and codecs."""
        return self.nats / self.n_bytes / math.log(2)

    @property
    def perplexity(self) -> float:
        """As if choosing among so many equally likely characters every time."""
        return math.exp(self.nats / self.n_characters)

    @property
    def perplexity_per_step(self) -> float:
        """The same for the steps of this model's codec; not comparable across codecs."""
        return math.exp(self.nats / self.n_steps)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures with what they are measured against."""
        return tuple(_metrics(self))

    def to_json(self) -> dict[str, Any]:
        """Return plain values, without the single characters."""
        return {
            "nats": self.nats,
            "n_sequences": self.n_sequences,
            "n_characters": self.n_characters,
            "n_bytes": self.n_bytes,
            "n_steps": self.n_steps,
            "n_unknown": self.n_unknown,
            "bits_per_character": self.bits_per_character,
            "bits_per_byte": self.bits_per_byte,
            "perplexity": self.perplexity,
            "perplexity_per_step": self.perplexity_per_step,
            "interval": self.interval,
            "baseline_nats": self.baseline_nats,
            "metrics": [metric.to_json() for metric in self.metrics],
        }


def unknown_nats(vocab_size: int) -> float:
    """Return what naming an unknown character costs, beyond saying that it is unknown.

    Uniform over all of Unicode that the vocabulary lacks; without it a model of few characters
    would look better the less it knows.
    """
    return math.log(max(2, UNICODE_CHARACTERS - vocab_size))


def surprisal_per_character(
    nats: Float[np.ndarray, " T"], lengths: Int[np.ndarray, " T"]
) -> Float[np.ndarray, " K"]:
    """Spread nats per step over characters.

    A step of several characters is shared among them evenly; steps that complete no character
    (the first bytes of one) are added to the next that does.

    Args:
        nats: Of every step.
        lengths: Characters that each step completes.
    """
    completing = np.flatnonzero(lengths)
    if len(completing) == 0:
        return np.zeros(0)
    last = int(completing[-1]) + 1  # what follows completes nothing
    starts = np.concatenate([np.zeros(1, dtype=np.int64), completing[:-1] + 1])
    sums = np.add.reduceat(nats[:last], starts)
    counts = lengths[completing]
    return np.repeat(sums / counts, counts)


def summarise(
    sequences: Sequence[SequenceScore], *, baseline_nats: float | None = None, seed: int = 0
) -> Score:
    """Add sequences up.

    Args:
        sequences: At least one.
        baseline_nats: What the count model needs for the same sequences.
        seed: Of the bootstrap.
    """
    nats, n_characters, _ = blocks_of(sequences)
    interval = ratio_interval(nats / math.log(2), n_characters, seed=seed)
    return Score(
        nats=math.fsum(sequence.nats for sequence in sequences),
        n_sequences=len(sequences),
        n_characters=sum(len(sequence.text) + 1 for sequence in sequences),
        n_bytes=sum(sequence.n_bytes + 1 for sequence in sequences),
        n_steps=sum(sequence.n_steps for sequence in sequences),
        n_unknown=sum(sequence.n_unknown for sequence in sequences),
        interval=interval,
        baseline_nats=baseline_nats,
        per_sequence=tuple(sequences),
    )


def blocks_of(
    sequences: Sequence[SequenceScore],
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Return nats, characters and bytes of blocks that are nearly independent of one another.

    A sequence's last block holds its end, which counts as one character and one byte.
    """
    blocks = [block for sequence in sequences for block in _blocks(sequence)]
    nats, n_characters, n_bytes = np.array(blocks, dtype=np.float64).T
    return nats, n_characters, n_bytes


def _blocks(sequence: SequenceScore) -> Iterator[tuple[float, int, int]]:
    nats = np.append(sequence.surprisal, sequence.end_nats)
    for first in range(0, len(nats), BLOCK_CHARACTERS):
        last = first + BLOCK_CHARACTERS
        block = nats[first:last]
        n_bytes = len(sequence.text[first:last].encode()) + (last >= len(nats))
        yield float(block.sum()), len(block), n_bytes


def _metrics(score: Score) -> Iterator[Metric]:
    baseline = score.baseline_nats
    for name, key, value, count, interval in (
        ("bits per character", "bpc", score.bits_per_character, score.n_characters, score.interval),
        ("bits per byte", "bpb", score.bits_per_byte, score.n_bytes, None),
    ):
        yield Metric(
            name=name,
            key=key,
            value=value,
            unit="bits",
            better="lower",
            n=count,
            interval=interval,
            baseline=None if baseline is None else baseline / count / math.log(2),
        )
    yield Metric(
        name="perplexity per character",
        key="perplexity",
        value=score.perplexity,
        unit="characters",
        better="lower",
        n=score.n_characters,
        baseline=None if baseline is None else math.exp(baseline / score.n_characters),
    )
