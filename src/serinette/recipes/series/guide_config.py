"""How what is written is chosen among candidates. No torch here."""

from dataclasses import dataclass

from serinette.core.errors import ConfigError


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
        if self.rows < 100:  # noqa: PLR2004
            raise ConfigError(f"guide.rows must be at least 100, got {self.rows}")
