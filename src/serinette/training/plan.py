"""From a time budget to sizes, batch, regularisers and schedule. Pure; no torch.

The plan is made once, from what the corpus is and how fast this machine turned out to be, and
stored with the run. Every figure of it can be overridden; the evidence for the rules is in
docs/why/experiments.md.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema
from serinette.nets.config import ModelConfig, n_parameters, predicted_symbols

SIZES: Mapping[str, Mapping[str, int]] = {
    "xs": {"embedding_size": 32, "hidden_size": 96, "n_layers": 1},
    "s": {"embedding_size": 64, "hidden_size": 160, "n_layers": 2},
    "m": {"embedding_size": 64, "hidden_size": 256, "n_layers": 2},
    "l": {"embedding_size": 96, "hidden_size": 384, "n_layers": 2},
    "xl": {"embedding_size": 128, "hidden_size": 512, "n_layers": 2},
    "xxl": {"embedding_size": 128, "hidden_size": 768, "n_layers": 2},
}
"""What `--size` means, smallest first."""

DEFAULT_SIZE = "m"
"""The size when neither `--size` nor a budget says otherwise."""
WINDOW, ROWS = 64, 32
"""Steps and rows of a window, where the corpus is large enough."""
WIDE = 512
"""Cells from which a network may read..."""
WIDE_WINDOW, WIDE_ROWS = 32, 128
"""...windows of so many steps and rows..."""
WIDE_GAIN = 1.5
"""...if that makes it so many times as fast here: where its matrices do not fit into a core's
cache, more rows share each reading of them. An update reads twice as much, so that less would make
too few of them."""
MEASURED_STEPS = 65_536
"""Validation steps that are measured while training goes on; the end measures all."""
_STEPS_PER_PARAMETER = 0.6
"""A size is affordable when the budget pays for so many training steps per parameter."""
_FEWEST_UPDATES = 20
_UPDATES_PER_PASS = 40
"""Fewer teach little: rows are taken until there would be so many."""
MOST_PASSES = 14.0
"""Reading a corpus more often only learns it by heart, whatever the dropout."""
_PARAMETERS_PER_STEP = 10.0
"""A size is sensible up to so many parameters per step of the corpus; dropout does the rest."""


@dataclass(frozen=True, kw_only=True)
class CorpusFacts:
    """What the plan needs to know of the training part."""

    n_steps: int
    """Predictions in one epoch."""
    n_sequences: int
    median_length: int
    """Median steps of a sequence, its `end` included."""
    mean_length: float = 0.0
    """Mean steps of a sequence, its `end` included."""

    def steps_per_update(self, training: Mapping[str, Any]) -> int:
        """Return how many steps an update reads on average.

        Args:
            training: `n_rows`, `window` and, unless it is `streams`, `batching`.
        """
        return int(training["n_rows"]) * self.timed_window(training)

    def timed_window(self, training: Mapping[str, Any]) -> int:
        """Return the steps of a window that takes as long as the average one."""
        if training.get("batching", "streams") == "streams":
            return int(training["window"])
        return max(1, int(min(self.mean_length, float(training["window"])) + 0.5))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was chosen, and why."""

    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    seconds_per_update: float = 0.0


Measure = Callable[[Mapping[str, Any], Mapping[str, Any]], float]
"""Seconds of one update for model settings and training settings; measured on this machine."""


def plan_shape(facts: CorpusFacts) -> dict[str, int]:
    """Choose window and rows from the corpus alone.

    Documents shorter than a window would be padding for the most part; a small corpus read by many
    rows would give few updates.
    """
    is_short = facts.median_length < WINDOW
    window = max(8, 8 * math.ceil(facts.median_length / 8)) if is_short else WINDOW
    rows = 2 ** int(math.log2(max(8, min(ROWS, facts.n_steps / (window * _UPDATES_PER_PASS)))))
    return {"window": window, "n_rows": rows}


