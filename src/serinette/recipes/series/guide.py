"""The guide: a critic of the model that is kept, which chooses among candidates at generation.

It learns to tell windows of the training part from written ones. How much it may believe its
features is settled by cross-validation, whole pieces of the table in a fold; whether its choice
comes nearer to real windows, by random features, on the validation part where there
is one.

Reference: Azadi et al. 2019, arXiv:1810.06758 (discriminator rejection sampling); Deng et al. 2020,
arXiv:2004.11714 (residual energy-based models).

Shape letters: `P` windows of both sides, `F` features.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from serinette.artifact.folder import WindowGuide, save
from serinette.artifact.runs import MODEL
from serinette.core.seeds import derive
from serinette.evaluation.series.features import Features
from serinette.evaluation.series.judge import features_apart
from serinette.evaluation.series.scaling import Scaler
from serinette.evaluation.series.sets import (
    SeriesSet,
    has_uneven_gaps,
    windows,
    with_gap_column,
)
from serinette.evaluation.series.window_critic import WindowCritic, WindowLook
from serinette.kinds.series.table import Table
from serinette.kinds.series.whole_windows import rows_of_window
from serinette.recipes.series.choosing import WindowChooser
from serinette.recipes.series.contents import Ended
from serinette.recipes.series.engines import Engine, LoadedEngine
from serinette.recipes.series.generate import SeriesRequest, generate_series
from serinette.recipes.series.guide_config import WindowGuideConfig
from serinette.recipes.series.job import SeriesJob
from serinette.recipes.series.prepare import PreparedSeries
from serinette.recipes.series.sets import series_set, whole_set
from serinette.recipes.series.written import joined
from serinette.training.events import Listener, Note
from serinette.training.logistic import fit_logistic

_PLACE = 29
_RIDGES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""From the least belief in features to the most; the fits go along, each from the one before."""
_FOLDS = 5
_FEWEST = 50
"""Windows of a side below which nothing is learnt; pieces are to be a fold's worth of that."""
_MOST_NUMBERS = 20_000_000
"""Windows times features."""
_NUMBERS_A_SECOND = 2_000_000
"""Of these, so many are fitted in a second, all ridges and folds together; on a slow machine."""
_WRITING, _FITTING, _TRYING = 0.3, 0.3, 0.4
"""Shares of the seconds that a budget keeps for the critic."""
_LONG = 20
"""Windows after which a written sequence is cut off: its beginning is enough to learn from."""
_STRETCH = 3
"""Windows that a piece of a long sequence holds."""
_BLIND = math.log(2)
"""Cross-entropy of a critic that says nothing."""
_LEAST_ERROR = 1e-6
_REACH = 2.0
"""A choice among K moves what is written by log K nats at most; where it lacks more than so many
times that, it only finds what is odd in another way (docs/why/experiments.md)."""
_N_TRIALS, _TRIED = 3, 1_000
"""Sets of windows that are compared with real ones, and most windows in each."""


def with_guide(job: SeriesJob, ended: Ended, listener: Listener) -> Ended:
    """Train a critic of the model that is kept, and write it into the artifact where it can tell.

    Args:
        job: The table and the settings.
        ended: The engine that is kept; its artifact is written.
        listener: Told how it went.
    """
    config: WindowGuideConfig = job.settings.groups["guide"]
    if config.candidates == 1 or ended.outcome.reason == "interrupted":
        return ended
    seed = derive(job.settings.groups["training"].seed, _PLACE)
    budget = job.budget_seconds
    seconds = math.inf if budget is None else config.seconds_within(budget)
    chooser = train_guide(job.prepared, ended.engine, config, seed, listener, seconds)
    if chooser is None:
        return ended
    guide = WindowGuide(
        candidates=chooser.candidates, look=chooser.critic.facts(),
        weights=chooser.critic.tensors(),
    )  # fmt: skip
    contents = replace(ended.contents, guide=guide)
    save(job.run / MODEL, contents, replace=True)
    return replace(ended, contents=contents)


