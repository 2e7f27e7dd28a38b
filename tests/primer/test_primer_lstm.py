"""The LSTM of the primer against torch's, and its derivatives against finite differences."""

import numpy as np
import pytest
import torch

from serinette.primer import LSTMWeights, State, backward, forward, input_gradients

ROWS, STEPS, INPUTS, HIDDEN = 3, 9, 5, 7


def drawn_layers(n_layers=2, seed=0):
    rng = np.random.default_rng(seed)
    sizes = [INPUTS, *[HIDDEN] * (n_layers - 1)]
    return [
        LSTMWeights(
            0.4 * rng.normal(size=(4 * HIDDEN, size)),
            0.4 * rng.normal(size=(4 * HIDDEN, HIDDEN)),
            0.4 * rng.normal(size=4 * HIDDEN),
        )
        for size in sizes
    ]


def drawn(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def torch_stack(layers):
    stack = torch.nn.LSTM(
        INPUTS, HIDDEN, num_layers=len(layers), batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        for number, weights in enumerate(layers):
            getattr(stack, f"weight_ih_l{number}").copy_(torch.from_numpy(weights.weight_ih))
            getattr(stack, f"weight_hh_l{number}").copy_(torch.from_numpy(weights.weight_hh))
            getattr(stack, f"bias_ih_l{number}").copy_(torch.from_numpy(weights.bias))
            getattr(stack, f"bias_hh_l{number}").zero_()
    return stack


def test_the_forward_pass_is_torchs():
    layers, x = drawn_layers(), drawn(ROWS, STEPS, INPUTS)
    expected, (h, c) = torch_stack(layers)(torch.from_numpy(x))
    traces = forward(layers, x)
    np.testing.assert_allclose(traces[-1].h, expected.detach(), atol=1e-12)
    for number, trace in enumerate(traces):
        np.testing.assert_allclose(trace.end().h, h[number].detach(), atol=1e-12)
        np.testing.assert_allclose(trace.end().c, c[number].detach(), atol=1e-12)


def test_the_gates_are_those_of_the_equations():
    (weights,), x = drawn_layers(1), drawn(STEPS, INPUTS)
    (trace,) = forward([weights], x)
    h, c = np.zeros(HIDDEN), np.zeros(HIDDEN)
    for t in range(STEPS):
        a = weights.weight_ih @ x[t] + weights.weight_hh @ h + weights.bias
        gates = [a[k * HIDDEN : (k + 1) * HIDDEN] for k in range(4)]
        i, f, o = (1 / (1 + np.exp(-gates[k])) for k in (0, 1, 3))
        g = np.tanh(gates[2])
        c = f * c + i * g
        h = o * np.tanh(c)
        for name, value in {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}.items():
            np.testing.assert_allclose(getattr(trace, name)[t], value, atol=1e-14)


def test_a_row_alone_is_that_row_among_others():
    layers, x = drawn_layers(), drawn(ROWS, STEPS, INPUTS)
    together, alone = forward(layers, x), forward(layers, x[1])
    np.testing.assert_allclose(together[-1].c[1], alone[-1].c, atol=1e-14)
    d_h = drawn(ROWS, STEPS, HIDDEN, seed=2)
    d_x, _ = backward(layers, together, d_h)
    d_x_alone, _ = backward(layers, alone, d_h[1])
    np.testing.assert_allclose(d_x[1], d_x_alone, atol=1e-14)


def test_two_windows_with_the_memory_carried_are_one():
    layers, x = drawn_layers(), drawn(ROWS, STEPS, INPUTS)
    whole = forward(layers, x)
    first = forward(layers, x[:, :4])
    second = forward(layers, x[:, 4:], [trace.end() for trace in first])
    np.testing.assert_allclose(second[-1].h, whole[-1].h[:, 4:], atol=1e-14)


def test_all_derivatives_are_torchs():
    layers, x = drawn_layers(), drawn(ROWS, STEPS, INPUTS)
    d_h = drawn(ROWS, STEPS, HIDDEN, seed=2)
    starts = [
        State(0.5 * drawn(ROWS, HIDDEN, seed=3 + n), drawn(ROWS, HIDDEN, seed=5 + n))
        for n in range(2)
    ]
    stack, given = torch_stack(layers), torch.from_numpy(x).requires_grad_()
    before = tuple(torch.from_numpy(np.stack(part)) for part in zip(*starts, strict=True))
    shown, _ = stack(given, before)
    shown.backward(torch.from_numpy(d_h))

    traces = forward(layers, x, starts)
    d_x, gradients = backward(layers, traces, d_h)
    np.testing.assert_allclose(d_x, given.grad, atol=1e-10, rtol=0)
    for number, gradient in enumerate(gradients):
        for name, ours in zip(("weight_ih", "weight_hh", "bias_ih"), gradient, strict=True):
            theirs = getattr(stack, f"{name}_l{number}").grad
            np.testing.assert_allclose(ours, theirs, atol=1e-10, rtol=0, err_msg=name)


def slope(function, arrays, directions, width=1e-5):
    """How fast a scalar grows as all arrays move together, by a difference to both sides."""

    def moved(by):
        return function([a + by * d for a, d in zip(arrays, directions, strict=True)])

    return (moved(width) - moved(-width)) / (2 * width)


@pytest.mark.parametrize("seed", range(10, 16))
def test_the_derivatives_are_finite_differences_in_any_direction(seed):
    layers, x, d_h = drawn_layers(), drawn(2, 6, INPUTS), drawn(2, 6, HIDDEN, seed=2)
    arrays = [x, *(array for weights in layers for array in weights)]
    directions = [drawn(*array.shape, seed=seed + 10 * n) for n, array in enumerate(arrays)]

    def scalar(moved):
        stack = [LSTMWeights(*moved[n : n + 3]) for n in (1, 4)]
        return float((forward(stack, moved[0])[-1].h * d_h).sum())

    d_x, gradients = backward(layers, forward(layers, x), d_h)
    found = [d_x, *(array for gradient in gradients for array in gradient)]
    expected = sum((d * g).sum() for d, g in zip(directions, found, strict=True))
    assert slope(scalar, arrays, directions) == pytest.approx(expected, rel=1e-6)


def test_the_derivatives_of_many_scalars_come_at_once():
    layers, x = drawn_layers(), drawn(STEPS, INPUTS)
    many = drawn(4, STEPS, HIDDEN, seed=2)
    traces = forward(layers, x)
    together = input_gradients(layers, traces, many)
    for d_h, found in zip(many, together, strict=True):
        np.testing.assert_allclose(found, backward(layers, traces, d_h)[0], atol=1e-14)


def test_the_gradient_never_comes_from_the_past():
    layers, x = drawn_layers(), drawn(STEPS, INPUTS)
    d_h = np.zeros((STEPS, HIDDEN))
    d_h[4] = 1
    found = input_gradients(layers, forward(layers, x), d_h)
    assert np.all(found[5:] == 0)
    assert np.all(np.abs(found[:5]).max(axis=-1) > 0)


@pytest.mark.filterwarnings("error")
def test_gates_far_from_zero_neither_overflow_nor_warn():
    layers, x = drawn_layers(1), 1e4 * drawn(STEPS, INPUTS)
    (trace,) = forward(layers, x)
    assert np.all(np.isfinite(trace.h))
    assert np.all((trace.f >= 0) & (trace.f <= 1))
