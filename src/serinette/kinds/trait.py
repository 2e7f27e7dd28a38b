"""What is known of each place of a sequence, for probing what a network's cells stand for.

A trait at a place speaks of the content up to and including that place, unless its name says
otherwise: it is what a state could know after reading so far.

Shape letters: `P` places.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped


@dataclass(frozen=True, kw_only=True, eq=False)
class Trait:
    """One simple fact, such as "inside quotes" (yes or no) or "position in the line" (a number)."""

    name: str
    """What a person calls it; of a number what is counted."""
    values: Shaped[np.ndarray, " P"]
    """Booleans, or numbers."""
    is_ahead: bool = False
    """Whether it speaks of what comes next: then the cell predicts, it does not remember."""
