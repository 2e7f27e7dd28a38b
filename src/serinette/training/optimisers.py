"""Optimisers by name, and one learning rate for all of them."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import torch
from torch import Tensor, nn

from serinette.training.config import TrainingConfig
from serinette.training.soap import Soap


class Optimiser:
    """One or two torch optimisers that are stepped together.

    Args:
        model: Its parameters are adjusted; each is known by its name.
        config: Which optimiser, and its settings.
        pool: Threads that an optimiser may use, or None.

    Reference: Kingma and Ba 2015, arXiv:1412.6980 (Adam); Loshchilov and Hutter 2019,
    arXiv:1711.05101 (AdamW); Jordan et al. 2024, "Muon".
    """

    def __init__(
        self, model: nn.Module, config: TrainingConfig, pool: Executor | None = None
    ) -> None:
        self._named = dict(model.named_parameters())
        self._parts = _build(self._named, config, pool)
        self._rates = [[g["lr"] for g in part.param_groups] for part in self._parts]

    def set_rate(self, factor: float) -> None:
        """Set every learning rate to `factor` times its largest."""
        for part, rates in zip(self._parts, self._rates, strict=True):
            for group, rate in zip(part.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    def adjust(self, loss: float, *, factor: float, clip_norm: float) -> float:
        """Adjust the weights along their gradients, and forget these.

        Args:
            loss: What the gradients are of. Where it or their norm is not finite, the weights are
                left as they are.
            factor: Of every learning rate.
            clip_norm: Largest norm of the gradient; 0: none.

        Returns:
            The norm before it was clipped; NaN where nothing was adjusted.
        """
        gradients = [p.grad for p in self._named.values() if p.grad is not None]
        norm = float(nn.utils.get_total_norm(gradients))
        is_fine = math.isfinite(loss) and math.isfinite(norm)
        if is_fine:
            if 0 < clip_norm < norm:
                torch._foreach_mul_(gradients, clip_norm / norm)
            self.set_rate(factor)
            self.step()
        self.clear()
        return norm if is_fine else math.nan

    def step(self) -> None:
        """Adjust the weights along their gradients."""
        for part in self._parts:
            part.step()

    def clear(self) -> None:
        """Forget the gradients."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Tensor]:
        """Return everything that the optimisers remember, as named tensors."""
        names: dict[Tensor, str] = {p: name for name, p in self._named.items()}
        found = {}
        for part in self._parts:
            for parameter, memory in part.state.items():
                for key, value in memory.items():
                    if value is not None:
                        found[f"{names[parameter]}/{key}"] = torch.as_tensor(value)
        return found

    def restore_(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        for part in self._parts:
            part.state.clear()
        owner = {p: part for part in self._parts for g in part.param_groups for p in g["params"]}
        for place, value in state.items():
            name, key = place.rsplit("/", 1)
            parameter = self._named[name]
            device = value.device if key == "step" else parameter.device
            owner[parameter].state[parameter][key] = value.clone().to(device)


def _decayed(named: dict[str, nn.Parameter], decay: float) -> list[dict[str, object]]:
    """Two groups: matrices with weight decay, vectors without."""
    matrices = [p for p in named.values() if p.dim() > 1]
    vectors = [p for p in named.values() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _adamw(named: dict[str, nn.Parameter], c: TrainingConfig) -> list[torch.optim.Optimizer]:
    groups = _decayed(named, c.weight_decay)
    betas = (c.momentum, c.beta2)
    return [torch.optim.AdamW(groups, lr=c.learning_rate, betas=betas, fused=_can_fuse(named))]


def _adam(named: dict[str, nn.Parameter], c: TrainingConfig) -> list[torch.optim.Optimizer]:
    betas = (c.momentum, c.beta2)
    return [
        torch.optim.Adam(named.values(), lr=c.learning_rate, betas=betas, fused=_can_fuse(named))
    ]


def _rmsprop(named: dict[str, nn.Parameter], c: TrainingConfig) -> list[torch.optim.Optimizer]:
    return [
        torch.optim.RMSprop(named.values(), lr=c.learning_rate, alpha=c.beta2, momentum=c.momentum)
    ]


def _sgd(named: dict[str, nn.Parameter], c: TrainingConfig) -> list[torch.optim.Optimizer]:
    return [torch.optim.SGD(named.values(), lr=c.learning_rate, momentum=c.momentum)]


def _split(
    named: dict[str, nn.Parameter],
) -> tuple[list[nn.Parameter], dict[str, nn.Parameter]]:
    """Return the LSTM matrices, and all the rest by name."""
    chosen = {n: p for n, p in named.items() if n.startswith("layers.") and p.dim() > 1}
    return list(chosen.values()), {n: p for n, p in named.items() if n not in chosen}


def _muon(named: dict[str, nn.Parameter], c: TrainingConfig) -> list[torch.optim.Optimizer]:
    matrices, rest = _split(named)
    muon = torch.optim.Muon(matrices, lr=c.matrix_learning_rate, weight_decay=c.weight_decay)
    return [muon, *_adamw(rest, c)]


def _soap(
    named: dict[str, nn.Parameter], c: TrainingConfig, pool: Executor | None
) -> list[torch.optim.Optimizer]:
    matrices, rest = _split(named)
    soap = Soap(
        matrices,
        lr=c.matrix_learning_rate,
        betas=(c.momentum, c.beta2),
        weight_decay=c.weight_decay,
        is_bf16=c.precision == "bf16",
        pool=pool,
    )
    return [soap, *_adamw(rest, c)]


_BUILDERS: dict[
    str, Callable[[dict[str, nn.Parameter], TrainingConfig], list[torch.optim.Optimizer]]
] = {"adamw": _adamw, "adam": _adam, "rmsprop": _rmsprop, "sgd": _sgd, "muon": _muon}


def _build(
    named: dict[str, nn.Parameter], c: TrainingConfig, pool: Executor | None
) -> list[torch.optim.Optimizer]:
    if c.optimiser == "soap":
        return _soap(named, c, pool)
    return _BUILDERS[c.optimiser](named, c)


def _can_fuse(named: dict[str, nn.Parameter]) -> bool:
    return all(p.is_floating_point() for p in named.values())


def penalty_gradients_(parameters: Sequence[nn.Parameter], l1: float, l2: float) -> None:
    """Add the gradient of `l1 * sum |w| + l2 / 2 * sum w^2` of every matrix to its gradient."""
    for parameter in parameters:
        if parameter.grad is not None and parameter.dim() > 1:
            if l1:
                parameter.grad.add_(parameter.detach().sign(), alpha=l1)
            if l2:
                parameter.grad.add_(parameter.detach(), alpha=l2)
