"""One suite for every stepper: the promises of `decoding.stepper.Stepper`."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from tiny_models import FixedStepper, config, schema, weights

from serinette.artifact.int8_graph import build_int8_graph
from serinette.artifact.step_graph import build_step_graph
from serinette.core.errors import ArtifactError, QualityError
from serinette.decoding.checks import check_causality, check_parity
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.nets.model import SequenceModel
from serinette.nets.stepper import TorchStepper

VARIANTS = {
    "plain": {},
    "tied": {"tied": True},
    "one layer": {"n_layers": 1},
    "sum": {"readout": "sum", "layer_norm": True},
    "concat, tied": {"readout": "concat", "tied": True, "n_layers": 3, "layer_norm": True},
}
B, T, V = 4, 12, 11


def onnx_stepper(a_config, a_schema, n_threads=1):
    graph = build_step_graph(a_config, a_schema, weights(a_config, a_schema))
    return OnnxStepper(graph, a_schema, n_threads)


def torch_stepper(a_config, a_schema):
    model = SequenceModel(a_config, a_schema)
    state = {name: torch.from_numpy(w) for name, w in weights(a_config, a_schema).items()}
    model.load_state_dict(state)
    return TorchStepper(model)


def int8_stepper(a_config, a_schema, n_threads=1):
    """In whole numbers; its layers are of 16 units, and not normalised."""
    a_config = replace(a_config, hidden_size=16, layer_norm=False)
    graph = build_int8_graph(a_config, a_schema, weights(a_config, a_schema))
    return OnnxStepper(graph, a_schema, n_threads)


STEPPERS = {"onnx": onnx_stepper, "int8": int8_stepper, "torch": torch_stepper}


@pytest.fixture(params=STEPPERS)
def make(request):
    return STEPPERS[request.param]


@pytest.fixture(params=VARIANTS)
def variant(request):
    return config(**VARIANTS[request.param])


def batch(seed=0, n_labels=0, n_rows=B):
    generator = np.random.default_rng(seed)
    steps = generator.integers(0, V, (n_rows, T, 1))
    columns = 1 if n_labels else 0
    return steps, generator.integers(0, n_labels or 1, (n_rows, columns))


def logits(stepper, hidden, n_rows, n_steps):
    return stepper.field(0, hidden, np.empty((n_rows, n_steps, 0), dtype=np.int64))


def run(stepper, steps, context, cuts):
    """Read `steps` in chunks; `cuts` are their borders."""
    state, parts = stepper.start(context), []
    for first, last in pairwise([0, *cuts, steps.shape[1]]):
        hidden, state = stepper.advance(steps[:, first:last], state)
        parts.append(logits(stepper, hidden, len(steps), last - first))
    return np.concatenate(parts, axis=1), state


def assert_same(stepper, one, other):
    """ONNX Runtime keeps its promises to the bit, torch nearly."""
    if isinstance(stepper, OnnxStepper):
        assert np.array_equal(one, other)
    else:
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_logits_have_a_row_a_step_and_a_number_for_every_symbol(make):
    stepper = make(config(), schema(V))
    found, state = run(stepper, *batch(), cuts=[5])
    assert found.shape == (B, T, V)
    assert found.dtype == np.float32
    assert state.n_rows == B


@pytest.mark.parametrize("cuts", [[1], [5, 6], [11], list(range(1, T))])
def test_chunks_give_what_the_whole_gives(make, variant, cuts):
    stepper = make(variant, schema(V))
    whole, _ = run(stepper, *batch(), cuts=[])
    assert_same(stepper, run(stepper, *batch(), cuts=cuts)[0], whole)


def test_a_row_alone_is_that_row_in_a_batch(make, variant):
    stepper = make(variant, schema(V, n_labels=3))
    steps, context = batch(n_labels=3)
    together, _ = run(stepper, steps, context, cuts=[3, 4])
    for row in range(B):
        alone, _ = run(stepper, steps[row : row + 1], context[row : row + 1], cuts=[3, 4])
        assert_same(stepper, alone[0], together[row])


@pytest.mark.parametrize(
    ("build", "hidden_size", "tied"),
    [
        (build_step_graph, 33, False),
        (build_step_graph, 256, False),
        (build_step_graph, 512, False),
        (build_int8_graph, 192, True),
        (build_int8_graph, 208, False),
        (build_int8_graph, 512, False),
    ],
)
def test_onnx_logits_of_a_row_never_depend_on_batch_or_chunk(build, hidden_size, tied):
    a_config = config(hidden_size=hidden_size, embedding_size=31, tied=tied)
    graph = build(a_config, schema(V), weights(a_config, schema(V)))
    stepper = OnnxStepper(graph, schema(V))
    steps, context = batch(n_rows=64)
    reference, _ = run(stepper, steps, context, cuts=range(1, T))
    for n_rows in (1, 2, 3, 4, 7, 64):
        for cuts in ([], [5], list(range(1, T))):
            found, _ = run(stepper, steps[-n_rows:], context[-n_rows:], cuts)
            assert np.array_equal(found, reference[-n_rows:]), (n_rows, cuts)


def test_onnx_logits_never_depend_on_the_number_of_threads():
    one, two = (onnx_stepper(config(hidden_size=256), schema(V), n) for n in (1, 2))
    steps, context = batch(n_rows=64)
    for n_rows in (1, 7, 64):
        for cuts in ([], list(range(1, T))):
            alone, _ = run(one, steps[:n_rows], context[:n_rows], cuts)
            together, _ = run(two, steps[:n_rows], context[:n_rows], cuts)
            assert np.array_equal(alone, together), (n_rows, cuts)


def test_the_future_never_changes_the_past(make):
    stepper = make(config(), schema(V))
    check_causality(stepper)


def test_selected_and_joined_rows_go_on_as_they_would_have(make):
    stepper = make(config(), schema(V, n_labels=3))
    steps, context = batch(n_labels=3)
    whole, _ = run(stepper, steps, context, cuts=[])
    _, state = run(stepper, steps[:, :7], context, cuts=[])
    order = np.array([2, 2, 0])
    chosen = state.select(order).join(state.select(np.array([1])))
    hidden, _ = stepper.advance(steps[[2, 2, 0, 1], 7:], chosen)
    found = logits(stepper, hidden, 4, T - 7)
    assert_same(stepper, found, whole[[2, 2, 0, 1], 7:])


def test_a_state_that_is_held_is_never_changed(make):
    stepper = make(config(), schema(V))
    steps, context = batch()
    _, held = run(stepper, steps[:, :2], context, cuts=[1])
    first, _ = stepper.advance(steps[:, 2:3], held)
    before = logits(stepper, first, B, 1)
    for t in range(3, T):  # memory is used again meanwhile
        _, later = stepper.advance(steps[:, t : t + 1], held)
        stepper.advance(steps[:, t : t + 1], later)
    again, _ = stepper.advance(steps[:, 2:3], held)
    assert np.array_equal(before, logits(stepper, again, B, 1))


def test_many_states_may_be_held_at_once(make):
    stepper = make(config(), schema(V))
    steps, context = batch(n_rows=1)
    state, states = stepper.start(context), []
    for turn in range(3 * T):
        states.append(state)
        _, state = stepper.advance(steps[:, turn % T, None], state)
    for turn in (0, 17, 30):
        again, _ = stepper.advance(steps[:, turn % T, None], states[turn])
        following, _ = stepper.advance(steps[:, turn % T, None], states[turn])
        assert np.array_equal(logits(stepper, again, 1, 1), logits(stepper, following, 1, 1))


def test_context_changes_what_is_predicted(make):
    stepper = make(config(), schema(V, n_labels=3))
    steps, _ = batch()
    zero, _ = run(stepper, steps, np.zeros((B, 1), dtype=np.int64), cuts=[])
    two, _ = run(stepper, steps, np.full((B, 1), 2), cuts=[])
    assert not np.allclose(zero, two)


@pytest.mark.parametrize("n_labels", [0, 3])
def test_the_step_graph_agrees_with_torch(variant, n_labels):
    a_schema = schema(V, n_labels)
    difference = check_parity(onnx_stepper(variant, a_schema), torch_stepper(variant, a_schema))
    assert difference < 1e-5


def test_a_step_graph_that_differs_is_not_exported():
    with pytest.raises(QualityError, match=r"logits differ from the network's by .* more than"):
        check_parity(onnx_stepper(config(), schema(V)), FixedStepper(schema(V)))


def test_a_network_that_looks_ahead_is_found():
    class Peeking(FixedStepper):
        def field(self, k, hidden, drawn):
            following = np.roll(hidden[:, :, 0], -1, axis=1)
            return np.eye(V, dtype=np.float32)[following]

    with pytest.raises(QualityError, match="the network looks ahead: changing the input after"):
        check_causality(Peeking(schema(V)))


def test_a_graph_that_is_none_is_refused():
    with pytest.raises(ArtifactError, match="the step graph cannot be loaded"):
        OnnxStepper(b"not a graph", schema(V))


def test_the_graph_of_another_schema_is_refused():
    graph = build_step_graph(config(), schema(V), weights(config(), schema(V)))
    with pytest.raises(ArtifactError, match="the step graph reads c, h, symbols, not c, context"):
        OnnxStepper(graph, schema(V, n_labels=3))
