"""An LSTM autoencoder of whole windows: what a window is, in a few numbers, and back.

The encoder reads a window forwards and backwards; its two last hidden vectors become the latent.
The decoder is an LSTM that reads the latent at every step and begins from it. A step is a straight
line that the latent gives, plus what the LSTM says of this step, plus bends that are added up
twice: a smooth wave is then a few slowly changing numbers, not levels to be hit one by one.

Shape letters: `B` windows, `T` steps (`T1` is one more), `F` features, `Z` latent, `C` context,
`H` hidden.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Generator, Tensor, nn

from serinette.nets.critic import LatentGenerator, initialise_
from serinette.nets.latent_config import BEND, DETAIL, SLOPE_STEPS, LatentConfig
from serinette.nets.residuals import Residuals

_STILL = 1e-6
"""A standard deviation below this is none: such a number is left as it is."""


class Decoded(NamedTuple):
    """Windows as the decoder writes them."""

    values: Float[Tensor, "B T F"]
    end_logits: Float[Tensor, "B T"] | None
    """That the sequence ends with this step, given that it has come so far; None: no ends."""


class LatentModel(nn.Module):
    """Encoder, decoder and the generator of latents; the critic is a network of its own.

    Args:
        config: Sizes.
        n_features: Features of a step, at least 1.
        n_context: Context numbers of a window; 0: none.
        has_end: Whether the end of sequences is told.
        seed: Where the initial weights come from.
    """

    def __init__(
        self, config: LatentConfig, *, n_features: int, n_context: int, has_end: bool, seed: int = 0
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config, n_features)
        self.decoder = Decoder(config, n_features, n_context, has_end=has_end)
        self.generator = LatentGenerator(config, n_context)
        initialise_(self, Generator().manual_seed(seed))
        self.features = Scale(n_features)
        self.latents = Scale(config.latent_size)
        self.residuals = Residuals(n_features, config.latent_size) if config.residuals else None

    def encode(
        self, windows: Float[Tensor, "B T F"], lengths: Int[Tensor, " B"]
    ) -> Float[Tensor, "B Z"]:
        """Return the latents of windows; steps beyond a window's length do not matter."""
        latents: Tensor = self.encoder(self.features.standard(windows), lengths)
        return latents

    def decode(
        self, latents: Float[Tensor, "B Z"], context: Float[Tensor, "B C"], n_steps: int
    ) -> Decoded:
        """Return windows of any length; the steps before t do not depend on how many follow."""
        decoded: Decoded = self.decoder(torch.cat([latents, context], dim=1), n_steps)
        return decoded._replace(values=self.features.natural(decoded.values))

    def write(
        self,
        noise: Float[Tensor, "B Z"],
        context: Float[Tensor, "B C"],
        n_steps: int,
        row_noise: Float[Tensor, "B T1 F"] | None = None,
    ) -> Decoded:
        """Turn standard normal noise into windows; without noise for rows, their expectation."""
        written = self.generator(noise, context)
        decoded = self.decode(self.latents.natural(written), context, n_steps)
        if self.residuals is None:
            return decoded
        values = self.residuals.mended(self.features.standard(decoded.values))
        if row_noise is not None:
            values = values + self.residuals.draw(row_noise, written)
        return decoded._replace(values=self.features.natural(values))

    def weights(self) -> dict[str, Float32[np.ndarray, "..."]]:
        """Return all weights and scales by name."""
        return {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}


def model_of(
    weights: Mapping[str, Float32[np.ndarray, "..."]], config: LatentConfig
) -> LatentModel:
    """Return a model with weights that were kept; what else is kept beside them is left out."""
    n_features = len(weights["features.mean"])
    n_context = weights["decoder.level.weight"].shape[1] - config.latent_size
    has_end = "decoder.end.weight" in weights
    model = LatentModel(config, n_features=n_features, n_context=n_context, has_end=has_end)
    own = model.state_dict()
    model.load_state_dict({name: torch.from_numpy(weights[name]) for name in own})
    return model


class Scale(nn.Module):
    """Mean and standard deviation of each of some numbers; measured, not trained."""

    mean: Tensor
    sd: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("sd", torch.ones(size))

    def measure_(self, rows: Float[Tensor, "N D"]) -> None:
        """Take the mean and deviation of the rows; what hardly varies keeps a deviation of 1."""
        sd, mean = torch.std_mean(rows.double(), dim=0, correction=0)
        self.mean = mean.float()
        self.sd = torch.where(sd > _STILL, sd, torch.ones_like(sd)).float()

    def standard(self, values: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        """Take the mean away and divide by the deviation."""
        return (values - self.mean) / self.sd

    def natural(self, values: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
        """Undo `standard`."""
        return values * self.sd + self.mean


class Encoder(nn.Module):
    """Two LSTMs, one for each direction, and a linear layer."""

    def __init__(self, config: LatentConfig, n_features: int) -> None:
        super().__init__()
        self.ahead = nn.LSTM(n_features, config.hidden_size, batch_first=True)
        self.back = nn.LSTM(n_features, config.hidden_size, batch_first=True)
        self.out = nn.Linear(2 * config.hidden_size, config.latent_size)

    def forward(
        self, windows: Float[Tensor, "B T F"], lengths: Int[Tensor, " B"]
    ) -> Float[Tensor, "B Z"]:
        """Read windows from both ends; each direction begins at a real step."""
        steps = torch.arange(windows.shape[1])
        turned = (lengths[:, None] - 1 - steps).clamp(min=0)  # [B, T]
        backwards = windows.gather(1, turned[:, :, None].expand_as(windows))
        rows = torch.arange(len(windows))
        last = [
            lstm(read)[0][rows, lengths - 1]  # [B, H]
            for lstm, read in ((self.ahead, windows), (self.back, backwards))
        ]
        latents: Tensor = self.out(torch.cat(last, dim=1))
        return latents


class Decoder(nn.Module):
    """An LSTM that reads the same vector at every step and begins from it."""

    def __init__(
        self, config: LatentConfig, n_features: int, n_context: int, *, has_end: bool
    ) -> None:
        super().__init__()
        told = config.latent_size + n_context
        self.lstm = nn.LSTM(told, config.hidden_size, batch_first=True)
        self.start = nn.Linear(told, 2 * config.hidden_size)
        self.level = nn.Linear(told, n_features)
        self.slope = nn.Linear(told, n_features)
        self.out = nn.Linear(config.hidden_size, 2 * n_features)
        self.end = nn.Linear(config.hidden_size, 1) if has_end else None

    def forward(self, told: Float[Tensor, "B D"], n_steps: int) -> Decoded:
        """Return standardised values, and the logits of the end."""
        h, c = self.start(told).chunk(2, dim=1)
        begin = (h.tanh()[None].contiguous(), c[None].contiguous())
        hidden, _ = self.lstm(told[:, None].expand(-1, n_steps, -1), begin)  # [B, T, H]
        detail, bend = self.out(hidden).chunk(2, dim=2)
        elapsed = torch.arange(n_steps)[:, None] / SLOPE_STEPS
        line = self.level(told)[:, None] + self.slope(told)[:, None] * elapsed
        values = line + DETAIL * detail + (BEND * bend).cumsum(1).cumsum(1)
        return Decoded(values, None if self.end is None else self.end(hidden)[..., 0])
