"""Which cells are shown."""

from collections.abc import Sequence

from serinette.explaining.probes import Cell, Finding


def chosen_cells(
    asked: Sequence[Cell], findings: Sequence[Finding], most: int
) -> list[tuple[Cell, str]]:
    """Return the cells that are shown, with what they tell; those asked for come first."""
    told: dict[Cell, list[str]] = {}
    for finding in findings:
        told.setdefault(finding.cell, []).append(finding.trait)
    cells = [*asked, *(cell for cell in told if cell not in asked)]
    n_shown = max(most, len(asked))
    return [(cell, "; ".join(told.get(cell, ["asked for"]))) for cell in cells[:n_shown]]
