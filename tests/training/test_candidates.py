import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.nets.heads import CategoricalHead
from serinette.training.candidates import Candidates

V, D = 6, 3
COUNTS = np.array([40, 0, 9, 3, 1, 22])


def head_and_hidden(n_symbols=V, shape=(2, 2)):
    generator = torch.Generator().manual_seed(5)
    head = CategoricalHead(n_symbols, D)
    with torch.no_grad():
        head.weight.normal_(generator=generator)
        head.bias.normal_(generator=generator)
    return head, torch.randn((*shape, D), generator=generator)


@given(st.lists(st.integers(0, 99), min_size=2, max_size=12), st.integers(1, 14))
def test_so_many_symbols_take_part_on_average(counts, size):
    chances = Candidates(np.array(counts), size).inclusion
    assert ((chances > 0) & (chances <= 1)).all()
    assert float(chances.sum()) == pytest.approx(min(size, len(counts)), rel=1e-4)
    order = np.argsort(counts, kind="stable")
    assert (np.diff(chances[order].numpy()) >= 0).all()  # the frequent ones no less often


@torch.no_grad()
def test_the_expected_sum_is_the_sum_over_all_symbols(monkeypatch):
    """Every set of symbols that can take part, each with its chance."""
    head, hidden = head_and_hidden()
    targets = torch.tensor([[3, 4], [4, 1]])
    candidates = Candidates(COUNTS, 3)
    chances = candidates.inclusion
    expected, total = torch.zeros(2, 2, dtype=torch.float64), 0.0
    scores = head.project(hidden)
    own = scores.gather(-1, targets[..., None])[..., 0].double()
    for is_in in itertools.product([True, False], repeat=V):
        chosen = torch.tensor(is_in)
        weight = float(torch.where(chosen, chances, 1 - chances).double().prod())
        noise = torch.where(chosen, torch.zeros(V), chances)
        monkeypatch.setattr(torch, "rand", lambda *_, noise=noise, **__: noise)
        found = candidates.log_prob(head, hidden, targets, torch.Generator())
        expected += weight * (own - found.double()).exp()
        total += weight
    assert total == pytest.approx(1, rel=1e-6)
    torch.testing.assert_close(expected, scores.double().exp().sum(-1), rtol=1e-5, atol=0)


@pytest.mark.parametrize("size", [V, V + 1, 99])
def test_as_many_as_there_are_is_the_full_softmax(size):
    head, hidden = head_and_hidden()
    targets = torch.tensor([[0, 5], [2, 1]])
    found = Candidates(COUNTS, size).log_prob(head, hidden, targets, torch.Generator())
    torch.testing.assert_close(found, head.log_prob(head.project(hidden), targets))


def test_the_same_generator_draws_the_same_symbols():
    head, hidden = head_and_hidden(50)
    targets = torch.tensor([[0, 5], [2, 1]])
    candidates = Candidates(np.arange(50), 8)

    def found(seed):
        return candidates.log_prob(head, hidden, targets, torch.Generator().manual_seed(seed))

    assert torch.equal(found(1), found(1))
    assert not torch.equal(found(1), found(2))
