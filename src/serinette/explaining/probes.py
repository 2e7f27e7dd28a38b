"""Which single cell knows what: chosen on one half of a text, reported on the other.

For each trait the cell whose state (h, what it shows, or c, what it keeps) tells best whether the
trait holds is chosen on the first half. Its area under the ROC curve is then measured on the second
half, which had no say, so that the best of thousands is not flattered. Beside it stand a linear
probe over all cells, fitted and measured in the same way, and two controls: the best cell of a
network of the same sizes that was never trained (what any such network shows: the last symbol, for
one), and the best cell for the trait moved to other places of the text (chance).

References: Karpathy, Johnson and Fei-Fei 2015, arXiv:1506.02078 (cells to be read); Hewitt and
Liang 2019, arXiv:1909.03368 (controls for probes).

Shape letters: `N` places, `L` layers, `H` hidden, `K` columns, `M` traits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from serinette.core.metric import Interval
from serinette.explaining.ranking import area, area_interval, areas
from serinette.kinds.trait import Trait

FEWEST_PLACES = 300
"""Places below which nothing is probed."""
_RAREST = 0.01
"""Share of places of either class in either half."""
_RIDGE = 0.1
"""Of the mean variance of a standardised cell."""


class Cell(NamedTuple):
    """One cell; both numbers count from 0, as in the weights' names. Layer 0 reads the symbols."""

    layer: int
    number: int

    def __str__(self) -> str:
        return f"{self.layer}:{self.number}"


