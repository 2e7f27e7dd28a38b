"""Does the model give away what it learnt from: nearest neighbours among windows.

Generated windows are as near to training windows as held-out ones are, if nothing was copied. The
windows looked up are those at the beginnings of pieces first, then others; they are looked up
among the windows at all positions (of very long sets among a part), so that a copy is found
wherever it begins.

Reference: distance to the closest record, as SDMetrics and others use it; membership inference by
distance, Chen et al. 2020, arXiv:1909.03935 (GAN-Leaks, black box), calibrated by the distance to
other real series.

Shape letters: `W` windows looked up, `V` windows looked among, `E` numbers of a window, `R`
resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from serinette.core.metric import Metric
from serinette.core.seeds import derive
from serinette.evaluation.resampling import centred_interval, resampled_counts
from serinette.evaluation.series.comparison import Comparison
from serinette.evaluation.series.scaling import Scaler
from serinette.evaluation.series.sets import (
    SeriesSet,
    Windows,
    first_windows,
    windows,
)

_MOST_LOOKED_UP = 1_000
_MOST_AMONG = 20_000
_AT_ONCE = 4_000
_RESAMPLES = 200
_SAME = 1e-4
"""Distance of a step and channel, root mean square, below which windows are the same."""
_NEAR = 1.0
"""Percent of held-out windows that count as near copies: the bar for generated ones."""
_PLACE = 31
_Counts = Sequence[Float[np.ndarray, "R _"]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbours:
    """Distance to the nearest window of another set, root mean square of a step and channel."""

    distances: Float[np.ndarray, " W"]
    owners: Int[np.ndarray, " W"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Closeness:
    """How near windows are to windows of other sets."""

    generated_to_train: Neighbours
    held_out_to_train: Neighbours
    train_to_rest: Neighbours
    """To other pieces of the training set."""
    train_to_generated: Neighbours
    held_out_to_generated: Neighbours
    n_among: int
    """Training windows that were looked among."""
    n_positions: int
    """How many there are."""


def closeness(comparison: Comparison) -> Closeness:
    """Look up the nearest neighbours that the metrics need."""
    seed = derive(comparison.seed, _PLACE)
    scaler, length = comparison.scaler, comparison.window
    among = _Among.of(comparison.train.whole, scaler, length, seed)
    written = _Among.of(comparison.generated.whole, scaler, length, seed)
    sought = [
        _sought(side.stretches, length, derive(seed, k)) for k, side in enumerate(comparison.sides)
    ]
    flat = [
        _flat(scaler, side.stretches, drawn)
        for side, drawn in zip(comparison.sides, sought, strict=True)
    ]
    owners = [drawn.owners for drawn in sought]
    rest = _Among.of(comparison.train.stretches, scaler, length, seed)
    return Closeness(
        generated_to_train=Neighbours(distances=among.nearest(flat[2]), owners=owners[2]),
        held_out_to_train=Neighbours(distances=among.nearest(flat[1]), owners=owners[1]),
        train_to_rest=Neighbours(distances=rest.nearest(flat[0], owners[0]), owners=owners[0]),
        train_to_generated=Neighbours(distances=written.nearest(flat[0]), owners=owners[0]),
        held_out_to_generated=Neighbours(distances=written.nearest(flat[1]), owners=owners[1]),
        n_among=len(among.rows),
        n_positions=int(np.maximum(comparison.train.whole.lengths - length + 1, 1).sum()),
    )


def privacy_metrics(comparison: Comparison, found: Closeness) -> list[Metric]:
    """Measure distances, copies, and how well training windows can be recognised."""
    seed = comparison.seed
    generated, held_out = found.generated_to_train, found.held_out_to_train
    counts = _counts((generated, held_out), seed)
    part = (
        f" Looked for among {found.n_among:,} of {found.n_positions:,} training windows."
        if found.n_among < found.n_positions
        else ""
    )
    # Series of another time lie further away: the nearer of two real sets is the measure.
    within = found.train_to_rest
    middle = [
        _weighted_median(one.distances, row)
        for one, row in zip(
            (generated, held_out, within), (*counts, *_counts((within,), seed)), strict=True
        )
    ]
    real = min(middle[1:], key=lambda medians: float(medians[0]))
    n_made = min(len(middle[0]), len(real))
    ratio = middle[0][:n_made] / np.maximum(real[:n_made], 1e-12) if real[0] > 0 else None
    metrics = [] if ratio is None else [
        _metric("dcr", "distance to the nearest training window, generated to unseen real", ratio,
                seed, floor=1.0, better="real", n=len(generated.distances),
                note=f"Below 1 is nearer than real series are that were left out.{part}"),
    ]  # fmt: skip
    known = [one for one in (held_out, within) if np.isfinite(one.distances).all()]
    bar = min(float(np.quantile(one.distances, _NEAR / 100)) for one in known)
    near = _share(generated.distances < bar, counts[0])
    near_real = _share(held_out.distances < bar, counts[1])
    same, same_real = (
        _share(one.distances < _SAME, row)
        for one, row in zip((generated, held_out), counts, strict=True)
    )
    metrics += [
        _metric("near_copies", "windows nearer than 99 % of real ones", near, seed, unit="%",
                floor=float(near_real[0]), n=len(generated.distances),
                note=f"Nearer to a training window than {bar:.3g} scaled units."),
        _metric("copies", "windows that are copies", same, seed, unit="%",
                floor=float(same_real[0]), n=len(generated.distances)),
    ]  # fmt: skip
    return [*metrics, *_membership(found, seed)]


def attack_auc(
    members: Float[np.ndarray, " W"],
    others: Float[np.ndarray, " _"],
    counts: _Counts | None = None,
) -> Float[np.ndarray, " R"]:
    """Return how often a member has the smaller figure than another; ties count half.

    Args:
        members: Of what the model learnt from, at least one.
        others: Of what it did not, at least one.
        counts: How often each is in each resample, members first; None: once.
    """
    weights = counts if counts is not None else [np.ones((1, len(s))) for s in (members, others)]
    order = np.argsort(others, kind="stable")
    ranked = others[order]
    cumulated = np.cumsum(np.pad(weights[1][:, order], ((0, 0), (1, 0))), axis=1)
    first, last = (np.searchsorted(ranked, members, side=side) for side in ("left", "right"))
    total = cumulated[:, -1:]
    beaten = total - (cumulated[:, first] + cumulated[:, last]) / 2
    wins = (weights[0] * beaten).sum(axis=1)
    auc: Float[np.ndarray, " R"] = wins / (weights[0].sum(axis=1) * total[:, 0])
    return auc


@dataclass(frozen=True, kw_only=True, eq=False)
class _Among:
    """Windows to look among."""

    rows: Float32[np.ndarray, "V E"]
    owners: Int[np.ndarray, " V"]

    @classmethod
    def of(cls, series: SeriesSet, scaler: Scaler, length: int, seed: int) -> "_Among":
        """Take all windows, or as many as can be looked among."""
        drawn = windows(series, length, _MOST_AMONG, seed)
        return cls(rows=_flat(scaler, series, drawn), owners=drawn.owners)

    def nearest(
        self, sought: Float32[np.ndarray, "W E"], owners: Int[np.ndarray, " W"] | None = None
    ) -> Float[np.ndarray, " W"]:
        """Return the distance to the nearest window, of another owner if owners are given."""
        best = np.full(len(sought), np.inf)
        found = np.full(len(sought), -1)
        for first in range(0, len(self.rows), _AT_ONCE):
            part = self.rows[first : first + _AT_ONCE]
            apart = np.square(part).sum(axis=1) - 2 * (sought @ part.T)
            if owners is not None:
                is_own = owners[:, None] == self.owners[None, first : first + _AT_ONCE]
                apart = np.where(is_own, np.inf, apart)
            least = apart.min(axis=1)
            found = np.where(least < best, first + apart.argmin(axis=1), found)
            best = np.minimum(best, least)
        # Differences of squares are rough where windows are equal: the nearest is measured anew.
        exact = np.square(sought - self.rows[found], dtype=np.float64).mean(axis=1)
        nearest: Float[np.ndarray, " W"] = np.where(found < 0, np.inf, np.sqrt(exact))
        return nearest


def _flat(scaler: Scaler, series: SeriesSet, drawn: Windows) -> Float32[np.ndarray, "W E"]:
    rows = scaler.windows(series, drawn)
    return rows.reshape(len(rows), -1)


def _sought(series: SeriesSet, length: int, seed: int) -> Windows:
    """Return the first windows of pieces, or some of them, then others; no piece is too short."""
    first = first_windows(series, length)
    generator = np.random.default_rng(seed)
    if len(first) >= _MOST_LOOKED_UP:
        return first.take(np.sort(generator.permutation(len(first))[:_MOST_LOOKED_UP]))
    more = windows(series, length, _MOST_LOOKED_UP - len(first), derive(seed, 1))
    more = more.take(np.flatnonzero(more.rows[:, 0] != series.starts[more.owners]))
    return Windows(
        rows=np.concatenate([first.rows, more.rows]),
        is_real=np.concatenate([first.is_real, more.is_real]),
        owners=np.concatenate([first.owners, more.owners]),
    )


def _counts(sides: Sequence[Neighbours], seed: int) -> list[Float[np.ndarray, "R W"]]:
    return resampled_counts(
        [(one.owners, len(one.owners)) for one in sides], _RESAMPLES, derive(seed, _PLACE, 1)
    )


def _share(is_hit: Bool[np.ndarray, " W"], counts: Float[np.ndarray, "R W"]) -> np.ndarray:
    shares: np.ndarray = 100 * (counts @ is_hit.astype(np.float64)) / counts.sum(axis=1)
    return shares


def _weighted_median(
    values: Float[np.ndarray, " W"], counts: Float[np.ndarray, "R W"]
) -> Float[np.ndarray, " R"]:
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(counts[:, order], axis=1)
    places = (cumulated < cumulated[:, -1:] / 2).sum(axis=1)
    medians: Float[np.ndarray, " R"] = values[order][places]
    return medians


def _membership(found: Closeness, seed: int) -> list[Metric]:
    members, others = found.train_to_generated, found.held_out_to_generated
    counts = _counts((members, others), seed)
    plain = attack_auc(members.distances, others.distances, counts)
    n = len(members.distances) + len(others.distances)
    metrics = [
        _metric("mia", "training windows recognised by distance (AUC)", plain, seed,
                floor=0.5, n=n, note="0.5 is guessing."),
    ]  # fmt: skip
    if np.isfinite(found.train_to_rest.distances).all():
        # A window that lies near to all series is near to generated ones too, and proves nothing.
        odd = [
            np.log((near.distances + _SAME) / (real.distances + _SAME))
            for near, real in (
                (members, found.train_to_rest),
                (others, found.held_out_to_train),
            )
        ]
        calibrated = attack_auc(odd[0], odd[1], counts)
        metrics.append(
            _metric("mia_calibrated", "the same, held against the distance to real series (AUC)",
                    calibrated, seed, floor=0.5, n=n, note="0.5 is guessing.")
        )  # fmt: skip
    return metrics


def _metric(
    key: str, name: str, figures: Float[np.ndarray, " R"], seed: int, **told: object
) -> Metric:
    fields = {"unit": "", "better": "lower", **told}
    return Metric(
        key=key,
        name=name,
        value=float(figures[0]),
        interval=centred_interval(figures, low=0.0),
        seed=seed,
        **fields,  # type: ignore[arg-type]
    )
