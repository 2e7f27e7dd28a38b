"""Are generated series good for learning: predict the next row, learnt from real or generated.

A ridge regression on the rows before (all channels) predicts every number one step ahead. Learnt
from generated series and tested on held-out ones (TSTR), it should err no more than learnt from
training series (TRTR). Where even that is no better than always saying the median, the column
cannot be predicted, and the score says nothing.

Reference: Esteban, Hyland and Rätsch 2017, arXiv:1706.02633.

Shape letters: `W` windows, `T` steps, `C` channels, `F` features, `P` pieces, `D` columns.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32

from serinette.core.bootstrap import ratio_interval
from serinette.core.metric import Metric
from serinette.core.seeds import derive
from serinette.evaluation.series.comparison import Comparison
from serinette.evaluation.series.sets import windows

_MOST_LAGS = 8
_MOST_WINDOWS = 5_000
_MOST_CHANNELS = 60
_MOST_TOLD = 12
"""Columns that have a figure of their own."""
_RIDGE = 1e-4
_LEAST_GAIN = 0.02
"""By which real series must beat the constant for a score to mean something."""
_PLACE = 21


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """Rows before, and the row to predict."""

    features: Float32[np.ndarray, "W F"]
    targets: Float32[np.ndarray, "W D"]
    is_known: Bool[np.ndarray, "W D"]
    owners: np.ndarray


def prediction_metrics(comparison: Comparison) -> tuple[list[Metric], list[str]]:
    """Compare errors of prediction, mean and column by column.

    Returns:
        Metrics (the floor is TRTR), and sentences on columns that cannot be predicted. Nothing
        where there are no numbers or no rows before.
    """
    numbers = [pair for pair in comparison.scaler.numbers if pair[0] < _MOST_CHANNELS]
    if not numbers:
        return [], []
    tasks = [_task(comparison, k, [channel for channel, _ in numbers]) for k in range(3)]
    if min(len(one.targets) for one in tasks) < 2:  # noqa: PLR2004
        return [], []
    train, held_out, generated = tasks
    errors = {
        "tstr": np.abs(_predict(generated, held_out) - held_out.targets),
        "trtr": np.abs(_predict(train, held_out) - held_out.targets),
        "constant": np.abs(_median(train) - held_out.targets),
    }
    columns = comparison.train.series.columns
    titles = [columns[column].title for _, column in numbers]
    found = [_metric(comparison, "prediction", "error of prediction, mean", errors, held_out)]
    notes = []
    for k, title in enumerate(titles):
        one = {name: error[:, [k]] for name, error in errors.items()}
        part = _Task(
            features=held_out.features,
            targets=held_out.targets[:, [k]],
            is_known=held_out.is_known[:, [k]],
            owners=held_out.owners,
        )
        if len(titles) > 1 and k < _MOST_TOLD and part.is_known.any():
            name = f"error of prediction: {title}"
            found.append(_metric(comparison, f"prediction:{columns[numbers[k][1]].name}", name,
                                 one, part))  # fmt: skip
        if not _says_something(one, part):
            notes.append(
                f"The predictive score says nothing of '{title}': it is noise, which real series "
                "predict no better than a constant does."
            )
    return found, notes


def says_nothing(metric: Metric) -> bool:
    """Return whether real series predict no better than the constant does."""
    if metric.floor is None or metric.baseline is None:
        return True
    # Of a constant both are 0.
    return metric.floor >= (1 - _LEAST_GAIN) * metric.baseline


def _task(comparison: Comparison, k: int, targets: list[int]) -> _Task:
    series = comparison.sides[k].stretches
    n_lags = max(1, min(_MOST_LAGS, comparison.window - 1))
    drawn = windows(series, n_lags + 1, _MOST_WINDOWS, derive(comparison.seed, _PLACE, k))
    drawn = drawn.take(np.flatnonzero(drawn.is_real.all(axis=1)))
    scaler = comparison.scaler
    rows = scaler.windows(series, drawn)[:, :, :-1]
    before = rows[:, :-1, :_MOST_CHANNELS]
    flat = before.reshape(len(before), n_lags * before.shape[2])
    parts = [flat, before.mean(axis=1), before.std(axis=1)]
    columns = [scaler.channels[channel].column for channel in targets]
    return _Task(
        features=np.hstack([*parts, np.ones((len(before), 1), dtype=np.float32)]),
        targets=rows[:, -1, targets],
        is_known=~np.isnan(series.values[drawn.rows[:, -1]][:, columns]),
        owners=drawn.owners,
    )


def _predict(fitted: _Task, judged: _Task) -> Float[np.ndarray, "W D"]:
    """Fit a ridge on one task and predict the other; of a missing target nothing is learnt."""
    features = fitted.features.astype(np.float64)
    predictions = np.zeros(judged.targets.shape)
    patterns, of = np.unique(fitted.is_known, axis=1, return_inverse=True)
    for k in range(patterns.shape[1]):  # columns missing in the same rows share a solution
        rows, columns = patterns[:, k], np.flatnonzero(of.ravel() == k)
        if not rows.any():
            continue
        seen = features[rows]
        gram = seen.T @ seen / len(seen)
        gram[np.diag_indices_from(gram)] += _RIDGE
        weights = np.linalg.solve(gram, seen.T @ fitted.targets[rows][:, columns] / len(seen))
        predictions[:, columns] = judged.features @ weights
    return predictions


def _median(train: _Task) -> Float[np.ndarray, " D"]:
    known = [train.targets[train.is_known[:, k], k] for k in range(train.targets.shape[1])]
    return np.array([float(np.median(column)) if len(column) else 0.0 for column in known])


def _mean(errors: Float[np.ndarray, "W D"], held_out: _Task) -> float:
    return float(errors[held_out.is_known].mean()) if held_out.is_known.any() else float("nan")


def _says_something(errors: dict[str, Float[np.ndarray, "W D"]], held_out: _Task) -> bool:
    real, constant = (_mean(errors[name], held_out) for name in ("trtr", "constant"))
    return real <= (1 - _LEAST_GAIN) * constant


def _metric(
    comparison: Comparison,
    key: str,
    name: str,
    errors: dict[str, Float[np.ndarray, "W D"]],
    held_out: _Task,
) -> Metric:
    sizes = held_out.is_known.sum(axis=1).astype(np.float64)
    kept = sizes > 0
    intervals = [
        ratio_interval(
            np.where(held_out.is_known, errors[which], 0.0).sum(axis=1)[kept],
            sizes[kept],
            held_out.owners[kept],
            seed=comparison.seed,
        )
        for which in ("tstr", "trtr")
    ]
    constant = _mean(errors["constant"], held_out)
    return Metric(
        key=key,
        name=name,
        value=_mean(errors["tstr"], held_out),
        unit="scaled units",
        better="lower",
        n=len(held_out.targets),
        interval=intervals[0],
        floor=_mean(errors["trtr"], held_out),
        floor_interval=intervals[1],
        baseline=constant,
        seed=comparison.seed,
        note=f"Learnt from generated series, tested on held-out ones; always saying the median "
        f"errs by {constant:.3g}.",
    )
