"""How what is written is chosen among candidates. No torch here."""

from dataclasses import dataclass

from serinette.core.errors import ConfigError

_SECONDS, _SHARE = 20.0, 0.1
"""What the most rows take, on a slow machine, and the most of a budget that is kept for it."""
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

    def rows_within(self, budget: float | None) -> int:
        """Return the rows that it learns from: fewer where a budget leaves it little time."""
        if budget is None:
            return self.rows
        return max(_FEWEST_ROWS, round(self.rows * self.seconds_within(budget) / _SECONDS))
