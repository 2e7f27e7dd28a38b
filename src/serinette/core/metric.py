"""A measured number that can be compared: never alone, always with what it is measured against."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Interval = tuple[float, float]
"""Low and high end, 95 %."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a report."""

    name: str
    """What was measured: `bits per character`."""
    value: float
    """The figure itself."""
    unit: str
    """Its unit: `bits`, `nats`, `%`. Of `%` the value is the percentage: 1.5 is 1.5 %."""
    better: Literal["lower", "higher", "real", "neither"]
    """Which direction is an improvement; `real`: the nearer to the floor."""
    n: int
    """How many items it was measured on."""
    key: str = ""
    """A short name for quality gates: `bpc`, `copy50`; unique among the metrics of a setting."""
    interval: Interval | None = None
    """95 % interval, or None where none can be given."""
    baseline: float | None = None
    """What the count model fitted on the same split scores."""
    floor: float | None = None
    """What real data scores against real data."""
    floor_interval: Interval | None = None
    """95 % interval of the floor."""
    setting: str = ""
    """How the samples were drawn: `T=0.8`; empty for what was measured without samples."""
    seed: int | None = None
    """Where its randomness came from; None: there was none."""
    note: str = ""
    """What must be known to read it, one sentence."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Metric":
        """Read plain values back."""
        pairs = {
            name: None if plain.get(name) is None else tuple(plain[name])
            for name in ("interval", "floor_interval")
        }
        return cls(**{**plain, **pairs})
