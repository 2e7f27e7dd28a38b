"""Who teaches the generator in a game: a critic that tells real from written, or a mediator.

A rival has a network of its own, learns from real and written rows, and says what the generator's
loss is. The trainer of the game knows no more of it.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from torch import Generator, nn

from serinette.nets.state import State
from serinette.training.supply import Loss


@runtime_checkable
class Rival(Protocol):
    """A network that learns beside the generator."""

    @property
    def network(self) -> nn.Module:
        """What learns."""

    is_carried: bool
    """Whether its rows read on where they stopped."""
    is_undivided: bool
    """Whether it must see all rows at once, not groups of them on threads of their own."""

    def loss(self, model: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the rival's own loss on one group of rows, in a sum over `batch.n_steps`."""

    def generator_loss(
        self, model: nn.Module, batch: Any, state: State | None, noise: Generator
    ) -> Loss:
        """Return what the generator should make small, in a sum over real steps."""

    def hold_(self, *, still: bool) -> None:
        """Hold the network still while the generator learns from it; let it go again."""

    def written_rows(self, n_rows: int) -> slice:
        """Say which of a group's `n_rows` rows are written; a part up to the last one."""

    def figures(self) -> Mapping[str, float]:
        """Return what was noticed since the last call, for the history, and forget it."""

    def aim_(self, share: float) -> None:
        """Take note of how far the game has come, in [0, 1]."""

    def soften_(self, noise: float) -> None:
        """Put so much more noise on what a critic sees, in standard deviations of its vectors."""

    def state(self) -> dict[str, Any]:
        """Return what changes besides the weights, as plain facts."""

    def restore_(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
