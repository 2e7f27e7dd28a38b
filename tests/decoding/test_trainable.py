"""The network of texts in NumPy against torch, forwards and backwards."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from serinette.core.schema import Schema, SymbolField
from serinette.decoding.trainable import TrainableNetwork
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel, weights_of

V, E, H, T = 11, 5, 7, 12
CONFIGS = {
    "plain": ModelConfig(embedding_size=E, hidden_size=H, n_layers=1, readout="last"),
    "deep": ModelConfig(embedding_size=E, hidden_size=H, n_layers=3, readout="concat"),
    "summed": ModelConfig(embedding_size=E, hidden_size=H, n_layers=2, readout="sum"),
    "last of two": ModelConfig(embedding_size=E, hidden_size=H, n_layers=2, readout="last"),
    "tied and normalised": ModelConfig(
        embedding_size=E, hidden_size=H, n_layers=2, tied=True, layer_norm=True
    ),
}
SYMBOLS = np.random.default_rng(0).integers(V, size=T + 1)
CONTEXT = np.array([2])


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def model(request):
    label = SymbolField(name="label", size=3)
    schema = Schema(fields=(SymbolField(name="character", size=V),), context=(label,), end=0)
    model = SequenceModel(request.param, schema, seed=3)
    with torch.no_grad():  # biases and gains that are not 0 and 1
        generator = torch.Generator().manual_seed(4)
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    return model


def network_of(model):
    return TrainableNetwork(model.config, model.schema, weights_of(model))


def test_what_it_reads_is_what_torch_reads(model):
    network = network_of(model)
    first = network.read(SYMBOLS[:5], CONTEXT, network.start())
    second = network.read(SYMBOLS[5:-1], CONTEXT, first.end)
    with torch.no_grad():
        hidden, state = model(
            torch.from_numpy(SYMBOLS[None, :-1]), torch.from_numpy(CONTEXT[None]), model.start(1)
        )
        expected = model.readout.project(hidden)[0].numpy()
    np.testing.assert_allclose(np.concatenate([first.logits, second.logits]), expected, atol=2e-6)
    np.testing.assert_allclose(second.end.h, state.h[:, 0].numpy(), atol=1e-6)
    np.testing.assert_allclose(second.end.c, state.c[:, 0].numpy(), atol=1e-6)


def test_its_gradients_are_those_of_torch(model):
    network = network_of(model)
    reading = network.read(SYMBOLS[:-1], CONTEXT, network.start())
    shifted = np.exp(reading.logits - reading.logits.max(1, keepdims=True))
    d_logits = shifted / shifted.sum(1, keepdims=True)
    d_logits[np.arange(T), SYMBOLS[1:]] -= 1
    found = network.back_in_order(network.gradients(reading, d_logits))
    hidden, _ = model(
        torch.from_numpy(SYMBOLS[None, :-1]), torch.from_numpy(CONTEXT[None]), model.start(1)
    )
    logits = model.readout.project(hidden)[0]
    F.cross_entropy(logits, torch.from_numpy(SYMBOLS[1:]), reduction="sum").backward()
    expected = {name: weight.grad.numpy() for name, weight in model.named_parameters()}
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, atol=5e-5, err_msg=name)


def test_weights_come_back_as_they_went_in(model):
    weights = weights_of(model)
    exported = network_of(model).exported()
    for name, value in weights.items():
        np.testing.assert_array_equal(exported[name], value)
