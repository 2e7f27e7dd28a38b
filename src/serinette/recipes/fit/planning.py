"""From a request to settings: read the data, measure the machine, make the plan."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serinette.core.config import Layer, Resolved, resolve
from serinette.core.cores import available_threads
from serinette.core.errors import ConfigError
from serinette.kinds.table import find_kind, kind_of
from serinette.recipes.base_model import BaseModel
from serinette.recipes.fit.fine_tuning import FineTuning, fine_tuning_of, tuned_rates
from serinette.recipes.fit.game import guide_share
from serinette.recipes.game_words import check_game, plan_words
from serinette.recipes.prepare import Prepared, prepare
from serinette.recipes.presets import find_preset
from serinette.recipes.requests import TrainRequest, groups_of, layer_of_data
from serinette.recipes.tuning_words import check_without_base
from serinette.training.events import Listener, Note
from serinette.training.machine import SpeedTest, prepare_process
from serinette.training.plan import Plan, make_plan

_SIZES = ("model.embedding_size", "model.hidden_size", "model.n_layers")
ENDING_SHARE = 0.02
"""Share of a budget kept for the last measurement and the export..."""
GAME_COST = 3.0
"""What an update of a game costs beside one of the likelihood stage, before it is measured."""
GUIDE_COST = 1.0
"""The same of an update of the guide."""
MOST_GUIDE_UPDATES = 1_500
"""A guide that has learnt longer knows the training rows by heart."""
_CRITIC_DROPOUT = 0.3
ENDING_SECONDS = 2.0
"""...and at least so many seconds."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Data and settings of a training that can begin."""

    prepared: Prepared
    settings: Resolved
    summary: tuple[str, ...]
    seconds_per_update: float
    tuning: FineTuning | None = None
    """What it goes on from; None: it starts from scratch."""


def plan_training(
    request: TrainRequest, started: float, listener: Listener, base: BaseModel | None = None
) -> Planned:
    """Settle everything that the user has left open.

    Args:
        request: What was asked for.
        started: `time.monotonic()` when the budget's clock started.
        listener: Told of every decision.
        base: A model to go on from; its kind is the request's.
    """
    kind = kind_of(request.sources, request.kind)
    groups = groups_of(kind)
    own = (*request.layers, Layer(origin="command line", values=_flag_values(request)))
    habits = _habits(request, kind, listener, base)
    habits = (layer_of_data(kind, request.sources, (*habits, *own)), *habits)
    layers = (*habits, *own)
    wished = resolve(groups, layers)
    check_game(wished)
    if base is None:
        check_without_base(wished)
    else:
        base.check(wished, request.size)
    known = None if base is None else base.codec
    prepared = prepare(kind, request.sources, wished, listener, known)
    prepare_process()  # what reading took is given back first
    tuning = fine_tuning_of(base, prepared, wished, listener)
    speed = SpeedTest(prepared.codec.schema, wished.groups["training"], available_threads())
    seconds = None
    if request.budget_seconds is not None:
        seconds = seconds_to_train(request.budget_seconds, time.monotonic() - started)
        seconds *= likelihood_share(wished)
    settled = {key for layer in layers for key in layer.values}
    plan = make_plan(
        prepared.codec.schema,
        prepared.facts,
        speed.seconds,
        seconds=seconds,
        size=request.size,
        fixed={key: _at(wished, key) for key in sorted(settled)},
    )
    chosen = _chosen_values(plan, is_bf16=speed.precision.is_bf16)
    chosen |= _game_values(wished, plan)
    chosen |= _critic_values(wished)
    if prepared.codec.schema.context:
        chosen |= find_kind(kind).follows(wished.groups["data"])
    habits = (Layer(origin="plan", values=chosen), *habits)
    settings = resolve(groups, (*habits, *own))
    begun: tuple[str, ...] = ()
    if tuning is not None:
        rates, begun = tuned_rates(tuning, prepared, settings)
        settings = resolve(groups, (*habits, Layer(origin="plan", values=rates), *own))
    if settings.groups["training"].objective == "adversarial":
        settings.groups["adversarial"].check_critic(settings.groups["critic"])
    arithmetic = settings.groups["training"].precision
    summary = (*begun, *plan.summary, *plan_words(settings))
    for sentence in (*summary, f"arithmetic: {arithmetic}, the faster one here"):
        listener(Note(text=sentence))
    return Planned(
        prepared=prepared,
        settings=settings,
        summary=summary,
        seconds_per_update=plan.seconds_per_update,
        tuning=tuning,
    )


