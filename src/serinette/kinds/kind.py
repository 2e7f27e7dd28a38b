"""What every kind offers: from raw files to steps and back. Nobody outside `kinds` asks which.

Shape letters: `B` rows, `T` time, `F` fields of a step, `C` context fields, `V` symbols.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int, Int32

from serinette.constraints.protocol import Constraint
from serinette.core.schema import Schema
from serinette.kinds.commission import Commission
from serinette.kinds.corpus import Canary, Corpus
from serinette.kinds.trait import Trait
from serinette.kinds.yardstick import Yardstick


@runtime_checkable
class Streamer(Protocol):
    """Turns symbols into content one by one and lets out only what is complete."""

    def push(self, symbol: int) -> str:
        """Take one more symbol; return what is complete now, perhaps nothing."""
        ...

    def flush(self) -> str:
        """End the sequence; return what was held back."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """The circumstances of a request for samples."""

    max_steps: int = 1_000
    """Longest sample."""
    seed: int = 0
    training_text: Callable[[], str] = str
    """Reads the training text, where a rule needs it; raises where it is gone."""


@runtime_checkable
class Codec(Protocol):
    """Fitted on the train part once, immutable, stored in the artifact."""

    @property
    def schema(self) -> Schema:
        """The fields of a step and of the context."""
        ...

    @property
    def measured(self) -> Bool[np.ndarray, " V"] | None:
        """Which symbols count when predictions are measured; None: all."""
        ...

    @property
    def border(self) -> int | None:
        """The symbol after which content may begin (the end of a line); None: nowhere."""
        ...

    def encode(self, content: str) -> Int32[np.ndarray, "T F"]:
        """Turn content into steps, without `end`; what was never seen becomes `missing`."""
        ...

    def decode(self, steps: Int[np.ndarray, "T F"]) -> str:
        """Turn steps into content."""
        ...

    def encode_context(self, context: Mapping[str, str]) -> Int32[np.ndarray, " C"]:
        """Turn the facts about a sequence into symbols; an unknown one becomes `missing`."""
        ...

    def measured_context(self, context: Mapping[str, str]) -> Mapping[str, str]:
        """Return the facts that a model is told when it is measured."""
        ...

    def knows(self, name: str, value: str) -> bool:
        """Say whether the samples of an evaluation can be conditioned on this value of a field."""
        ...

    def check_context(self, context: Mapping[str, str]) -> None:
        """Refuse facts that the model does not know, with a ConfigError."""
        ...

    def commission(
        self, wishes: Any, prefix: str, labels: Mapping[str, str], call: "Call"
    ) -> Commission:
        """Turn what a user asks for into what the decoder is told.

        Args:
            wishes: Of the kind's `wishes_type`.
            prefix: Text that samples go on from.
            labels: Facts about the samples by context field.
            call: What else the rules may depend on.

        Raises:
            ConfigError: If a fact is not known.
            ConstraintError: If the wishes cannot be met.
        """
        ...

    def showpieces(self) -> tuple[Any, ...]:
        """Return wishes for the samples that are shown while a model is trained."""
        ...

    def n_characters(self, content: str) -> int:
        """Count the characters of some content: the unit in which scores are compared."""
        ...

    def n_bytes(self, content: str) -> int:
        """Count the bytes that the content takes in a file."""
        ...

    def n_missing(self, steps: Int[np.ndarray, "T F"]) -> int:
        """Count the steps that are `missing`."""
        ...

    def step_lengths(self, content: str) -> Int32[np.ndarray, " T"]:
        """Say how many characters each step completes; the sum is `n_characters`."""
        ...

    def streamer(self) -> Streamer:
        """Return a fresh streaming decoder for one sequence."""
        ...

    def rules(self) -> Constraint | None:
        """Return what keeps a sequence renderable, or None where every sequence is."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return plain values that the kind's `codec_from_json` turns back into this codec."""
        ...


@runtime_checkable
class CanarySpace(Protocol):
    """All lines that a canary could have been, each as likely as any other."""

    @property
    def bits(self) -> float:
        """log2 of how many there are."""
        ...

    def draw(self, n: int, seed: int) -> tuple[str, ...]:
        """Return some of them."""
        ...


@runtime_checkable
class Kind(Protocol):
    """One kind of data."""

    @property
    def name(self) -> str:
        """What it is called in configs and artifacts."""
        ...

    @property
    def suffix(self) -> str:
        """How the name of a rendered file ends."""
        ...

    @property
    def config_type(self) -> type:
        """The dataclass of its settings."""
        ...

    @property
    def habits(self) -> Mapping[str, Any]:
        """Settings of a training that suit this kind, by `section.key`; the user's own win."""
        ...

    def follows(self, config: Any) -> Mapping[str, Any]:
        """Return settings that follow from those of the data, by `section.key`; all others win."""
        ...

    def suits(
        self, sources: Sequence[Path] | Sequence[str], said: Collection[str]
    ) -> Mapping[str, Any]:
        """Return settings by which some data are plainly to be read, by `section.key`; cheap.

        Args:
            sources: Files and folders, or texts.
            said: Settings that somebody has given.
        """
        ...

    @property
    def wishes_type(self) -> type:
        """The dataclass of what can be asked of samples."""
        ...

    def recognises(self, path: Path) -> bool:
        """Say whether a file is plainly of this kind; cheap."""
        ...

    def read(
        self, sources: Sequence[Path] | Sequence[str], config: Any, *, for_training: bool = False
    ) -> Corpus:
        """Read files, folders or values; `for_training` also refuses what is too little."""
        ...

    def plant(self, train: Corpus, config: Any) -> tuple[Corpus, tuple[Canary, ...]]:
        """Hide as many canaries in the train part as the settings say; none: return it as it is."""
        ...

    def canary_space(self, train: Corpus, planted: Sequence[Canary]) -> CanarySpace:
        """Return all that a canary could have been; `train` is the part that holds them."""
        ...

    def fit(self, train: Corpus, config: Any) -> Codec:
        """Learn what a codec must know from the train part."""
        ...

    def extend(self, codec: Any, train: Corpus, config: Any) -> Codec:
        """Add to a codec of another training what the train part has besides.

        Old symbols and labels keep their numbers.
        """
        ...

    def codec_from_json(self, plain: Mapping[str, Any]) -> Codec:
        """Rebuild a stored codec."""
        ...

    def yardstick(self, documents: Sequence[str]) -> Yardstick:
        """Return how sequences like these are measured."""
        ...

    def render(self, content: str) -> bytes:
        """Turn content into the bytes of a file."""
        ...

    def traits(self, codec: Any, content: str) -> tuple[Trait, ...]:
        """Return simple facts about each character that `codec` makes steps of."""
        ...
