"""SOAP, one-sided: Adam in the eigenbasis of the inputs' correlations.

The gradient of an LSTM matrix is a sum of outer products; on the input side the products are far
from white, so Adam's axis-aligned scaling fits badly. SOAP keeps an average of G^T G, turns the
gradient into its slowly refreshed eigenbasis, runs Adam there and turns the step back. Per update
it costs three more products of the size of the matrix; per token it learns far more than AdamW
(figures in docs/why/experiments.md).

Reference: Vyas et al. 2024, arXiv:2409.11321. Differences: one side only (the input side, the
smaller one), and the correlations are averaged at every fourth update. The products may run in
bf16: they steer a step, and Adam's second moment evens out their noise.

Shape letters: `M` outputs, `N` inputs of a matrix.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

CORRELATION_DECAY = 0.95
"""How much of the average of G^T G stays when a new one is added."""
CORRELATION_EVERY = 4
"""Updates between two additions to the average."""
REFRESH_EVERY = 10
"""Updates between two refreshes of the basis."""
_EARLY = 20
"""Up to this update every gradient is added."""


class Soap(torch.optim.Optimizer):
    """Adjusts matrices; vectors belong to another optimiser.

    Args:
        matrices: Parameters with two dimensions.
        lr: Learning rate, above 0.
        betas: Decay of the first and second moment, each in [0, 1).
        weight_decay: Decoupled decay, at least 0.
        is_bf16: Whether the products run in bf16.
        pool: Threads over which the matrices are spread; None runs them one after the other. The
            result is the same.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        is_bf16: bool = False,
        pool: Executor | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "weight_decay": weight_decay,
            "type": torch.bfloat16 if is_bf16 else torch.float32,
        }
        super().__init__(matrices, defaults)
        self._pool = pool

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Adjust every matrix along its gradient; `closure` is not supported."""
        work = [
            (parameter, parameter.grad, self.state[parameter], group)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        if self._pool is None:
            for job in work:
                _adjust_(*job)
        else:
            list(self._pool.map(lambda job: _adjust_(*job), work))


@torch.no_grad()
def _adjust_(
    parameter: Tensor, gradient: Tensor, memory: dict[str, Any], group: dict[str, Any]
) -> None:
    """Adjust one matrix."""
    if not memory:
        _begin_(memory, gradient)
    memory["step"] += 1
    n = int(memory["step"])
    beta1, beta2 = group["betas"]
    small = gradient.to(group["type"])
    basis = memory["basis"].to(group["type"])
    rotated = (small @ basis).float()  # [M, N]
    memory["first"].lerp_(rotated, 1 - beta1)
    memory["second"].mul_(beta2).addcmul_(rotated, rotated, value=1 - beta2)
    spread = (memory["second"] / (1 - beta2**n)).sqrt_().add_(1e-8)
    step = (memory["first"] / (1 - beta1**n)).div_(spread)
    if group["weight_decay"]:
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
    parameter.add_((step.to(group["type"]) @ basis.T).float(), alpha=-group["lr"])
    if n % CORRELATION_EVERY == 0 or n < _EARLY:
        memory["correlation"].lerp_((small.T @ small).float(), 1 - CORRELATION_DECAY)
    if n % REFRESH_EVERY == 0 or n in (2, 5):
        _refresh_(memory)


def _begin_(memory: dict[str, Any], gradient: Float[Tensor, "M N"]) -> None:
    correlation = gradient.T @ gradient
    memory["step"] = torch.tensor(0.0)
    memory["first"] = torch.zeros_like(gradient)
    memory["second"] = torch.zeros_like(gradient)
    memory["correlation"] = correlation
    memory["basis"] = torch.linalg.eigh(correlation)[1].contiguous()


def _refresh_(memory: dict[str, Any]) -> None:
    """One power iteration and a QR: follows the eigenbasis for a fraction of `eigh`'s cost.

    The basis is kept row by row, as a checkpoint stores it: another layout in memory would give
    other last bits after a resume.
    """
    basis = memory["basis"]
    image = memory["correlation"] @ basis
    order = (basis * image).sum(0).argsort(descending=True)
    turned = torch.linalg.qr(image[:, order])[0].contiguous()
    memory["first"] = memory["first"] @ (basis.T @ turned)
    memory["second"] = memory["second"][:, order].contiguous()
    memory["basis"] = turned
