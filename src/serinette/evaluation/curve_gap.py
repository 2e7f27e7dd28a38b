"""Whether a model leaves another's quality-diversity curve, or only stands elsewhere on it.

A temperature moves a model along its own curve for nothing. What a training is worth shows only
where its point lies off that curve.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Side = Literal["better", "worse", "on"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One setting of a model: a quality, and a diversity whose less is better."""

    name: str
    """`T=0.7`."""
    x: float
    y: float
    half: float = 0.0
    """Half of the interval of `y`."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far a place is from the other curve at the same quality."""

    name: str
    value: float
    """Below 0: better than the curve."""
    half: float
    """Half of its interval."""

    @property
    def side(self) -> Side:
        """Which side of the curve it is on beyond chance."""
        if abs(self.value) <= self.half:
            return "on"
        return "better" if self.value < 0 else "worse"


def gaps(places: Sequence[Place], curve: Sequence[Place]) -> tuple[Gap, ...]:
    """Return the distance of every place from a curve that is joined by straight lines.

    Args:
        places: Settings of the model.
        curve: Settings of the model that it began with.

    Returns:
        One for every place whose quality lies within the curve's.
    """
    if not curve:
        return ()
    on = sorted(curve, key=lambda place: place.x)
    xs, ys, halves = (np.array([getattr(p, n) for p in on]) for n in ("x", "y", "half"))
    found = []
    for place in places:
        if not xs[0] <= place.x <= xs[-1]:
            continue
        y, half = float(np.interp(place.x, xs, ys)), float(np.interp(place.x, xs, halves))
        found.append(Gap(name=place.name, value=place.y - y, half=math.hypot(half, place.half)))
    return tuple(found)


def gap_words(found: Sequence[Gap], unit: str) -> str:
    """Say whether a model leaves the curve.

    Args:
        found: From `gaps`.
        unit: Of the diversity: `nats of the reverse LM score`.
    """
    if not found:
        return (
            "Its samples and its likelihood start's are of no like quality at any setting, so that "
            "the curves cannot be laid over each other; measure at more --temperatures."
        )
    better = [gap for gap in found if gap.side == "better"]
    worse = [gap for gap in found if gap.side == "worse"]
    if not better and not worse:
        told = ", ".join(f"{gap.name}: {gap.value:+.3g} ± {gap.half:.2g}" for gap in found)
        return (
            f"It stays on its likelihood start's curve ({told} {unit} at the same quality; below 0 "
            "is better): another temperature would have done as much."
        )
    sentences = [
        f"It leaves its likelihood start's curve to the {side} at "
        f"{', '.join(gap.name for gap in some)}, by up to "
        f"{max(abs(gap.value) for gap in some):.3g} {unit} at the same quality."
        for side, some in (("better", better), ("worse", worse))
        if some
    ]
    return " ".join(sentences)
