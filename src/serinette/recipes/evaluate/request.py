"""What an evaluation is asked for."""

from dataclasses import dataclass, replace

from serinette.core.errors import ConfigError
from serinette.decoding.config import DecodingConfig

_FEWEST_PIECES = 20


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One way of drawing samples."""

    name: str
    """`T=0.7`, `top-p=0.9`."""
    decoding: DecodingConfig
    x: float
    """Its place on a curve."""
    curve: str
    """Which curve it belongs to: `temperature` or `top-p`."""


@dataclass(frozen=True, kw_only=True)
class EvaluateRequest:
    """How much is measured."""

    temperatures: tuple[float, ...] = (0.7, 0.85, 1.0)
    """Settings at which samples are drawn."""
    top_p: tuple[float, ...] = ()
    """More settings, at temperature 1."""
    n_pieces: int = 10_000
    """Samples a setting for what is counted; never more than half of the training pieces."""
    n_embedded: int = 2_500
    """Of these, how many are embedded."""
    n_copy_characters: int = 500_000
    """Characters of samples a setting that are looked up in the training text."""
    n_prefixes: int = 200
    """Passages whose beginning is given to see whether the rest comes out."""
    n_scored_characters: int = 150_000
    """Most held-out characters that are predicted."""
    seed: int = 0
    """Same seed, same report."""
    is_quick: bool = False
    """Whether this is the short form: see `quick`."""

    def __post_init__(self) -> None:
        problems = [
            f"temperature must be above 0 and finite, got {t}"
            for t in self.temperatures
            if not 0 < t < float("inf")
        ]
        problems += [f"top-p must be in (0, 1], got {p}" for p in self.top_p if not 0 < p <= 1]
        if self.seed < 0:
            problems.append(f"seed must be at least 0, got {self.seed}")
        if self.n_pieces < _FEWEST_PIECES:
            problems.append(f"n_pieces must be at least {_FEWEST_PIECES}, got {self.n_pieces}")
        if not self.temperatures and not self.top_p:
            problems.append("at least one temperature or top-p is needed")
        if problems:
            raise ConfigError("; ".join(problems))

    @property
    def quick(self) -> "EvaluateRequest":
        """The same with less of everything, in under a minute on two cores."""
        return replace(
            self,
            n_pieces=min(self.n_pieces, 1_000),
            n_embedded=min(self.n_embedded, 500),
            n_copy_characters=min(self.n_copy_characters, 100_000),
            n_prefixes=min(self.n_prefixes, 50),
            n_scored_characters=min(self.n_scored_characters, 40_000),
            is_quick=True,
        )

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, safest first."""
        by_temperature = [
            Setting(
                name=f"T={t:g}",
                decoding=DecodingConfig(temperature=t),
                x=t,
                curve="temperature",
            )
            for t in sorted(set(self.temperatures))
        ]
        by_mass = [
            Setting(name=f"top-p={p:g}", decoding=DecodingConfig(top_p=p), x=p, curve="top-p")
            for p in sorted(set(self.top_p))
        ]
        return (*by_temperature, *by_mass)
