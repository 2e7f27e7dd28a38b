"""Networks that turn noise into whole windows, step by step through LSTMs.

They write standardised rows. A number that is 0 or 1 (a flag, a symbol, whether the sequence still
goes on) is hard on the way forward and soft on the way back, so that a critic cannot tell it by its
softness, and the decoder writes what was trained.

Shape letters: `B` windows, `T` steps, `F` features, `C` context, `W` numbers a step is told, `H`
hidden, `Z` noise, `S` noise of a step.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from serinette.nets.critic import initialise_
from serinette.nets.critics import ACTIVATIONS
from serinette.nets.latent import Scale
from serinette.nets.lstm_gan_config import LstmGanConfig
from serinette.nets.timegan_config import TimeganConfig
from serinette.nets.window_features import FeatureKinds

_EPSILON = 1e-5


class Written(NamedTuple):
    """Windows as a network writes them."""

    rows: Float[Tensor, "B T F"]
    """Standardised; 0 from the end on."""
    alive: Float[Tensor, "B T"]
    """1 until the sequence has ended, then 0."""


class WindowShape(NamedTuple):
    """What the windows of a table are like."""

    kinds: FeatureKinds
    n_context: int
    has_end: bool


class LstmGanGenerator(nn.Module):
    """Noise, dense layers, a convolution over time, and a stacked LSTM.

    Args:
        config: Sizes.
        shape: Of the windows.
        seed: Where initial weights come from.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, config: LstmGanConfig, shape: WindowShape, *, seed: int = 0) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        size = config.dense_size
        sizes = [config.noise_size + shape.n_context] + [size] * config.n_dense
        self.dense = nn.ModuleList(nn.Linear(n, size) for n in sizes[:-1])
        self.steps = nn.Linear(sizes[-1], config.n_steps * size)
        self.conv = nn.Conv1d(size, size, config.conv_width) if config.conv_width else None
        n_read = size + config.step_noise + shape.n_context
        self.lstm = nn.LSTM(n_read, config.hidden_size, config.n_layers, batch_first=True)
        self.out = nn.Linear(config.hidden_size, shape.kinds.n_features + shape.has_end)
        initialise_(self, Generator().manual_seed(seed))
        self.gain = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.register_buffer("shift", torch.zeros(size))
        self.features = Scale(shape.kinds.n_features)

    def forward(self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]) -> Written:
        """Turn standard normal noise into windows."""
        config = self.config
        whole, each = noise[:, : config.noise_size], noise[:, config.noise_size :]
        told = self._normed(self._told(whole, context))
        beside = each.reshape(len(noise), config.n_steps, config.step_noise)
        repeated = context[:, None].expand(-1, config.n_steps, -1)
        hidden, _ = self.lstm(torch.cat([told, beside, repeated], dim=2))
        return hardened(self.out(hidden), self.shape)

    @torch.no_grad()
    def calibrate_(self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]) -> None:
        """Fix the scale of the normalisation to what it is on this noise."""
        told = self._told(noise[:, : self.config.noise_size], context)
        self.scale, self.shift = self._affine(told)

    def weights(self) -> dict[str, Tensor]:
        """Return what writes, by the names of `lstm_gan_shapes`."""
        found = {f"features.{k}": v for k, v in self.features.state_dict().items()}
        for name, weight in self.named_parameters():
            if name not in ("gain", "bias"):
                found[name] = weight.detach()
        if self.config.batch_norm:
            found |= {"norm.scale": self.scale, "norm.shift": self.shift}
        return found

    def _told(self, x: Float[Tensor, "B _"], context: Float[Tensor, "B C"]) -> Tensor:
        """Return what every step is told, before it is normalised: [B, T, W]."""
        config, activation = self.config, ACTIVATIONS[self.config.activation]
        x = torch.cat([x, context], dim=1)
        for layer in self.dense:
            x = activation(layer(x))
        told: Tensor = self.steps(x).reshape(len(x), config.n_steps, config.dense_size)
        if self.conv is not None:
            width = config.conv_width
            wide = F.pad(activation(told).transpose(1, 2), ((width - 1) // 2, width // 2))
            told = self.conv(wide).transpose(1, 2)
        return told

    def _normed(self, told: Float[Tensor, "B T W"]) -> Float[Tensor, "B T W"]:
        if self.config.batch_norm:
            scale, shift = self._affine(told) if self.training else (self.scale, self.shift)
            told = told * scale + shift
        return ACTIVATIONS[self.config.activation](told)

    def _affine(self, told: Float[Tensor, "B T W"]) -> tuple[Tensor, Tensor]:
        """Return scale and shift that give each number the mean `bias` and deviation `gain`."""
        variance, mean = torch.var_mean(told, dim=(0, 1), correction=0)
        scale = self.gain / (variance + _EPSILON).sqrt()
        return scale, self.bias - mean * scale


class Rows(nn.Module):
    """A stacked LSTM and a linear layer: rows to rows."""

    def __init__(self, n_read: int, hidden: int, n_layers: int, n_told: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_read, hidden, n_layers, batch_first=True)
        self.out = nn.Linear(hidden, n_told)

    def forward(self, rows: Float[Tensor, "B T _"]) -> Float[Tensor, "B T _"]:
        """Read rows from the first one on."""
        told: Tensor = self.out(self.lstm(rows)[0])
        return told


class Timegan(nn.Module):
    """Embedder, recovery, generator and supervisor; the critic is a network of its own.

    Reference: Yoon, Jarrett and van der Schaar 2019. Differences: LSTMs for GRUs; rows are
    standardised, and so is what the recovery tells.

    Args:
        config: Sizes.
        shape: Of the windows.
        seed: Where initial weights come from.
    """

    def __init__(self, config: TimeganConfig, shape: WindowShape, *, seed: int = 0) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        hidden, n_layers = config.hidden_size, config.n_layers
        n_features = shape.kinds.n_features
        n_told = n_features + shape.has_end
        self.embedder = Rows(n_told + shape.n_context, hidden, n_layers, hidden)
        self.recovery = Rows(hidden, hidden, n_layers, n_told)
        self.generator = Rows(config.step_noise + shape.n_context, hidden, n_layers, hidden)
        self.supervisor = Rows(hidden, hidden, config.supervisor_layers, hidden)
        initialise_(self, Generator().manual_seed(seed))
        self.features = Scale(n_features)

    def embed(
        self, rows: Float[Tensor, "B T _"], context: Float[Tensor, "B C"]
    ) -> Float[Tensor, "B T H"]:
        """Return latent rows, in (0, 1), of rows with the end beside them."""
        repeated = context[:, None].expand(-1, rows.shape[1], -1)
        return torch.sigmoid(self.embedder(torch.cat([rows, repeated], dim=2)))

    def supervise(self, latents: Float[Tensor, "B T H"]) -> Float[Tensor, "B T H"]:
        """Return for each latent row what the next one should be."""
        return torch.sigmoid(self.supervisor(latents))

    def imagine(
        self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]
    ) -> Float[Tensor, "B T H"]:
        """Turn standard normal noise into latent rows that were not supervised."""
        config = self.config
        each = noise.reshape(len(noise), config.n_steps, config.step_noise)
        repeated = context[:, None].expand(-1, config.n_steps, -1)
        return torch.sigmoid(self.generator(torch.cat([each, repeated], dim=2)))

    def recover(self, latents: Float[Tensor, "B T H"]) -> Written:
        """Turn latent rows into windows."""
        return hardened(self.recovery(latents), self.shape)

    def forward(self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]) -> Written:
        """Turn standard normal noise into windows."""
        return self.recover(self.supervise(self.imagine(noise, context)))

    def calibrate_(self, noise: Float[Tensor, "B Z"], context: Float[Tensor, "B C"]) -> None:
        """Do nothing: there is no normalisation."""

    def weights(self) -> dict[str, Tensor]:
        """Return what writes, by the names of `timegan_shapes`."""
        found = {f"features.{k}": v for k, v in self.features.state_dict().items()}
        for name, weight in self.named_parameters():
            if not name.startswith("embedder"):
                found[name] = weight.detach()
        return found


