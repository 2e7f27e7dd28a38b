"""What is asked of a model, and what comes back: requests, pieces, samples."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig
from serinette.decoding.engine import FinishReason

_LEAST = (
    ("n", 1), ("first_row", 0), ("batch_size", 1), ("n_threads", 1), ("best_of", 1), ("beam", 2),
    ("resample", 1),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class GenerateRequest:
    """What to generate."""

    n: int = 1
    """Samples for every prefix."""
    prefixes: tuple[str, ...] = ("",)
    """Texts that the samples go on from; an empty one starts afresh."""
    seed: int = 0
    """Same seed, same samples."""
    first_row: int = 0
    """Number of the first sample: 4 with n = 1 gives sample 4 of the seed without 0 to 3."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Context of the samples by field: {"label": "Austen"}."""
    wishes: Any = None
    """Rules and subject, of the `wishes_type` of the model's kind; None asks for nothing."""
    best_of: int = 1
    """Candidates that are drawn for every sample; the likeliest is kept, by the model and by what
    the kind prefers."""
    resample: int | None = None
    """Candidates of every sample among which the model's critic draws one, likelier the more real
    it looks; 1: none; None: as many as the model was found to be best with. A model without a
    critic has none to ask."""
    beam: int | None = None
    """Width of a stochastic beam that looks for each sample instead; the likeliest of its
    candidates, all different, is kept."""
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    """How symbols are drawn."""
    batch_size: int = 64
    """Samples that run together; changes the speed and nothing else."""
    n_threads: int | None = None
    """Threads that share the samples; None takes as many as there are cores and as the number of
    samples pays for. Changes the speed and nothing else."""

    @property
    def n_candidates(self) -> int:
        """Sequences that are drawn for a sample."""
        return max(self.best_of, self.resample or 1)

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be at least {least}, got {value}"
            for name, least in _LEAST
            if (value := getattr(self, name)) is not None and value < least
        ]
        if self.beam is not None and self.best_of > 1:
            problems.append(f"best_of {self.best_of} and beam {self.beam}: give one of them")
        if (self.resample or 1) > 1 and (self.beam is not None or self.best_of > 1):
            problems.append(f"resample {self.resample}: give it without best_of and beam")
        if not self.prefixes:
            problems.append("prefixes must hold at least one text; an empty one starts afresh")
        if problems:
            raise ConfigError("; ".join(problems))


@dataclass(frozen=True, kw_only=True)
class Piece:
    """New text of a sample, certain to belong to it."""

    row: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A finished sample."""

    row: int
    """Its number among all samples of the seed."""
    prefix: str
    """What it goes on from."""
    text: str
    """What was generated, without the prefix and without the stop text."""
    labels: Mapping[str, str]
    log_prob_nats: float
    """Of all drawn symbols, under the model's own distribution."""
    sampling_log_prob_nats: float
    """Of all drawn symbols, under the distribution that they were drawn from."""
    n_steps: int
    """Drawn symbols, the end and a stop text included."""
    n_unknown: int
    """Steps of the prefix that the model has never seen and reads as `missing`."""
    seed: int
    finish_reason: FinishReason
    mask_mass: float | None = None
    """Geometric mean over the steps of the share of the model's probability that the rules left,
    in (0, 1]; None where there were no rules."""
    n_attempts: int = 1
    """How often the sample was begun, because rules that cannot look ahead led to a dead end."""
    suffix: str = ""
    """The given end of the text, where a middle was written."""
    join_nats: float | None = None
    """-log p of that end after what stands before it, in nats; None without one."""

    @property
    def full_text(self) -> str:
        """Prefix and text."""
        return self.prefix + self.text

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
