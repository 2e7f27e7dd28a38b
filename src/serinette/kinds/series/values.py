"""How one column of numbers becomes a value field: scale, what is predicted, point masses.

A number x is put on a *level* z, about N(0, 1): standardised (its logarithm, where it moves by
shares of itself), or, where tails are heavy even so, by its normal score. What is drawn is y: the
level itself, its *increment* over the row before, or the change of the increment (*curve*), in
units of its own spread. Values of y that repeat are *atoms*, with a probability each; a missing
cell is the last atom.

Shape letters: `N` rows, `B` windows, `T` steps, `A` atoms.
"""

from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from serinette.core.schema import ValueField

Mode = Literal["level", "increment", "curve"]
_MOST_ATOMS = 16
_ATOM_SHARE = 0.02
"""A value of y that so many rows repeat has a probability of its own."""
_STEADY = 0.5
"""Increments are drawn where their variance is below this part of the levels' (autocorrelation
above 0.75)."""
_SMOOTH = 0.15
"""Curves are drawn where the variance of second differences is below this part of the first's."""
_REPEATING = 0.3
"""...or where so many rows repeat the value, or the increment, of the row before."""
_HEAVY = 2.5
"""Skewness and excess kurtosis (its square root) above which tails are heavy."""
_N_KNOTS = 513
_FEWEST = 50
_ATOM_WIDTH = 1e-7
_SMALLEST = 1e-9
"""A spread below this, in standard deviations of a column, is rounding."""
_FARTHEST = 10.0
_FAR_BELOW = 10.0
"""A logarithm is taken down to this part of the least value of the training part."""
_LARGEST_LOG = 700.0
_GROWTH = 0.3
"""Log ratio of the changes in the upper and the lower half of the values, from which they are
looked at as shares."""
_TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class ValueCode:
    """A column of numbers, fitted on the training part."""

    name: str
    center: float
    scale: float
    """Above 0: z = (x - center) / scale, where there are no knots."""
    is_log: bool = False
    """Whether center and scale are those of log x; x is then above 0."""
    knots: tuple[float, ...] = ()
    """Values of x in rising order, where tails are heavy..."""
    scores: tuple[float, ...] = ()
    """...and the normal score of each."""
    mode: Mode = "level"
    unit: float = 1.0
    """What 1 of y is, in z; above 0."""
    pace: float = 1.0
    """Spread of the increments, in z; above 0."""
    atoms: tuple[float, ...] = ()
    """In y."""
    missing: bool = False
    """Whether cells may be missing."""
    low: float = 0.0
    high: float = 0.0
    """Range of x in the training part; drawn values stay within it."""
    grid: float = 0.0
    """Distance of neighbouring values of x, for noise that hides the grid from the density; 0:
    none."""
    has_opening: bool = True
    """Whether the first row of a sequence has a value."""

    def level(self, x: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Return z; NaN stays NaN."""
        if not self.knots:
            x = np.log(np.maximum(x, self.low / _FAR_BELOW)) if self.is_log else x
            z: Float[np.ndarray, "*B"] = (x - self.center) / self.scale
            return z
        scores = np.interp(x, self.knots, self.scores)
        found: Float[np.ndarray, "*B"] = np.where(np.isnan(x), np.nan, scores)
        return found

    def value(self, z: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Return x within the range of the training part."""
        x = np.interp(z, self.scores, self.knots) if self.knots else self.center + self.scale * z
        x = np.exp(np.minimum(x, _LARGEST_LOG)) if self.is_log else x
        found: Float[np.ndarray, "*B"] = np.clip(x, self.low, self.high)
        return np.where(np.isnan(z), np.nan, found)

    @property
    def n_atoms(self) -> int:
        """Point masses, that of "missing" included."""
        return len(self.atoms) + self.missing

    def field(self, parts: int) -> ValueField:
        """Return the field of a step."""
        return ValueField(name=self.name, parts=parts, missing=self.missing, atoms=len(self.atoms))

    @property
    def n_opening_fields(self) -> int:
        """How many fields of the opening say where it begins and how fast it moves."""
        return self.has_opening * (1 + (self.mode == "curve"))

    def opening_fields(self, parts: int) -> tuple[ValueField, ...]:
        """Return the fields of the opening: where the level begins, and how fast it moves."""
        if not self.has_opening:
            return ()
        atoms = len(self.atoms) if self.mode == "level" else 0
        level = ValueField(name=self.name, parts=parts, missing=self.missing, atoms=atoms)
        if self.mode != "curve":
            return (level,)
        return level, ValueField(name=f"{self.name} (pace)", parts=parts)

    def choose(
        self, y: Float[np.ndarray, "*B"], is_missing: Bool[np.ndarray, "*B"]
    ) -> Int[np.ndarray, "*B"]:
        """Return the number of the atom at y, or the number of atoms where there is none."""
        chosen = np.full(y.shape, self.n_atoms, dtype=np.int64)
        for k, atom in enumerate(self.atoms):
            chosen[np.abs(y - atom) < _ATOM_WIDTH * max(1.0, abs(atom))] = k
        if self.missing:
            chosen[is_missing] = self.n_atoms - 1
        return chosen

    def spread(self, x: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
        """Return half the distance of neighbouring values, in y."""
        if not self.grid:
            return np.zeros(x.shape)
        up, down = self.level(x + self.grid / 2), self.level(x - self.grid / 2)
        half: Float[np.ndarray, "*B"] = np.nan_to_num((up - down) / (2 * self.unit))
        return half

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "ValueCode":
        """Read plain values back."""
        pairs = {name: tuple(plain[name]) for name in ("knots", "scores", "atoms")}
        return cls(**{**plain, **pairs})


def fit_value(
    name: str,
    x: Float[np.ndarray, " N"],
    is_first: Bool[np.ndarray, " N"],
    *,
    grid: float,
    has_opening: bool = True,
) -> ValueCode:
    """Look at the rows of the training part (or at many of them) and settle a column's code.

    Args:
        name: Of the column.
        x: Its values; NaN is missing. At least one is not.
        is_first: Which rows begin a sequence, or a stretch that was cut out.
        grid: Distance of neighbouring values as they are written; 0: unknown.
        has_opening: Whether the first row of a sequence has a value.
    """
    there = x[~np.isnan(x)]
    center, scale = float(there.mean()), float(there.std())
    scale = scale if scale > _SMALLEST * max(1.0, abs(center)) else 1.0
    knots, scores = _knots(there)
    low, high = float(there.min()), float(there.max())
    first = ValueCode(
        name=name, center=center, scale=scale, knots=knots, scores=scores, low=low, high=high,
        missing=bool(np.isnan(x if has_opening else x[~is_first]).any()), has_opening=has_opening,
    )  # fmt: skip
    z, changes, bends = _moves(first, x, is_first)
    mode = _mode(z, changes, bends)
    if mode == "increment" and low > 0 and _moves_by_shares(x, is_first):
        logs = np.log(there)
        if not (knots and _is_heavy(logs)):
            first = replace(
                first, is_log=True, center=float(logs.mean()), scale=float(logs.std()), knots=(),
                scores=(),
            )  # fmt: skip
            z, changes, bends = _moves(first, x, is_first)
    y = {"level": z[~np.isnan(first.level(x))], "increment": changes, "curve": bends}[mode]
    atoms, rest = _atoms(y)
    unit = _spread(rest) or _spread(y) or 1.0
    is_coarse = grid > 1e-4 * scale
    return ValueCode(
        **{
            **asdict(first),
            "mode": mode,
            "unit": unit,
            "pace": _spread(changes) or 1.0,
            "atoms": tuple(float(atom / unit) for atom in atoms),
            "grid": grid if is_coarse else 0.0,
        }
    )


def _moves(
    code: ValueCode, x: Float[np.ndarray, " N"], is_first: Bool[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " M"], Float[np.ndarray, " K"]]:
    """Return levels, their changes, and the changes of these, within sequences."""
    z = _filled(code.level(x), is_first)
    changes = np.diff(z)[~is_first[1:]]
    bends = np.diff(z, n=2)[~(is_first[1:-1] | is_first[2:])] if len(z) > 2 else changes[:0]  # noqa: PLR2004
    return z, changes, bends


def _moves_by_shares(x: Float[np.ndarray, " N"], is_first: Bool[np.ndarray, " N"]) -> bool:
    """Say whether the changes of large values are larger, and those of their logarithms are not."""
    before, later = x[:-1][~is_first[1:]], x[1:][~is_first[1:]]
    is_there = ~(np.isnan(before) | np.isnan(later))
    before, later = before[is_there], later[is_there]
    is_large = before > np.median(before) if len(before) else np.zeros(0, dtype=np.bool_)
    if min(is_large.sum(), (~is_large).sum()) < _FEWEST:
        return False
    plain, logs = np.abs(later - before), np.abs(np.log(later / before))
    growth = [
        float(np.log((steps[is_large].mean() + _TINY) / (steps[~is_large].mean() + _TINY)))
        for steps in (plain, logs)
    ]
    return growth[0] > _GROWTH and abs(growth[1]) < growth[0] / 2


def _spread(z: Float[np.ndarray, " N"]) -> float:
    """Return the standard deviation; 0 where there is none but that of rounding."""
    spread = float(z.std()) if len(z) > 1 else 0.0
    return spread if spread > _SMALLEST else 0.0


def _knots(x: Float[np.ndarray, " N"]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the normal scores of a column of heavy tails; empty: its tails are not heavy."""
    values, counts = np.unique(x, return_counts=True)
    rest = x
    if len(values) > 2 and counts.max() > _ATOM_SHARE * len(x):  # noqa: PLR2004
        often = values[counts > _ATOM_SHARE * len(x)]
        rest = x[~np.isin(x, often)]
    if len(rest) < _FEWEST or rest.std() == 0 or not _is_heavy(rest):
        return (), ()
    n = min(_N_KNOTS, len(rest))
    shares = (np.arange(n) + 0.5) / n
    knots, places = np.unique(np.quantile(x, shares, method="linear"), return_index=True)
    scores = np.array([NormalDist().inv_cdf(float(shares[k])) for k in places])
    low, high = float(x.min()), float(x.max())
    ends = NormalDist().inv_cdf(1 - 0.5 / max(len(x), n + 1))
    if low < knots[0]:
        knots, scores = np.r_[low, knots], np.r_[min(-ends, scores[0] - 0.1), scores]
    if high > knots[-1]:
        knots, scores = np.r_[knots, high], np.r_[scores, max(ends, scores[-1] + 0.1)]
    if len(knots) < 3:  # noqa: PLR2004
        return (), ()
    return tuple(knots.tolist()), tuple(scores.tolist())


def _is_heavy(x: Float[np.ndarray, " N"]) -> bool:
    z = (x - x.mean()) / x.std()
    return abs(float((z**3).mean())) > _HEAVY / 2 or float((z**4).mean()) - 3 > _HEAVY**2


def _filled(z: Float[np.ndarray, " N"], is_first: Bool[np.ndarray, " N"]) -> np.ndarray:
    """Carry the last known level on over missing cells; 0 where there is none yet."""
    places = np.where(np.isnan(z) & ~is_first, 0, np.arange(len(z)))
    filled = z[np.maximum.accumulate(places)]
    found: np.ndarray = np.nan_to_num(filled)
    return found


def _mode(
    z: Float[np.ndarray, " N"], changes: Float[np.ndarray, " M"], bends: Float[np.ndarray, " K"]
) -> Mode:
    if len(changes) < _FEWEST or z.var() == 0:
        return "level"
    repeats = float((np.abs(changes) < _ATOM_WIDTH).mean())
    straight = float((np.abs(bends) < _ATOM_WIDTH).mean()) if len(bends) else 0.0
    is_smooth = len(bends) > 0 and bends.var() < _SMOOTH * changes.var()
    if is_smooth or (straight > _REPEATING and straight > repeats + 0.2):
        return "curve"
    if changes.var() < _STEADY * z.var() or repeats > _REPEATING:
        return "increment"
    return "level"


def _atoms(y: Float[np.ndarray, " N"]) -> tuple[list[float], Float[np.ndarray, " M"]]:
    """Return the values that repeat, and the rows that hold none of them."""
    if len(y) < _FEWEST:
        return [], y
    values, counts = np.unique(np.round(y, 9), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_ATOMS]
    often = [float(values[k]) for k in order if counts[k] > _ATOM_SHARE * len(y)]
    rest = y[~np.isin(np.round(y, 9), often)]
    return often, rest


def clipped(features: Float[np.ndarray, "*B"]) -> Float[np.ndarray, "*B"]:
    """Keep what a network reads within a sensible range."""
    kept: Float[np.ndarray, "*B"] = np.clip(features, -_FARTHEST, _FARTHEST)
    return kept
