"""A network's weights as bytes for a page: one byte, two or four a number.

int8   every row of a matrix has a scale of its own, the largest of its numbers / 127; what is no
       matrix stays fp32. Rows are outputs, so a sum is scaled by one number.
fp16   half precision       fp32   as they are

`browser/network.js` reads them. Everything is little-endian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from serinette.core.errors import ConfigError

Precision = Literal["int8", "fp16", "fp32"]
PRECISIONS: tuple[Precision, ...] = ("int8", "fp16", "fp32")
_LEVELS = 127
_ALIGNMENT = 4
_MOST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedWeights:
    """Weights one after the other."""

    content: bytes
    places: Mapping[str, Mapping[str, Any]]
    """Of each weight: `shape`, `form`, `at` (a byte of `content`), and of int8 `scales`."""
    read: Mapping[str, np.ndarray]
    """What the page computes with, float32."""


def pack(weights: Mapping[str, np.ndarray], precision: Precision) -> PackedWeights:
    """Write weights.

    Args:
        weights: By name, float32, all finite.
        precision: How exactly.

    Raises:
        ConfigError: If a weight is beyond the range of half precision and that is asked for.
    """
    pieces, places, read = bytearray(), {}, {}
    for name, weight in weights.items():
        form = "fp32" if precision == "int8" and weight.ndim == 1 else precision
        if form == "int8":
            levels, scales = _levels(weight)
            place = _place(pieces, levels, "int8")
            places[name] = {**place, "scales": _place(pieces, scales, "fp32")}
            read[name] = levels.astype(np.float32) * scales[:, None]
        elif form == "fp16":
            half = _half(name, weight)
            places[name] = _place(pieces, half, "fp16")
            read[name] = half.astype(np.float32)
        else:
            places[name] = _place(pieces, weight.astype("<f4"), "fp32")
            read[name] = weight.astype(np.float32)
    return PackedWeights(content=bytes(pieces), places=places, read=read)


def _place(pieces: bytearray, array: np.ndarray, form: Precision) -> dict[str, Any]:
    at = len(pieces)
    pieces += array.tobytes()
    pieces += b"\0" * (-len(pieces) % _ALIGNMENT)
    return {"shape": list(array.shape), "form": form, "at": at}


def _levels(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = np.abs(weight).max(axis=1).astype(np.float32) / np.float32(_LEVELS)
    divisors = np.where(scales > 0, scales, 1)[:, None]
    levels = np.clip(np.rint(weight / divisors), -_LEVELS, _LEVELS).astype(np.int8)
    return levels, scales.astype("<f4")


def _half(name: str, weight: np.ndarray) -> np.ndarray:
    largest = float(np.abs(weight).max(initial=0.0))
    if largest > _MOST_HALF:
        raise ConfigError(
            f"weights fp16: '{name}' holds {largest:.3g}, beyond half precision; choose fp32"
        )
    return weight.astype("<f2")
