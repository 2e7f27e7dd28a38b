"""Fields of the context that share a table of vectors: the graph says what the network says."""

import numpy as np
import pytest
import torch
from tiny_models import config, weights

from serinette.artifact.step_graph import build_step_graph
from serinette.core.schema import Schema, SymbolField, context_tables
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.nets.config import expected_shapes
from serinette.nets.model import SequenceModel
from serinette.nets.stepper import TorchStepper


def field(name, size, table=None):
    return SymbolField(name=name, size=size, missing=0, table=table)


CONTEXT = (
    field("title1", 6, "title"),
    field("form", 4),
    field("title2", 6, "title"),
    field("author", 5),
    field("title3", 6, "title"),
)
SCHEMA = Schema(fields=(SymbolField(name="character", size=11, missing=1),), context=CONTEXT, end=0)


def logits(stepper, context):
    steps = np.random.default_rng(1).integers(0, 11, (len(context), 6, 1))
    hidden, _ = stepper.advance(steps, stepper.start(context))
    return stepper.field(0, hidden, np.empty((len(context), 6, 0), dtype=np.int64))


@pytest.fixture(scope="module")
def steppers():
    a_config = config(tied=True)
    arrays = weights(a_config, SCHEMA)
    model = SequenceModel(a_config, SCHEMA)
    model.load_state_dict({name: torch.from_numpy(w) for name, w in arrays.items()})
    return OnnxStepper(build_step_graph(a_config, SCHEMA, arrays), SCHEMA), TorchStepper(model)


def test_fields_of_a_table_share_its_vectors():
    assert context_tables(CONTEXT) == [[0, 2, 4], [1], [3]]
    shapes = expected_shapes(config(), SCHEMA)
    tables = [shapes[f"contexts.{k}.weight"] for k in range(3)]
    assert tables == [(6, 5), (4, 5), (5, 5)]
    assert "contexts.3.weight" not in shapes


def test_the_graph_says_what_the_network_says(steppers):
    onnx_stepper, torch_stepper = steppers
    generator = np.random.default_rng(0)
    context = np.stack([generator.integers(0, one.size, 9) for one in CONTEXT], axis=1)
    found = logits(onnx_stepper, context)
    np.testing.assert_allclose(found, logits(torch_stepper, context), rtol=0, atol=1e-5)
    for column, one in enumerate(CONTEXT):
        other = context.copy()
        other[:, column] = (other[:, column] + 1) % one.size
        changed = np.abs(logits(onnx_stepper, other) - found).max(axis=(1, 2))
        assert (changed > 1e-4).all(), one.name


def test_a_title_is_a_bag_of_characters(steppers):
    context = np.array([[1, 2, 3, 4, 5]])
    turned = context[:, [2, 1, 4, 3, 0]]
    for stepper in steppers:
        np.testing.assert_allclose(
            logits(stepper, context), logits(stepper, turned), rtol=0, atol=1e-5
        )


def test_a_schema_with_tables_survives_its_plain_values():
    assert Schema.from_json(SCHEMA.to_json()) == SCHEMA
