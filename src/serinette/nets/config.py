"""Sizes and regularisers of the network. No torch here: artifact and plan read it.

Shape letters: `V` symbols, `E` embedding, `H` hidden, `D` read-out input, `n_k` size of context k.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from serinette.core.errors import ConfigError
from serinette.core.schema import Schema, SymbolField, context_tables

Readout = Literal["last", "sum", "concat"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Sizes of a `SequenceModel`. Saved in the artifact; never changed after."""

    embedding_size: int = 64
    """Width of a symbol's vector, at least 1."""
    hidden_size: int = 256
    """Width of h and c in every layer, at least 1."""
    n_layers: int = 2
    """Stacked LSTM layers, at least 1."""
    tied: bool = False
    """Whether the read-out shares the embedding's weights (Press and Wolf 2017)."""
    one_hot: bool = False
    """Whether a symbol is read as zeros with a 1 at its place, and not as numbers that are learnt;
    its vector is then as wide as the vocabulary."""
    readout: Readout = "concat"
    """What the read-out sees: the last layer, the sum of all layers, or all side by side."""
    layer_norm: bool = False
    """Whether the output of every layer is normalised (Ba et al. 2016) before it goes on."""
    forget_bias: float = 1.0
    """Initial bias of the forget gate (Gers et al. 2000; Jozefowicz et al. 2015)."""
    embedding_dropout: float = 0.0
    """Chance that a symbol's whole vector is zero for one update, in [0, 1)."""
    input_dropout: float = 0.0
    """Locked dropout on the embedded input: one mask for all steps of a window, in [0, 1)."""
    layer_dropout: float = 0.0
    """Locked dropout between layers, in [0, 1) (Gal and Ghahramani 2016)."""
    output_dropout: float = 0.0
    """Locked dropout on the read-out's input, in [0, 1)."""
    context_dropout: float = 0.0
    """Chance that a fact about the whole sequence (author, title) is withheld from a row for one
    window, so that the model also writes without it, in [0, 1)."""
    weight_drop: float = 0.0
    """Chance that a recurrent weight is zero for one update, in [0, 1) (Merity et al. 2018)."""

    def __post_init__(self) -> None:
        for name in ("embedding_size", "hidden_size", "n_layers"):
            if getattr(self, name) < 1:
                raise ConfigError(f"model.{name} must be at least 1, got {getattr(self, name)}")
        if self.one_hot and self.tied:
            raise ConfigError(
                "model.one_hot and model.tied are both true, but a one-hot input holds no weights "
                "that a read-out could share; leave one of them out"
            )
        for name in _DROPOUTS:
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"model.{name} must be in [0, 1), got {getattr(self, name)}")

    @property
    def readout_size(self) -> int:
        """Width `D` of the read-out's input."""
        return self.hidden_size * (self.n_layers if self.readout == "concat" else 1)


_DROPOUTS = (
    "embedding_dropout",
    "input_dropout",
    "layer_dropout",
    "output_dropout",
    "context_dropout",
    "weight_drop",
)


def expected_shapes(config: ModelConfig, schema: Schema) -> dict[str, tuple[int, ...]]:
    """List every weight of a model by name and shape.

    The artifact is checked against this list before anything is loaded.
    """
    (field,) = predicted_symbols(schema)
    width, hidden = config.embedding_size, config.hidden_size
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (field.size, width)}
    for k, fields in enumerate(context_tables(schema.context)):
        shapes[f"contexts.{k}.weight"] = (schema.context[fields[0]].size, width)
    for layer in range(config.n_layers):
        prefix = f"layers.{layer}."
        shapes[prefix + "weight_ih_l0"] = (4 * hidden, width if layer == 0 else hidden)
        shapes[prefix + "weight_hh_l0"] = (4 * hidden, hidden)
        shapes[prefix + "bias_ih_l0"] = (4 * hidden,)
        shapes[prefix + "bias_hh_l0"] = (4 * hidden,)
        if config.layer_norm:
            shapes[f"norms.{layer}.weight"] = (hidden,)
            shapes[f"norms.{layer}.bias"] = (hidden,)
    if config.tied:
        shapes["projection.weight"] = (width, config.readout_size)
    else:
        shapes["readout.weight"] = (field.size, config.readout_size)
    shapes["readout.bias"] = (field.size,)
    return shapes


def n_parameters(config: ModelConfig, schema: Schema) -> int:
    """Count the numbers that training adjusts."""
    shapes = expected_shapes(config, schema)
    if config.one_hot:
        del shapes["embedding.weight"]
    return n_numbers(shapes)


def n_numbers(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Count the numbers in tensors of some shapes."""
    return sum(math.prod(shape) for shape in shapes.values())


def predicted_symbols(schema: Schema) -> tuple[SymbolField, ...]:
    """Return the predicted symbol fields of a step.

    Raises:
        ConfigError: If the schema holds a field that this version's network cannot predict.
    """
    for field in schema.fields:
        if not isinstance(field, SymbolField) or field.role != "predicted":
            raise ConfigError(
                f"field '{field.name}': this version predicts symbol fields only; use kind text"
            )
    if len(schema.fields) != 1:
        raise ConfigError(
            f"a step of {len(schema.fields)} fields: this version predicts one field a step"
        )
    return tuple(field for field in schema.fields if isinstance(field, SymbolField))
