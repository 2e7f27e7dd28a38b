"""States of every step, read in many rows, are those of one long reading."""

import numpy as np
import pytest
import tiny_models

from serinette.artifact.step_graph import build_step_graph
from serinette.decoding import states
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.decoding.reading import sequence_nats
from serinette.decoding.states import Wanted, read_states


def stepper(forget_bias=0.0, n_labels=0):
    schema = tiny_models.schema(n_labels=n_labels)
    config = tiny_models.config()
    weights = tiny_models.weights(config, schema)
    for k in range(config.n_layers):
        weights[f"layers.{k}.bias_ih_l0"][7:14] += forget_bias
    return OnnxStepper(build_step_graph(config, schema, weights), schema)


def texts(lengths, seed=0):
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 11, n).astype(np.int64) for n in lengths]


def one_by_one(a_stepper, sequences, contexts):
    """States of one reading, step after step."""
    found = []
    for sequence, context in zip(sequences, contexts, strict=True):
        state = a_stepper.start(context[None])
        for symbol in sequence[:-1]:
            _, state = a_stepper.advance(np.array([[[symbol]]]), state)
            found.append((state.buffers.h[:, 0].copy(), state.buffers.c[:, 0].copy()))
    return [np.stack(column) for column in zip(*found, strict=True)]


@pytest.mark.parametrize("forget_bias", [0.0, 12.0])  # with 12 a cell keeps all that it ever held
def test_states_are_those_of_one_long_reading(monkeypatch, forget_bias):
    monkeypatch.setattr(states, "_SHORTEST", 20)
    monkeypatch.setattr(states, "_WARM_UP", 12)
    a_stepper = stepper(forget_bias, n_labels=3)
    sequences = texts([130, 2, 3, 77])
    contexts = np.array([[0], [1], [2], [1]])
    n = sum(map(len, sequences)) - 4
    found = read_states(a_stepper, sequences, contexts, Wanted(states=np.arange(n)))
    h, c = one_by_one(a_stepper, sequences, contexts)
    np.testing.assert_allclose(found.h, h, atol=states.TOLERANCE)
    np.testing.assert_allclose(found.c, c, atol=30 * states.TOLERANCE)
    nats = np.concatenate(list(sequence_nats(a_stepper, sequences, contexts)))
    np.testing.assert_allclose(found.nats, nats, atol=10 * states.TOLERANCE)


def test_a_wrong_start_is_noticed_and_read_again(monkeypatch):
    monkeypatch.setattr(states, "_SHORTEST", 20)
    monkeypatch.setattr(states, "_WARM_UP", 12)
    read = []
    real = states._read
    monkeypatch.setattr(
        states,
        "_read",
        lambda a, b, group, keeper: (read.append(len(group)), real(a, b, group, keeper)),
    )
    contexts = np.zeros((1, 0), dtype=np.int64)
    read_states(stepper(12.0), texts([130]), contexts, Wanted(states=np.arange(3)))
    assert len(read) > 1


def test_alternatives_are_the_likeliest_symbols_in_order():
    a_stepper, sequences = stepper(), texts([9, 5])
    contexts = np.zeros((2, 0), dtype=np.int64)
    wanted = Wanted(states=np.array([2, 7]), n_alternatives=4, n_shown=10)
    found = read_states(a_stepper, sequences, contexts, wanted)
    assert found.h.shape == (2, 2, 7)
    rows = []
    for sequence, context in zip(sequences, contexts, strict=True):
        logits, _ = a_stepper.advance(sequence[None, :-1, None], a_stepper.start(context[None]))
        chances = np.exp(logits[0])
        rows.append(chances / chances.sum(-1, keepdims=True))
    chances = np.concatenate(rows)[:10]
    order = np.argsort(-chances, axis=1)[:, :4]
    assert (found.alternatives == order).all()
    np.testing.assert_allclose(found.chances, np.take_along_axis(chances, order, 1), rtol=1e-5)