def _habits(
    request: TrainRequest, kind: str, listener: Listener, base: BaseModel | None
) -> tuple[Layer, ...]:
    """Return what the kind, a preset and the model that is gone on with settle.

    Raises:
        ConfigError: If the preset is unknown, or meant for another kind.
    """
    habits = dict(find_kind(kind).habits)
    if request.size is not None:  # a size that is asked for wins over the kind's own
        habits = {key: value for key, value in habits.items() if key not in _SIZES}
    layers = [Layer(origin=f"kind {kind}", values=habits)]
    if request.preset is not None:
        preset = find_preset(request.preset)
        if not preset.is_for(kind):
            raise ConfigError(
                f"preset '{request.preset}' is for the kind {preset.kind}, the data are of kind "
                f"{kind}; give other data, or --kind {preset.kind}"
            )
        listener(Note(text=f"preset {request.preset}: {preset.summary}"))
        layers.append(Layer(origin=f"preset {request.preset}", values=preset.values))
    if base is not None:
        layers += [base.layer, base.layer_of_records(request.sources, request.layers)]
    return tuple(layers)


def seconds_to_train(budget_seconds: float, elapsed_seconds: float) -> float:
    """Return what a budget leaves for the updates."""
    return max(1.0, budget_seconds - elapsed_seconds - seconds_to_end(budget_seconds))


def seconds_to_end(budget_seconds: float) -> float:
    """Return what of a budget is kept for the last measurement and the export."""
    return max(ENDING_SECONDS, ENDING_SHARE * budget_seconds)


def likelihood_share(settings: Resolved) -> float:
    """Return the share of the training time that the likelihood stage takes."""
    if settings.groups["training"].objective == "likelihood":
        return 1.0
    return 1.0 - float(settings.groups["adversarial"].share)


def _game_values(wished: Resolved, plan: Plan) -> dict[str, Any]:
    """Return how many updates of a game take its share of the time; the clock corrects it later."""
    share = 1.0 - likelihood_share(wished)
    if share == 0:
        return {}
    game = wished.groups["adversarial"]
    in_all = int(plan.training["updates"]) / (1 - share)
    values = {}
    if game.updates is None:
        values["adversarial.updates"] = in_all * (share - guide_share(game)) / GAME_COST
    if game.guide_updates is None:
        values["adversarial.guide_updates"] = min(
            MOST_GUIDE_UPDATES, in_all * guide_share(game) / GUIDE_COST
        )
    return {name: max(1, int(value)) for name, value in values.items()}


def _critic_values(wished: Resolved) -> dict[str, Any]:
    """Return the critic that goes with the estimator; what the user set wins over it."""
    if wished.groups["training"].objective == "likelihood":
        return {}
    is_dense = wished.groups["adversarial"].estimator == "reinforce"
    return {"critic.network": "lstm" if is_dense else "cnn", "critic.dropout": _CRITIC_DROPOUT}


def _chosen_values(plan: Plan, *, is_bf16: bool) -> dict[str, Any]:
    chosen = {f"model.{key}": value for key, value in plan.model.items()}
    chosen |= {f"training.{key}": value for key, value in plan.training.items()}
    chosen["training.precision"] = "bf16" if is_bf16 else "fp32"
    return chosen


def _flag_values(request: TrainRequest) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    if request.updates is not None:
        values["training.updates"] = request.updates
    if request.seed is not None:
        values["training.seed"] = request.seed
    return values


def _at(settings: Resolved, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(settings.groups[section], name)