Writer = LstmGanGenerator | Timegan


def hardened(told: Float[Tensor, "B T _"], shape: WindowShape) -> Written:
    """Turn what a network tells of each step into rows.

    Args:
        told: Features, and last, where sequences end, whether this step goes on from the one
            before it; above 0: yes.
        shape: Of the windows.
    """
    kinds = shape.kinds
    parts = [told[..., : kinds.n_values]]
    if kinds.n_flags:
        parts.append(_straight(torch.sigmoid(told[..., kinds.flags])))
    for place in kinds.one_hots:
        chances = told[..., place].softmax(dim=-1)
        hard = F.one_hot(chances.argmax(dim=-1), chances.shape[-1]).to(chances.dtype)
        parts.append(hard + chances - chances.detach())
    parts.append(told[..., kinds.settled.stop : kinds.n_features])
    rows = torch.cat(parts, dim=-1)
    if not shape.has_end:
        return Written(rows, torch.ones(rows.shape[:2]))
    goes_on = _straight(torch.sigmoid(told[:, 1:, -1]))
    alive = torch.cat([torch.ones(len(told), 1), goes_on.cumprod(dim=1)], dim=1)
    return Written(rows * alive[..., None], alive)


def _straight(chances: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return 1 above a half, else 0; the gradient is that of the chances."""
    return (chances > 0.5).to(chances.dtype) + chances - chances.detach()  # noqa: PLR2004


def measure_(features: Scale, rows: Float[Tensor, "N F"], kinds: FeatureKinds) -> None:
    """Measure a table's rows; what is 0 or 1 stays as it is."""
    features.measure_(rows)
    features.mean[kinds.settled] = 0.0
    features.sd[kinds.settled] = 1.0
