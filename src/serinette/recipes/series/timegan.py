"""`evaluate --protocol timegan`: the scores that the literature compares, with their floors.

Reference: Yoon, Jarrett and van der Schaar 2019. As there, real windows are those that the model
was trained on: a copier would win. The report's section on privacy says whether it copies.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.core.errors import DataError, MissingExtraError
from serinette.core.metric import Interval, Metric
from serinette.core.thinning import thinned
from serinette.evaluation.report.content import Section
from serinette.kinds.series.parts import Parts
from serinette.kinds.series.table import Table
from serinette.recipes.series.generate import OpenedSeries, SeriesRequest, generate_series
from serinette.recipes.series.written import joined

LENGTH = 24
N_JUDGES = 10
_MOST_WINDOWS = 20_000
_TINY = 1e-7
_T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 10: 2.262}


def timegan_section(
    opened: OpenedSeries,
    real_data: tuple[Table, Parts],
    *,
    seed: int = 0,
    n_judges: int = N_JUDGES,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Section:
    """Compute TimeGAN's discriminative and predictive scores.

    Args:
        opened: A model of columns of numbers without holes.
        real_data: From `table_and_parts`.
        seed: Of what is drawn; judges have seeds 0, 1, 2...
        n_judges: Judges of each score, at least 2.
        tell: Told how far it is.

    Raises:
        DataError: If columns are no numbers, cells are missing, or sequences are shorter than 24.
        MissingExtraError: If torch is not installed.
    """
    try:
        from serinette.training.timegan_judges import discriminative_scores, predictive_scores
    except ImportError as error:
        raise MissingExtraError(
            "the protocol of TimeGAN needs torch; pip install 'serinette[train]'"
        ) from error
    table, parts = real_data
    names = [r.name for r in opened.codec.columns if r.part in ("number", "symbol")]
    real = _windows(table, names, table.starts)
    n = min(len(real), _MOST_WINDOWS)
    asked = SeriesRequest(n=n, length=LENGTH, seed=seed)
    written = _windows(joined(list(generate_series(opened, asked))), names, None)
    low, high = real.min((0, 1)), real.max((0, 1))
    scaled = [((part - low) / (high - low + _TINY)).astype(np.float32) for part in (real, written)]
    rows = []
    judges = range(n_judges)
    for what, scores in (
        ("discriminative", discriminative_scores),
        ("predictive", predictive_scores),
    ):
        tell(f"{what} score: {n_judges} judges of what is written")
        found = scores(scaled[0], scaled[1], seeds=judges)
        tell(f"{what} score: {n_judges} judges of real windows in its place")
        floor = scores(scaled[0], scaled[0], seeds=judges)
        rows.append(judged_metric(f"{what} score", f"timegan_{what}", found, floor, n))
    return Section(
        key="timegan",
        title="The protocol of TimeGAN",
        intro=f"Windows of {LENGTH} rows, judged by small recurrent networks with {n_judges} seeds "
        "each. Discriminative: |accuracy - 1/2| of telling real from written. Predictive: mean "
        "absolute error, one row ahead, of a predictor that learnt from written windows.",
        metrics=tuple(rows),
        notes=(
            "The judges see the windows that the model was trained on, as in the literature.",
            parts.how,
        ),
    )


def _windows(
    table: Table, names: Sequence[str], starts: np.ndarray | None
) -> Float[np.ndarray, "N T D"]:
    cells = table.numbers(names)
    if np.isnan(cells).any():
        raise DataError("the protocol of TimeGAN knows no missing cells; leave those columns out")
    if starts is None:
        return cells.reshape(-1, LENGTH, cells.shape[1])
    found = sliding_windows(cells, starts, LENGTH)
    if not len(found):
        raise DataError(
            f"the protocol of TimeGAN needs sequences of {LENGTH} rows; none is as long"
        )
    return thinned(found, _MOST_WINDOWS)


def sliding_windows(
    cells: Float[np.ndarray, "R D"], starts: Int[np.ndarray, " _"], length: int
) -> Float[np.ndarray, "N T D"]:
    """Return every window of some rows that lies within a sequence."""
    parts = [
        np.lib.stride_tricks.sliding_window_view(cells[a:b], length, axis=0).transpose(0, 2, 1)
        for a, b in pairwise(starts)
        if b - a >= length
    ]
    return np.concatenate([np.zeros((0, length, cells.shape[1])), *parts])


def judged_metric(
    name: str, key: str, found: Sequence[float], floor: Sequence[float], n: int
) -> Metric:
    """Return the mean of judges' scores as a figure, with its interval and its floor.

    Args:
        name: What is measured.
        key: Its short name.
        found: Scores of what was written, one a judge.
        floor: Scores of real windows in its place.
        n: Windows.
    """
    return Metric(
        name=name,
        key=key,
        value=float(np.mean(found)),
        unit="",
        better="lower",
        n=n,
        interval=judged_interval(found),
        floor=float(np.mean(floor)),
        floor_interval=judged_interval(floor),
    )


def judged_interval(scores: Sequence[float] | Float32[np.ndarray, " _"]) -> Interval:
    """Return the 95 % interval of a mean over judges, by Student's t."""
    n = len(scores)
    t = next((value for size, value in _T_95.items() if n <= size), 1.96)
    half = t * float(np.std(scores, ddof=1)) / n**0.5
    return float(np.mean(scores)) - half, float(np.mean(scores)) + half
