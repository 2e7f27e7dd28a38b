"""`train --dry-run`: what would happen, with three batches as the model would see them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from serinette.nets.config import ModelConfig, n_parameters, predicted_symbols
from serinette.recipes.baseline import affordable_symbols
from serinette.recipes.fit.planning import GAME_COST, Planned
from serinette.recipes.prepare import Prepared
from serinette.recipes.requests import DryRun
from serinette.recipes.shares import shares_of
from serinette.training.config import TrainingConfig
from serinette.training.supply import batches_of

N_BATCHES = 3
N_ROWS_SHOWN = 4
BASE_BYTES = 420_000_000
"""What Python, torch and the other packages take before there is any data (measured)."""
_TEXT_BYTES = 4
"""A character while it is read and split, and its symbol."""
_COUNTED_BYTES = 70
"""A symbol that the count model counts."""


def describe(planned: Planned, sources: Sequence[Any]) -> DryRun:
    """Return the estimates of a plan, its first batches, and what each of the data gives."""
    model, training = planned.settings.groups["model"], planned.settings.groups["training"]
    parameters = n_parameters(model, planned.prepared.codec.schema)
    updates = training.updates + GAME_COST * _game_updates(planned)
    return DryRun(
        parameters=parameters,
        memory_bytes=_memory(planned.prepared, model, training, parameters),
        seconds=updates * planned.seconds_per_update,
        decoded_batches=_first_batches(planned.prepared, training),
        summary=planned.summary,
        resolved=planned.settings,
        shares=shares_of(planned.prepared.parts.train, sources),
    )


def _game_updates(planned: Planned) -> int:
    is_game = planned.settings.groups["training"].objective == "adversarial"
    return (planned.settings.groups["adversarial"].updates or 0) if is_game else 0


def _memory(
    prepared: Prepared, model: ModelConfig, training: TrainingConfig, parameters: int
) -> int:
    """Estimate the peak: packages, text and symbols, weights with their moments, activations."""
    n_steps = prepared.train.n_steps
    counted = min(n_steps, affordable_symbols(None, n_steps)) * _COUNTED_BYTES
    held = prepared.n_held_characters * _TEXT_BYTES
    weights = parameters * 4 * 8
    steps = training.n_rows * training.window
    n_symbols = predicted_symbols(prepared.codec.schema)[0].size
    width = 12 * model.hidden_size * model.n_layers + 3 * n_symbols
    return BASE_BYTES + held + counted + weights + steps * width * 4


def _first_batches(prepared: Prepared, training: TrainingConfig) -> tuple[tuple[str, ...], ...]:
    read = batches_of(prepared.train, training)
    batches = []
    for _ in range(N_BATCHES):
        batch = read.next()
        rows = zip(batch.inputs[:N_ROWS_SHOWN], batch.mask[:N_ROWS_SHOWN], strict=True)
        decoded = [prepared.codec.decode(_steps(row[kept].numpy())) for row, kept in rows]
        batches.append(tuple(decoded))
    return tuple(batches)


def _steps(symbols: np.ndarray) -> np.ndarray:
    return symbols.astype(np.int32)[:, None]
