"""Membership inference: can a piece be recognised as one that the model learnt from?

The attacker scores pieces; a higher score says "was in the training text". What counts is how many
members are found while hardly anyone is accused wrongly, so the headline is the true-positive rate
at a low false-positive rate, not the average over all thresholds.

The figure is worth no more than the two sides are alike: members and others must come from the
same source in the same way, without duplicates across the sides.

Reference: Carlini et al. 2022, arXiv:2112.03570 (low false-positive rates); Yeom et al. 2018,
arXiv:1709.01604 (attack by the loss).

Shape letters: `N` members, `M` others, `R` the pieces themselves and their
resamples, `T` symbols of a piece, `P` points.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from serinette.core.errors import ConfigError
from serinette.core.metric import Interval
from serinette.evaluation.resampling import resampled_counts

_RESAMPLES = 1_000
_LEVEL = 0.95
_FEWEST_FALSE = 3
"""Others that the threshold lets through, at least: with fewer its place is chance."""
_MOST_POINTS = 200
_ROUNDING = 1e-9
"""0.29 * 100 is 28.999999999999996; what misses a whole number by less is that number."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """How well members are told from others."""

    fpr: float
    """The false-positive rate that is allowed, a share."""
    tpr: float
    """The share of members found at it. Guessing finds as many as `fpr`."""
    interval: Interval | None
    """95 % interval of `tpr`; None where a side is a single group."""
    auc: float
    """The chance that a member scores higher than one of the others, ties half; 0.5 is guessing."""
    auc_interval: Interval | None
    """95 % interval of `auc`."""
    n_members: int
    n_others: int
    roc: tuple[tuple[float, float], ...]
    """Points (false-positive rate, true-positive rate), both rising; at most 201."""


def membership(
    members: Float[np.ndarray, " N"],
    others: Float[np.ndarray, " M"],
    *,
    fpr: float = 0.01,
    groups: tuple[Int[np.ndarray, " N"], Int[np.ndarray, " M"]] | None = None,
    seed: int = 0,
) -> Membership:
    """Measure how well a score tells members from others.

    A piece is called a member if it scores above the threshold, and the threshold is the score of
    one of the others: the lowest that leaves at most `fpr` of them above it. Ties with it are not
    called members on either side, so the rate that is allowed is never exceeded.

    The threshold is set on the same others that it is judged by, as is usual; with few of them the
    rate is a little too high. The intervals draw both sides anew, threshold included.

    Args:
        members: Scores of training pieces; higher is more like a member.
        others: Scores of pieces that were not trained on.
        fpr: The false-positive rate that is allowed, above 0 and below 1.
        groups: Which members, and which others, belong together (to one document), any numbers;
            None: every piece stands alone.
        seed: Of the intervals.

    Raises:
        ConfigError: If there are no members, or fewer than 3 / `fpr` others.
    """
    _check(len(members), len(others), fpr)
    given = (None, None) if groups is None else groups
    drawn = resampled_counts([(given[0], len(members)), (given[1], len(others))], _RESAMPLES, seed)
    orders = [np.argsort(-scores, kind="stable") for scores in (members, others)]
    sides = _Sides(members=members[orders[0]], others=others[orders[1]])
    counts = drawn[0][:, orders[0]], drawn[1][:, orders[1]]
    rates, areas = sides.true_positives(*counts, fpr), sides.auc(*counts)
    return Membership(
        fpr=fpr,
        tpr=float(rates[0]),
        interval=_interval(rates[1:]),
        auc=float(areas[0]),
        auc_interval=_interval(areas[1:]),
        n_members=len(members),
        n_others=len(others),
        roc=_roc(sides),
    )


def fewest_others(fpr: float) -> int:
    """Return how many pieces that were not trained on a false-positive rate needs.

    Three of them may then score above the threshold: 300 at 1 %, 3,000 at 0.1 %.
    """
    return math.ceil(_FEWEST_FALSE / fpr)


def loss_score(nats: Float[np.ndarray, " T"]) -> float:
    """Return minus the mean nats of a piece: what was learnt is predicted better.

    Args:
        nats: Of every symbol of the piece under the model, at least one.

    Reference: Yeom et al. 2018, arXiv:1709.01604.
    """
    return -float(nats.mean())


def calibrated_score(
    nats: Float[np.ndarray, " T"], reference_nats: Float[np.ndarray, " S"]
) -> float:
    """Return by how many nats a symbol the model predicts a piece better than another model does.

    A piece that is easy for every model is no sign of membership.

    Args:
        nats: Of every symbol of the piece under the model, at least one.
        reference_nats: The same under a model that has not seen the piece; it may cut the piece
            into other symbols as long as both are summed over the same number of characters.

    Reference: Carlini et al. 2021, arXiv:2012.07805 (section 5.2).
    """
    return float(reference_nats.mean() - nats.mean())


def min_k_score(nats: Float[np.ndarray, " T"], share: float = 0.2) -> float:
    """Return minus the mean nats of the least likely symbols of a piece.

    What a model has not seen holds a few symbols that surprise it greatly.

    Args:
        nats: Of every symbol of the piece under the model, at least one.
        share: The share of its symbols that is taken, above 0 and at most 1; at least one symbol.

    Reference: Shi et al. 2024, arXiv:2310.16789 (Min-K% Prob, there with 20 %).
    """
    n_taken = max(1, int(len(nats) * share + _ROUNDING))
    return -float(np.partition(nats, -n_taken)[-n_taken:].mean())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sides:
    """Scores in falling order: a threshold lets through the first ones."""

    members: Float[np.ndarray, " N"]
    others: Float[np.ndarray, " M"]

    def true_positives(
        self,
        member_counts: Float[np.ndarray, "R N"],
        other_counts: Float[np.ndarray, "R M"],
        fpr: float,
    ) -> Float[np.ndarray, " R"]:
        """Return the true-positive rate of each resample."""
        accused = np.cumsum(other_counts, axis=1)
        allowed = np.floor(accused[:, -1:] * fpr + _ROUNDING)
        n_found = self.n_found((accused <= allowed).sum(axis=1))
        found = _with_zero(np.cumsum(member_counts, axis=1))
        rates: Float[np.ndarray, " R"] = found[np.arange(len(found)), n_found] / found[:, -1]
        return rates

    def n_found(self, n_passed: Int[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
        """Count the members above the best of the others that is not let through."""
        thresholds = np.append(self.others, -np.inf)[n_passed]
        found: Int[np.ndarray, " P"] = np.searchsorted(-self.members, -thresholds, side="left")
        return found

    def auc(
        self, member_counts: Float[np.ndarray, "R N"], other_counts: Float[np.ndarray, "R M"]
    ) -> Float[np.ndarray, " R"]:
        """Return the area under the curve of each resample (Mann and Whitney)."""
        first = _with_zero(np.cumsum(other_counts, axis=1))
        n_higher = np.searchsorted(-self.others, -self.members, side="left")
        n_not_lower = np.searchsorted(-self.others, -self.members, side="right")
        lost = (first[:, n_higher] + first[:, n_not_lower]) / 2
        n_pairs = member_counts.sum(axis=1) * first[:, -1]
        areas: Float[np.ndarray, " R"] = 1 - (member_counts * lost).sum(axis=1) / n_pairs
        return areas


def _check(n_members: int, n_others: int, fpr: float) -> None:
    if not 0 < fpr < 1:
        raise ConfigError(f"the false-positive rate must be above 0 and below 1, got {fpr}")
    if n_members == 0:
        raise ConfigError("membership inference needs training pieces, got none; give some")
    fewest = fewest_others(fpr)
    if n_others < fewest:
        raise ConfigError(
            f"a false-positive rate of {100 * fpr:g} % needs at least {fewest:,} held-out pieces, "
            f"got {n_others:,}; hold out more text or allow more false positives"
        )


def _with_zero(sums: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R N_and_1"]:
    """Put a column of zeros before running sums, so that the k-th is the sum of k."""
    return np.pad(sums, ((0, 0), (1, 0)))


def _interval(resampled: Float[np.ndarray, " R"]) -> Interval | None:
    if len(resampled) == 0:
        return None
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def _roc(sides: _Sides) -> tuple[tuple[float, float], ...]:
    """Return points that lie evenly on a logarithmic axis, both ends included."""
    n_others = len(sides.others)
    passed = np.unique(np.geomspace(1, n_others, _MOST_POINTS).round().astype(np.int64))
    passed = np.concatenate([[0], passed])
    rates = passed / n_others, sides.n_found(passed) / len(sides.members)
    return tuple(zip(rates[0].tolist(), rates[1].tolist(), strict=True))
