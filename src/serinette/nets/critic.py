"""The two players of the game on latents: one writes them, one judges them.

Both are plain networks without recurrence, so that the gradient of the critic's gradient costs
little and exists on every device.

Reference: Gulrajani et al. 2017, arXiv:1704.00028 (WGAN-GP). Differences: the generator normalises
its layers, the critic does not.

Shape letters: `B` rows, `Z` latent, `C` context.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.nets.latent_config import LatentConfig

_LEAK = 0.2


class LatentGenerator(nn.Module):
    """Turns standard normal noise into standardised latents."""

    def __init__(self, config: LatentConfig, n_context: int) -> None:
        super().__init__()
        width = config.generator_size
        sizes = [config.latent_size + n_context] + [width] * (config.n_blocks - 1)
        self.layers = nn.ModuleList(nn.Linear(size, width) for size in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in sizes)
        self.out = nn.Linear(width, config.latent_size)

    def forward(
        self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]
    ) -> Float[Tensor, "B Z"]:
        """Return one latent for each row of noise."""
        x = torch.cat([noise, context], dim=1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.silu(norm(layer(x)))
        latents: Tensor = self.out(x)
        return latents


class Critic(nn.Module):
    """Gives real latents high numbers and written ones low numbers.

    Args:
        config: Sizes.
        n_context: Context numbers of a window; 0: none.
        seed: Where the initial weights come from.
    """

    def __init__(self, config: LatentConfig, n_context: int, *, seed: int = 0) -> None:
        super().__init__()
        width = config.critic_size
        sizes = [config.latent_size + n_context] + [width] * (config.n_blocks - 1)
        self.layers = nn.ModuleList(nn.Linear(size, width) for size in sizes)
        self.out = nn.Linear(width, 1)
        initialise_(self, Generator().manual_seed(seed))

    def forward(
        self, latents: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]
    ) -> Float[Tensor, " B"]:
        """Return one number for each row."""
        x = torch.cat([latents, context], dim=1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _LEAK)
        verdicts: Tensor = self.out(x)[:, 0]
        return verdicts


@torch.no_grad()
def initialise_(network: nn.Module, generator: Generator) -> None:
    """Fill every weight from `generator`; the global generator is not read.

    Recurrent blocks are orthogonal, other matrices N(0, 1 / inputs), biases 0. The gains of norms
    stay at 1, and an LSTM remembers from the start: its forget bias is 1 (Gers et al. 2000).
    """
    for name, weight in network.named_parameters():
        if "weight_hh_l" in name:
            for gate in weight.chunk(4):
                nn.init.orthogonal_(gate, generator=generator)
        elif weight.dim() > 1:
            weight.normal_(0, weight[0].numel() ** -0.5, generator=generator)
        elif not name.endswith("weight"):
            weight.zero_()
        if "bias_ih_l" in name:
            quarter = len(weight) // 4
            weight[quarter : 2 * quarter] = 1.0