class StateSample(NamedTuple):
    """States at some places of a text, in its order."""

    h: Float32[np.ndarray, "N L H"]
    c: Float32[np.ndarray, "N L H"]

    def columns(self) -> Float32[np.ndarray, "N K"]:
        """Return every cell's h, then every cell's c."""
        n = len(self.h)
        return np.concatenate([self.h.reshape(n, -1), self.c.reshape(n, -1)], axis=1)

    def cell_of(self, column: int) -> tuple[Cell, str]:
        """Return which cell a column is of, and whether it is its `h` or its `c`."""
        _, n_layers, hidden = self.h.shape
        number = column % (n_layers * hidden)
        return Cell(number // hidden, number % hidden), "hc"[column // (n_layers * hidden)]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How well one trait can be read off the network."""

    trait: str
    """Of a number with the bound: `position in the line > 20`."""
    is_ahead: bool
    """Whether the trait speaks of what comes next."""
    cell: Cell
    """The single cell that tells it best."""
    of: str
    """`h` or `c`."""
    sign: int
    """1: high where the trait holds; -1: low."""
    auc: float
    """Of that cell, on the half that did not choose it."""
    interval: Interval | None
    """95 %."""
    linear: float
    """Of a linear probe over all cells, on the same half."""
    untrained: float | None
    """Of the best cell of a network that was never trained, chosen and measured likewise."""
    chance: float
    """Of the best cell for the trait moved elsewhere."""
    share: float
    """Share of places where the trait holds."""
    n: int
    """Places that it was measured on."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "cell": str(self.cell)}


class Question(NamedTuple):
    """A trait as a yes or no at every place."""

    name: str
    is_so: Bool[np.ndarray, " N"]
    is_ahead: bool


def questions(traits: Sequence[Trait], n_fit: int) -> list[Question]:
    """Turn traits into questions; numbers are held against their median in the first half.

    Those whose answer is nearly always the same in either half are left out.
    """
    asked = [_question(trait, n_fit) for trait in traits]
    return [
        question
        for question in asked
        if all(
            _RAREST <= half.mean() <= 1 - _RAREST
            for half in (question.is_so[:n_fit], question.is_so[n_fit:])
        )
    ]


def _question(trait: Trait, n_fit: int) -> Question:
    if trait.values.dtype == np.bool_:
        return Question(trait.name, trait.values, trait.is_ahead)
    bound = float(np.median(trait.values[:n_fit]))
    return Question(f"{trait.name} > {bound:.4g}", trait.values > bound, trait.is_ahead)


def probe(
    states: StateSample,
    traits: Sequence[Trait],
    untrained: StateSample | None,
    blocks: Int[np.ndarray, " N"],
) -> list[Finding]:
    """Find the cell that tells each trait best; the best told trait comes first.

    Args:
        states: At least `FEWEST_PLACES`, in the order of the text.
        traits: Of the same places.
        untrained: States of an untrained network at the same places; None: no such control.
        blocks: Stretch of each place; whole ones are resampled.
    """
    n_fit = len(states.h) // 2
    asked = questions(traits, n_fit)
    if not asked:
        return []
    is_so = np.stack([question.is_so for question in asked], axis=1)  # [N, M]
    moved = np.concatenate([_moved(is_so[:n_fit]), _moved(is_so[n_fit:])])
    columns = states.columns()
    best, chances = _best(columns, np.concatenate([is_so, moved], axis=1), n_fit)
    linear = _linear(columns, is_so, n_fit)
    floors: list[float | None] = [None] * len(asked)
    if untrained is not None:
        floors = [*_best(untrained.columns(), is_so, n_fit)[1]]
    findings = []
    for k, question in enumerate(asked):
        column, sign = best[k]
        cell, of = states.cell_of(column)
        values = sign * columns[n_fit:, column]
        findings.append(
            Finding(
                trait=question.name,
                is_ahead=question.is_ahead,
                cell=cell,
                of=of,
                sign=sign,
                auc=chances[k],
                interval=area_interval(values, is_so[n_fit:, k], blocks[n_fit:]),
                linear=linear[k],
                untrained=floors[k],
                chance=chances[len(asked) + k],
                share=float(is_so[:, k].mean()),
                n=len(values),
            )
        )
    return sorted(findings, key=lambda finding: -finding.auc)


def _moved(is_so: Bool[np.ndarray, "N M"]) -> Bool[np.ndarray, "N M"]:
    """Move traits by half: runs stay as long as they were, and belong to other places."""
    return np.roll(is_so, len(is_so) // 2, axis=0)


def _best(
    columns: Float32[np.ndarray, "N K"], is_so: Bool[np.ndarray, "N M"], n_fit: int
) -> tuple[list[tuple[int, int]], list[float]]:
    """Choose a column and its sign for each trait; return them and their areas on the rest."""
    fitted = areas(columns[:n_fit], is_so[:n_fit])  # [M, K]
    chosen = np.abs(fitted - 0.5).argmax(1)
    signs = np.where(fitted[np.arange(len(chosen)), chosen] < 0.5, -1, 1)  # noqa: PLR2004
    best = list(zip(chosen.tolist(), signs.tolist(), strict=True))
    measured = [
        area(sign * columns[n_fit:, column], is_so[n_fit:, k])
        for k, (column, sign) in enumerate(best)
    ]
    return best, measured


def _linear(
    columns: Float32[np.ndarray, "N K"], is_so: Bool[np.ndarray, "N M"], n_fit: int
) -> list[float]:
    """Fit a ridge regression of each trait on all cells; return the areas on the rest."""
    mean, spread = columns[:n_fit].mean(0), columns[:n_fit].std(0) + np.float32(1e-6)
    fit, rest = (columns[:n_fit] - mean) / spread, (columns[n_fit:] - mean) / spread
    wanted = is_so[:n_fit] - is_so[:n_fit].mean(0)
    weights = _ridge(fit, wanted.astype(np.float32))
    told: Float[np.ndarray, "N M"] = rest @ weights
    return [area(told[:, k], is_so[n_fit:, k]) for k in range(is_so.shape[1])]


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solve in whichever of rows and columns there are fewer of."""
    n, k = x.shape
    if n < k:
        square = x @ x.T + np.eye(n, dtype=x.dtype) * np.float32(_RIDGE * n)
        return np.asarray(x.T @ np.linalg.solve(square, y))
    square = x.T @ x + np.eye(k, dtype=x.dtype) * np.float32(_RIDGE * n)
    return np.asarray(np.linalg.solve(square, x.T @ y))
