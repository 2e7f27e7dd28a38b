"""What a kind makes of a request for samples: rules, context, and how a result is shown.

Shape letters: `T` steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int

from serinette.constraints.protocol import Constraint


def as_it_is(content: str) -> str:
    """Show a sample as it was written."""
    return content


def no_preference(content: str) -> float:
    """Prefer no sample to another."""
    return 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Commission:
    """All that the decoder is told of what is wanted.

    The constraint has seen the steps of `read` when it begins.
    """

    read: Int[np.ndarray, " T"]
    """Steps that every sample goes on from, without the `end` that opens it."""
    prefix: str
    """What they say; part of every sample's full text."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Facts about the sequence by context field."""
    constraint: Constraint | None = None
    """A rule that every sample keeps; None: anything goes."""
    n_steps: int | None = None
    """Longest sample where the request itself bounds it, `end` included; None: it does not."""
    frequency_penalty: float = 0.0
    """Nats taken from a symbol for each time that it is already there, besides the user's own."""
    broken_by_a_cut: tuple[str, ...] = ()
    """Names of the rules that a sample may break when it is cut off."""
    is_shown_whole: bool = False
    """Whether nothing of a sample may be shown before it is finished."""
    show: Callable[[str], str] = as_it_is
    """Turns a sample's content into what is shown."""
    prefer: Callable[[str], float] = no_preference
    """Nats in favour of a content, added to its log-probability when the best is chosen."""
