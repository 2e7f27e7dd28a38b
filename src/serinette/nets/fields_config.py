"""Sizes of the network for steps of many fields. No torch here: artifact, plan and decoder read it.

Shape letters: `H` hidden, `F` fields of a block, `U` units of a field, `Q` width of what one field
tells the next ones, `R` width in which that is gathered, `P` features of a step.
"""

from dataclasses import dataclass

from serinette.core.errors import ConfigError
from serinette.core.schema import Field, Schema, SymbolField


@dataclass(frozen=True, kw_only=True)
class FieldsConfig:
    """Sizes of a `FieldsModel`. Saved in the artifact; never changed after."""

    hidden_size: int = 96
    """Width of h and c in every layer, at least 1."""
    n_layers: int = 1
    """Stacked LSTM layers, at least 1."""
    embedding_size: int = 8
    """Width of the vector of a symbol that is read, at least 1."""
    field_units: int = 32
    """Hidden units of each field's own head, at least 1."""
    opening_units: int = 64
    """Hidden units of each field of the opening, at least 1."""
    parts: int = 8
    """Logistics that a value is a mixture of, at least 1."""
    opening_parts: int = 24
    """Logistics of a value of the opening, at least 1."""
    told_size: int = 8
    """Width of what a field tells the later ones of its step, at least 1."""
    gathered_size: int = 64
    """Width in which that is added up, at least 1."""
    forget_bias: float = 1.0
    """Initial bias of the forget gate (Gers et al. 2000)."""
    input_dropout: float = 0.0
    """Locked dropout on what a step reads, in [0, 1)."""
    output_dropout: float = 0.0
    """Locked dropout on the LSTM's output, in [0, 1)."""
    level_noise: float = 0.0
    """Spread of the noise on the levels that are read while training, in standard deviations of a
    column, one draw a window, at least 0: exact levels tell which rows of the data these are."""

    def __post_init__(self) -> None:
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ConfigError(f"model.{name} must be at least 1, got {getattr(self, name)}")
        if self.level_noise < 0:
            raise ConfigError(f"model.level_noise must be at least 0, got {self.level_noise}")
        for name in ("input_dropout", "output_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"model.{name} must be in [0, 1), got {getattr(self, name)}")


_COUNTS = (
    "hidden_size", "n_layers", "embedding_size", "field_units", "opening_units", "parts",
    "opening_parts", "told_size", "gathered_size",
)  # fmt: skip


def n_params(field: Field) -> int:
    """Return how many numbers say what a field's distribution is."""
    if isinstance(field, SymbolField):
        return field.size
    return field.n_atoms + 3 * field.parts


def n_told(field: Field) -> int:
    """Return how many numbers say what was drawn: a symbol's one-hot, or value, its sign, atoms."""
    return field.size if isinstance(field, SymbolField) else field.n_atoms + 2


def input_size(config: FieldsConfig, schema: Schema) -> int:
    """Return how many numbers the LSTM reads of a step."""
    n_symbols = sum(isinstance(field, SymbolField) for field in schema.fields)
    facts = len(schema.context)
    numbers = schema.n_features + schema.n_given
    return max(1, numbers + config.embedding_size * (n_symbols + facts))


def expected_shapes(config: FieldsConfig, schema: Schema) -> dict[str, tuple[int, ...]]:
    """List every weight of a model by name and shape."""
    hidden, width = config.hidden_size, config.embedding_size
    shapes: dict[str, tuple[int, ...]] = {}
    symbols = [field for field in schema.fields if isinstance(field, SymbolField)]
    for k, field in enumerate(symbols):
        shapes[f"symbols.{k}.weight"] = (field.size, width)
    for k, field in enumerate(schema.context):
        shapes[f"contexts.{k}.weight"] = (field.size, width)
    for layer in range(config.n_layers):
        prefix = f"layers.{layer}."
        read = input_size(config, schema) if layer == 0 else hidden
        shapes[prefix + "weight_ih_l0"] = (4 * hidden, read)
        shapes[prefix + "weight_hh_l0"] = (4 * hidden, hidden)
        shapes[prefix + "bias_ih_l0"] = (4 * hidden,)
        shapes[prefix + "bias_hh_l0"] = (4 * hidden,)
    following = Block(fields=schema.fields, n_read=hidden, units=config.field_units, config=config)
    shapes |= {f"following.{name}": shape for name, shape in following.shapes().items()}
    if schema.opening:
        block = opening_block(config, schema)
        shapes |= {f"opening.{name}": shape for name, shape in block.shapes().items()}
    return shapes


@dataclass(frozen=True, kw_only=True)
class Block:
    """Fields that are drawn one after another, each given those before it."""

    fields: tuple[Field, ...]
    n_read: int
    """Width of the vector that all of them read."""
    units: int
    config: FieldsConfig

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """List the weights of the block by name and shape."""
        n, config = len(self.fields), self.config
        shapes: dict[str, tuple[int, ...]] = {
            "read.weight": (n * self.units, self.n_read),
            "read.bias": (n * self.units,),
            "gather": (n, config.told_size, config.gathered_size),
            "spread": (n, config.gathered_size, self.units),
        }
        for k, field in enumerate(self.fields):
            shapes[f"tell.{k}"] = (n_told(field), config.told_size)
            shapes[f"out.{k}.weight"] = (n_params(field), self.units)
            shapes[f"out.{k}.bias"] = (n_params(field),)
        return shapes


def opening_block(config: FieldsConfig, schema: Schema) -> Block:
    """Return the block of the opening: it reads what is given of the first step."""
    n_read = max(1, schema.n_given)
    return Block(fields=schema.opening, n_read=n_read, units=config.opening_units, config=config)
