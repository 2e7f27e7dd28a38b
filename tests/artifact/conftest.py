"""One tiny model, by formula, in every shape that the tests need."""

import os

import numpy as np
import pytest
from protobuf_writer import model_proto, protobuf

from serinette.artifact.folder import ArtifactContents
from serinette.core.config import plain
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig, expected_shapes


@pytest.fixture(autouse=True)
def _without_waiting_for_the_platter(monkeypatch):
    """That files are brought to the platter is tested where it is done, in `core`."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def contents():
    config = ModelConfig(embedding_size=3, hidden_size=2, n_layers=2, layer_norm=True, tied=True)
    schema = Schema(
        fields=(SymbolField(name="character", size=5, missing=1),),
        context=(SymbolField(name="label", size=4),),
        end=0,
    )
    weights = {}
    for k, (name, shape) in enumerate(expected_shapes(config, schema).items()):
        ramp = np.arange(np.prod(shape), dtype=np.float32) + k
        weights[name] = np.sin(ramp).astype(np.float32).reshape(shape)
    return ArtifactContents(
        kind="text",
        schema=schema,
        codec={"characters": "ab春", "codec": "character"},
        model=plain(config),
        training={"updates": 7},
        source={"files": [{"path": "notes.txt", "sha256": "0" * 64}]},
        evaluation={"validation_nats": 1.25, "broken": float("nan")},
        history=[
            {"update": 3, "metrics": {"validation_nats": 1.5}},
            {"update": 7, "sample": "春\n"},
        ],
        weights=weights,
        graph=model_proto((5, protobuf((1, 2), (2, 1), (9, b"1234")))),
        card="# notes\n",
    )
