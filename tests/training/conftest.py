import numpy as np
import pytest
import torch

from serinette.batching.corpus import join
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.gradients import Precision
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer

V = 11
SCHEMA = Schema(fields=(SymbolField(name="character", size=V, missing=1),), end=0)
FP32 = Precision(torch.device("cpu"), is_bf16=False)


def periodic(n, period=5):
    """A sequence that is easy to learn: 2 3 4 5 6 2 3 4 ..."""
    symbols = (np.arange(n) % period + 2).astype(np.int32)[:, None]
    return join([symbols], [np.zeros(0, dtype=np.int32)], end=0)


@pytest.fixture
def make_trainer():
    made = []

    def make(n_threads=1, sizes=None, precision=FP32, **settings):
        defaults = {"n_rows": 6, "window": 7, "updates": 12, "optimiser": "adamw"}
        defaults["precision"] = "bf16" if precision.is_bf16 else "fp32"
        config = TrainingConfig(**{**defaults, **settings})
        dropouts = {"output_dropout": 0.2, "layer_dropout": 0.1, "weight_drop": 0.1}
        model_config = ModelConfig(
            **(sizes or {"embedding_size": 5, "hidden_size": 9, "n_layers": 2, **dropouts})
        )
        model = SequenceModel(model_config, SCHEMA, seed=config.seed)
        supply = symbol_supply(model, periodic(400), config)
        trainer = Trainer(model, supply, config, precision, n_threads=n_threads)
        made.append(trainer)
        return trainer

    yield make
    for trainer in made:
        trainer.close()
