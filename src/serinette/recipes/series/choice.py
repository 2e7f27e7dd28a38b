"""Which engine learns a table, and why: settled before anything is trained."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from serinette.core.config import format_duration
from serinette.core.errors import ConfigError, DataError
from serinette.kinds.series.codec import SeriesCodec
from serinette.kinds.series.whole_windows import fact_sizes, first_rows, rows_of_window
from serinette.recipes.series.engine_config import (
    ADVERSARIAL_DEFAULT,
    AUTOREGRESSIVE,
    SECTIONS,
    EngineConfig,
    EngineName,
)
from serinette.recipes.series.prepare import PreparedSeries

MOST_ROWS = 256
"""Of a window that the latent engine learns."""
MOST_LEVELS = 64
"""Different values of a column that it writes as one-hot vectors."""
MOST_FACTS = 1_024
"""Combinations of static categories."""
FEWEST_WINDOWS = 20
TRIAL_ROWS, TRIAL_WINDOWS, TRIAL_SECONDS = 64, 200, 180.0
"""`auto` tries the latent engine on windows of so many rows at most, from so many windows on, where
so many seconds are left for training."""
_FEWEST_JUDGED = 20
"""Windows of the validation part that a judge needs."""
_TRIAL_SHARE, _LATENT_SHARE = 0.45, 0.35
"""Shares of the seconds that are kept for a trial, and that the latent engine trains for in it; the
difference is for the judges."""


@dataclass(frozen=True, kw_only=True)
class EngineChoice:
    """Which engine is trained."""

    plan: Literal["autoregressive", "latent", "lstm-gan", "timegan", "trial"]
    """`trial`: the autoregressive one, and, where a judge tells it apart, the latent one too."""
    why: str
    latent_seconds: float | None = None
    """Seconds of an engine of whole windows; None: as many updates as its settings say."""
    kept_seconds: float = 0.0
    """Seconds that the autoregressive engine leaves for a trial."""

    def beside(self, *, seconds: float, needed: float) -> "EngineChoice":
        """Return the choice once it is known how long the autoregressive engine can use.

        Seconds that it can use are not kept from it for a trial that may not be needed.

        Args:
            seconds: What is left for training.
            needed: What all updates take that are useful.
        """
        if self.plan != "trial" or seconds - needed >= self.kept_seconds:
            return self
        why = "the autoregressive one can use all the time"
        return EngineChoice(plan=AUTOREGRESSIVE, why=f"latent engine not tried: {why}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any] | None) -> "EngineChoice":
        """Read plain values back; runs of old versions hold none."""
        if plain is None:
            return cls(plan=AUTOREGRESSIVE, why="the only engine there was")
        return cls(**plain)


def choose_engine(
    wished: EngineConfig, prepared: PreparedSeries, seconds: float | None
) -> EngineChoice:
    """Settle which engine is trained.

    Args:
        wished: The settings of the section `engine`.
        prepared: The table.
        seconds: What a budget leaves for training; None: updates decide.

    Raises:
        ConfigError: If the engine is not of the objective that is asked for.
        DataError: If an engine of whole windows is asked for and cannot learn the table.
    """
    name, why = _named(wished)
    if name == AUTOREGRESSIVE:
        return EngineChoice(plan=AUTOREGRESSIVE, why=why)
    obstacle = latent_obstacle(prepared)
    if name != "auto":
        if obstacle is not None:
            raise DataError(f"--engine {name}: {obstacle}; use --engine autoregressive")
        return EngineChoice(plan=name, why=why, latent_seconds=seconds)
    reason = obstacle or next(_reasons_against(prepared, seconds), None)
    if reason is not None:
        return EngineChoice(plan=AUTOREGRESSIVE, why=f"latent engine not tried: {reason}")
    whole = seconds or 0.0
    return EngineChoice(
        plan="trial",
        why="a judge decides on the validation part",
        latent_seconds=_LATENT_SHARE * whole,
        kept_seconds=_TRIAL_SHARE * whole,
    )


def _named(wished: EngineConfig) -> tuple[EngineName, str]:
    """Return the engine that name and objective ask for, and why.

    Raises:
        ConfigError: If they contradict each other.
    """
    name, objective = wished.name, wished.objective
    is_adversarial = name in SECTIONS
    if objective is None:
        return name, "as asked"
    if name == "auto":
        found: EngineName = ADVERSARIAL_DEFAULT if objective == "adversarial" else AUTOREGRESSIVE
        return found, f"the engine of the objective {objective}"
    if is_adversarial != (objective == "adversarial"):
        right = "adversarial" if is_adversarial else "likelihood"
        raise ConfigError(
            f"--objective {objective}: the engine {name} learns by the objective {right}; leave "
            "one of them out"
        )
    return name, "as asked"


def latent_obstacle(prepared: PreparedSeries) -> str | None:
    """Say why the latent engine cannot learn a table; None: it can."""
    return next(_obstacles(prepared), None)


def _obstacles(prepared: PreparedSeries) -> Iterator[str]:
    codec = prepared.codec
    if codec.gap is not None:
        yield f"rows are irregular in time (column '{codec.time}')"
    longest = codec.window if codec.is_single else codec.lengths[-1]
    most = min(MOST_ROWS, codec.window)
    if longest > most:
        yield f"it would have to write {longest:,} rows at once, more than {most:,} (see --window)"
    yield from _too_many_values(codec)
    yield from (
        f"static column '{code.name}' has missing cells"
        for code in codec.static_values
        if code.missing
    )
    n_windows = _n_windows(prepared)
    if n_windows < FEWEST_WINDOWS:
        yield f"there are {n_windows} training windows, fewer than {FEWEST_WINDOWS}"


def _too_many_values(codec: SeriesCodec) -> Iterator[str]:
    for code in codec.symbols:
        if code.size > MOST_LEVELS:
            yield f"column '{code.name}' has {code.size:,} values, more than {MOST_LEVELS}"
    n_facts = math.prod(fact_sizes(codec))
    if n_facts > MOST_FACTS:
        names = ", ".join(f"'{code.name}'" for code in codec.static_symbols)
        yield f"{names} have {n_facts:,} combinations, more than {MOST_FACTS:,}"


def _reasons_against(prepared: PreparedSeries, seconds: float | None) -> Iterator[str]:
    """Yield why `auto` does not try the latent engine."""
    codec = prepared.codec
    if seconds is None:
        yield "a number of updates is given, not a budget"
    elif seconds < TRIAL_SECONDS:
        needed = format_duration(TRIAL_SECONDS)
        yield f"{format_duration(seconds)} are left for training, fewer than {needed}"
    for code in (*codec.symbols, *codec.static_symbols):
        yield f"column '{code.name}' holds symbols"
    if codec.has_end:
        yield "sequences differ in length"
    if rows_of_window(codec) > TRIAL_ROWS:
        yield f"windows have {rows_of_window(codec)} rows, more than {TRIAL_ROWS}"
    if _n_windows(prepared) < TRIAL_WINDOWS:
        yield f"there are {_n_windows(prepared)} training windows, fewer than {TRIAL_WINDOWS}"
    n_judged = _n_apart(prepared, prepared.parts.validation)
    if n_judged < _FEWEST_JUDGED:
        yield f"{n_judged} validation windows are too few to judge by"


def _n_windows(prepared: PreparedSeries) -> int:
    return len(first_rows(prepared.codec, prepared.steps, prepared.parts.train))


def _n_apart(prepared: PreparedSeries, part: np.ndarray) -> int:
    """Return how many windows of a part do not overlap."""
    lengths = np.diff(prepared.parts.starts)[part]
    return int((lengths // rows_of_window(prepared.codec)).sum())
