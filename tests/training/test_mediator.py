import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.training.game.mediator import (
    DIVERGENCES,
    estimated_real,
    generator_divergence,
    mediator_nats,
)

B, T, V = 3, 5, 7
EACH = pytest.mark.parametrize("kind", DIVERGENCES)
seeds = st.integers(0, 9999)


def random_logits(seed, shape=(B, T, V), scale=2.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def random_mask(seed):
    return torch.rand((B, T), generator=torch.Generator().manual_seed(seed)) < 0.6


def by_hand(own, mediated, kind):
    """Each divergence from its definition, one probability at a time."""
    q, m = own.double().softmax(-1).tolist(), mediated.double().softmax(-1).tolist()
    p = [max(2 * b - a, 1e-6 * b) for a, b in zip(q, m, strict=True)]
    p = [x / sum(p) for x in p]

    def kl(first, second):
        ratios = torch.tensor(first, dtype=torch.float64) / torch.tensor(second)
        return float((torch.tensor(first, dtype=torch.float64) * ratios.log()).sum())

    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return {
        "reverse": lambda: kl(q, m),
        "forward": lambda: kl(m, q),
        "jensen_shannon": lambda: (kl(p, middle) + kl(q, middle)) / 2,
        "estimated": lambda: kl(p, q),
    }[kind]()


@EACH
@given(seeds)
def test_it_is_the_sum_of_its_definition_over_the_steps_that_count(kind, seed):
    own, mediated, mask = random_logits(seed), random_logits(seed + 1), random_mask(seed)
    expected = sum(by_hand(own[b, t], mediated[b, t], kind) for b, t in mask.nonzero().tolist())
    found = float(generator_divergence(own, mediated, mask, kind))
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


@EACH
@given(seeds, st.floats(-50, 50))
def test_it_is_zero_where_the_two_agree_and_above_zero_elsewhere(kind, seed, shift):
    own, mask = random_logits(seed), torch.ones(B, T, dtype=torch.bool)
    assert abs(float(generator_divergence(own, own + shift, mask, kind))) < 1e-3
    assert float(generator_divergence(own, random_logits(seed + 1), mask, kind)) > 1e-2


@EACH
@given(seeds)
def test_steps_that_do_not_count_change_neither_loss_nor_gradient(kind, seed):
    mask = random_mask(seed)
    found = []
    for filler in (0.0, float("inf")):
        own, mediated = random_logits(seed), random_logits(seed + 1)
        own = own.masked_fill(~mask[..., None], 0.0).requires_grad_()
        mediated[~mask] = torch.nan if filler else 0.0
        if filler:
            mediated = torch.nan_to_num(mediated, nan=40.0)
        loss = generator_divergence(own, mediated, mask, kind)
        loss.backward()
        found.append((loss.detach(), own.grad))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert (found[0][1][~mask] == 0).all()


@EACH
def test_the_mediator_gets_no_gradient_from_the_generators_loss(kind):
    own, mediated = random_logits(1).requires_grad_(), random_logits(2).requires_grad_()
    generator_divergence(own, mediated, random_mask(3), kind).backward()
    assert mediated.grad is None
    assert own.grad.abs().sum() > 0


@EACH
@given(seeds)
def test_the_sum_does_not_depend_on_how_rows_are_batched(kind, seed):
    own, mediated, mask = random_logits(seed), random_logits(seed + 1), random_mask(seed)
    parts = [generator_divergence(own[[b]], mediated[[b]], mask[[b]], kind) for b in range(B)]
    torch.testing.assert_close(
        sum(parts), generator_divergence(own, mediated, mask, kind), rtol=1e-5, atol=1e-5
    )


@EACH
def test_extreme_logits_give_finite_gradients(kind):
    own = torch.tensor([[[200.0, -200.0, 0.0]]], requires_grad=True)
    mediated = torch.tensor([[[-200.0, 200.0, 0.0]]])
    loss = generator_divergence(own, mediated, torch.ones(1, 1, dtype=torch.bool), kind)
    loss.backward()
    assert loss.isfinite()
    assert own.grad.isfinite().all()


@EACH
def test_half_precision_logits_are_summed_in_single_precision(kind):
    own, mediated, mask = random_logits(4).bfloat16(), random_logits(5).bfloat16(), random_mask(6)
    found = generator_divergence(own, mediated, mask, kind)
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found, generator_divergence(own.float(), mediated.float(), mask, kind)
    )


