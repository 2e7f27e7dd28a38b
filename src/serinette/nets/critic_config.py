"""Sizes of the critics of sequences, and what keeps them in bounds. No torch here."""

from dataclasses import dataclass
from itertools import pairwise
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


def expected_shapes(config: CriticConfig, n_symbols: int, width: int) -> dict[str, tuple[int, ...]]:
    """List every weight of a critic of symbols that judges rows alone, by name and shape.

    Args:
        config: Without `packing` and `minibatch_spread`.
        n_symbols: Of the vocabulary.
        width: Of a symbol's vector.
    """
    shapes: dict[str, tuple[int, ...]] = {"vectors": (n_symbols, width)}
    body = "critic.body"
    if config.network == "cnn":
        for k, steps in enumerate(config.widths):
            shapes[f"{body}.filters.{k}.weight"] = (config.channels, width, steps)
            shapes[f"{body}.filters.{k}.bias"] = (config.channels,)
        n_told = len(config.widths) * config.channels * (1 + (config.pooling == "both"))
    else:
        shapes |= _lstm_shapes(config, width, body)
        n_told = 2 * config.hidden_size
    sizes = [n_told, *[config.dense_size] * config.n_dense]
    for k, (read, told) in enumerate(pairwise(sizes)):
        shapes[f"critic.dense.{k}.weight"] = (told, read)
        shapes[f"critic.dense.{k}.bias"] = (told,)
        if config.layer_norm:
            shapes |= {f"critic.norms.{k}.{part}": (told,) for part in ("weight", "bias")}
    return shapes | {"critic.out.weight": (1, sizes[-1]), "critic.out.bias": (1,)}


def _lstm_shapes(config: CriticConfig, width: int, body: str) -> dict[str, tuple[int, ...]]:
    hidden = config.hidden_size
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(config.n_layers):
        read = width if layer == 0 else hidden
        shapes[f"{body}.lstm.weight_ih_l{layer}"] = (4 * hidden, read)
        shapes[f"{body}.lstm.weight_hh_l{layer}"] = (4 * hidden, hidden)
        shapes |= {f"{body}.lstm.bias_{part}_l{layer}": (4 * hidden,) for part in ("ih", "hh")}
    if config.layer_norm:
        shapes |= {f"{body}.norm.{part}": (hidden,) for part in ("weight", "bias")}
    return shapes | {f"{body}.step.weight": (1, hidden), f"{body}.step.bias": (1,)}
