"""Cooperative training of the oracle's sequences: a generator steps towards a mediator.

Shape letters: `B` rows, `T` steps, `V` symbols.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from oracle_lstm import LENGTH, draw
from oracle_models import SIZES, SequenceBatches, Stepping, Task, batch_of, held_out, new_model
from torch import Tensor

from serinette.core.seeds import derive
from serinette.nets.model import SequenceModel, weights_of
from serinette.training.average import Average
from serinette.training.game.mediator import generator_divergence, mediator_nats


@dataclass(frozen=True, kw_only=True)
class GameConfig:
    """Settings of one game."""

    updates: int
    """Each adjusts the mediator and the generator once."""
    n_rows: int = 64
    """Rows of the mediator: half are real, half generated."""
    generator_rate: float = 1e-3
    mediator_rate: float = 3e-3
    beta2: float = 0.95
    weight_decay: float = 0.0
    divergence: str = "reverse"
    average_decay: float = 0.99
    """Of the generator's weights; the average is what is measured."""
    clip_norm: float = 5.0
    seed: int = 0


class Game:
    """A generator and its mediator; both are changed in place.

    Args:
        generator: Draws the samples and learns from whole distributions.
        mediator: Learns both sides by likelihood, with its own dropout.
        train: Real sequences.
        config: Settings.
    """

    def __init__(
        self, generator: SequenceModel, mediator: SequenceModel, train: Tensor, config: GameConfig
    ) -> None:
        self.generator, self.mediator, self.config = generator, mediator, config
        self.average = Average(generator, config.average_decay)
        self._real = SequenceBatches(train, config.n_rows // 2, config.seed)
        rates = (config.generator_rate, config.mediator_rate)
        self._optimisers = [
            torch.optim.AdamW(
                model.parameters(),
                lr=rate,
                betas=(0.9, config.beta2),
                weight_decay=config.weight_decay,
                fused=True,
            )
            for model, rate in zip((generator, mediator), rates, strict=True)
        ]
        self._done = 0

    def update(self) -> tuple[float, float]:
        """Adjust both once; return the mediator's and the generator's loss in nats per step."""
        config = self.config
        half = config.n_rows // 2
        stepping = Stepping(self.generator)
        seed = derive(config.seed, self._done) % 2**62
        own = draw(stepping.step, stepping.start(half), half, 1.0, seed)
        batch = batch_of(torch.cat([self._real.next().targets, own]))
        noise = torch.Generator().manual_seed(seed)
        logits = _logits(self.mediator, batch.inputs, noise)
        nats = mediator_nats(logits, batch.targets, batch.mask) / batch.n_steps
        with torch.no_grad():
            told = _logits(self.mediator, batch.inputs[half:], None)
        noise = torch.Generator().manual_seed(seed + 1)
        answer = _logits(self.generator, batch.inputs[half:], noise)
        divergence = generator_divergence(answer, told, batch.mask[half:], config.divergence)
        divergence = divergence / (half * LENGTH)
        share = 1 - self._done / config.updates
        losses = ((self.generator, divergence), (self.mediator, nats))
        for (model, loss), optimiser in zip(losses, self._optimisers, strict=True):
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
            for group in optimiser.param_groups:
                group["lr"] = group.setdefault("full", group["lr"]) * share
            optimiser.step()
        self.average.follow()
        self._done += 1
        return float(nats.detach()), float(divergence.detach())


def _logits(model: SequenceModel, inputs: Tensor, noise: torch.Generator | None) -> Tensor:
    context = torch.zeros((len(inputs), 0), dtype=torch.long)
    hidden, _ = model(inputs, context, model.start(len(inputs)), noise)
    return model.readout.project(hidden)


def play(game: Game, measure: Callable[[SequenceModel], float], n_measured: int) -> float:
    """Play to the end; the generator keeps the weights that `measure` liked best, its start's too.

    Returns:
        The best that was measured.
    """
    best, kept = measure(game.generator), weights_of(game.generator)
    every = max(1, game.config.updates // n_measured)
    for n_done in range(1, game.config.updates + 1):
        game.update()
        if n_done % every == 0:
            with game.average.in_place():
                found = measure(game.generator)
                print(f"update {n_done}: {found:.4f} on validation", flush=True)
                if found < best:
                    best, kept = found, weights_of(game.generator)
    game.generator.load_state_dict({n: torch.from_numpy(w) for n, w in kept.items()})
    return best


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One way to train against a mediator."""

    title: str
    config: GameConfig
    from_likelihood: bool = True
    """Whether both begin with the weights of the likelihood stage, or the counts only."""


GAMES = {
    "cooperative": Rival(title="then a mediator", config=GameConfig(updates=600)),
    "cooperative-scratch": Rival(
        title="mediator from the start", config=GameConfig(updates=3_000), from_likelihood=False
    ),
}


def played(
    rival: Rival, task: Task, likelihood: Mapping[str, Tensor]
) -> tuple[SequenceModel, float]:
    """Play one game; return the generator and how good it is on the validation part.

    The mediator has the dropout of the likelihood stage, the generator has none.
    """
    plain = replace(SIZES, input_dropout=0.0, output_dropout=0.0)
    generator = new_model(plain, task, seed=task.seed)
    mediator = new_model(SIZES, task, seed=task.seed + 1)
    if rival.from_likelihood:
        generator.load_state_dict(likelihood)
        mediator.load_state_dict(likelihood)
    game = Game(generator, mediator, task.train, replace(rival.config, seed=task.seed))
    best = play(game, lambda model: held_out(model, task.validation), n_measured=6)
    return generator, best
