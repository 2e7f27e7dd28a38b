"""What an LSTM stack remembers between calls.

Shape letters: `L` layers, `B` rows, `H` hidden.
"""

from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor


class State(NamedTuple):
    """Everything the network remembers. Rows are independent; a state is never changed in place."""

    h: Float[Tensor, "L B H"]
    c: Float[Tensor, "L B H"]

    def detach(self) -> "State":
        """Cut the graph: truncated back-propagation through time (Williams and Peng 1990)."""
        return State(self.h.detach(), self.c.detach())

    def select(self, rows: Int[Tensor, " R"]) -> "State":
        """Keep `rows`, in that order; a row may repeat (fan one prefix out)."""
        return State(self.h[:, rows], self.c[:, rows])

    def reset(self, fresh: Bool[Tensor, " B"]) -> "State":
        """Forget everything in the rows where a new sequence starts."""
        kept = (~fresh)[None, :, None].to(self.h.dtype)
        return State(self.h * kept, self.c * kept)
