"""Sizes of the critics of sequences, and what keeps them in bounds. No torch here."""

from dataclasses import dataclass
from typing import Final, Literal

from serinette.core.errors import ConfigError

Activation = Literal["relu", "leaky-relu", "tanh", "sigmoid"]
LEAK: Final = 0.2
"""Slope of `leaky-relu` below 0."""


@dataclass(frozen=True, kw_only=True)
class CriticConfig:
    """A network that tells real sequences from written ones."""

    network: Literal["cnn", "lstm"] = "cnn"
    """`cnn` looks for short patterns anywhere; `lstm` reads from the first step to the last and
    gives a logit at every step, too."""
    widths: tuple[int, ...] = (2, 3, 5)
    """Steps that the filters of a `cnn` cover, each at least 1."""
    channels: int = 64
    """Filters of each width, at least 1."""
    pooling: Literal["max", "mean", "both"] = "both"
    """How a `cnn` sums a filter up over time: its strongest answer, its mean one, or each."""
    hidden_size: int = 64
    """Width of h and c of an `lstm`, at least 1."""
    n_layers: int = 1
    """LSTM layers, at least 1."""
    dense_size: int = 64
    """Width of the dense layers before the logit, at least 1."""
    n_dense: int = 1
    """Dense layers before the logit, at least 0."""
    activation: Activation = "leaky-relu"
    """After convolutions and dense layers."""
    spectral_norm: bool = False
    """Divide every matrix by its largest singular value."""
    layer_norm: bool = False
    """Normalise what the LSTM tells of a step, and every dense layer."""
    dropout: float = 0.0
    """Share of the features before each dense layer and the logit that is left out, in [0, 1)."""
    minibatch_spread: bool = False
    """Tell the critic how far the rows of a batch lie apart: a generator that repeats itself is
    found out."""
    packing: int = 1
    """Rows that are judged together, at least 1; from 2 on a generator that repeats itself is found
    out."""

    def __post_init__(self) -> None:
        for name in ("channels", "hidden_size", "n_layers", "dense_size", "packing"):
            if getattr(self, name) < 1:
                raise ConfigError(f"critic.{name} must be at least 1, got {getattr(self, name)}")
        if self.n_dense < 0:
            raise ConfigError(f"critic.n_dense must be at least 0, got {self.n_dense}")
        if not self.widths or min(self.widths) < 1:
            raise ConfigError(
                f"critic.widths must be numbers of at least 1, got {list(self.widths)}"
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"critic.dropout must be in [0, 1), got {self.dropout}")
