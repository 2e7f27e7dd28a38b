"""A one-hot input: zeros with a 1 at the symbol's place, which nothing ever moves."""

import numpy as np
import pytest

import serinette
from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig, n_parameters
from serinette.nets.model import SequenceModel, weights_of

SCHEMA = Schema(fields=(SymbolField(name="character", size=9, missing=1),), end=0)
TEXT = "a bird sings in the box that a hand turns, and sings again.\n" * 40
WANTED = {"model__one_hot": True, "model__hidden_size": 12, "model__n_layers": 1}


def test_its_table_is_no_parameter():
    config = ModelConfig(embedding_size=9, hidden_size=5, n_layers=1, one_hot=True)
    model = SequenceModel(config, SCHEMA)
    assert np.array_equal(weights_of(model)["embedding.weight"], np.eye(9, dtype=np.float32))
    found = {name: weight.numel() for name, weight in model.named_parameters()}
    assert "embedding.weight" not in found
    assert sum(found.values()) == n_parameters(config, SCHEMA)


def test_training_leaves_it_as_it_is_and_what_is_trained_writes(tmp_path):
    model = serinette.train([TEXT], runs=tmp_path, name="birds", updates=12, **WANTED)
    weights = model.artifact.weights()["embedding.weight"]
    assert np.array_equal(weights, np.eye(len(weights), dtype=np.float32))
    assert model.artifact.model_config.embedding_size == len(weights)
    (sample,) = model.generate(1, seed=1, max_steps=30)
    assert sample.text
    scored = model.score([TEXT])
    assert 0 < scored.bits_per_character < np.log2(len(weights))
    with pytest.raises(ConfigError, match="one-hot"):
        serinette.train([TEXT + "?"], runs=tmp_path, base_model=str(tmp_path / "birds"), updates=2)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"model__tied": True}, "model.tied"), ({"model__embedding_size": 3}, "got 3")],
)
def test_what_does_not_go_with_it_is_refused(settings, named, tmp_path):
    with pytest.raises(ConfigError, match=named):
        serinette.train([TEXT], runs=tmp_path, updates=2, **WANTED, **settings)
