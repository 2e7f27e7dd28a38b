"""A game without a critic: a mediator M learns both sides, and the generator G steps towards it.

M is a model of the same family, trained by likelihood on rows of which half are real (from P) and
half are G's own, so it comes to the mixture (P + Q) / 2. Where G equals M it equals P. G learns
from whole distributions: at every step of its own samples the divergence to M is added up over all
symbols. No reward is estimated from samples, so its gradient has no noise but that of the prefixes.

One pass of M over `real rows, generated rows` serves both losses: all of its logits go to
`mediator_nats`, those of the generated half to `generator_divergence`, which does not hand
gradients back to M.

Reference: Lu et al. 2018, "CoT: Cooperative Training for Generative Modeling of Discrete Data",
arXiv:1804.03782. Like there, the effect of a symbol on the prefixes after it is left out of the
gradient. `reverse` is theirs; the other divergences are ours.

Shape letters: `B` rows, `T` steps, `V` symbols.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from serinette.core.errors import ConfigError

_LOWEST_SHARE = 1e-6
"""The least that the estimate of P keeps of M: a probability that is told is never 0."""


def mediator_nats(
    logits: Float[Tensor, "B T V"], symbols: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, ""]:
    """Return M's -log p of the symbols that count, summed over both halves, in nats.

    Args:
        logits: M's, for real rows and as many generated ones.
        symbols: What stands at every step.
        mask: Which steps count.
    """
    nats = F.cross_entropy(logits.flatten(0, 1).float(), symbols.flatten(), reduction="none")
    return nats.masked_fill(~mask.flatten(), 0).sum()


def generator_divergence(
    generator_logits: Float[Tensor, "B T V"],
    mediator_logits: Float[Tensor, "B T V"],
    mask: Bool[Tensor, "B T"],
    kind: str = "reverse",
) -> Float[Tensor, ""]:
    """Return how far G is from M, summed over the steps that count, in nats.

    Args:
        generator_logits: G's, on prefixes that G drew.
        mediator_logits: M's, on the same prefixes; a constant to the gradient.
        mask: Which steps count.
        kind: A name of `DIVERGENCES`. Each is 0 where G equals M, and only there.

    Raises:
        ConfigError: If there is no such kind.
    """
    if kind not in DIVERGENCES:
        known = ", ".join(DIVERGENCES)
        raise ConfigError(f"divergence must be one of {known}, got {kind!r}")
    own = F.log_softmax(generator_logits.float(), -1)
    mediated = F.log_softmax(mediator_logits.detach().float(), -1)
    return DIVERGENCES[kind](own, mediated).masked_fill(~mask, 0).sum()


def estimated_real(
    own: Float[Tensor, "*B V"], mediated: Float[Tensor, "*B V"]
) -> Float[Tensor, "*B V"]:
    """Return the log-probabilities that M and G together claim for P: of 2 M - G.

    Exact where the prefix is as likely under P as under G. Where G says more than twice what M
    says, nothing but a trace of M is left. A constant to the gradient.

    Args:
        own: G's log-probabilities.
        mediated: M's.
    """
    q, m = own.detach().exp(), mediated.detach().exp()
    claimed = torch.maximum(2 * m - q, _LOWEST_SHARE * m).clamp_min(torch.finfo(m.dtype).tiny)
    return claimed.log() - claimed.sum(-1, keepdim=True).log()


def _divergence(first: Float[Tensor, "*B V"], second: Float[Tensor, "*B V"]) -> Float[Tensor, "*B"]:
    """Return KL(first || second) of log-probabilities."""
    return (first.exp() * (first - second)).sum(-1)


def _reverse(own: Tensor, mediated: Tensor) -> Tensor:
    return _divergence(own, mediated)


def _forward(own: Tensor, mediated: Tensor) -> Tensor:
    return _divergence(mediated, own)


def _jensen_shannon(own: Tensor, mediated: Tensor) -> Tensor:
    real = estimated_real(own, mediated)
    middle = torch.logaddexp(real, own) - torch.log(torch.tensor(2.0))
    return (_divergence(real, middle) + _divergence(own, middle)) / 2


def _estimated(own: Tensor, mediated: Tensor) -> Tensor:
    return _divergence(estimated_real(own, mediated), own)


DIVERGENCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "reverse": _reverse,
    "forward": _forward,
    "jensen_shannon": _jensen_shannon,
    "estimated": _estimated,
}
"""`reverse`: KL(G || M), of the cooperative training. `forward`: KL(M || G). `jensen_shannon`:
between G and the estimate of P; its gradient is half that of `reverse` while the estimate is not
cut off at 0. `estimated`: KL(estimate of P || G)."""
