import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from serinette.decoding.row_critic import RowCritic
from serinette.nets.critic_config import CriticConfig, expected_shapes
from serinette.nets.symbol_critic import SymbolCritic

V, E, T = 11, 3, 13
SMALL = {"channels": 4, "hidden_size": 5, "dense_size": 6}
CONFIGS = {
    "cnn": {"widths": (1, 2, 5)},
    "cnn-max": {"pooling": "max", "activation": "tanh", "widths": (4, 9)},
    "cnn-mean": {"pooling": "mean", "activation": "sigmoid", "n_dense": 0},
    "cnn-relu": {"activation": "relu", "layer_norm": True, "n_dense": 3},
    "cnn-bounded": {"spectral_norm": True, "layer_norm": True, "n_dense": 2},
    "cnn-forgetful": {"dropout": 0.5},
    "lstm": {"network": "lstm"},
    "lstm-deep": {"network": "lstm", "n_layers": 3, "n_dense": 2, "activation": "tanh"},
    "lstm-normed": {"network": "lstm", "layer_norm": True, "n_layers": 2, "activation": "relu"},
    "lstm-bounded": {"network": "lstm", "spectral_norm": True, "n_dense": 0},
}


def pair(name, window=None):
    """Return a critic with weights that are nowhere 0 or 1, and its face without torch."""
    config = CriticConfig(**(SMALL | CONFIGS[name]))
    generator = torch.Generator().manual_seed(4)
    network = SymbolCritic(torch.randn(V, E, generator=generator), config, seed=7)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.4)
    return network, RowCritic(network.exported(), config, window)


@torch.no_grad()
def logits(network, rows):
    """Return what the network says of rows side by side, rubbish behind their ends."""
    longest = max(map(len, rows))
    symbols = torch.full((len(rows), longest), V - 1)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for k, row in enumerate(rows):
        symbols[k, : len(row)] = torch.tensor(row)
        mask[k, : len(row)] = True
    network.eval()
    return network.judge(network.embed(symbols), mask).logits.numpy()


ROWS = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=T), min_size=1, max_size=5)


@pytest.mark.parametrize("name", CONFIGS)
@settings(max_examples=12)
@given(rows=ROWS)
def test_a_row_is_judged_as_by_the_network_alone_and_in_a_padded_batch(name, rows):
    network, critic = pair(name)
    words = [critic.word(np.array(row)) for row in rows]
    alone = [logits(network, [row])[0] for row in rows]
    np.testing.assert_allclose(words, alone, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(words, logits(network, rows), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_weight_is_listed_with_its_shape(name):
    network, _ = pair(name)
    found = {place: weight.shape for place, weight in network.exported().items()}
    assert found == expected_shapes(network.critic.config, V, E)


@pytest.mark.parametrize("name", ["cnn-bounded", "lstm-bounded"])
def test_what_is_exported_is_bounded_and_leaves_the_network_as_it_was(name):
    network, _ = pair(name)
    network.train()
    for _ in range(60):
        network.critic.singular.normed(network.critic)
    vector = network.critic.singular.vector0.clone()
    exported = network.exported()
    for place, weight in exported.items():
        if weight.ndim > 1 and place != "vectors":
            largest = np.linalg.svd(weight.reshape(len(weight), -1), compute_uv=False)[0]
            assert largest == pytest.approx(1, abs=1e-3), place
    assert all(module.training for module in network.modules())
    assert torch.equal(network.critic.singular.vector0, vector)
    exported["vectors"] += 1
    assert not np.array_equal(network.exported()["vectors"], exported["vectors"])


@pytest.mark.parametrize("window", [1, 4, 5])
@given(row=st.lists(st.integers(0, V - 1), max_size=T))
@settings(max_examples=25)
def test_a_long_row_is_judged_by_its_windows(window, row):
    _, whole = pair("cnn")
    _, critic = pair("cnn", window)
    parts = [row[k : k + window] for k in range(0, len(row), window)]
    if len(parts) > 1 and 2 * len(parts[-1]) < window:
        parts.pop()
    wanted = sum(whole.word(np.array(part)) for part in parts)
    assert critic.word(np.array(row, dtype=int)) == pytest.approx(wanted, abs=1e-6)


def test_nothing_is_said_of_an_empty_row():
    for name in CONFIGS:
        assert pair(name)[1].word(np.zeros(0, dtype=np.int64)) == 0


def test_large_weights_overflow_nothing():
    for name in CONFIGS:
        network, _ = pair(name)
        config = network.critic.config
        critic = RowCritic({n: w * 100 for n, w in network.exported().items()}, config, None)
        assert np.isfinite(critic.word(np.arange(V)))
