"""How a trained model is fine-tuned. No torch here."""

from dataclasses import dataclass

from serinette.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class FineTuningConfig:
    """Settings of a training that goes on from a model; without one they mean nothing."""

    replay: float = 0.0
    """Share of the rows that go on reading the base model's own training text, against forgetting,
    rounded to whole rows, from 0 (none) to below 1. The text must still be where it was."""

    def __post_init__(self) -> None:
        if not 0 <= self.replay < 1:
            raise ConfigError(f"fine_tuning.replay must be in [0, 1), got {self.replay}")
