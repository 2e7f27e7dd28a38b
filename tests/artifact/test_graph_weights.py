"""Weights that are put into a finished step graph."""

from dataclasses import replace

import pytest

from serinette.artifact.graph_weights import with_weights
from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel, weights_of

SCHEMA = Schema(
    fields=(SymbolField(name="character", size=11),),
    context=(SymbolField(name="label", size=3),),
    end=0,
)
PLAIN = ModelConfig(embedding_size=5, hidden_size=7, n_layers=2)
CONFIGS = {
    "side by side": PLAIN,
    "summed and normalised": replace(PLAIN, readout="sum", layer_norm=True),
    "tied": replace(PLAIN, tied=True),
}


def weights(config, seed):
    return weights_of(SequenceModel(config, SCHEMA, seed=seed))


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_graph_is_the_one_that_would_have_been_built(config):
    one, other = (build_step_graph(config, SCHEMA, weights(config, seed)) for seed in (1, 2))
    assert one != other
    assert with_weights(one, config, weights(config, 2)) == other


def test_a_graph_of_other_sizes_is_refused():
    graph = build_step_graph(PLAIN, SCHEMA, weights(PLAIN, 1))
    wider = replace(PLAIN, embedding_size=6)
    with pytest.raises(ArtifactError, match=r"holds no 'contexts\.0\.weight'; restore it"):
        with_weights(graph, wider, weights(wider, 1))
