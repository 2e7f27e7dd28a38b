"""The NumPy face of the network for steps of many fields.

No torch is needed, and a row never depends on its batch: every product runs over blocks of the same
number of rows, the last one filled up. How many rows a block has is found out for each size of
weights: as many as BLAS treats alike here, so that the arithmetic of a row is the same to the bit
in whatever company, and at whatever place, it stands.

Shape letters: `B` rows, `H` hidden, `L` layers, `F` fields, `X` anything, `Y` anything, `U` units,
`K` symbol fields, `C` context fields.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.core.distributions import (
    categorical_draw,
    categorical_log_prob,
    mixture_draw,
    mixture_log_prob,
    mixture_of,
)
from serinette.core.schema import Field, Schema, SymbolField
from serinette.decoding.activation import sigmoid
from serinette.nets.fields_config import Block, FieldsConfig, opening_block

_BLOCK_ROWS = (64, 32, 16, 8, 4, 2)
"""Rows of a block, the fastest first; a row alone is always treated alike."""
_N_TRIED = 4
_LARGEST_TOLD = 8.0


class Memory(NamedTuple):
    """What the LSTM remembers."""

    h: Float32[np.ndarray, "L B H"]
    c: Float32[np.ndarray, "L B H"]


class FieldsNetwork:
    """A trained network, one step at a time.

    Args:
        weights: By the names of `nets.fields_config.expected_shapes`.
        config: Sizes.
        schema: Fields.
    """

    def __init__(
        self, weights: Mapping[str, np.ndarray], config: FieldsConfig, schema: Schema
    ) -> None:
        self.schema = schema
        self._config = config
        read = {name: np.ascontiguousarray(w, dtype=np.float32) for name, w in weights.items()}
        n_symbols = sum(isinstance(field, SymbolField) for field in schema.fields)
        self._symbols = [read[f"symbols.{k}.weight"] for k in range(n_symbols)]
        self._contexts = [read[f"contexts.{k}.weight"] for k in range(len(schema.context))]
        self._layers = [_Layer(read, f"layers.{i}.") for i in range(config.n_layers)]
        following = Block(
            fields=schema.fields, n_read=config.hidden_size, units=config.field_units, config=config
        )
        self.following = BlockReader(following, read, "following.")
        self.opening = (
            BlockReader(opening_block(config, schema), read, "opening.") if schema.opening else None
        )

    def start(self, n_rows: int) -> Memory:
        """Return the all-zero state."""
        shape = (self._config.n_layers, n_rows, self._config.hidden_size)
        return Memory(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32))

    def advance(
        self,
        numbers: Float[np.ndarray, "B X"],
        symbols: Int[np.ndarray, "B K"],
        context: Int[np.ndarray, "B C"],
        memory: Memory,
    ) -> tuple[Float32[np.ndarray, "B H"], Memory]:
        """Read one step of every row."""
        parts = [numbers.astype(np.float32)]
        parts += [table[symbols[:, k]] for k, table in enumerate(self._symbols)]
        parts += [table[context[:, k]] for k, table in enumerate(self._contexts)]
        x = np.concatenate(parts, axis=1)
        if x.shape[1] == 0:
            x = np.zeros((len(x), 1), dtype=np.float32)
        hs, cs = [], []
        for i, layer in enumerate(self._layers):
            x, c = layer.advance(x, memory.h[i], memory.c[i])
            hs.append(x)
            cs.append(c)
        return x, Memory(np.stack(hs), np.stack(cs))


class _Layer:
    def __init__(self, read: Mapping[str, np.ndarray], prefix: str) -> None:
        self._input = np.ascontiguousarray(read[prefix + "weight_ih_l0"].T)
        self._recurrent = np.ascontiguousarray(read[prefix + "weight_hh_l0"].T)
        self._bias = read[prefix + "bias_ih_l0"] + read[prefix + "bias_hh_l0"]

    def advance(
        self, x: np.ndarray, h: np.ndarray, c: np.ndarray
    ) -> tuple[Float32[np.ndarray, "B H"], Float32[np.ndarray, "B H"]]:
        gates = product(x, self._input) + product(h, self._recurrent) + self._bias
        i, f, g, o = np.split(gates, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c


class BlockReader:
    """Fields that are drawn one after another, each given those before it."""

    def __init__(self, block: Block, read: Mapping[str, np.ndarray], prefix: str) -> None:
        self.fields = block.fields
        self._units = block.units
        self._read = np.ascontiguousarray(read[prefix + "read.weight"].T)
        self._bias = read[prefix + "read.bias"]
        n = len(block.fields)
        self._n_gathered = block.config.gathered_size
        self._told = [read[f"{prefix}tell.{k}"] @ read[prefix + "gather"][k] for k in range(n)]
        self._spread = [np.ascontiguousarray(read[prefix + "spread"][k]) for k in range(n)]
        self._out = [np.ascontiguousarray(read[f"{prefix}out.{k}.weight"].T) for k in range(n)]
        self._out_bias = [read[f"{prefix}out.{k}.bias"] for k in range(n)]

    def begin(self, read: Float[np.ndarray, "B X"]) -> "Reading":
        """Begin a step.

        Args:
            read: What all fields read: the LSTM's output; of an opening what is given.
        """
        if read.shape[1] == 0:
            read = np.zeros((len(read), 1))
        active = product(read.astype(np.float32), self._read) + self._bias
        gathered = np.zeros((len(read), self._n_gathered), dtype=np.float32)
        return Reading(self, active.reshape(len(read), len(self.fields), self._units), gathered)


class Reading:
    """One step of every row while its fields are drawn, in order."""

    def __init__(self, reader: BlockReader, active: np.ndarray, gathered: np.ndarray) -> None:
        self._reader = reader
        self._active = active
        self._gathered = gathered

    def params(self, k: int) -> Float32[np.ndarray, "B P"]:
        """Return the parameters of field k; the fields before it must have been told."""
        reader = self._reader
        active = self._active[:, k]
        if k > 0:
            active = active + product(self._gathered, reader._spread[k])
        active = active * sigmoid(active)
        found: Float32[np.ndarray, "B P"] = product(active, reader._out[k]) + reader._out_bias[k]
        return found

    def tell(self, k: int, choices: Int[np.ndarray, " B"], values: Float[np.ndarray, " B"]) -> None:
        """Say what stands in field k."""
        reader = self._reader
        field, table = reader.fields[k], reader._told[k]
        if isinstance(field, SymbolField):
            self._gathered = self._gathered + table[choices]
            return
        bounded = np.clip(values, -_LARGEST_TOLD, _LARGEST_TOLD).astype(np.float32)[:, None]
        told = bounded * table[0] + np.tanh(4 * bounded) * table[1]
        if field.n_atoms:
            atoms = np.concatenate([table[2:], np.zeros_like(table[:1])])
            told = told + atoms[choices]
        self._gathered = self._gathered + told


def draw_field(
    field: Field,
    params: Float[np.ndarray, "B P"],
    u: Float[np.ndarray, " B"],
    temperature: float = 1.0,
) -> tuple[Int[np.ndarray, " B"], Float[np.ndarray, " B"]]:
    """Draw choice and value of a field with one uniform number a row."""
    if isinstance(field, SymbolField):
        return categorical_draw(params / temperature, u), np.zeros(len(u))
    mixture = mixture_of(params.astype(np.float64), field.n_atoms)
    return mixture_draw(mixture, u, temperature=temperature)


def field_log_prob(
    field: Field,
    params: Float[np.ndarray, "B P"],
    choices: Int[np.ndarray, " B"],
    values: Float[np.ndarray, " B"],
) -> Float[np.ndarray, " B"]:
    """Return the log-probability of a field's symbol or atom, or the log density of its value."""
    if isinstance(field, SymbolField):
        return categorical_log_prob(params, choices)
    return mixture_log_prob(mixture_of(params.astype(np.float64), field.n_atoms), choices, values)


