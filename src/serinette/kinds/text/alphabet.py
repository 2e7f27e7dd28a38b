"""What the text codecs have in common: the numbering of symbols and one protocol.

Symbol 0 is `end`, symbol 1 is `missing`; what the alphabet itself knows is numbered from 2.

Shape letters: `T` time.
"""

from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int32

from serinette.constraints.protocol import Constraint
from serinette.constraints.spelling import Spelling
from serinette.kinds.kind import Streamer

END: Final = 0
MISSING: Final = 1
FIRST: Final = 2
REPLACEMENT: Final = "\ufffd"
"""What a missing symbol is written as: U+FFFD, the replacement character."""


@runtime_checkable
class Alphabet(Protocol):
    """Turns text into symbols and back."""

    @property
    def name(self) -> str:
        """The name of the codec: also that of the field."""
        ...

    @property
    def size(self) -> int:
        """How many symbols there are, `end` and `missing` included."""
        ...

    def encode(self, text: str) -> Int32[np.ndarray, " T"]:
        """Turn text into symbols."""
        ...

    def decode(self, symbols: Int[np.ndarray, " T"]) -> str:
        """Turn symbols into text: `missing` becomes U+FFFD, `end` nothing."""
        ...

    def step_lengths(self, text: str) -> Int32[np.ndarray, " T"]:
        """Say how many characters each symbol of the encoded text completes."""
        ...

    def streamer(self) -> Streamer:
        """Return a fresh streaming decoder."""
        ...

    def rules(self) -> Constraint | None:
        """Return what keeps the symbols decodable, or None where all are."""
        ...

    def spelling(self) -> Spelling:
        """Return how each symbol is written, for rules on texts."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        ...
