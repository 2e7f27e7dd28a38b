"""The losses of adversarial games: pure functions of a critic's logits, the same for every kind.

A critic gives one logit a row: high for real rows, low for fake ones. Each objective is a pair of
losses in one closed table; every loss is a mean over rows, in nats where it is a log-probability.
Penalties work for any critic that reads numbers: what else it reads (a mask, lengths, a context) is
bound by the caller, `lambda x: critic(x, mask)`.

Shape letters: `N` real rows, `M` fake rows, `B` pairs of one real and one fake row, `F` features;
`...` is whatever one row of the critic's input looks like.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from serinette.core.coercion import nearest
from serinette.core.errors import ConfigError

Loss = Callable[[Tensor, Tensor], Tensor]
"""Of the logits of real rows `[N]` and of fake rows `[M]`, or of both `[B]` where they are paired.
The result has no dimensions."""
FloatCritic = Callable[[Tensor], Tensor]
"""Numbers `[B, ...]` to logits `[B]`; a row's logit depends on no other row."""


@dataclass(frozen=True)
class Objective:
    """What a critic and a generator minimise."""

    critic_loss: Loss
    generator_loss: Loss
    is_paired: bool = False
    """Whether row k of the real logits is compared with row k of the fake ones."""
    border: float | None = None
    """Logit that parts real from fake rows; None: only differences of logits mean anything."""
    smoothed: Callable[[float], Loss] | None = None
    """Returns the critic's loss with another target than 1 for real rows; None: there is no
    target."""


def bce_critic(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"], real_target: float = 1.0
) -> Float[Tensor, ""]:
    """Return -E log D(x) - E log(1 - D(G(z))), where D is the sigmoid of the logit.

    For densities p of real and q of fake rows it is least where D = p / (p + q).

    Args:
        real_logits: Of real rows.
        fake_logits: Of fake rows.
        real_target: What D should say of real rows, in (0.5, 1]; below 1 the labels are smoothed
            on this side alone, so that the critic is never rewarded for more certainty
            (Salimans et al. 2016, arXiv:1606.03498).

    Reference: Goodfellow et al. 2014, arXiv:1406.2661.
    """
    sure = real_target * F.softplus(-real_logits) + (1 - real_target) * F.softplus(real_logits)
    return sure.mean() + F.softplus(fake_logits).mean()