@given(seeds)
def test_jensen_shannon_has_half_the_gradient_of_the_cooperative_training(seed):
    """Lu et al. 2018, equation 9, where 2 M - G is above 0 for every symbol."""
    mask = torch.ones(B, T, dtype=torch.bool)
    own = random_logits(seed, scale=0.3).requires_grad_()
    mediated = (own.detach().softmax(-1) + random_logits(seed + 1).softmax(-1)).div(2).log()
    (whole,) = torch.autograd.grad(generator_divergence(own, mediated, mask, "reverse"), own)
    (half,) = torch.autograd.grad(generator_divergence(own, mediated, mask, "jensen_shannon"), own)
    torch.testing.assert_close(half, whole / 2, rtol=1e-3, atol=1e-5)


@given(seeds)
def test_an_exact_mediator_gives_the_real_distribution_away(seed):
    real, own = random_logits(seed).log_softmax(-1), random_logits(seed + 1).log_softmax(-1)
    mediated = torch.logaddexp(real, own) - torch.log(torch.tensor(2.0))
    torch.testing.assert_close(
        estimated_real(own, mediated).exp(), real.exp(), rtol=1e-3, atol=1e-5
    )


@given(seeds)
def test_the_mediators_loss_is_the_likelihood_of_what_counts(seed):
    logits, mask = random_logits(seed), random_mask(seed)
    symbols = torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))
    log_prob = logits.double().log_softmax(-1)
    expected = -sum(float(log_prob[b, t, symbols[b, t]]) for b, t in mask.nonzero().tolist())
    assert float(mediator_nats(logits, symbols, mask)) == pytest.approx(expected, rel=1e-5)


@given(st.integers(1, 30), st.integers(1, 30))
def test_the_mediators_best_is_the_mean_of_both_sides(n_real, n_own):
    """31 real rows, n_real of them 1; 31 generated ones, n_own of them 1."""
    symbols = torch.tensor([k < n_real for k in range(31)] + [k < n_own for k in range(31)]).long()
    mean = torch.tensor([62 - n_real - n_own, n_real + n_own]) / 62
    logits = mean.log().requires_grad_()
    nats = mediator_nats(logits.expand(62, 1, 2), symbols[:, None], symbols[:, None] >= 0)
    nats.backward()
    assert logits.grad.abs().max() < 1e-3


START, MATRIX = torch.tensor([0.8, 0.2]), torch.tensor([[0.9, 0.1], [0.4, 0.6]])
PREFIXES = torch.tensor(list(itertools.product([0, 1], repeat=3)))


def conditionals(start, matrix):
    """p(next | prefix) of a Markov chain, for every sequence of length 3."""
    return torch.stack([start.expand(8, 2), matrix[PREFIXES[:, 0]], matrix[PREFIXES[:, 1]]], 1)


def prefix_chances(table):
    """The chance of what stands before every step."""
    own = table.gather(-1, PREFIXES[..., None])[..., 0]
    before = torch.cat([torch.ones(8, 1), own[:, :-1]], 1)
    return before.cumprod(1)[..., None]


@EACH
def test_with_an_exact_mediator_the_generator_becomes_the_real_chain(kind):
    """M is the mixture of the two chains prefix by prefix, as one that learns it would be."""
    real = conditionals(START, MATRIX)
    start, matrix = torch.zeros(2, requires_grad=True), torch.zeros(2, 2, requires_grad=True)
    optimiser = torch.optim.Adam([start, matrix], lr=0.05)
    mask = torch.ones(8, 3, dtype=torch.bool)
    for _ in range(600):
        own = conditionals(start, matrix)
        q = own.detach().softmax(-1)
        weights_p, weights_q = prefix_chances(real), prefix_chances(q)
        mediated = ((weights_p * real + weights_q * q) / (weights_p + weights_q)).log()
        optimiser.zero_grad()
        generator_divergence(own, mediated, mask, kind).backward()
        optimiser.step()
    torch.testing.assert_close(start.detach().softmax(-1), START, atol=2e-3, rtol=0)
    torch.testing.assert_close(matrix.detach().softmax(-1), MATRIX, atol=2e-3, rtol=0)


def test_an_unknown_divergence_is_named_with_those_that_exist():
    mask = torch.ones(1, 1, dtype=torch.bool)
    message = "divergence must be one of reverse, forward, jensen_shannon, estimated, got 'kl'"
    with pytest.raises(ConfigError, match=message):
        generator_divergence(torch.zeros(1, 1, 2), torch.zeros(1, 1, 2), mask, "kl")
