"""A measured number that can be compared: never alone, always with what it is measured against."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a report."""

    name: str
    """What was measured: `bits per character`."""
    value: float
    """The figure itself."""
    unit: str
    """Its unit: `bits`, `nats`, `%`."""
    better: Literal["lower", "higher", "neither"]
    """Which direction is an improvement."""
    n: int
    """How many items it was measured on."""
    interval: tuple[float, float] | None = None
    """95 % interval, or None where none can be given."""
    baseline: float | None = None
    """What the count model fitted on the same split scores."""
    floor: float | None = None
    """What real data scores against real data."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