def product(
    x: Float32[np.ndarray, "B X"], weight: Float32[np.ndarray, "X Y"]
) -> Float32[np.ndarray, "B Y"]:
    """Multiply in blocks of rows that are all treated alike."""
    n, size = len(x), rows_treated_alike(*weight.shape)
    n_blocks = -(-n // size)
    padded = np.zeros((n_blocks * size, x.shape[1]), dtype=np.float32)
    padded[:n] = x
    done = np.matmul(padded.reshape(n_blocks, size, -1), weight)
    found: Float32[np.ndarray, "B Y"] = done.reshape(n_blocks * size, -1)[:n]
    return found


@cache
def rows_treated_alike(n_read: int, n_told: int) -> int:
    """Return how many rows a product may have in which equal rows give equal bits.

    BLAS takes a few rows at once and the rest in another way, which rounds otherwise; where it
    changes depends on the processor and on the sizes.

    Args:
        n_read: Numbers of a row.
        n_told: Numbers of its product.
    """
    generator = np.random.default_rng(0)
    weight = generator.normal(size=(n_read, n_told)).astype(np.float32)
    rows = generator.normal(size=(_N_TRIED, 1, n_read)).astype(np.float32)
    for size in _BLOCK_ROWS:
        done = np.matmul(np.ascontiguousarray(rows.repeat(size, axis=1)), weight)
        if np.array_equal(done, done[:, :1].repeat(size, axis=1)):
            return size
    return 1
