"""A game in progress: a generator, its rival, and what adjusts the two.

It is driven by the same loop as the likelihood stage, and like that one it can be put on disk and
read back between any two updates, and goes on to the bit.

Shape letters: `B` rows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from serinette.core.seeds import derive
from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.training.average import Average
from serinette.training.config import TrainingConfig
from serinette.training.game.alarms import PHASE, alarms, react
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.drawing import Drawn, Opening, draw
from serinette.training.game.on_real import opening_of, rows_of
from serinette.training.game.rival import Rival
from serinette.training.game.rows import GameBatch, cut, game_batch, steps_to_write
from serinette.training.gradients import GradientWorkers, LossSum, Precision
from serinette.training.optimisers import Optimiser, penalty_gradients_
from serinette.training.pace import Pace, rate_factor
from serinette.training.supply import Batches
from serinette.training.trainer import (
    Snapshot,
    grouped,
    states_of,
    tensors_of,
    tensors_of_states,
    to_torch,
)

_STREAM_DRAW, _STREAM_RIVAL = 1, 2
"""Which random stream of an update draws rows, and which is the rival's dropout."""
_SLOWEST = 0.1
"""Learning rate at the end, as a share of the largest."""


@dataclass(frozen=True)
class GameSupply:
    """What a game is played with."""

    batches: Batches
    """Real rows."""
    longest: int
    """Most steps of a written row."""
    end: int | None
    """The symbol that ends a row; None: rows do not end."""
    first_update: int = 0
    """Updates that the likelihood stage has made; those of the game are counted on."""
    reads_on: bool = False
    """Whether rows read on where they stopped; else every batch begins anew."""


