"""Critics of sequences of vectors: a CNN over time, or an LSTM; one logit a row.

They read numbers and a mask and know nothing of where these come from. A row's logit depends on no
other row (but for `minibatch_spread` and `packing`, whose purpose that is) and on nothing that the
mask leaves out. The gradient of the gradient exists, so that slopes can be penalised.

Shape letters: `B` rows, `T` steps, `F` features of a step, `H` features of a row, `P` rows judged
together, `O` and `K` outputs and inputs of a matrix.
"""

import threading
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn
from torch.func import functional_call

from serinette.nets.critic import initialise_
from serinette.nets.critic_config import LEAK, CriticConfig

ACTIVATIONS: Final[Mapping[str, Callable[[Tensor], Tensor]]] = {
    "relu": F.relu,
    "leaky-relu": lambda x: F.leaky_relu(x, LEAK),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
_LEAST_VARIANCE = 1e-8
_ONE_AT_A_TIME = threading.Lock()
"""Weights stand in for others by taking their place, where a second thread would keep them."""


class Verdict(NamedTuple):
    """What a critic says of some sequences."""

    logits: Float[Tensor, " N"]
    """High for what looks real; one for `packing` rows."""
    features: Float[Tensor, "N H"]
    """What the last dense layer tells, for feature matching."""
    step_logits: Float[Tensor, "N T"] | None
    """A logit for each step, from the steps up to it; None: the network is a CNN."""


class SequenceCritic(nn.Module):
    """Gives real sequences high numbers and written ones low numbers.

    Args:
        config: Sizes and what bounds them.
        n_features: Numbers of a step.
        seed: Where initial weights, and which features are left out, come from.
    """

    def __init__(self, config: CriticConfig, n_features: int, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        n_read = n_features * config.packing
        self.body = Cnn(config, n_read) if config.network == "cnn" else Lstm(config, n_read)
        sizes = [self.body.n_told + config.minibatch_spread]
        sizes += [config.dense_size] * config.n_dense
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.LayerNorm(size) for size in sizes[1:] if config.layer_norm)
        self.out = nn.Linear(sizes[-1], 1)
        self.random = Generator().manual_seed(seed)
        """Says which features are left out."""
        initialise_(self, self.random)
        self.singular = SingularValues(self, self.random) if config.spectral_norm else None

    def forward(
        self, rows: Float[Tensor, "B T F"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, " _"]:
        """Return the logits alone."""
        return self.judge(rows, mask).logits

    def judge(
        self,
        rows: Float[Tensor, "B T F"],
        mask: Bool[Tensor, "B T"],
        noise: Generator | None = None,
    ) -> Verdict:
        """Judge sequences.

        Args:
            rows: Real sequences alone or written ones alone where rows are judged by their
                neighbours; as many as `packing` divides.
            mask: Which steps are there: the first ones of each row, at least 1. What stands
                elsewhere does not matter.
            noise: Which features are left out while training; None: the critic's own stream.
        """
        if self.singular is None:
            return self._judge(rows, mask, noise)
        with _ONE_AT_A_TIME:
            verdict: Verdict = functional_call(
                _Judging(self), {f"critic.{k}": w for k, w in self.singular.normed(self).items()},
                (rows, mask, noise),
            )  # fmt: skip
        return verdict

    def _judge(self, rows: Tensor, mask: Tensor, noise: Generator | None) -> Verdict:
        rows, mask = packed(rows * mask[:, :, None], mask, self.config.packing)
        features, step_logits = self.body(rows, mask)
        if self.config.minibatch_spread:
            features = with_spread(features)
        activation = ACTIVATIONS[self.config.activation]
        for k, layer in enumerate(self.dense):
            features = layer(self._dropped(features, noise))
            if self.config.layer_norm:
                features = self.norms[k](features)
            features = activation(features)
        return Verdict(self.out(self._dropped(features, noise))[:, 0], features, step_logits)

    def _dropped(
        self, features: Float[Tensor, "N H"], noise: Generator | None
    ) -> Float[Tensor, "N H"]:
        dropout = self.config.dropout
        if not self.training or dropout == 0:
            return features
        drawn = torch.rand(features.shape, generator=noise or self.random, device=features.device)
        kept = drawn >= dropout
        return features * kept / (1 - dropout)


class _Judging(nn.Module):
    """Lets other weights stand in for a critic's own during one call."""

    def __init__(self, critic: SequenceCritic) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, rows: Tensor, mask: Tensor, noise: Generator | None) -> Verdict:
        return self.critic._judge(rows, mask, noise)


class Cnn(nn.Module):
    """Filters of several widths, each summed up over time.

    Reference: Kim 2014, arXiv:1408.5882. Difference: the mean over time is told, too.
    """

    def __init__(self, config: CriticConfig, n_read: int) -> None:
        super().__init__()
        self._pooling, self._widths = config.pooling, config.widths
        self._activation = ACTIVATIONS[config.activation]
        self.filters = nn.ModuleList(nn.Conv1d(n_read, config.channels, w) for w in config.widths)
        self.n_told = len(config.widths) * config.channels * (1 + (config.pooling == "both"))

    def forward(
        self, rows: Float[Tensor, "B T F"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B H"], None]:
        """Return each filter's strongest and mean answer over the steps that are there."""
        turned = rows.transpose(1, 2)  # [B, F, T]
        told = []
        for width, convolution in zip(self._widths, self.filters, strict=True):
            wide = F.pad(turned, ((width - 1) // 2, width // 2))
            answers = self._activation(convolution(wide))  # [B, C, T]
            if self._pooling != "mean":
                told.append(answers.masked_fill(~mask[:, None], -torch.inf).amax(dim=2))
            if self._pooling != "max":
                told.append((answers * mask[:, None]).sum(2) / mask.sum(1)[:, None])
        return torch.cat(told, dim=1), None


class Lstm(nn.Module):
    """Reads forwards; tells its last state and its mean one.

    Reference: Esteban et al. 2017, arXiv:1706.02633 (RGAN), whose critic gives a logit a step.
    """

    def __init__(self, config: CriticConfig, n_read: int) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.lstm = nn.LSTM(n_read, hidden, config.n_layers, batch_first=True)
        self.norm = nn.LayerNorm(hidden) if config.layer_norm else None
        self.step = nn.Linear(hidden, 1)
        self.n_told = 2 * hidden

    def forward(
        self, rows: Float[Tensor, "B T F"], mask: Bool[Tensor, "B T"]
    ) -> tuple[Float[Tensor, "B H"], Float[Tensor, "B T"]]:
        """Return the last and the mean hidden vector, and a logit a step."""
        hidden, _ = self.lstm(rows)
        if self.norm is not None:
            hidden = self.norm(hidden)
        lengths = mask.sum(1)
        last = hidden[torch.arange(len(rows)), lengths - 1]  # [B, H]
        mean = (hidden * mask[:, :, None]).sum(1) / lengths[:, None]
        return torch.cat([last, mean], dim=1), self.step(hidden)[..., 0]


class SingularValues(nn.Module):
    """Largest singular values of a network's matrices, followed by power iteration.

    A convolution counts as the matrix of its outputs by all that one of them reads; the four gates
    of an LSTM as one matrix.

    Reference: Miyato et al. 2018, arXiv:1802.05957, algorithm 1. Difference: the vectors begin
    after ten iterations, not one.

    Args:
        network: Whose matrices are bounded.
        generator: Of the first vectors.
    """

    def __init__(self, network: nn.Module, generator: Generator) -> None:
        super().__init__()
        self._names = [name for name, weight in network.named_parameters() if weight.dim() > 1]
        weights = dict(network.named_parameters())
        for k, name in enumerate(self._names):
            vector = torch.randn(len(weights[name]), generator=generator)
            self.register_buffer(f"vector{k}", vector)
        for _ in range(10):
            self.normed(network)

    def normed(self, network: nn.Module) -> dict[str, Tensor]:
        """Return every matrix divided by its largest singular value; one iteration is made."""
        weights = dict(network.named_parameters())
        return {
            name: self._divided(weights[name], self.get_buffer(f"vector{k}"))
            for k, name in enumerate(self._names)
        }

    def _divided(self, weight: Tensor, vector: Float[Tensor, " O"]) -> Tensor:
        matrix = weight.flatten(1)  # [O, K]
        with torch.no_grad():
            right = F.normalize(matrix.T @ vector, dim=0)
            if self.training:
                vector.copy_(F.normalize(matrix @ right, dim=0))
            left = vector.clone()
            right = F.normalize(matrix.T @ left, dim=0)
        return weight / (left @ matrix @ right)


def packed(
    rows: Float[Tensor, "B T F"], mask: Bool[Tensor, "B T"], packing: int
) -> tuple[Float[Tensor, "N T PF"], Bool[Tensor, "N T"]]:
    """Lay `packing` rows side by side, step by step; a step is there if it is in any of them.

    Args:
        rows: Zero where the mask leaves steps out.
        mask: Which steps are there.
        packing: Divides the number of rows.

    Reference: Lin et al. 2018, arXiv:1712.04086 (PacGAN).
    """
    if packing == 1:
        return rows, mask
    n_rows, n_steps, n_features = rows.shape
    beside = rows.reshape(n_rows // packing, packing, n_steps, n_features).transpose(1, 2)
    return beside.flatten(2), mask.reshape(-1, packing, n_steps).any(1)


def with_spread(features: Float[Tensor, "N H"]) -> Float[Tensor, "N _"]:
    """Put beside each row's features the mean over features of their standard deviation.

    Reference: Karras et al. 2018, arXiv:1710.10196, section 3.
    """
    variances = features.var(dim=0, correction=0)
    spread = (variances + _LEAST_VARIANCE).sqrt().mean()
    return torch.cat([features, spread.expand(len(features), 1)], dim=1)
