"""Can a classifier tell samples from real text? At 0.5 it is guessing.

Then the samples are perfect as far as its features see. The classifier is linear: Fisher's
discriminant with a ridge. On sentence embeddings it sees topics and meaning, on `gram_features`
wording and order.

Reference: Lopez-Paz and Oquab 2017, arXiv:1610.06545; Weinberger et al. 2009, arXiv:0902.2206
(signed hashing).

Shape letters: `N` real pieces, `M` generated pieces, `P` pieces of both sides, `D` features,
`T` tokens, `G` grams.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt64

from serinette.core.bootstrap import mean_interval
from serinette.core.metric import Interval
from serinette.core.seeds import GOLDEN, mix
from serinette.evaluation.proportion import wilson_interval
from serinette.evaluation.ragged import Ragged
from serinette.evaluation.resampling import group_numbers

_FEWEST_FOLDS = 2
_RIDGE = 1.0
"""Of the mean variance of a feature, for all features alike. With 100 to 2,500 pieces a side and
either kind of features it stayed within 0.03 of the best of 0.01 to 10, so none is searched for."""
_TINY = 1e-12
_VARIANCE_OF_FOLDS = 1 + 2 / math.pi
"""How much cross-validation adds to the binomial variance: of two pieces in different folds each
helps to judge the other, so that a likeness misleads twice. Worked out for accuracies near 0.5,
where 1.2^2 to 1.3^2 was measured too; at 0.65 it was 1.1^2, and the interval is a little wide."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """0.5 is ideal. Below it is chance, or samples nearer to real text than real text is."""

    value: float
    """Share of pieces told right, 0 to 1."""
    n: int
    """Pieces judged, half of them real."""
    interval: Interval | None
    """95 %; None: too few groups."""


def classifier_accuracy(
    features_real: Float32[np.ndarray, "N D"],
    features_generated: Float32[np.ndarray, "M D"],
    *,
    groups_real: Int[np.ndarray, " N"] | None = None,
    groups_generated: Int[np.ndarray, " M"] | None = None,
    folds: int = 5,
    seed: int,
) -> Accuracy:
    """Cross-validate a classifier of real against generated pieces.

    Every piece is judged by a classifier that saw neither it nor its group. Both sides weigh the
    same: the larger one is thinned at random to the size of the smaller one.

    Args:
        features_real: Of real pieces, at least two.
        features_generated: Of generated pieces, at least two.
        groups_real: What each piece belongs to: a document; None or a single group: every piece
            stands alone, and likeness among the pieces of one document may count as being real.
        groups_generated: The same; the numbers of the two sides are unrelated.
        folds: Parts of the cross-validation, at least 2; fewer where a side has fewer groups.
        seed: Of thinning, folds and interval.

    Raises:
        ValueError: For fewer than two pieces a side.
    """
    n = min(len(features_real), len(features_generated))
    if n < _FEWEST_FOLDS:
        raise ValueError(f"a classifier needs at least 2 pieces a side, got {n}")
    generator = np.random.default_rng(seed)
    kept, owners = [], []
    for side, groups in (features_real, groups_real), (features_generated, groups_generated):
        rows = np.sort(generator.permutation(len(side))[:n])
        kept.append(side[rows])
        owners.append(_owners(None if groups is None else groups[rows], n))
    folds = min(folds, *(int(side.max()) + 1 for side in owners))
    parts = np.concatenate([_parts(side, folds, generator) for side in owners])
    is_real = np.repeat([True, False], n)
    scores = _out_of_fold(np.concatenate(kept), is_real, parts)
    correct = (np.sign(np.where(is_real, scores, -scores)) + 1) / 2  # a tie is half right
    value = float(correct.mean())
    joined = np.concatenate([owners[0], owners[1] + owners[0].max() + 1])
    return Accuracy(value=value, n=2 * n, interval=_interval(correct, joined, seed))


def gram_features(
    pieces: Ragged, *, n_buckets: int = 2048, orders: Sequence[int] = (1, 2, 3)
) -> Float32[np.ndarray, "P D"]:
    """Return what the pieces are made of: hashed counts of their n-grams, of unit length.

    The border of a piece is a token too, so that the features say how it begins and ends. Grams
    that meet in a bucket have random signs, and cancel out on the average. Twice the buckets told
    samples from real captions better by 0.01 to 0.03, at four times the cost.

    Args:
        pieces: Numbered tokens; what is compared must be numbered alike.
        n_buckets: Features.
        orders: Lengths of the n-grams.
    """
    n_pieces = len(pieces)
    edges = pieces.starts + 2 * np.arange(n_pieces + 1)
    tokens = np.zeros(len(pieces.values) + 2 * n_pieces, dtype=np.uint64)
    owners = np.repeat(np.arange(n_pieces), np.diff(edges))
    is_token = np.ones(len(tokens), dtype=bool)
    is_token[edges[:-1]] = is_token[edges[1:] - 1] = False
    tokens[is_token] = pieces.values + 1  # 0 is the border
    sums = np.zeros(n_pieces * n_buckets)
    for order in orders:
        grams, of = _grams(tokens, owners, order)
        signs = np.where(grams >> np.uint64(63), 1.0, -1.0)
        places = of * n_buckets + (grams % np.uint64(n_buckets)).astype(np.int64)
        sums += np.bincount(places, weights=signs, minlength=len(sums))
    rows = sums.reshape(n_pieces, n_buckets)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1.0)
    unit: Float32[np.ndarray, "P D"] = (rows / lengths).astype(np.float32)
    return unit


def _owners(groups: Int[np.ndarray, " N"] | None, n: int) -> Int[np.ndarray, " N"]:
    """Number the groups of one side; a single group could not be trained on and judged both."""
    owners = group_numbers(groups, n)
    return owners if owners.max() > 0 else np.arange(n)


def _parts(
    owners: Int[np.ndarray, " N"], folds: int, generator: np.random.Generator
) -> Int[np.ndarray, " N"]:
    """Return the fold of each piece: the largest groups first, each whole to the emptiest fold."""
    sizes = np.bincount(owners)
    shuffled = generator.permutation(len(sizes))
    filled = np.zeros(folds, dtype=np.int64)
    part_of = np.empty(len(sizes), dtype=np.int64)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        part_of[group] = filled.argmin()
        filled[part_of[group]] += sizes[group]
    parts: Int[np.ndarray, " N"] = part_of[owners]
    return parts


def _out_of_fold(
    features: Float32[np.ndarray, "P D"],
    is_real: Bool[np.ndarray, " P"],
    parts: Int[np.ndarray, " P"],
) -> Float[np.ndarray, " P"]:
    """Return what the classifier fitted without a piece's fold says of it: above 0 is real.

    The threshold is half way between the means of the two sides: a fold with more pieces of one
    side does not tip the scale.
    """
    centred = features - features.mean(axis=0)
    ridge = _RIDGE * max(float(centred.var()), _TINY)
    folds = [np.flatnonzero(parts == part) for part in np.unique(parts)]
    is_wide = len(features) < features.shape[1]
    solve = _solve_wide if is_wide else _tall_solver(centred, folds)
    scores = np.empty(len(features))
    for rows in folds:
        fitted = np.ones(len(features), dtype=bool)
        fitted[rows] = False
        ends = [centred[fitted & side].mean(axis=0) for side in (is_real, ~is_real)]
        direction = solve(centred, rows, ridge, ends[0] - ends[1])
        scores[rows] = (centred[rows] - (ends[0] + ends[1]) / 2) @ direction
    return scores


_Solve = Callable[
    [Float[np.ndarray, "P D"], Int[np.ndarray, " F"], float, Float[np.ndarray, " D"]],
    Float[np.ndarray, " D"],
]
"""Divides by the covariance of all pieces but those of a fold, plus the ridge."""


def _tall_solver(centred: Float[np.ndarray, "P D"], folds: list[np.ndarray]) -> _Solve:
    """Return what solves in D equations; the covariances share their sums."""
    squares = {int(rows[0]): centred[rows].T @ centred[rows] for rows in folds}
    everything = np.sum(list(squares.values()), axis=0)

    def solve(
        centred: Float[np.ndarray, "P D"],
        left_out: Int[np.ndarray, " F"],
        ridge: float,
        difference: Float[np.ndarray, " D"],
    ) -> Float[np.ndarray, " D"]:
        # The sums over what is fitted are those over everything less those over the fold.
        n_fitted = len(centred) - len(left_out)
        mean = (centred.sum(axis=0) - centred[left_out].sum(axis=0)) / n_fitted
        covariance = (everything - squares[int(left_out[0])]) / n_fitted - np.outer(mean, mean)
        covariance[np.diag_indices_from(covariance)] += ridge
        direction: Float[np.ndarray, " D"] = np.linalg.solve(
            covariance.astype(np.float64), difference
        )
        return direction

    return solve


def _solve_wide(
    centred: Float[np.ndarray, "P D"],
    left_out: Int[np.ndarray, " F"],
    ridge: float,
    difference: Float[np.ndarray, " D"],
) -> Float[np.ndarray, " D"]:
    """Solve in as many equations as there are pieces (Woodbury), where features are more."""
    fitted = np.delete(centred, left_out, axis=0).astype(np.float64)
    fitted -= fitted.mean(axis=0)
    kernel = fitted @ fitted.T
    kernel[np.diag_indices_from(kernel)] += len(fitted) * ridge
    within = np.linalg.solve(kernel, fitted @ difference)
    direction: Float[np.ndarray, " D"] = (difference - fitted.T @ within) / ridge
    return direction


def _grams(
    tokens: UInt64[np.ndarray, " T"], owners: Int[np.ndarray, " T"], order: int
) -> tuple[UInt64[np.ndarray, " G"], Int[np.ndarray, " G"]]:
    """Return a hash of every n-gram that lies in one piece, and the piece."""
    n_starts = max(0, len(tokens) - order + 1)
    hashes = np.zeros(n_starts, dtype=np.uint64)
    for k in range(order):
        hashes = mix(hashes + GOLDEN * (tokens[k : k + n_starts] + np.uint64(1)))
    is_whole = owners[:n_starts] == owners[order - 1 :]
    return hashes[is_whole], owners[:n_starts][is_whole]


def _interval(
    correct: Float[np.ndarray, " P"], owners: Int[np.ndarray, " P"], seed: int
) -> Interval | None:
    """Return the interval of the mean: Wilson's where every piece stands alone, else by groups."""
    share = float(correct.mean())
    if int(owners.max()) + 1 == len(correct):
        return wilson_interval(share, len(correct) / _VARIANCE_OF_FOLDS)
    interval = mean_interval(correct, owners, seed=seed)
    if interval is None:
        return None
    low, high = (share + math.sqrt(_VARIANCE_OF_FOLDS) * (end - share) for end in interval)
    return max(low, 0.0), min(high, 1.0)