def choose_shape(
    facts: CorpusFacts, measure: Measure, model: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return training settings with the window and rows that suit corpus, network and machine.

    Windows that nothing is carried into stay as long as they are: a shorter one would hide what a
    longer one shows.

    Args:
        facts: Of the training part.
        measure: Speed of this machine.
        model: Settings of the network.
        own: Training settings that are settled already; they win.
    """
    usual = {**plan_shape(facts), **own}
    can_carry = own.get("batching", "streams") == "streams" and facts.median_length >= WINDOW
    is_fed = facts.n_steps >= WIDE_WINDOW * WIDE_ROWS * _UPDATES_PER_PASS
    is_open = not own.keys() & {"window", "n_rows"}
    if not (model["hidden_size"] >= WIDE and can_carry and is_fed and is_open):
        return usual
    wide = {**usual, "window": WIDE_WINDOW, "n_rows": WIDE_ROWS}
    slow, fast = (facts.steps_per_update(t) / measure(model, t) for t in (usual, wide))
    return wide if fast >= WIDE_GAIN * slow else usual


def choose_size(
    schema: Schema,
    facts: CorpusFacts,
    seconds: float,
    measure: Measure,
    training: Mapping[str, Any],
    given: Mapping[str, Any],
) -> str:
    """Return the largest size that the budget can train and the corpus can feed.

    Args:
        schema: Of the sequences.
        facts: Of the training part.
        seconds: Time for updates.
        measure: Speed of this machine.
        training: Training settings that are settled already (window, rows).
        given: Model settings that are settled already (a tied read-out).
    """
    chosen = next(iter(SIZES))
    steps_per_update = facts.steps_per_update(training)
    for name in list(SIZES)[1:]:
        shape = {**SIZES[name], **given}
        parameters = n_parameters(model_of(shape), schema)
        if parameters > _PARAMETERS_PER_STEP * facts.n_steps:
            break
        steps = seconds / measure(shape, _timed(training, facts)) * steps_per_update
        if steps < _STEPS_PER_PARAMETER * parameters:
            break
        chosen = name
    return chosen


def useful_updates(n_steps: int, steps_per_update: int) -> int:
    """Return after how many updates a corpus of `n_steps` has been read `MOST_PASSES` times."""
    return int(MOST_PASSES * n_steps / steps_per_update)


def regularisers(passes: float) -> dict[str, float]:
    """Choose dropout from how often the corpus will be read.

    Args:
        passes: Epochs that the plan pays for.
    """
    many = min(1.0, max(0.0, math.log(max(passes, 1) / 2.5) / math.log(4)))
    return {
        "input_dropout": round(0.3 * many, 2),
        "output_dropout": round(0.1 + 0.3 * many, 2),
    }


def learning_rates(hidden_size: int) -> dict[str, float]:
    """Choose learning rates from the width: 8e-3 at 256, falling with its 0.7th power."""
    rate = float(f"{8e-3 * min(1.5, (256 / hidden_size) ** 0.7):.2g}")
    return {"learning_rate": rate, "matrix_learning_rate": rate}


def model_of(shape: Mapping[str, Any]) -> ModelConfig:
    """Return the network of a size, with what else decides how many weights it has."""
    return ModelConfig(**shape)


def make_plan(
    schema: Schema,
    facts: CorpusFacts,
    measure: Measure,
    *,
    seconds: float | None,
    size: str | None,
    fixed: Mapping[str, Any],
) -> Plan:
    """Choose everything that the user has left open.

    Args:
        schema: Of the sequences.
        facts: Of the training part.
        measure: Speed of this machine.
        seconds: Time for updates, or None when the number of updates is given.
        size: A name of `SIZES`, or None.
        fixed: `section.key` -> value of what the user has set; these win over the plan.

    Raises:
        ConfigError: If `size` is not a name of `SIZES`.
    """
    if size is not None and size not in SIZES:
        raise ConfigError(f"--size must be one of {', '.join(SIZES)}, got {size!r}")
    own = {k.removeprefix("training."): v for k, v in fixed.items() if k.startswith("training.")}
    given = _own(_SHAPE, fixed)
    if given.get("one_hot"):
        given["embedding_size"] = predicted_symbols(schema)[0].size
    if size is None and seconds is not None and not _own(_SIZE, fixed):
        usual = {**plan_shape(facts), **own}
        size = choose_size(schema, facts, seconds, measure, usual, given)
    named = f"size {size or DEFAULT_SIZE}" if not _own(_SIZE, fixed) else "sizes as set"
    sizes = {**SIZES[size or DEFAULT_SIZE], **_own(_SIZE, fixed)}
    if "embedding_size" in given:
        sizes["embedding_size"] = given["embedding_size"]
    training = choose_shape(facts, measure, {**sizes, **given}, own)
    per_update = measure({**sizes, **given}, _timed(training, facts))
    steps_per_update = facts.steps_per_update(training)
    if "updates" not in own:
        if seconds is None:
            raise ConfigError("neither a budget nor training.updates is given; add --budget 5m")
        useful = useful_updates(facts.n_steps, steps_per_update)
        affordable = int(seconds / per_update)
        training["updates"] = max(_FEWEST_UPDATES, min(affordable, useful))
    passes = training["updates"] * steps_per_update / facts.n_steps
    speed = steps_per_update / per_update
    training |= {
        **learning_rates(sizes["hidden_size"]),
        "n_evaluations": _n_evaluations(training["updates"], per_update, speed),
        **own,
    }
    parameters = n_parameters(model_of({**sizes, **given}), schema)
    summary = (
        f"network: {named}, {sizes['n_layers']} x {sizes['hidden_size']} cells, "
        f"{parameters:,} parameters",
        f"plan: {training['updates']:,} updates of {training['n_rows']} rows x "
        f"{facts.timed_window(training)} steps, {passes:.1f} passes over {facts.n_steps:,} steps",
        f"speed measured here: {speed:,.0f} steps/s",
        *_early_end(seconds, training["updates"] * per_update),
    )
    return Plan(
        model={**sizes, **regularisers(passes)},
        training=training,
        summary=summary,
        seconds_per_update=per_update,
    )


def _timed(training: Mapping[str, Any], facts: CorpusFacts) -> dict[str, Any]:
    return {**training, "window": facts.timed_window(training)}


def _early_end(allowed: float | None, needed: float) -> tuple[str, ...]:
    if allowed is None or needed > 0.85 * allowed:
        return ()
    return (
        f"the corpus is small: {MOST_PASSES:.0f} passes take {needed:.0f} of {allowed:.0f} s; "
        "more would only learn it by heart",
    )


def _n_evaluations(updates: int, per_update: float, speed: float) -> int:
    """Measure as often as a twentieth of the time pays for, between 2 and 20 times."""
    one = MEASURED_STEPS / (3 * speed) + 0.1  # forward alone is a third of an update
    affordable = int(0.05 * updates * per_update / one)
    return max(2, min(20, affordable, updates // 5))


_SIZE = ("embedding_size", "hidden_size", "n_layers")
_SHAPE = ("tied", "one_hot", "readout", "layer_norm")


def _own(names: Sequence[str], fixed: Mapping[str, Any]) -> dict[str, Any]:
    return {n: fixed[f"model.{n}"] for n in names if f"model.{n}" in fixed}
