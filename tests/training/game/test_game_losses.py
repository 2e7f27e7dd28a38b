import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError
from serinette.training.game.losses import (
    LOSSES,
    accuracies,
    feature_matching,
    find_objective,
    gradient_penalty,
    moment_matching,
    r1,
)

logit_lists = st.lists(st.floats(-30, 30), min_size=1, max_size=7)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def log_sigmoid(x):
    return -math.log1p(math.exp(-x)) if x > 0 else x - math.log1p(math.exp(x))


def mean(numbers):
    return sum(numbers) / len(numbers)


def average_of(real, fake):
    """RaSGAN's critic, as the paper writes it."""
    above = [log_sigmoid(r - mean(fake)) for r in real]
    below = [log_sigmoid(-(f - mean(real))) for f in fake]
    return -mean(above) - mean(below)


FORMULAS = {
    "bce": (
        lambda r, f: -mean([log_sigmoid(x) for x in r]) - mean([log_sigmoid(-x) for x in f]),
        lambda r, f: -mean([log_sigmoid(x) for x in f]),
    ),
    "least-squares": (
        lambda r, f: 0.5 * mean([(x - 1) ** 2 for x in r]) + 0.5 * mean([x**2 for x in f]),
        lambda r, f: 0.5 * mean([(x - 1) ** 2 for x in f]),
    ),
    "hinge": (
        lambda r, f: mean([max(0, 1 - x) for x in r]) + mean([max(0, 1 + x) for x in f]),
        lambda r, f: -mean(f),
    ),
    "wasserstein": (lambda r, f: mean(f) - mean(r), lambda r, f: -mean(f)),
    "relativistic": (
        lambda r, f: -mean([log_sigmoid(a - b) for a, b in zip(r, f, strict=True)]),
        lambda r, f: -mean([log_sigmoid(b - a) for a, b in zip(r, f, strict=True)]),
    ),
    "relativistic-average": (average_of, lambda r, f: average_of(f, r)),
}


