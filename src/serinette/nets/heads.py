"""The torch face of the distributions of a field: parameters, log-probability, draw.

`core.distributions` holds the NumPy face; a parity test holds the two together. A head turns the
network's hidden vector into a distribution; the backbone does not know which.

Shape letters: `B` rows, `T` steps, `D` read-out input, `V` symbols, `S` some
of them.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


class CategoricalHead(nn.Module):
    """A softmax over `n_symbols`.

    Args:
        n_symbols: How many symbols the field has.
        width: Width of the hidden vector.
        tied: The embedding whose weights serve as read-out too, or None for weights of its own.
    """

    def __init__(self, n_symbols: int, width: int, tied: nn.Embedding | None = None) -> None:
        super().__init__()
        if tied is None:
            self.weight = nn.Parameter(torch.empty(n_symbols, width))
        self.bias = nn.Parameter(torch.zeros(n_symbols))
        self._shared = (tied,)  # in a tuple, so that the weights are not registered twice

    def project(self, hidden: Float[Tensor, "*B D"]) -> Float[Tensor, "*B V"]:
        """Return logits: unnormalised log-probabilities, in nats."""
        tied = self._shared[0]
        weight = self.weight if tied is None else tied.weight
        return F.linear(hidden, weight, self.bias)

    def project_some(
        self, hidden: Float[Tensor, "*B D"], symbols: Int[Tensor, " S"]
    ) -> Float[Tensor, "*B S"]:
        """Return the logits of some symbols only."""
        tied = self._shared[0]
        weight = self.weight if tied is None else tied.weight
        return F.linear(hidden, weight[symbols], self.bias[symbols])

    @staticmethod
    def log_prob(params: Float[Tensor, "*B V"], targets: Int[Tensor, "*B"]) -> Float[Tensor, "*B"]:
        """Return log p(target) of every step, in nats, in the precision of at least fp32."""
        flat = F.cross_entropy(params.flatten(0, -2), targets.flatten(), reduction="none")
        return -flat.view(targets.shape)

    @staticmethod
    def draw(params: Float[Tensor, "B V"], u: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
        """Invert the cumulative distribution at `u` in [0, 1), one symbol a row."""
        cumulative = params.double().softmax(-1).cumsum(-1)
        return (cumulative <= (u * cumulative[:, -1])[:, None]).sum(-1)
