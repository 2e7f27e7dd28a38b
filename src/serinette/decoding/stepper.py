"""What the decoder knows of a network: start, one step or many, the logits of a field.

Shape letters: `B` rows, `T` steps, `C` context fields, `F` fields of a step, `V` symbols.
"""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.schema import Schema


@runtime_checkable
class StepState(Protocol):
    """What a network remembers of some sequences. It is never changed in place."""

    @property
    def n_rows(self) -> int:
        """How many sequences."""
        ...

    def select(self, rows: Int[np.ndarray, " R"]) -> Any:
        """Keep `rows`, in that order; a row may repeat."""
        ...

    def join(self, other: Any) -> Any:
        """Put the rows of `other` after these."""
        ...


@runtime_checkable
class Stepper(Protocol):
    """A network that reads steps, batch first.

    Every stepper keeps three promises: a row never depends on the rows beside it, one call over T
    steps equals T calls over one step, and what comes later never changes what came before.
    `OnnxStepper` keeps the first two to the bit.
    """

    @property
    def schema(self) -> Schema:
        """The fields of a step and the context of a sequence."""
        ...

    def start(self, context: Int[np.ndarray, "B C"], noise: None = None) -> Any:
        """Return the state before the first step; `noise` is for networks that begin with some."""
        ...

    def advance(
        self,
        steps: Int[np.ndarray, "B T F"],
        state: Any,
    ) -> tuple[Any, Any]:
        """Read `steps`; return what `field` wants to be given, and the new state."""
        ...

    def field(
        self,
        k: int,
        hidden: Any,
        drawn: Int[np.ndarray, "B T k"],
    ) -> Float32[np.ndarray, "B T V"]:
        """Return the logits of field `k` of the step after each step read.

        Args:
            k: Number of the field in the schema.
            hidden: From `advance`.
            drawn: The fields before `k` of the step that is being drawn.
        """
        ...