def doubles(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@pytest.mark.parametrize("name", LOSSES)
@given(real=logit_lists, fake=logit_lists)
def test_every_loss_is_its_formula(name, real, fake):
    if LOSSES[name].is_paired:
        n = min(len(real), len(fake))
        real, fake = real[:n], fake[:n]
    critic, generator = FORMULAS[name]
    found = LOSSES[name].critic_loss(doubles(real), doubles(fake))
    assert float(found) == pytest.approx(critic(real, fake), abs=1e-9)
    found = LOSSES[name].generator_loss(doubles(real), doubles(fake))
    assert float(found) == pytest.approx(generator(real, fake), abs=1e-9)


def test_the_table_of_formulas_is_whole():
    assert set(FORMULAS) == set(LOSSES)


def gaussian(x, mean, sd):
    return np.exp(-((x - mean) ** 2) / (2 * sd**2)) / (sd * math.sqrt(2 * math.pi))


POINTS = np.linspace(-2, 2, 9)
P, Q = gaussian(POINTS, 0.3, 0.9), gaussian(POINTS, -0.5, 0.7)


def slope_at(loss, logits):
    """Gradient of a critic's loss by its logit at each point, real rows weighted p, fake ones q."""
    table = doubles(logits).requires_grad_(True)
    total = sum(
        p * loss(table[k : k + 1], table[k : k + 1].detach())
        + q * loss(table[k : k + 1].detach(), table[k : k + 1])
        for k, (p, q) in enumerate(zip(P, Q, strict=True))
    )
    return torch.autograd.grad(total, table)[0].numpy()


def test_the_best_critic_of_two_gaussians_says_p_of_p_and_q():
    loss = LOSSES["bce"].critic_loss
    best = np.log(P / Q)
    np.testing.assert_allclose(1 / (1 + np.exp(-best)), P / (P + Q), rtol=1e-12)
    np.testing.assert_allclose(slope_at(loss, best), 0, atol=1e-12)
    assert (slope_at(loss, best + 0.1) > 0).all()
    assert (slope_at(loss, best - 0.1) < 0).all()
    squares = LOSSES["least-squares"].critic_loss
    np.testing.assert_allclose(slope_at(squares, P / (P + Q)), 0, atol=1e-12)


def test_the_best_smoothed_critic_says_less_of_real_rows_alone():
    loss = find_objective("bce", label_smoothing=0.1).critic_loss
    best = 0.9 * P / (P + Q)  # Salimans et al. 2016, section 3.4
    np.testing.assert_allclose(slope_at(loss, np.log(best / (1 - best))), 0, atol=1e-12)
    squares = find_objective("least-squares", label_smoothing=0.1).critic_loss
    np.testing.assert_allclose(slope_at(squares, best), 0, atol=1e-12)


def test_the_best_hinge_critic_says_which_side_is_likelier():
    loss = LOSSES["hinge"].critic_loss
    sides = np.sign(P - Q)
    inside = slope_at(loss, 0.99 * sides)
    assert (np.sign(inside) == -sides).all()
    assert (np.sign(slope_at(loss, 1.01 * sides)) == sides).all()


@given(slope=st.floats(-3, 3), weight=st.floats(0.5, 20))
def test_the_slope_of_a_wasserstein_critic_rests_where_the_penalty_holds_it(slope, weight):
    generator = torch.Generator().manual_seed(3)
    real, fake = doubles([[2.0], [3.0], [2.5]]), doubles([[1.0], [0.5], [0.0]])
    gap = float(real.mean() - fake.mean())
    a = doubles(1 + gap / (2 * weight)).requires_grad_(True)  # d/da (-a gap + w (a - 1)^2) = 0

    def loss(at):
        plain = LOSSES["wasserstein"].critic_loss(at * real[:, 0], at * fake[:, 0])
        return plain + weight * gradient_penalty(lambda x: at * x[:, 0], real, fake, generator)

    assert float(torch.autograd.grad(loss(a), a)[0]) == pytest.approx(0, abs=1e-9)
    assert float(loss(doubles(slope))) >= float(loss(a.detach())) - 1e-9


def test_the_penalty_counts_all_numbers_of_a_row_and_no_other_row():
    generator = torch.Generator().manual_seed(5)
    real, fake = torch.randn(3, 4, 2, generator=generator), torch.zeros(3, 4, 2)
    weights = torch.randn(4, 2, generator=generator)
    found = gradient_penalty(lambda x: (x * weights).sum((1, 2)), real, fake, generator)
    assert float(found) == pytest.approx((float(weights.norm()) - 1) ** 2, rel=1e-5)


def test_points_of_the_penalty_lie_between_real_and_fake_rows():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.sum((1, 2))

    real, fake = torch.full((50, 3, 2), 5.0), torch.full((50, 3, 2), 1.0)
    gradient_penalty(critic, real, fake, torch.Generator().manual_seed(0))
    (points,) = seen
    assert (points == points[:, :1, :1]).all()  # one place a row
    assert points.min() >= 1
    assert points.max() <= 5
    assert points[:, 0, 0].std() > 0.5


@given(factor=st.floats(-2, 2))
def test_r1_is_half_the_squared_slope_at_real_rows_and_so_is_its_gradient(factor):
    real = doubles([[1.0, 2.0], [0.5, -1.0]])
    a = doubles(factor).requires_grad_(True)
    found = r1(lambda x: a * x.square().sum(1), real)  # slope 2 a x
    squares = float(real.square().sum(1).mean())
    assert float(found.detach()) == pytest.approx(2 * factor**2 * squares)
    assert float(torch.autograd.grad(found, a)[0]) == pytest.approx(4 * factor * squares)


@pytest.mark.parametrize("name", ["relativistic", "relativistic-average", "wasserstein"])
@given(shift=st.floats(-9, 9))
def test_only_differences_count_to_a_relativistic_critic(name, shift):
    real, fake = doubles([0.3, -1.2, 2.0]), doubles([0.1, 0.7, -0.4])
    loss = LOSSES[name].critic_loss
    assert float(loss(real + shift, fake + shift)) == pytest.approx(float(loss(real, fake)))


@pytest.mark.parametrize("name", LOSSES)
def test_a_generator_is_drawn_to_what_the_critic_likes_and_the_critic_away(name):
    fake = doubles([0.2, 0.3, 0.6]).requires_grad_(True)
    real = doubles([0.5, 0.1, -0.2])
    objective = LOSSES[name]
    assert (torch.autograd.grad(objective.generator_loss(real, fake), fake)[0] < 0).all()
    assert (torch.autograd.grad(objective.critic_loss(real, fake), fake)[0] > 0).all()


def test_feature_matching_is_the_squared_distance_of_means_and_leaves_real_rows_alone():
    real = doubles([[1.0, 2.0], [3.0, 4.0]]).requires_grad_(True)
    fake = doubles([[0.0, 1.0], [1.0, 1.0], [2.0, 4.0]]).requires_grad_(True)
    found = feature_matching(real, fake)
    assert float(found.detach()) == pytest.approx((2 - 1) ** 2 + (3 - 2) ** 2)
    assert torch.autograd.grad(found, [real, fake], allow_unused=True)[0] is None


def test_moments_match_where_means_and_spreads_are_the_same():
    real = torch.tensor([[0.0, 1.0], [2.0, 5.0]], dtype=torch.float64)
    assert float(moment_matching(real, real.flip(0))) == pytest.approx(0)
    moved = float(moment_matching(real, real + torch.tensor([1.0, 3.0])))
    assert moved == pytest.approx(2)
    wider = float(moment_matching(real, torch.tensor([[-1.0, 1.0], [3.0, 5.0]]).double()))
    assert wider == pytest.approx(0.5, abs=1e-5)  # sd 2 for 1 in one of two features
    one = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    assert torch.isfinite(torch.autograd.grad(moment_matching(real, one), one)[0]).all()


def test_what_cannot_be_is_refused_in_one_line():
    with pytest.raises(ConfigError, match=r"objective 'hing' is not known .*'hinge'"):
        find_objective("hing")
    with pytest.raises(ConfigError, match=r"label_smoothing is 0.1, but 'hinge' has no labels"):
        find_objective("hinge", label_smoothing=0.1)
    with pytest.raises(ConfigError, match=r"label_smoothing must be in \[0, 0.5\), got 0.5"):
        find_objective("bce", label_smoothing=0.5)
    assert find_objective("hinge") is LOSSES["hinge"]


def test_a_critic_is_right_on_either_side_of_the_border_of_its_objective():
    real, fake = doubles([0.3, 0.7, 0.8, 2.0]), doubles([-1.0, 0.2, 0.6, 0.4])
    assert accuracies(LOSSES["bce"], real, fake) == (1.0, 0.25)
    assert accuracies(LOSSES["least-squares"], real, fake) == (0.75, 0.75)
    assert accuracies(LOSSES["wasserstein"], real, fake) == (0.75, 0.75)  # border at 0.5
    assert accuracies(LOSSES["wasserstein"], real - 9, fake - 9) == (0.75, 0.75)
