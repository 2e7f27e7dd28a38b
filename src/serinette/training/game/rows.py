"""One window of a game: real rows, and rows that the generator has written in their place.

Shape letters: `B` rows, `T` steps.
"""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from serinette.batching.streams import Batch
from serinette.nets.state import State
from serinette.training.game.drawing import Drawn


class GameBatch(NamedTuple):
    """Real and written rows; row b of both has the same facts and the same past."""

    real: Batch
    fake: Drawn
    """Of all rows, or of the last rows of every group."""
    n_fake_steps: int
    """Written steps that count, of all groups of rows together."""
    n_real_steps: int
    """Real steps that count, of all groups together."""
    longest: int
    """Most steps of a written row."""
    rival_opening: State | None = None
    """What a rival that is carried has read before the window."""

    @property
    def n_steps(self) -> int:
        """What a generator's loss is divided by: real steps."""
        return self.n_real_steps

    @property
    def n_measured(self) -> int:
        """How many real steps count in the figure that is reported."""
        return self.real.n_measured

    def part(self, k: int, n_parts: int) -> "GameBatch":
        """Return the k-th of `n_parts` equal groups of rows."""
        fake = self.fake.part(_group(k, n_parts, len(self.fake.symbols)))
        opening = self.rival_opening
        if opening is not None:
            rows = _group(k, n_parts, len(self.real.fresh))
            opening = State(opening.h[:, rows], opening.c[:, rows])
        return self._replace(real=self.real.part(k, n_parts), fake=fake, rival_opening=opening)

    def to(self, device: torch.device) -> "GameBatch":
        """Move to the device that computes."""
        fake = Drawn(*(column.to(device) for column in self.fake))
        return self._replace(real=self.real.to(device), fake=fake)

    @property
    def written(self) -> slice:
        """Which of the real rows of this group the written rows stand for."""
        return slice(len(self.real.fresh) - len(self.fake.symbols), None)


def steps_to_write(real: Batch, end: int | None, longest: int) -> Int[Tensor, " B"]:
    """Return how many steps may be written in the place of each real row.

    Where a real row ends by itself, so may the written one, after up to `longest` steps. Where it
    was cut, the written one is cut at the same place, or a critic would tell them by their lengths.
    For a row that is padding nothing is written.

    Args:
        real: Real rows.
        end: The symbol that ends a row; None: rows do not end.
        longest: Most steps of a written row.
    """
    n_steps = real.mask.sum(1)
    if end is None:
        return n_steps
    last = real.targets.gather(1, (n_steps - 1).clamp(min=0)[:, None])[:, 0]
    return torch.where((n_steps > 0) & (last == end), longest, n_steps)


def cut(drawn: Drawn, n_steps: Int[Tensor, " B"]) -> Drawn:
    """Leave out what was drawn after so many steps of each row."""
    places = torch.arange(drawn.mask.shape[1], device=drawn.mask.device)
    return drawn._replace(mask=drawn.mask & (places < n_steps[:, None]))


def game_batch(real: Batch, fakes: list[Drawn], longest: int) -> GameBatch:
    """Join real rows with what each group of rows has written; groups may differ in length."""
    n_steps = max(fake.symbols.shape[1] for fake in fakes)
    fake = Drawn(
        *(
            torch.cat([_widened(column, n_steps) for column in columns])
            for columns in zip(*fakes, strict=True)
        )
    )
    return GameBatch(
        real=real,
        fake=fake,
        n_fake_steps=int(fake.mask.sum()),
        n_real_steps=real.n_steps,
        longest=longest,
    )


def _group(k: int, n_parts: int, n_rows: int) -> slice:
    size = n_rows // n_parts
    return slice(k * size, (k + 1) * size)


def _widened(column: torch.Tensor, n_steps: int) -> torch.Tensor:
    """Pad with zeros, which no mask counts."""
    missing = n_steps - column.shape[1]
    return torch.nn.functional.pad(column, (0, missing)) if missing else column
