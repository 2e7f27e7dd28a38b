"""Sizes and training of TimeGAN, with LSTMs. No torch here."""

from dataclasses import dataclass

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema
from serinette.nets.lstm_gan_config import facts_shapes, linear_shapes, lstm_shapes
from serinette.nets.window_features import n_context_of


@dataclass(frozen=True, kw_only=True)
class TimeganConfig:
    """An embedder and a recovery, a generator and a supervisor of latent rows, and a critic."""

    n_steps: int = 24
    """Rows of a window, at least 1; the plan sets it."""
    hidden_size: int = 24
    """Width of h and c everywhere, and numbers of a latent row, at least 1."""
    n_layers: int = 3
    """LSTM layers of each network, at least 1; the supervisor has one fewer, but at least one."""
    step_noise: int = 6
    """Normal numbers that a latent row comes from, at least 1."""
    n_rows: int = 128
    """Windows of an update, at least 2."""
    embedding_updates: int = 3000
    """Updates of embedder and recovery alone, at least 0."""
    supervision_updates: int = 3000
    """Updates of the supervisor alone, at least 0."""
    game_updates: int = 3000
    """Rounds of all networks together, at least 1; each adjusts the generator twice."""
    embedding_share: float = 0.25
    """Share of the seconds for embedder and recovery alone, in [0, 1), where seconds are given."""
    supervision_share: float = 0.1
    """Share of the seconds for the supervisor alone, in [0, 1), where seconds are given."""
    learning_rate: float = 1e-3
    """Of all networks, above 0."""
    gamma: float = 1.0
    """Weight of the critic's view of what was not supervised, at least 0."""
    supervision: float = 100.0
    """Weight of the supervised error in the generator's loss, at least 0."""
    moments: float = 100.0
    """Weight of the distance of moments in the generator's loss, at least 0."""
    recovery: float = 10.0
    """Weight of the error of recovered windows, at least 0."""
    embedder_supervision: float = 0.1
    """Weight of the supervised error in the embedder's loss, at least 0."""
    critic_above: float = 0.15
    """The critic is adjusted only where its loss is above this, at least 0."""
    noise: float = 0.0
    """Spread of the noise on what the critic sees, at least 0; it falls to nothing over the
    game."""
    average_decay: float = 0.0
    """Decay of the moving average of generator, supervisor and recovery, in [0, 1); 0: none."""

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(
                    f"timegan.{name} must be at least {least}, got {getattr(self, name)}"
                )
        if not self.learning_rate > 0:
            raise ConfigError(f"timegan.learning_rate must be above 0, got {self.learning_rate}")
        for name in ("embedding_share", "supervision_share", "average_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"timegan.{name} must be in [0, 1), got {getattr(self, name)}")

    @property
    def n_noise(self) -> int:
        """Normal numbers that a window comes from."""
        return self.n_steps * self.step_noise

    @property
    def supervisor_layers(self) -> int:
        """LSTM layers of the supervisor."""
        return max(1, self.n_layers - 1)


_LEAST = {
    "n_steps": 1, "hidden_size": 1, "n_layers": 1, "step_noise": 1, "n_rows": 2,
    "embedding_updates": 0, "supervision_updates": 0, "game_updates": 1, "gamma": 0,
    "supervision": 0, "moments": 0, "recovery": 0, "embedder_supervision": 0, "critic_above": 0,
    "noise": 0,
}  # fmt: skip


def timegan_shapes(config: TimeganConfig, schema: Schema) -> dict[str, tuple[int, ...]]:
    """List every weight that writes by name and shape; embedder and critic are not kept."""
    n_context, hidden = n_context_of(schema), config.hidden_size
    shapes: dict[str, tuple[int, ...]] = {
        "features.mean": (schema.n_features,),
        "features.sd": (schema.n_features,),
    }
    sizes = {
        "generator": (config.step_noise + n_context, config.n_layers, hidden),
        "supervisor": (hidden, config.supervisor_layers, hidden),
        "recovery": (hidden, config.n_layers, schema.n_features + (schema.end is not None)),
    }
    for name, (n_read, n_layers, n_told) in sizes.items():
        shapes |= lstm_shapes(f"{name}.lstm", n_read, hidden, n_layers)
        shapes |= linear_shapes(f"{name}.out", hidden, n_told)
    return shapes | facts_shapes(schema)
