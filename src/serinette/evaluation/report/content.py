"""What an evaluation found: plain data, written as JSON and read back, and drawn by `page`."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal

from serinette.core.chart import Chart
from serinette.core.coercion import nearest
from serinette.core.errors import ArtifactError, ConfigError
from serinette.core.metric import Metric

FORMAT = 1
"""Raised when an older version could no longer read what is written."""

Light = Literal["green", "yellow", "red", "none"]
"""`green`: nothing wrong; `yellow`: look closer; `red`: a problem; `none`: not judged."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One traffic light."""

    light: Light
    name: str
    """What was judged: `Copying`. Verdicts of one name stand together."""
    sentence: str
    """What was found, in plain words."""
    rule: str
    """The threshold in words: `red above 5 % (held-out human text: 0.8 %)`."""
    setting: str = ""
    """How the samples were drawn: `T=0.8`; empty for what holds of the model as a whole."""


@dataclass(frozen=True, kw_only=True)
class Copied:
    """A stretch of a sample that stands word for word in the training text."""

    start: int
    """Its first character in the sample, from 0."""
    stop: int
    """The character after its last one."""
    source: str
    """The document that it stands in: `hamlet.txt`."""
    offset: int | None = None
    """Its first character in the document, from 0; None: not known."""
    line: int | None = None
    """The line of the document that it begins in, from 1; None: not known."""


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A sample to look at."""

    setting: str
    """How it was drawn: `T=0.8`."""
    text: str
    copied: tuple[Copied, ...] = ()
    """In the order of the text, none over another."""
    seed: int | None = None
    """What it was drawn with; None: not known."""

    def __post_init__(self) -> None:
        """Check that the stretches lie in the text, one after the other."""
        borders = [0, *(end for c in self.copied for end in (c.start, c.stop)), len(self.text)]
        if any(first > second for first, second in pairwise(borders)):
            places = [(c.start, c.stop) for c in self.copied]
            length = len(self.text)
            raise ValueError(f"copied stretches {places} must be in order and within 0 to {length}")

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Specimen":
        """Read plain values back."""
        return cls(**{**plain, "copied": tuple(Copied(**c) for c in plain.get("copied", ()))})


@dataclass(frozen=True, kw_only=True)
class Section:
    """Figures and pictures that answer one question."""

    key: str
    """A short name: `privacy`."""
    title: str
    intro: str
    """What the figures mean, one or two sentences for somebody who has never seen them."""
    metrics: tuple[Metric, ...] = ()
    """Those of one key are one row of the table, one column a setting."""
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Section":
        """Read plain values back."""
        parts = {
            "metrics": tuple(_metric(metric) for metric in plain.get("metrics", ())),
            "charts": tuple(Chart.from_json(chart) for chart in plain.get("charts", ())),
            "notes": tuple(plain.get("notes", ())),
        }
        return cls(**{**plain, **parts})


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the floor and the baseline of the figures are called."""

    real: str = "real text"
    baseline: str = "count model"
    baseline_is: str = (
        "a table of which character follows which, the least that a network should beat"
    )


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything that was found out about one model."""

    subject: str
    """What the model is called."""
    headline: str
    """The verdict in plain words, one paragraph."""
    verdicts: tuple[Verdict, ...]
    sections: tuple[Section, ...]
    specimens: tuple[Specimen, ...] = ()
    charts: tuple[Chart, ...] = ()
    """Quality against diversity: what is looked at before any single figure."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """How it was measured: data, hashes, split, sizes, seeds, versions, command."""
    notes: tuple[str, ...] = ()
    """What these figures cannot tell."""
    beside: Beside = Beside()
    is_quick: bool = False
    """Whether fewer samples were taken than a full evaluation takes."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures of all sections."""
        return tuple(metric for section in self.sections for metric in section.metrics)

    def metric(self, key: str, setting: str = "") -> Metric:
        """Return one figure.

        Args:
            key: Its short name: `bpc`.
            setting: How the samples were drawn; empty for what was measured without samples.

        Raises:
            ConfigError: If it was not measured.
        """
        found = {metric.setting: metric for metric in self.metrics if metric.key == key}
        if not found:
            known = list(dict.fromkeys(metric.key for metric in self.metrics if metric.key))
            raise ConfigError(f"no metric '{key}' was measured ({nearest(key, known)})")
        if setting not in found:
            known = [name or "''" for name in found]
            raise ConfigError(
                f"metric '{key}' was not measured at setting '{setting}' "
                f"(measured at: {', '.join(known)})"
            )
        return found[setting]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Evaluation":
        """Read plain values back.

        Raises:
            ArtifactError: If a later version wrote them.
        """
        found = plain.get("format")
        if found != FORMAT:
            raise ArtifactError(
                f"evaluation: format {found}, this version reads {FORMAT}; evaluate the model again"
            )
        parts = {
            "verdicts": tuple(Verdict(**verdict) for verdict in plain["verdicts"]),
            "sections": tuple(Section.from_json(section) for section in plain["sections"]),
            "specimens": tuple(Specimen.from_json(one) for one in plain.get("specimens", ())),
            "charts": tuple(Chart.from_json(chart) for chart in plain.get("charts", ())),
            "facts": dict(plain.get("facts", {})),
            "notes": tuple(plain.get("notes", ())),
            "beside": Beside(**plain.get("beside", {})),
        }
        return cls(**{name: plain[name] for name in plain if name != "format"} | parts)


def _metric(plain: Mapping[str, Any]) -> Metric:
    """Read a metric; strict JSON holds null where a number was not finite."""
    intervals = {
        name: None if None in (plain.get(name) or (None,)) else plain[name]
        for name in ("interval", "floor_interval")
    }
    value = math.nan if plain["value"] is None else plain["value"]
    return Metric.from_json({**plain, **intervals, "value": value})
