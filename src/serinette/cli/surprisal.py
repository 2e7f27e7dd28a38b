"""A text coloured by how little the model expected each character."""

import math
from collections.abc import Iterable

from serinette.cli.output import pictured

_STEPS = (1, 2, 3, 4, 6, 8, 10)
"""Bits from which each colour holds; below the first there is none."""
_BACKGROUNDS = (230, 229, 222, 215, 209, 203, 196)
"""Colours of the 256-colour table, cream to red; the ink is black on all of them."""
_OFF = "\x1b[0m"


def legend() -> str:
    """Return a line that explains the colours."""
    names = [f"{bits}" for bits in _STEPS[:-1]] + [f"{_STEPS[-1]}+"]
    marks = [
        f"{_on(colour)} {name} {_OFF}" for colour, name in zip(_BACKGROUNDS, names, strict=True)
    ]
    return f"surprisal in bits, from: {' '.join(marks)}"


def coloured(text: str, nats: Iterable[float]) -> str:
    """Return the text with each user-perceived character on the colour of its surprisal.

    A colour never begins between a letter and its mark or within an emoji, which terminals would
    tear apart.

    Args:
        text: What was scored; control characters are shown as pictures.
        nats: Surprisal of each code point; those of one cluster are added.
    """
    from serinette.kinds.text.clusters import clusters

    parts: list[str] = []
    last: int | None = None
    surprisals = iter(nats)
    for cluster in clusters(text):
        colour = _colour(sum(next(surprisals) for _ in cluster))
        is_end = cluster.endswith("\n")
        if colour != last or is_end:
            parts.append("" if last is None else _OFF)
            parts.append("" if colour is None else _on(colour))
        last = colour
        if is_end:
            parts.append(("⏎" if colour is not None else "") + (_OFF if colour is not None else ""))
            last = None
        parts.append(pictured(cluster))
    return "".join(parts) + ("" if last is None else _OFF)


def _colour(nats: float) -> int | None:
    reached = [
        c for bits, c in zip(_STEPS, _BACKGROUNDS, strict=True) if nats / math.log(2) >= bits
    ]
    return reached[-1] if reached else None


def _on(colour: int) -> str:
    return f"\x1b[38;5;16;48;5;{colour}m"
