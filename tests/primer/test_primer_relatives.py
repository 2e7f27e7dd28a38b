"""The plain RNN and the GRU against torch's; gradients that vanish."""

import numpy as np
import pytest
import torch

from serinette.primer.gru import GRUWeights, gru_backward, gru_forward
from serinette.primer.rnn import RNNWeights, rnn_backward, rnn_forward
from serinette.primer.vanishing import gradient_norms

ROWS, STEPS, INPUTS, HIDDEN = 3, 9, 5, 7
ZEROS = {"bias_hh": np.zeros(HIDDEN)}


def drawn(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def drawn_rnn():
    shapes = [(HIDDEN, INPUTS), (HIDDEN, HIDDEN), (HIDDEN,)]
    return RNNWeights(*(0.5 * drawn(*shape, seed=n) for n, shape in enumerate(shapes)))


def drawn_gru():
    shapes = [(3 * HIDDEN, INPUTS), (3 * HIDDEN, HIDDEN), (3 * HIDDEN,), (3 * HIDDEN,)]
    return GRUWeights(*(0.5 * drawn(*shape, seed=n) for n, shape in enumerate(shapes)))


def run_torch(layer, weights, x, d_h):
    """Return h of every step, and the derivatives by the inputs and by each weight."""
    with torch.no_grad():
        for name, array in weights.items():
            getattr(layer, f"{name}_l0").copy_(torch.from_numpy(array))
    given = torch.from_numpy(x).requires_grad_()
    shown, _ = layer(given)
    shown.backward(torch.from_numpy(d_h))
    found = {name: getattr(layer, f"{name}_l0").grad for name in weights}
    return shown.detach(), given.grad, found


def test_the_plain_network_and_its_derivatives_are_torchs():
    weights, x, d_h = drawn_rnn(), drawn(ROWS, STEPS, INPUTS), drawn(ROWS, STEPS, HIDDEN, seed=9)
    layer = torch.nn.RNN(INPUTS, HIDDEN, batch_first=True, dtype=torch.float64)
    named = dict(zip(("weight_ih", "weight_hh", "bias_ih"), weights, strict=True))
    h, d_x, found = run_torch(layer, named | ZEROS, x, d_h)
    ours = rnn_forward(weights, x)
    np.testing.assert_allclose(ours, h, atol=1e-12)
    our_d_x, gradient = rnn_backward(weights, x, ours, d_h)
    np.testing.assert_allclose(our_d_x, d_x, atol=1e-10, rtol=0)
    for name, array in zip(named, gradient, strict=True):
        np.testing.assert_allclose(array, found[name], atol=1e-10, rtol=0, err_msg=name)


def test_the_gated_unit_and_its_derivatives_are_torchs():
    weights, x, d_h = drawn_gru(), drawn(ROWS, STEPS, INPUTS), drawn(ROWS, STEPS, HIDDEN, seed=9)
    layer = torch.nn.GRU(INPUTS, HIDDEN, batch_first=True, dtype=torch.float64)
    h, d_x, found = run_torch(layer, weights._asdict(), x, d_h)
    trace = gru_forward(weights, x)
    np.testing.assert_allclose(trace[-1], h, atol=1e-12)
    our_d_x, gradient = gru_backward(weights, x, trace, d_h)
    np.testing.assert_allclose(our_d_x, d_x, atol=1e-10, rtol=0)
    for name, array in gradient._asdict().items():
        np.testing.assert_allclose(array, found[name], atol=1e-10, rtol=0, err_msg=name)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_derivatives_are_finite_differences(cell):
    x, d_h, width = drawn(2, 6, INPUTS), drawn(2, 6, HIDDEN, seed=9), 1e-5
    weights = drawn_rnn() if cell == "rnn" else drawn_gru()
    directions = [drawn(*array.shape, seed=20 + n) for n, array in enumerate(weights)]

    def scalar(by):
        moved = [a + by * d for a, d in zip(weights, directions, strict=True)]
        if cell == "rnn":
            return float((rnn_forward(RNNWeights(*moved), x) * d_h).sum())
        return float((gru_forward(GRUWeights(*moved), x)[-1] * d_h).sum())

    if cell == "rnn":
        _, gradient = rnn_backward(weights, x, rnn_forward(weights, x), d_h)
    else:
        _, gradient = gru_backward(weights, x, gru_forward(weights, x), d_h)
    expected = sum((d * g).sum() for d, g in zip(directions, gradient, strict=True))
    assert (scalar(width) - scalar(-width)) / (2 * width) == pytest.approx(expected, rel=1e-6)


def test_the_plain_network_loses_a_gradient_that_an_lstm_with_open_forget_gates_keeps():
    plain = gradient_norms("rnn", n_steps=61)
    kept = gradient_norms("lstm", n_steps=61, forget_bias=4.0)
    assert plain[60] < 1e-9 * plain[0]
    assert kept[60] > 0.05 * kept[0]


def test_a_plain_network_of_larger_weights_explodes():
    norms = gradient_norms("rnn", n_steps=61, gain=4.0)
    assert norms[60] > 1e3 * norms[0]


def test_what_is_left_is_the_forget_gate_to_the_power_of_the_distance():
    """With U = 0 the gate does not depend on h; with small x it is sigmoid(bias) at every step."""
    from serinette.primer import LSTMWeights, forward, input_gradients

    bias = np.zeros(4 * HIDDEN)
    bias[HIDDEN : 2 * HIDDEN] = 1.5
    w = drawn(4 * HIDDEN, INPUTS)
    w[HIDDEN : 2 * HIDDEN] = 0
    layers = [LSTMWeights(w, np.zeros((4 * HIDDEN, HIDDEN)), bias)]
    d_h = np.zeros((STEPS, HIDDEN))
    d_h[-1] = 1
    x = np.tile(drawn(INPUTS), (STEPS, 1))
    norms = np.linalg.norm(input_gradients(layers, forward(layers, x), d_h), axis=-1)
    keeps = 1 / (1 + np.exp(-1.5))
    np.testing.assert_allclose(norms[:-2] / norms[1:-1], keeps, rtol=1e-12)


def test_the_same_seed_gives_the_same_norms_and_the_first_is_at_distance_zero():
    first, again = gradient_norms("gru", n_steps=20), gradient_norms("gru", n_steps=20)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (20,)
    assert first[0] > first[19]
