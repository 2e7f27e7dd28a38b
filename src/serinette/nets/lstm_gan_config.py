"""Sizes and training of the LSTM-GAN of whole windows. No torch here.

Shape letters: `T` steps, `W` numbers that a step is told, `H` hidden.
"""

import math
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema
from serinette.nets.critic_config import Activation
from serinette.nets.latent_config import FACTS
from serinette.nets.window_features import n_context_of

ObjectiveName = Literal[
    "bce", "least-squares", "hinge", "wasserstein", "relativistic", "relativistic-average"
]


@dataclass(frozen=True, kw_only=True)
class LstmGanConfig:
    """Noise through dense layers, a convolution and a stacked LSTM, against a critic of windows."""

    n_steps: int = 24
    """Rows of a window, at least 1; the plan sets it."""
    noise_size: int = 32
    """Normal numbers that a whole window comes from, at least 1."""
    step_noise: int = 4
    """Normal numbers that are new at each step, at least 0."""
    n_dense: int = 1
    """Dense layers before the one that gives every step its numbers, at least 0."""
    dense_size: int = 32
    """Numbers that a step is told, at least 1."""
    conv_width: int = 3
    """Steps that the convolution covers, at least 0; 0: there is none."""
    batch_norm: bool = True
    """Normalise what the steps are told over the batch; afterwards it is a fixed scale."""
    activation: Activation = "leaky-relu"
    """After dense layers and convolution."""
    hidden_size: int = 64
    """Width of h and c, at least 1."""
    n_layers: int = 2
    """LSTM layers, at least 1."""
    objective: ObjectiveName = "bce"
    """What generator and critic minimise; `bce` is the non-saturating cross-entropy."""
    label_smoothing: float = 0.0
    """How far the critic's target of real windows is below 1, in [0, 0.5); `bce` and
    `least-squares` alone have targets."""
    optimiser: Literal["adam", "rmsprop"] = "adam"
    """Of both players."""
    generator_rate: float = 1e-3
    """Learning rate of the generator, above 0."""
    critic_rate: float = 1e-3
    """Learning rate of the critic, above 0."""
    beta1: float = 0.5
    """Decay of Adam's mean gradient, in [0, 1)."""
    n_rows: int = 64
    """Windows of each side in an update, at least 2."""
    generator_updates: int = 500
    """Updates of the generator alone, at least 0: the moments of what it writes go to those of
    real windows. Less where they no longer come nearer."""
    critic_updates: int = 200
    """Updates of the critic alone, at least 0; less once it gets `critic_until` right."""
    game_updates: int = 6000
    """Updates of the generator against the critic, at least 1."""
    generator_share: float = 0.1
    """Share of the seconds for the generator alone, in [0, 1), where seconds are given."""
    critic_share: float = 0.05
    """Share of the seconds for the critic alone, in [0, 1), where seconds are given."""
    critic_until: float = 0.8
    """Share of windows that ends the critic's phase, in (0.5, 1]."""
    critic_steps: int = 1
    """Updates of the critic for one of the generator, at least 1."""
    gradient_penalty: float = 0.0
    """Weight of (|slope| - 1)^2 between real and written windows, at least 0."""
    r1: float = 1.0
    """Weight of half the squared slope at real windows, at least 0."""
    feature_matching: float = 0.0
    """Weight of the distance of mean critic features in the generator's loss, at least 0."""
    moments: float = 0.0
    """Weight of the distance of moments in the generator's loss, at least 0."""
    l1: float = 0.0
    """Weight of the sum of absolute weights in both losses, at least 0."""
    l2: float = 0.0
    """Weight of half the sum of squared weights in both losses, at least 0."""
    noise: float = 0.1
    """Spread of the noise on what the critic sees, in standard deviations, at least 0; it falls to
    nothing over the game."""
    average_decay: float = 0.995
    """Decay of the generator's moving average, in [0, 1); the average is what writes."""
    clip_norm: float = 5.0
    """Largest norm of a gradient, above 0."""

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(
                    f"lstm_gan.{name} must be at least {least}, got {getattr(self, name)}"
                )
        for name in ("generator_rate", "critic_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"lstm_gan.{name} must be above 0, got {getattr(self, name)}")
        for name in ("beta1", "average_decay", "generator_share", "critic_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"lstm_gan.{name} must be in [0, 1), got {getattr(self, name)}")
        if not 0.5 < self.critic_until <= 1:  # noqa: PLR2004 -- half is chance
            raise ConfigError(f"lstm_gan.critic_until must be in (0.5, 1], got {self.critic_until}")

    @property
    def n_noise(self) -> int:
        """Normal numbers that a window comes from."""
        return self.noise_size + self.n_steps * self.step_noise


_LEAST = {
    "n_steps": 1, "noise_size": 1, "step_noise": 0, "n_dense": 0, "dense_size": 1, "conv_width": 0,
    "hidden_size": 1, "n_layers": 1, "n_rows": 2, "generator_updates": 0, "critic_updates": 0,
    "game_updates": 1, "critic_steps": 1, "gradient_penalty": 0, "r1": 0, "feature_matching": 0,
    "moments": 0, "l1": 0, "l2": 0, "noise": 0,
}  # fmt: skip


def lstm_gan_shapes(config: LstmGanConfig, schema: Schema) -> dict[str, tuple[int, ...]]:
    """List every weight that a trained generator keeps by name and shape; critics are not kept."""
    n_context, size = n_context_of(schema), config.dense_size
    shapes: dict[str, tuple[int, ...]] = {
        "features.mean": (schema.n_features,),
        "features.sd": (schema.n_features,),
    }
    n_read = config.noise_size + n_context
    for k in range(config.n_dense):
        shapes |= linear_shapes(f"dense.{k}", n_read, size)
        n_read = size
    shapes |= linear_shapes("steps", n_read, config.n_steps * size)
    if config.conv_width:
        shapes |= {"conv.weight": (size, size, config.conv_width), "conv.bias": (size,)}
    if config.batch_norm:
        shapes |= {"norm.scale": (size,), "norm.shift": (size,)}
    n_read = size + config.step_noise + n_context
    shapes |= lstm_shapes("lstm", n_read, config.hidden_size, config.n_layers)
    shapes |= linear_shapes("out", config.hidden_size, schema.n_features + (schema.end is not None))
    return shapes | facts_shapes(schema)


def linear_shapes(name: str, n_read: int, n_told: int) -> dict[str, tuple[int, ...]]:
    """List the weights of a linear layer."""
    return {f"{name}.weight": (n_told, n_read), f"{name}.bias": (n_told,)}


def lstm_shapes(name: str, n_read: int, hidden: int, n_layers: int) -> dict[str, tuple[int, ...]]:
    """List the weights of a stacked LSTM."""
    shapes: dict[str, tuple[int, ...]] = {}
    for k in range(n_layers):
        shapes |= {
            f"{name}.weight_ih_l{k}": (4 * hidden, n_read if k == 0 else hidden),
            f"{name}.weight_hh_l{k}": (4 * hidden, hidden),
            f"{name}.bias_ih_l{k}": (4 * hidden,),
            f"{name}.bias_hh_l{k}": (4 * hidden,),
        }
    return shapes


def facts_shapes(schema: Schema) -> dict[str, tuple[int, ...]]:
    """List what says how often static symbols stand together."""
    if not schema.context:
        return {}
    return {FACTS: (math.prod(field.size for field in schema.context),)}
