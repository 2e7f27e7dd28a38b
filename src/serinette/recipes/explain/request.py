"""What is to be explained."""

import re
from dataclasses import dataclass

from serinette.core.errors import ConfigError
from serinette.explaining.probes import Cell

_CELL = re.compile(r"(\d+):(\d+)")


@dataclass(frozen=True, kw_only=True)
class ExplainRequest:
    """What is to be found out."""

    cells: tuple[str, ...] = ()
    """Cells that are shown whatever they stand for: `1:37`, layer and number, both from 0."""
    top: int = 5
    """Alternatives of each symbol, at least 1."""
    limit: int = 100_000
    """Symbols that are read at most, at least 1."""
    shown: int = 20_000
    """Symbols that are shown at most, at least 1."""
    n_cells: int = 10
    """Cells that are chosen and shown at most."""
    is_quick: bool = False
    """Whether cells are not looked for, and contexts not shortened."""

    def __post_init__(self) -> None:
        for name in ("top", "limit", "shown"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        for text in self.cells:
            cell_of(text)


def cell_of(text: str) -> Cell:
    """Read a cell.

    Raises:
        ConfigError: If it is written otherwise.
    """
    found = _CELL.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"cell '{text}' is not LAYER:NUMBER; write it like 1:37, both from 0")
    return Cell(int(found[1]), int(found[2]))


def cells_of(texts: tuple[str, ...], n_layers: int, hidden_size: int) -> list[Cell]:
    """Read cells of a network.

    Raises:
        ConfigError: If it has no such cell.
    """
    cells = [cell_of(text) for text in texts]
    for cell in cells:
        if cell.layer >= n_layers or cell.number >= hidden_size:
            raise ConfigError(
                f"cell '{cell}': there are layers 0 to {n_layers - 1} of cells 0 to "
                f"{hidden_size - 1}"
            )
    return list(dict.fromkeys(cells))
