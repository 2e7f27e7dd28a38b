"""One way to measure everything: sums over pieces, weighed anew for every resample.

A statistic is a row of sums for each piece; a distance compares the totals of two sides. The
figure is generated against held-out, its floor training against held-out, computed alike on sides
of equal size. Resampling pieces means weighing the rows of sums anew, so that an interval costs a
product of matrices.

Shape letters: `P` pieces, `K` sums of a statistic, `R` the pieces themselves (row 0), then
resamples.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from serinette.core.metric import Interval, Metric
from serinette.core.seeds import derive
from serinette.evaluation.resampling import centred_interval, resampled_counts
from serinette.evaluation.series.scaling import Scaler
from serinette.evaluation.series.sets import (
    FEWEST_SEQUENCES,
    SeriesSet,
    blocks,
    thinned,
)

_RESAMPLES = 200
_MOST_WINDOW = 48
_FEWEST_BLOCKS = 20
_PLACE_THIN, _PLACE_COUNTS = 1, 2

Statistic = Callable[[SeriesSet], Float[np.ndarray, "P K"]]
Distance = Callable[[Float[np.ndarray, "R K"], Float[np.ndarray, "R K"]], Float[np.ndarray, " R"]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One set, ready to be resampled."""

    series: SeriesSet
    """Cut into pieces, all sides alike, and thinned."""
    stretches: SeriesSet
    """What windows are drawn from: pieces long enough for windows at many positions."""
    whole: SeriesSet
    """As it came."""
    counts: Float[np.ndarray, "R P"]

    def totals(self, sums: Float[np.ndarray, "P K"]) -> Float[np.ndarray, "R K"]:
        """Return the totals of the pieces and of each resample."""
        totals: Float[np.ndarray, "R K"] = self.counts @ sums
        return totals


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Three sets, and what they are measured with."""

    train: Side
    held_out: Side
    generated: Side
    scaler: Scaler
    """For windows: all frequent levels."""
    window: int
    """Steps of a window, at least 1."""
    is_cut: bool
    """Whether pieces are blocks, for want of sequences."""
    seed: int

    @property
    def sides(self) -> tuple[Side, Side, Side]:
        """Training, held-out, generated."""
        return self.train, self.held_out, self.generated

    def metric(
        self, key: str, name: str, statistic: Statistic, distance: Distance, **told: str
    ) -> Metric:
        """Measure generated against held-out, and training against held-out as the floor.

        Args:
            key: Short name of the metric.
            name: What is measured.
            statistic: Sums of every piece.
            distance: Of the totals of two sides, at least 0; the second side is held-out.
            **told: `unit` and `note` of the metric.
        """
        totals = [side.totals(statistic(side.series)) for side in self.sides]
        return self.of_figures(
            key, name, distance(totals[2], totals[1]), distance(totals[0], totals[1]), **told
        )

    def of_figures(
        self,
        key: str,
        name: str,
        figures: Float[np.ndarray, " R"],
        floor: Float[np.ndarray, " R"],
        **told: str,
    ) -> Metric:
        """Make a metric of resampled figures.

        Args:
            key: Short name of the metric.
            name: What is measured.
            figures: Of generated against held-out; NaN: not measurable.
            floor: Of training against held-out.
            **told: `unit` and `note` of the metric.
        """
        return Metric(
            key=key,
            name=name,
            value=float(figures[0]),
            unit=told.get("unit", ""),
            better="lower",
            n=self.generated.series.n_sequences,
            interval=_interval(figures),
            floor=float(floor[0]) if np.isfinite(floor[0]) else None,
            floor_interval=_interval(floor),
            seed=self.seed,
            note=told.get("note", ""),
        )


def compare(
    train: SeriesSet,
    held_out: SeriesSet,
    generated: SeriesSet,
    *,
    seed: int,
    window: int | None = None,
    n_resamples: int = _RESAMPLES,
) -> Comparison:
    """Cut the sets into pieces and thin them to one size.

    Args:
        train: What the model learnt from; may have more sequences than are needed.
        held_out: Real series that the model has not seen.
        generated: What the model wrote.
        seed: Of thinning and resampling.
        window: Steps of a window; None: 48, or what half of the sequences have.
        n_resamples: How many resamples an interval takes.
    """
    wholes = train, held_out, generated
    if window is None:
        window = max(2, min(_MOST_WINDOW, *(int(np.median(one.lengths)) for one in wholes)))
    is_cut = min(train.n_sequences, held_out.n_sequences) < FEWEST_SEQUENCES
    cut = [blocks(one, _block(wholes, window)) for one in wholes] if is_cut else list(wholes)
    # Real sides of the floor and of the figure are to be of one size.
    n = min(cut[0].n_sequences, cut[2].n_sequences)
    sides = []
    for k, (piece, whole) in enumerate(zip(cut, wholes, strict=True)):
        kept = piece if k == 1 else thinned(piece, n, derive(seed, _PLACE_THIN, k))
        counts = resampled_counts(
            [(None, kept.n_sequences)], n_resamples, derive(seed, _PLACE_COUNTS, k)
        )[0]
        stretches = blocks(whole, _stretch(whole, window)) if is_cut else kept
        sides.append(Side(series=kept, stretches=stretches, whole=whole, counts=counts))
    # Resamples match: all sides have as many, or none.
    least = min(len(side.counts) for side in sides)
    sides = [replace(side, counts=side.counts[:least]) for side in sides]
    return Comparison(
        train=sides[0],
        held_out=sides[1],
        generated=sides[2],
        scaler=Scaler.fit(train, (held_out, generated)),
        window=window,
        is_cut=is_cut,
        seed=seed,
    )


def piece_sums(
    series: SeriesSet, rows: Float[np.ndarray, "N K"], is_counted: np.ndarray | None = None
) -> Float[np.ndarray, "P K"]:
    """Add up rows within pieces.

    Args:
        series: Whose pieces they are.
        rows: One for each row of the set.
        is_counted: Which entries count, of the shape of `rows` or of one column; None: all.
    """
    counted = rows if is_counted is None else np.where(is_counted, rows, 0.0)
    sums: Float[np.ndarray, "P K"] = np.add.reduceat(counted, series.starts[:-1], axis=0)
    return sums


def histograms(
    owners: Int[np.ndarray, " N"], bins: Int[np.ndarray, " N"], n_pieces: int, n_bins: int
) -> Float[np.ndarray, "P K"]:
    """Count within pieces how many rows fall in each bin; a negative bin counts nowhere."""
    kept = bins >= 0
    places = owners[kept] * n_bins + bins[kept]
    counts = np.bincount(places, minlength=n_pieces * n_bins).astype(np.float64)
    return counts.reshape(n_pieces, n_bins)


def _block(wholes: tuple[SeriesSet, ...], window: int) -> int:
    """Return the rows of a block: enough blocks for an interval, none shorter than two windows."""
    wanted = max(2 * window, min(one.n_rows for one in wholes[:2]) // _FEWEST_BLOCKS)
    return max(window, min(wanted, int(np.median(wholes[2].lengths))))


def _stretch(whole: SeriesSet, window: int) -> int:
    return max(4 * window, whole.n_rows // (2 * _FEWEST_BLOCKS))


def _interval(figures: Float[np.ndarray, " R"]) -> Interval | None:
    known = figures[np.isfinite(figures)]
    return centred_interval(known, low=0.0) if np.isfinite(figures[0]) else None
