"""From a time budget to sizes and updates of a model of a table."""

from collections.abc import Mapping
from typing import Final

import torch

from serinette.nets.fields import FieldsModel
from serinette.nets.fields_config import FieldsConfig
from serinette.recipes.series.prepare import PreparedSeries
from serinette.training.config import TrainingConfig
from serinette.training.gradients import Precision
from serinette.training.machine import fastest_update
from serinette.training.supply import StepObjective, Supply
from serinette.training.trainer import Trainer
from serinette.training.windows import WindowBatches

SIZES: Final[Mapping[str, Mapping[str, int]]] = {
    "xs": {"hidden_size": 48},
    "s": {"hidden_size": 96},
    "m": {"hidden_size": 128},
    "l": {"hidden_size": 192},
    "xl": {"hidden_size": 256},
    "xxl": {"hidden_size": 384},
}
"""What `--size` means for tables, smallest first."""
MOST_UPDATES = 20_000
MOST_PASSES = 400.0
"""Windows begin at every row, so that a pass shows a row many times in other company."""
_PLENTY = 100_000
"""With so many rows nothing needs to be disturbed."""
_FEWEST_UPDATES = 50
_N_TIMED = 6
_SMALL, _LARGE = 20_000, 400_000


def size_for(prepared: PreparedSeries) -> str:
    """Return the size that a table's training part can feed."""
    cells = prepared.n_training_rows * max(1, len(prepared.codec.parallel_values))
    if cells < _SMALL:
        return "s"
    return "m" if cells < _LARGE else "l"


def rows_for(prepared: PreparedSeries, config: TrainingConfig) -> int:
    """Return the windows of a batch: fewer where windows are long or sequences are few."""
    window = prepared.codec.window
    wanted = max(8, min(config.n_rows, 8_192 // window))
    return max(config.n_workers, wanted - wanted % config.n_workers)


def supply_of(prepared: PreparedSeries, sizes: FieldsConfig, config: TrainingConfig) -> Supply:
    """Return windows of the training part, and their likelihood as what is asked for."""
    batches = WindowBatches(
        prepared.codec,
        prepared.steps,
        prepared.parts.train,
        config,
        level_noise=sizes.level_noise,
    )
    return Supply(batches=batches, objective=StepObjective(), states={})


def seconds_per_update(
    prepared: PreparedSeries, sizes: FieldsConfig, config: TrainingConfig, n_threads: int
) -> float:
    """Time real updates on this machine."""
    schema = prepared.codec.schema(sizes.parts, sizes.opening_parts)
    precision = Precision(torch.device("cpu"), is_bf16=False)
    trainer = Trainer(
        FieldsModel(sizes, schema), supply_of(prepared, sizes, config), config, precision,
        n_threads=n_threads,
    )  # fmt: skip
    return fastest_update(trainer, _N_TIMED)


def updates_for(
    prepared: PreparedSeries, config: TrainingConfig, seconds: float, per_update: float
) -> int:
    """Return how many updates a time pays for, up to what is useful."""
    useful = useful_updates(prepared, config)
    return max(_FEWEST_UPDATES, min(useful, int(seconds / per_update)))


def useful_updates(prepared: PreparedSeries, config: TrainingConfig) -> int:
    """Return how many updates are useful.

    Reading the same rows more often only learns them by heart, whatever the noise.
    """
    per_pass = prepared.n_training_rows / (config.n_rows * prepared.codec.window)
    return max(_FEWEST_UPDATES, min(MOST_UPDATES, int(MOST_PASSES * per_pass)))


def regularisers(prepared: PreparedSeries) -> dict[str, float]:
    """Choose noise and dropout from how much there is to learn from."""
    few = min(1.0, max(0.0, 1 - prepared.n_training_rows / _PLENTY))
    is_steady = any(code.mode == "increment" for code in prepared.codec.values)
    return {
        "model.level_noise": round(few, 2) if is_steady and prepared.codec.is_single else 0.0,
        "model.output_dropout": round(0.4 * few, 2) if prepared.codec.is_single else 0.0,
    }
