"""Sizes and training of the latent engine. No torch here: artifact, plan and decoder read it.

Shape letters: `H` hidden, `Z` latent, `F` features of a step, `C` context numbers, `G` width of the
generator, `K` width of the critic.
"""

import math
from dataclasses import dataclass

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema

SLOPE_STEPS = 24
"""Steps over which a slope of 1 rises by 1."""
DETAIL = 0.3
"""What 1 of the decoder's detail is of a standardised feature..."""
BEND = 0.01
"""...and 1 of a bend, which is added up twice."""
RESIDUAL_ROWS = ("first", "second", "later")
"""Rows of a window that residuals are drawn for in different ways."""
KNOTS = tuple(k / 4 for k in range(-14, 15))
"""Places of a standard normal number at which it is told what stands for it among residuals."""
FACTS = "facts.shares"
"""Name of what is kept beside the weights: how often static symbols stand together."""


@dataclass(frozen=True, kw_only=True)
class LatentConfig:
    """An LSTM autoencoder of whole windows, and a WGAN-GP that learns to write its latents."""

    hidden_size: int = 64
    """Width of h and c in encoder (each way) and decoder, at least 1."""
    latent_size: int = 24
    """Numbers that a window is summed up in, at least 1."""
    generator_size: int = 128
    """Width of the generator's hidden layers, at least 1."""
    critic_size: int = 128
    """Width of the critic's hidden layers, at least 1."""
    n_blocks: int = 3
    """Hidden layers of generator and of critic, at least 1."""
    ae_updates: int = 2000
    """Updates of the autoencoder, at least 1; without effect where seconds are given."""
    gan_updates: int = 12_000
    """Updates of the generator, at least 1; without effect where seconds are given."""
    ae_share: float = 0.25
    """The autoencoder's share of the seconds, in (0, 1)."""
    n_rows: int = 128
    """Windows of an update of the autoencoder, at least 1."""
    n_latents: int = 256
    """Latents of each side in an update of critic or generator, at least 2."""
    noise: float = 0.02
    """Spread of the noise on latents while the autoencoder trains, at least 0: the decoder becomes
    smooth where the generator will land."""
    final_noise: float = 0.002
    """The same at the end of the training, at least 0; in between it changes geometrically."""
    latent_penalty: float = 1e-6
    """Weight of the latents' mean square in the loss, at least 0."""
    end_weight: float = 0.1
    """Weight of the end of sequences in the loss, at least 0."""
    learning_rate: float = 4e-3
    """Largest learning rate of the autoencoder, above 0."""
    warm_up: float = 0.1
    """Share of the autoencoder's updates over which its rate rises, in [0, 1)."""
    generator_rate: float = 2e-4
    """Learning rate of the generator, above 0."""
    critic_rate: float = 4e-4
    """Learning rate of the critic, above 0."""
    critic_steps: int = 3
    """Updates of the critic for one of the generator, at least 1."""
    gradient_penalty: float = 10.0
    """Weight of the critic's gradient penalty, above 0."""
    residuals: bool = True
    """Whether what the autoencoder leaves out of a row is drawn when a window is written: noise
    that remembers two rows and is wider in some windows, as it was in the training windows."""
    average_decay: float = 0.999
    """Decay of the generator's moving average, in [0, 1); the average is what writes."""
    clip_norm: float = 1.0
    """Largest norm of the autoencoder's gradient, above 0."""

    @property
    def n_layers(self) -> int:
        """Layers that have weights of their own: what a weights file must at least hold."""
        return self.n_blocks

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                value = getattr(self, name)
                raise ConfigError(f"latent.{name} must be at least {least}, got {value}")
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ConfigError(f"latent.{name} must be above 0, got {getattr(self, name)}")
        for name in ("warm_up", "average_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"latent.{name} must be in [0, 1), got {getattr(self, name)}")
        if not 0 < self.ae_share < 1:
            raise ConfigError(f"latent.ae_share must be in (0, 1), got {self.ae_share}")


_LEAST = {
    "hidden_size": 1, "latent_size": 1, "generator_size": 1, "critic_size": 1, "n_blocks": 1,
    "ae_updates": 1, "gan_updates": 1, "n_rows": 1, "n_latents": 2, "critic_steps": 1,
    "noise": 0, "final_noise": 0, "latent_penalty": 0, "end_weight": 0,
}  # fmt: skip
_POSITIVE = ("learning_rate", "generator_rate", "critic_rate", "gradient_penalty", "clip_norm")


def expected_shapes(
    config: LatentConfig, *, n_features: int, n_context: int, has_end: bool
) -> dict[str, tuple[int, ...]]:
    """List every weight that a trained engine keeps by name and shape; the critic is not kept.

    Args:
        config: Sizes.
        n_features: Features of a step.
        n_context: Context numbers of a window; 0: none.
        has_end: Whether the end of sequences is told.
    """
    hidden, latent, width = config.hidden_size, config.latent_size, config.generator_size
    told = latent + n_context
    shapes: dict[str, tuple[int, ...]] = {
        "features.mean": (n_features,),
        "features.sd": (n_features,),
        "latents.mean": (latent,),
        "latents.sd": (latent,),
    }
    if config.residuals:
        shapes |= residual_shapes(n_features, latent)
    for name, n_read in (("encoder.ahead", n_features), ("encoder.back", n_features)):
        shapes |= _lstm(name, n_read, hidden)
    shapes |= _linear("encoder.out", 2 * hidden, latent)
    shapes |= _lstm("decoder.lstm", told, hidden)
    shapes |= _linear("decoder.start", told, 2 * hidden)
    shapes |= _linear("decoder.level", told, n_features)
    shapes |= _linear("decoder.slope", told, n_features)
    shapes |= _linear("decoder.out", hidden, 2 * n_features)
    if has_end:
        shapes |= _linear("decoder.end", hidden, 1)
    for k in range(config.n_blocks):
        shapes |= _linear(f"generator.layers.{k}", told if k == 0 else width, width)
        shapes |= {f"generator.norms.{k}.{part}": (width,) for part in ("weight", "bias")}
    return shapes | _linear("generator.out", width, latent)


def residual_shapes(n_features: int, latent_size: int) -> dict[str, tuple[int, ...]]:
    """List what mends decoded windows and draws their residuals.

    What is added to a decoded row is told by a bias, the row, and the one before it where there is
    one. Residuals are drawn in one way for the first row, the second, and every later one.

    Beside the matrix of a row's own noise stand those of the rows before it, the nearest first. How
    wide the noise of a window is: the logarithm is told by its latent, a bias and noise. What
    stands for a normal number at each of the `KNOTS`: noise may be skewed, and have heavy tails.
    """
    rows = {
        f"residuals.{name}": (n_features, (1 + n_before) * n_features)
        for n_before, name in enumerate(RESIDUAL_ROWS)
    }
    return {
        "residuals.begin": (n_features, 1 + n_features),
        "residuals.mend": (n_features, 1 + 2 * n_features),
        **rows,
        "residuals.scale": (n_features, latent_size + 1 + n_features),
        "residuals.shape": (n_features, len(KNOTS)),
    }


def artifact_shapes(config: LatentConfig, schema: Schema) -> dict[str, tuple[int, ...]]:
    """List what an artifact keeps by name and shape: `expected_shapes`, and shares of the facts."""
    shapes = expected_shapes(
        config,
        n_features=schema.n_features,
        n_context=sum(field.size for field in schema.context) + schema.n_given,
        has_end=schema.end is not None,
    )
    if schema.context:
        shapes[FACTS] = (math.prod(field.size for field in schema.context),)
    return shapes


def _linear(name: str, n_read: int, n_told: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (n_told, n_read), f"{name}.bias": (n_told,)}


def _lstm(name: str, n_read: int, hidden: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.weight_ih_l0": (4 * hidden, n_read),
        f"{name}.weight_hh_l0": (4 * hidden, hidden),
        f"{name}.bias_ih_l0": (4 * hidden,),
        f"{name}.bias_hh_l0": (4 * hidden,),
    }