class GameTrainer:
    """Adjusts a generator and its rival in turn.

    Args:
        model: The generator, on the device of `precision`, with the likelihood stage's weights.
        rival: Its network lies on the same device.
        supply: Real rows, and how long written ones may be.
        game: Settings of the game.
        config: Settings of the training as a whole: rows, groups, clipping, seed.
        precision: Arithmetic and device.
        n_threads: Threads that may run at once.
    """

    def __init__(
        self,
        model: SequenceModel,
        rival: Rival,
        supply: GameSupply,
        settings: tuple[AdversarialConfig, TrainingConfig],
        precision: Precision,
        *,
        n_threads: int,
    ) -> None:
        game, training = settings
        self.model = model
        self.rival = rival
        self.game = game
        self.config = _generator_config(game, training)
        self.pace = Pace.steady(supply.first_update + (game.updates or 1), supply.first_update)
        self.update_count = supply.first_update
        self.plateau_factor = 1.0
        self.average = Average(model, game.average_decay)
        self._rival_config = replace(self.config, learning_rate=game.critic_rate)
        self._supply = supply
        self._precision = precision
        self._factor, self._rival_factor = 1.0, 1.0
        self._n_learnt = 0
        self._n_reactions, self._is_over = 0, False
        self._figures: dict[str, float] = {}
        self._n_groups = training.n_workers
        self._workers = GradientWorkers(
            model,
            n_workers=self._n_groups,
            seed=training.seed,
            objective=rival.generator_loss,
            n_threads=n_threads,
            precision=precision,
        )
        self._rival_workers = GradientWorkers(
            rival.network,
            n_workers=1 if rival.is_undivided else self._n_groups,
            seed=derive(training.seed, _STREAM_RIVAL),
            objective=rival.loss,
            n_threads=1 if rival.is_undivided else n_threads,  # the same sums, to the bit
            precision=precision,
        )
        self._optimiser = Optimiser(model, self.config)
        self._rival_optimiser = Optimiser(rival.network, self._rival_config)
        size = training.n_rows // self._n_groups
        self._states: list[Any] = [model.start(size)] * self._n_groups
        self._rival_states = self._fresh_rival_states(size)

    @property
    def is_done(self) -> bool:
        """Whether the plan is fulfilled."""
        return self._is_over or self.update_count >= self.pace.total

    @property
    def rate(self) -> float:
        """Learning rate of the generator's next update."""
        return self._rate_factor() * self.game.learning_rate

    def close(self) -> None:
        """End the threads."""
        self._workers.__exit__(None, None, None)
        self._rival_workers.__exit__(None, None, None)

    def update(self) -> LossSum:
        """Let the rival learn, then adjust the generator once.

        Returns:
            The likelihood loss of the real rows before the adjustment; not finite when weights
            have gone astray, in which case those of the generator are left as they were.
        """
        self.rival.aim_(self.pace.share(self.update_count))
        for _ in range(self.game.critic_start if self._n_learnt == 0 else 0):
            self._learn(self._next(), carries_on=True)
        for step in range(self.game.critic_steps):
            batch = self._next()
            before = self._rival_states
            is_last = step == self.game.critic_steps - 1
            if not self._learn(batch, carries_on=not is_last):
                return LossSum(math.nan, batch.n_measured)
        return self._teach(batch._replace(rival_opening=_joined(before)))

    def learn(self, factor: float) -> bool:
        """Let the rival alone learn, once; say whether its loss and slope were finite.

        Args:
            factor: Of its learning rate.
        """
        self._rival_factor = factor
        return self._learn(self._next(), carries_on=True)

    def figures(self) -> Mapping[str, float]:
        """Return what was noticed since the last call, and forget it."""
        found = {**self._figures, **self.rival.figures()}
        self._figures = {}
        return found

    def react_(self, history: Sequence[Mapping[str, Any]]) -> list[str]:
        """Do something about the alarms of a history; say what."""
        found = alarms([line for line in history if line.get("phase") == PHASE])
        reaction = react(found, self._n_reactions)
        if reaction is None:
            return []
        self._n_reactions += 1
        self._factor *= reaction.generator_rate
        self._rival_factor *= reaction.critic_rate
        self.rival.soften_(reaction.noise)
        self._is_over = reaction.is_end
        return [reaction.text]

    def slow_down_(self) -> None:
        """Halve both learning rates for the rest of the game."""
        self._factor /= 2
        self._rival_factor /= 2

    def snapshot(self) -> Snapshot:
        """Return everything that changes, as plain arrays and plain facts."""
        groups = {
            "model": dict(self.model.state_dict()),
            "average": self.average.state(),
            "optimiser": self._optimiser.state(),
            "state": tensors_of_states(self._states),
            "rival": dict(self.rival.network.state_dict()),
            "rival_optimiser": self._rival_optimiser.state(),
            "rival_state": tensors_of_states(self._rival_states),
        }
        position = self._supply.batches.position()
        tensors = tensors_of(groups) | {f"position/{name}": at for name, at in position.items()}
        facts = {
            "update": self.update_count,
            "n_learnt": self._n_learnt,
            "factors": [self._factor, self._rival_factor],
            "n_reactions": self._n_reactions,
            "is_over": self._is_over,
            "rival": self.rival.state(),
            "figures": dict(self._figures),
            **self.pace.to_facts(),
        }
        return Snapshot(tensors=tensors, facts=facts)

    def restore_(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot of a game with the same settings."""
        groups = grouped(snapshot.tensors)
        self.model.load_state_dict(to_torch(groups["model"]))
        self.average.restore_(to_torch(groups["average"]))
        self._optimiser.restore_(to_torch(groups.get("optimiser", {})))
        self.rival.network.load_state_dict(to_torch(groups["rival"]))
        self._rival_optimiser.restore_(to_torch(groups.get("rival_optimiser", {})))
        device, n = self._precision.device, self._n_groups
        self._states = states_of(groups.get("state", {}), n, device)
        self._rival_states = states_of(groups.get("rival_state", {}), n, device)
        self._supply.batches.seek(groups["position"])
        facts = snapshot.facts
        self.update_count, self._n_learnt = int(facts["update"]), int(facts["n_learnt"])
        self._factor, self._rival_factor = facts["factors"]
        self._n_reactions, self._is_over = int(facts["n_reactions"]), bool(facts["is_over"])
        self.rival.restore_(facts["rival"])
        self.pace = Pace.of_facts(facts)
        self._figures = dict(facts["figures"])

    def _next(self) -> GameBatch:
        """Read real rows, and let every group of rows write its own in their place."""
        real: Any = self._supply.batches.next()
        futures = [
            self._workers.pool.submit(self._write, k, real.part(k, self._n_groups))
            for k in range(self._n_groups)
        ]
        longest = self._supply.longest
        return game_batch(real, [future.result() for future in futures], longest)

    def _write(self, k: int, real: Any) -> Drawn:
        device = self._precision.device
        seed = derive(self.config.seed, _STREAM_DRAW, self.update_count, self._n_learnt, k)
        noise = torch.Generator(device).manual_seed(seed)
        real = real.to(device)
        rows = self.rival.written_rows(len(real.fresh))
        past = rows_of(opening_of(self.model, self._states[k], real.fresh), rows)
        opening = Opening(real.inputs[rows, 0], real.context[rows], past)
        longest, end = self._supply.longest, self._supply.end
        drawn = draw(self.model, opening, longest, end, noise)
        drawn = cut(drawn, steps_to_write(real, end, longest)[rows])
        return Drawn(*(column.cpu() for column in drawn))

    def _learn(self, batch: GameBatch, *, carries_on: bool) -> bool:
        """Adjust the rival once; say whether its loss and slope were finite."""
        loss, states = self._rival_workers.accumulate_(batch, self._rival_states, self._n_learnt)
        factor, clip_norm = self._rival_factor, self.config.clip_norm
        norm = self._rival_optimiser.adjust(loss.nats, factor=factor, clip_norm=clip_norm)
        self._rival_states = states
        self._n_learnt += 1
        self._notice("critic_gradient_norm", norm)
        self._notice("critic_loss", loss.nats / max(1, batch.n_steps))
        if carries_on:
            self._read_on(batch)
        return math.isfinite(norm)

    def _teach(self, batch: GameBatch) -> LossSum:
        """Adjust the generator once."""
        self.rival.hold_(still=True)
        loss, states = self._workers.accumulate_(batch, self._states, self.update_count)
        self.rival.hold_(still=False)
        penalty_gradients_(list(self.model.parameters()), self.config.l1, self.config.l2)
        factor, clip_norm = self._rate_factor(), self.config.clip_norm
        norm = self._optimiser.adjust(loss.nats, factor=factor, clip_norm=clip_norm)
        if not math.isfinite(norm):
            return LossSum(math.nan, loss.steps)
        self.average.follow()
        self._states = states
        self.update_count += 1
        self._notice("generator_gradient_norm", norm)
        return loss

    @torch.no_grad()
    def _read_on(self, batch: GameBatch) -> None:
        """Carry the generator's state over rows from which only the rival has learnt."""
        if not self._supply.reads_on:
            return
        for k, state in enumerate(self._states):
            real = batch.real.part(k, self._n_groups).to(self._precision.device)
            past = opening_of(self.model, state, real.fresh)
            _, after = self.model(real.inputs, real.context, past)
            self._states[k] = after.detach()

    def _fresh_rival_states(self, size: int) -> list[State | None]:
        network: Any = self.rival.network
        start = network.start(size) if self.rival.is_carried else None
        return [start] * self._n_groups

    def _notice(self, name: str, value: float) -> None:
        """Keep a running mean of what happens between two evaluations."""
        before = self._figures.get(name, value)
        self._figures[name] = before + 0.1 * (value - before)

    def _rate_factor(self) -> float:
        return self._factor * rate_factor(self.config, self.pace.share(self.update_count))


def _generator_config(game: AdversarialConfig, training: TrainingConfig) -> TrainingConfig:
    return replace(
        training,
        optimiser="adam",
        learning_rate=game.learning_rate,
        momentum=game.beta1,
        beta2=0.999,
        schedule="linear",
        final_rate=_SLOWEST,
        average_decay=game.average_decay,
        n_evaluations=game.n_evaluations,
        patience=0,
    )


def _joined(states: Sequence[State | None]) -> State | None:
    """Return the states of all groups side by side."""
    kept = [state for state in states if state is not None]
    if not kept:
        return None
    return State(*(torch.cat(parts, dim=1) for parts in zip(*kept, strict=True)))
