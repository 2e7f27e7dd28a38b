"""Arrays in a page: one byte a number, base 64, so that a long text stays a small file.

Shape letters: `S` places, `K` alternatives.
"""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from serinette.explaining.explanation import Alternative, CellTrace

_LEVELS = 255
_MOST_BITS = 25.5
_MOST_SYMBOLS = 1 << 16
_COLOURED = 99.0
"""Per cent of the places that the colours of a memory span; the rest has the strongest."""


def packed(values: Float[np.ndarray, " S"], low: float, high: float) -> dict[str, Any]:
    """Return numbers between two bounds, beyond which they are cut off."""
    part = (np.nan_to_num(values) - low) / (high - low)
    levels = np.clip(np.round(part * _LEVELS), 0, _LEVELS).astype(np.uint8)
    return {"bytes": _base64(levels), "low": low, "high": high}


def packed_bits(nats: Float[np.ndarray, " S"]) -> dict[str, Any]:
    """Return surprisals in tenths of a bit; of a density they may be below 0."""
    bits = np.asarray(nats) / math.log(2)
    low, high = float(min(0.0, bits.min(initial=0.0))), float(bits.max(initial=0.0))
    return packed(bits, low, max(_MOST_BITS, high))


def packed_cell(trace: CellTrace) -> dict[str, Any]:
    """Return all that one cell did."""
    size = np.abs(trace.values["c"])
    most = float(size.max(initial=0.0)) or 1.0
    bounds = {"i": (0, 1), "f": (0, 1), "o": (0, 1), "g": (-1, 1), "h": (-1, 1), "c": (-most, most)}
    return {
        "name": str(trace.cell),
        "why": trace.why,
        "most": float(np.percentile(size, _COLOURED)) or most if len(size) else 1.0,
        "gates": {name: packed(trace.values[name], *map(float, bounds[name])) for name in "chifgo"},
    }


def packed_alternatives(
    alternatives: Sequence[Sequence[Alternative]], most: int
) -> dict[str, Any] | None:
    """Return the likeliest symbols of every place; None where there are none."""
    width = min(most, *map(len, alternatives)) if alternatives else 0
    if width == 0:
        return None
    names = list(dict.fromkeys(one.text for row in alternatives for one in row[:width]))
    if len(names) > _MOST_SYMBOLS:
        return None
    place = {name: k for k, name in enumerate(names)}
    symbols = np.array([[place[one.text] for one in row[:width]] for row in alternatives], "<u2")
    chances = np.array([[one.probability for one in row[:width]] for row in alternatives])
    return {
        "n": width,
        "names": names,
        "symbols": _base64(symbols),
        "chances": packed(chances.ravel(), 0.0, 1.0)["bytes"],
    }


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