def train_guide(
    prepared: PreparedSeries,
    engine: Engine,
    config: WindowGuideConfig,
    seed: int,
    listener: Listener,
    seconds: float = math.inf,
) -> WindowChooser | None:
    """Train a critic of what an engine writes; None: it cannot tell it from real rows.

    Args:
        prepared: The table.
        engine: Trained.
        config: How many rows it learns from, and how many candidates it is tried with.
        seed: Of what is written, of folds and pairs of columns.
        listener: Told how it went.
        seconds: About how long it may take, by the speed at which the engine writes here.
    """
    window = rows_of_window(prepared.codec)
    real = _real(prepared, prepared.parts.train, config.rows)
    has_gaps = has_uneven_gaps(real)
    real = with_gap_column(real) if has_gaps else real
    drawn = windows(real, window, config.rows // window, seed)
    look = WindowLook.fit(real, drawn, has_gaps=has_gaps, seed=seed)
    most = int(min(_MOST_NUMBERS, _FITTING * seconds * _NUMBERS_A_SECOND))
    drawn = windows(real, window, min(len(drawn), most // look.n_features), seed)
    if min(len(drawn), _FOLDS * len(np.unique(drawn.owners))) < _FEWEST:
        listener(Note(text="no guide: too few rows to learn from"))
        return None
    opened = LoadedEngine(codec=prepared.codec, engine=engine)
    asked = _request(prepared, len(drawn), derive(seed, 1))
    table, took = _written_within(opened, asked, _WRITING * seconds)
    trying = _TRYING * seconds / (_N_TRIALS * (1 + config.candidates))
    n_tried = int(min(_TRIED, trying * len(drawn) / (took * asked.n)))
    if n_tried < _FEWEST:
        listener(
            Note(
                text=f"no guide: {seconds:.0f} s of the budget are too few to try it where a "
                f"sequence takes {took:.3f} s; give a longer --budget, or --training.updates"
            )
        )
        return None
    written = look.seen(whole_set(table))
    chosen = windows(written, window, len(drawn), seed)
    drawn = windows(real, window, len(chosen), seed)
    sides = (
        _Side(look.features(real, drawn), drawn.owners),
        _Side(look.features(written, chosen), chosen.owners),
    )
    found = _validated(sides)
    surest = min(found, key=lambda one: (one.nats - _BLIND) / one.error)
    if surest.nats > _BLIND - 2 * surest.error:
        nats, error = surest.nats, surest.error
        listener(
            Note(
                text="no guide: a critic tells windows of the training part from written ones no "
                f"better than chance ({nats:.3f} ± {error:.3f} nats, {_BLIND:.3f} is blind)"
            )
        )
        return None
    ridge = min(found, key=lambda one: one.nats).ridge
    weights = fit_logistic(*_joined(sides), ridge)
    critic = WindowCritic(look=look, weights=weights[:-1], bias=float(weights[-1]))
    chooser = WindowChooser(critic, config.candidates)
    apart = -float((sides[1].features @ critic.weights).mean()) - critic.bias
    if apart > _REACH * math.log(config.candidates):
        listener(
            Note(
                text=f"guide: real windows are {apart:.1f} nats likelier than written ones, more "
                f"than a choice among {config.candidates} can make up for; it rests unless "
                "--resample asks for it"
            )
        )
        return chooser._replace(candidates=1)
    return _tried(prepared, opened, chooser, n_tried, seed, listener)


class _Side(NamedTuple):
    """Windows of one side, as a critic sees them."""

    features: Float32[np.ndarray, "P F"]
    owners: Int[np.ndarray, " P"]
    """The piece of each: what may not be torn apart."""


def _real(prepared: PreparedSeries, part: Int[np.ndarray, " _"], n_rows: int) -> SeriesSet:
    """Return pieces of a part, some at random where they are too many."""
    starts, piece = prepared.parts.starts, _STRETCH * rows_of_window(prepared.codec)
    lengths = np.diff(starts)
    n_cut = np.maximum(lengths // piece, 1)
    owners = np.repeat(np.arange(len(lengths)), n_cut)
    within = np.arange(len(owners)) - (np.cumsum(n_cut) - n_cut)[owners]
    pieces = np.append(starts[owners] + within * (lengths // n_cut)[owners], starts[-1])
    mine = np.random.default_rng(len(owners)).permutation(np.flatnonzero(np.isin(owners, part)))
    n_kept = int(np.searchsorted(np.diff(pieces)[mine].cumsum(), n_rows)) + 1
    return series_set(prepared.table, pieces, np.sort(mine[:n_kept]))


def _request(prepared: PreparedSeries, n_windows: int, seed: int) -> SeriesRequest:
    """Ask for sequences that hold about so many windows: of one long series one window each."""
    window = rows_of_window(prepared.codec)
    usual = int(np.diff(prepared.parts.starts)[prepared.parts.train].mean())
    length: int | None = window
    if not prepared.codec.is_single:
        length = None if usual <= _LONG * window else _LONG * window
    windows_each = max(1, (length or usual) - window + 1)
    n = max(_FEWEST, -(-n_windows // windows_each))
    return SeriesRequest(n=n, length=length, seed=seed, resample=1)


def _written_within(
    opened: LoadedEngine, asked: SeriesRequest, seconds: float
) -> tuple[Table, float]:
    """Write what is asked for, or as much of its beginning as there is time for.

    Returns:
        The table, and the seconds that the last of its sequences took each.
    """
    tables: list[Table] = []
    done, portion, took, left = 0, min(_FEWEST, asked.n), 0.0, seconds
    while portion and took * portion <= left:
        begun = time.monotonic()
        tables += generate_series(opened, replace(asked, first_row=done, n=portion))
        spent = time.monotonic() - begun
        done, took, left = done + portion, spent / portion, left - spent
        portion = min(done, asked.n - done)
    return joined(tables), took


def _joined(
    sides: Sequence[_Side],
) -> tuple[Float32[np.ndarray, "P F"], Bool[np.ndarray, " P"]]:
    features = np.concatenate([side.features for side in sides])
    return features, np.arange(len(features)) < len(sides[0].features)


class _Validated(NamedTuple):
    """What a ridge was worth on folds that were held out."""

    nats: float
    """Cross-entropy."""
    error: float
    """Of a mean over pieces."""
    ridge: float


def _validated(sides: tuple[_Side, _Side]) -> list[_Validated]:
    """Cross-validate each ridge, whole pieces in a fold, until more belief learns by heart."""
    features, is_real = _joined(sides)
    owners = np.concatenate([sides[0].owners, sides[0].owners.max() + 1 + sides[1].owners])
    folds = owners % _FOLDS  # neighbours in different ones: each fold has a part of all times
    validated: list[_Validated] = []
    starts: list[np.ndarray | None] = [None] * _FOLDS
    for ridge in _RIDGES:
        found = np.zeros(len(features))
        for k in range(_FOLDS):
            kept, out = folds != k, folds == k
            weights = fit_logistic(features[kept], is_real[kept], ridge, starts[k])
            starts[k] = weights
            odds = features[out] @ weights[:-1] + weights[-1]
            found[out] = np.logaddexp(0, np.where(is_real[out], -odds, odds))
        validated.append(_Validated(*_mean_and_error(found, is_real, owners), ridge))
        if validated[-1].nats > validated[0].nats:
            break
    return validated


def _mean_and_error(
    losses: Float[np.ndarray, " P"], is_real: Bool[np.ndarray, " P"], owners: Int[np.ndarray, " P"]
) -> tuple[float, float]:
    """Return the mean of the two sides' means, and its standard error over pieces."""
    means, errors = [], []
    for side in (is_real, ~is_real):
        _, places = np.unique(owners[side], return_inverse=True)
        totals, counts = np.bincount(places, losses[side]), np.bincount(places)
        mean = float(totals.sum() / counts.sum())
        means.append(mean)
        spread = np.square(totals - mean * counts).sum()
        errors.append(math.sqrt(spread) / counts.sum())
    return sum(means) / 2, max(math.hypot(*errors) / 2, _LEAST_ERROR)


def _tried(
    prepared: PreparedSeries,
    opened: LoadedEngine,
    chooser: WindowChooser,
    n_tried: int,
    seed: int,
    listener: Listener,
) -> WindowChooser:
    """See whether choosing comes nearer to real windows, by random features."""
    window, n = rows_of_window(prepared.codec), chooser.candidates
    part = prepared.parts.validation if len(prepared.parts.validation) else prepared.parts.train
    real = _real(prepared, part, n_tried * window)
    drawn = windows(real, window, n_tried, derive(seed, 2))
    scaler = Scaler.fit(real)
    rows = scaler.windows(real, drawn)
    features = Features.fit(rows, derive(seed, 3))
    seen = features.of(rows)
    guided = replace(opened, critic=chooser)
    distances: list[list[float]] = [[], []]
    for trial in range(_N_TRIALS):
        for found, resample in zip(distances, (1, n), strict=True):
            own = derive(seed, 4, trial)
            asked = replace(_request(prepared, len(drawn), own), resample=resample)
            written = whole_set(joined(list(generate_series(guided, asked))))
            some = windows(written, window, len(drawn), own)
            theirs = features.of(scaler.windows(written, some))
            found.append(features_apart(seen, theirs, seed))
    plain, chosen = (float(np.mean(found)) for found in distances)
    # Both begin with the same candidates: what is compared is a ratio, trial by trial.
    gains = np.log(distances[1]) - np.log(distances[0])
    is_better = gains.mean() < -2 * gains.std(ddof=1) / math.sqrt(_N_TRIALS)
    where = "validation" if part is prepared.parts.validation else "training"
    listener(
        Note(
            text=f"guide: choosing among {n} candidates brings the Fréchet distance to windows of "
            f"the {where} part from {plain:.3g} to {chosen:.3g}"
            + ("" if is_better else "; it rests unless --resample asks for it")
        )
    )
    return chooser if is_better else chooser._replace(candidates=1)