def bce_generator(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return -E log D(G(z)), the non-saturating loss; real rows do not count.

    Reference: Goodfellow et al. 2014, arXiv:1406.2661, section 3.
    """
    return F.softplus(-fake_logits).mean()


def least_squares_critic(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"], real_target: float = 1.0
) -> Float[Tensor, ""]:
    """Return E (D(x) - 1)^2 / 2 + E D(G(z))^2 / 2, where D is the logit itself.

    Args:
        real_logits: Of real rows.
        fake_logits: Of fake rows.
        real_target: What D should say of real rows, in (0.5, 1].

    Reference: Mao et al. 2017, arXiv:1611.04076, with a = 0, b = c = 1.
    """
    return ((real_logits - real_target).square().mean() + fake_logits.square().mean()) / 2


def least_squares_generator(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return E (D(G(z)) - 1)^2 / 2; real rows do not count.

    Reference: Mao et al. 2017, arXiv:1611.04076.
    """
    return (fake_logits - 1).square().mean() / 2


def hinge_critic(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), where D is the logit itself.

    Reference: Lim and Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957.
    """
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def wasserstein_critic(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return E D(G(z)) - E D(x); it means something for critics of bounded slope alone.

    Reference: Arjovsky et al. 2017, arXiv:1701.07875. The slope is bounded by `gradient_penalty`,
    `r1` or spectral norm, not by clipped weights.
    """
    return fake_logits.mean() - real_logits.mean()


def minus_fake(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return -E D(G(z)), the generator's loss of `hinge` and `wasserstein`."""
    return -fake_logits.mean()


def relativistic_critic(
    real_logits: Float[Tensor, " B"], fake_logits: Float[Tensor, " B"]
) -> Float[Tensor, ""]:
    """Return -E log sigmoid(D(x) - D(G(z))) over pairs: real rows are more real than fake ones.

    Reference: Jolicoeur-Martineau 2019, arXiv:1807.00734 (RSGAN).
    """
    return F.softplus(fake_logits - real_logits).mean()


def relativistic_generator(
    real_logits: Float[Tensor, " B"], fake_logits: Float[Tensor, " B"]
) -> Float[Tensor, ""]:
    """Return -E log sigmoid(D(G(z)) - D(x)) over pairs.

    Reference: Jolicoeur-Martineau 2019, arXiv:1807.00734 (RSGAN).
    """
    return F.softplus(real_logits - fake_logits).mean()


def relativistic_average_critic(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return the BCE of each logit less the mean logit of the other side.

    -E log sigmoid(D(x) - E D(G(z))) - E log(1 - sigmoid(D(G(z)) - E D(x)))

    Reference: Jolicoeur-Martineau 2019, arXiv:1807.00734 (RaSGAN).
    """
    return bce_critic(real_logits - fake_logits.mean(), fake_logits - real_logits.mean())


def relativistic_average_generator(
    real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> Float[Tensor, ""]:
    """Return the critic's loss with the sides changed.

    Reference: Jolicoeur-Martineau 2019, arXiv:1807.00734 (RaSGAN).
    """
    return relativistic_average_critic(fake_logits, real_logits)


LOSSES: Final[Mapping[str, Objective]] = {
    "bce": Objective(
        bce_critic,
        bce_generator,
        border=0.0,
        smoothed=lambda target: lambda real, fake: bce_critic(real, fake, target),
    ),
    "least-squares": Objective(
        least_squares_critic,
        least_squares_generator,
        border=0.5,
        smoothed=lambda target: lambda real, fake: least_squares_critic(real, fake, target),
    ),
    "hinge": Objective(hinge_critic, minus_fake, border=0.0),
    "wasserstein": Objective(wasserstein_critic, minus_fake),
    "relativistic": Objective(relativistic_critic, relativistic_generator, is_paired=True),
    "relativistic-average": Objective(relativistic_average_critic, relativistic_average_generator),
}


def find_objective(name: str, *, label_smoothing: float = 0.0) -> Objective:
    """Return an objective by its name.

    Args:
        name: One of `LOSSES`.
        label_smoothing: How far the target of real rows is below 1, in [0, 0.5); 0 leaves it.

    Raises:
        ConfigError: If there is none of that name, or it has no target that could be smoothed.
    """
    if name not in LOSSES:
        raise ConfigError(f"objective '{name}' is not known ({nearest(name, list(LOSSES))})")
    objective = LOSSES[name]
    if not 0 <= label_smoothing < 0.5:  # noqa: PLR2004 -- at a half the labels say nothing
        raise ConfigError(f"label_smoothing must be in [0, 0.5), got {label_smoothing}")
    if label_smoothing == 0:
        return objective
    if objective.smoothed is None:
        able = ", ".join(name for name, found in LOSSES.items() if found.smoothed)
        raise ConfigError(
            f"label_smoothing is {label_smoothing}, but '{name}' has no labels; use 0, or one of "
            f"{able}"
        )
    return replace(objective, critic_loss=objective.smoothed(1 - label_smoothing))


@torch.no_grad()
def accuracies(
    objective: Objective, real_logits: Float[Tensor, " N"], fake_logits: Float[Tensor, " M"]
) -> tuple[float, float]:
    """Return the shares of real and of fake rows that a critic gets right.

    Where only differences mean anything, the border lies half way between the mean logits.
    """
    border = objective.border
    if border is None:
        border = float(real_logits.mean() + fake_logits.mean()) / 2
    real, fake = (real_logits > border).float().mean(), (fake_logits < border).float().mean()
    return float(real), float(fake)


def gradient_penalty(
    critic: FloatCritic,
    real: Float[Tensor, "B ..."],
    fake: Float[Tensor, "B ..."],
    generator: Generator,
) -> Float[Tensor, ""]:
    """Return the mean of (|slope| - 1)^2 at random points between real and fake rows, unweighted.

    The slope of a row is the gradient of its logit by all numbers of its input. The loss can be
    differentiated by the critic's weights.

    Args:
        critic: Its slope must have a gradient; cuDNN's LSTM has none.
        real: Rows; one place on the way to its fake row is drawn for each, the same for all its
            numbers.
        fake: As many rows of the same shape.
        generator: Of the places.

    Reference: Gulrajani et al. 2017, arXiv:1704.00028 (there weighted with 10).
    """
    shape = (len(real), *[1] * (real.dim() - 1))
    share = torch.rand(shape, generator=generator, dtype=real.dtype)
    slopes = slopes_of(critic, share * real.detach() + (1 - share) * fake.detach())
    penalty: Tensor = (slopes.norm(dim=1) - 1).square().mean()
    return penalty


def r1(critic: FloatCritic, real: Float[Tensor, "B ..."]) -> Float[Tensor, ""]:
    """Return half the mean squared slope at real rows, to be weighted with gamma.

    Reference: Mescheder et al. 2018, arXiv:1801.04406, equation 9 (there gamma is 10).
    """
    return slopes_of(critic, real.detach()).square().sum(dim=1).mean() / 2


def slopes_of(critic: FloatCritic, rows: Float[Tensor, "B ..."]) -> Float[Tensor, "B _"]:
    """Return the gradient of each row's logit by its own numbers, as one vector a row."""
    places = rows.detach().requires_grad_(True)
    (slopes,) = torch.autograd.grad(critic(places).sum(), places, create_graph=True)
    return slopes.flatten(1)


def feature_matching(
    real_features: Float[Tensor, "N F"], fake_features: Float[Tensor, "M F"]
) -> Float[Tensor, ""]:
    """Return the squared distance of the mean features of real and fake rows.

    Args:
        real_features: What a layer inside the critic tells of real rows; no gradient goes there.
        fake_features: The same of fake rows.

    Reference: Salimans et al. 2016, arXiv:1606.03498, section 3.1.
    """
    return (real_features.detach().mean(dim=0) - fake_features.mean(dim=0)).square().sum()


def moment_matching(
    real: Float[Tensor, "N F"], fake: Float[Tensor, "M F"], *, least_variance: float = 1e-6
) -> Float[Tensor, ""]:
    """Return how far means and standard deviations are apart, each as a mean over the features.

    Args:
        real: Rows, laid flat; no gradient goes there.
        fake: The same; at least 1 row.
        least_variance: Added to each variance: a square root has no slope at 0.

    Reference: Yoon et al. 2019 (TimeGAN), the loss "V" of its code; standard deviations are of the
    population.
    """
    fixed = real.detach()
    means = (fixed.mean(dim=0) - fake.mean(dim=0)).abs().mean()
    real_sd, fake_sd = (
        (rows.var(dim=0, correction=0) + least_variance).sqrt() for rows in (fixed, fake)
    )
    return means + (real_sd - fake_sd).abs().mean()
