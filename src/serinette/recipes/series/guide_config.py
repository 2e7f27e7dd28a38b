"""How what is written is chosen among candidates. No torch here."""

from dataclasses import dataclass

from serinette.core.errors import ConfigError

_SECONDS, _SHARE = 20.0, 0.1
"""The most that is kept for it of a budget, in seconds and as a share."""
_FEWEST_ROWS = 100


@dataclass(frozen=True, kw_only=True)
class WindowGuideConfig:
    """A critic of the trained model, which chooses among candidates at generation."""

    candidates: int = 4
    """Candidates of a sequence that are drawn at most until the critic takes one, unless
    `--resample` says otherwise; 1: no critic is trained."""
    rows: int = 100_000
    """Most rows of real windows, and of written ones, that it learns from; at least 100."""

    def __post_init__(self) -> None:
        if self.candidates < 1:
            raise ConfigError(f"guide.candidates must be at least 1, got {self.candidates}")
        if self.rows < _FEWEST_ROWS:
            raise ConfigError(f"guide.rows must be at least {_FEWEST_ROWS}, got {self.rows}")

    def seconds_within(self, budget: float) -> float:
        """Return the seconds of a budget that are kept for the critic."""
        return 0.0 if self.candidates == 1 else min(_SECONDS, _SHARE * budget)
