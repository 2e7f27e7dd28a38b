"""The loop over time and its gradient, against torch's own GRU and against differences."""

import torch
from torch import nn

from serinette.training.narrow_gru import GruWeights, run_gru

T, J, D, H, B = 5, 2, 4, 3, 6


def drawn(*shape):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()


def weights():
    return GruWeights(
        drawn(J, 3 * H, D), drawn(J, 3 * H, 1), drawn(J, 3 * H, H), drawn(J, 3 * H, 1)
    )


def test_states_and_slopes_are_those_of_torch():
    columns, ours = drawn(T, J, D, B).detach(), weights()
    found = run_gru(columns, ours)
    assert found.shape == (T, J, H, B)
    goal = drawn(T, J, H, B).detach()
    torch.autograd.backward((found * goal).sum())
    for j in range(J):
        theirs = nn.GRU(D, H, dtype=torch.float64)
        names = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
        state = {
            n: w.detach()[j].reshape(theirs.state_dict()[n].shape)
            for n, w in zip(names, ours, strict=True)
        }
        theirs.load_state_dict(state)
        expected, _ = theirs(columns[:, j].transpose(1, 2))
        torch.testing.assert_close(found[:, j].transpose(1, 2), expected)
        torch.autograd.backward((expected * goal[:, j].transpose(1, 2)).sum())
        for name, weight in zip(names, ours, strict=True):
            slope = getattr(theirs, name).grad
            torch.testing.assert_close(weight.grad[j].reshape(slope.shape), slope)


def test_slopes_are_those_of_differences():
    columns = drawn(T, J, D, B).detach()
    assert torch.autograd.gradcheck(lambda *w: run_gru(columns, GruWeights(*w)), tuple(weights()))
