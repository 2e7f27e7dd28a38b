"""The network of texts in NumPy, forwards and backwards: what dynamic evaluation adjusts.

One row at a time, in pieces whose state is carried. The equations are those of `primer`, written
for speed: inputs of a piece are one product, buffers are used again, and gates stand in the order
i, f, o, g, so that one call squashes three of them. Tests hold it to torch, gradients included.

Shape letters: `T` steps, `C` context fields, `E` embedding, `H` hidden, `L` layers, `D` read-out
input, `V` symbols, `G` four gates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from serinette.artifact.step_graph import LAYER_NORM_EPSILON
from serinette.core.schema import Schema, context_tables
from serinette.nets.config import ModelConfig

Weights = dict[str, Float32[np.ndarray, "..."]]


class Memory(NamedTuple):
    """What the LSTM remembers of one row."""

    h: Float32[np.ndarray, "L H"]
    c: Float32[np.ndarray, "L H"]


@dataclass(eq=False)
class _LayerTrace:
    """What happened in a layer, for the way back."""

    x: Float32[np.ndarray, "T X"]
    gates: Float32[np.ndarray, "T G"]
    """After sigmoid and tanh, in the order i, f, o, g."""
    h: Float32[np.ndarray, "T1 H"]
    """With what was there before the first step in front."""
    c: Float32[np.ndarray, "T1 H"]
    shown: Float32[np.ndarray, "T H"]
    """tanh(c)."""


class Reading(NamedTuple):
    """A piece that was read."""

    symbols: Int[np.ndarray, " T"]
    context: Int[np.ndarray, " C"]
    layers: list[_LayerTrace]
    norms: list[tuple[np.ndarray, np.ndarray]]
    """Where layers are normalised: what was normalised, and by how much it was divided."""
    joined: Float32[np.ndarray, "T D"]
    hidden: Float32[np.ndarray, "T E"]
    """What meets the read-out's table."""
    logits: Float32[np.ndarray, "T V"]
    end: Memory


class TrainableNetwork:
    """A network whose weights may change between pieces.

    Args:
        config: Sizes.
        schema: Fields and context.
        weights: By the names of `nets.config.expected_shapes`; copied.
    """

    def __init__(self, config: ModelConfig, schema: Schema, weights: Mapping[str, np.ndarray]):
        self.config = config
        self.schema = schema
        self._tables = context_tables(schema.context)
        self._order = _gate_order(config.hidden_size)
        self.weights: Weights = {
            name: np.array(self._turned(name, value), dtype=np.float32, order="C")
            for name, value in weights.items()
        }
        """Adjusted in place. Gates stand in the order i, f, o, g; `exported` turns them back."""

    def exported(self) -> Weights:
        """Return copies of the weights as `nets.config.expected_shapes` has them."""
        return self.back_in_order(self.weights)

    def back_in_order(self, values: Weights) -> Weights:
        """Return copies of what stands in the order of `weights`, gates as torch has them."""
        back = np.argsort(self._order)
        return {
            name: value[back] if name.startswith("layers.") else value.copy()
            for name, value in values.items()
        }

    def start(self) -> Memory:
        """Return the all-zero memory."""
        shape = (self.config.n_layers, self.config.hidden_size)
        return Memory(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32))

    def read(
        self, symbols: Int[np.ndarray, " T"], context: Int[np.ndarray, " C"], start: Memory
    ) -> Reading:
        """Read a piece from a memory.

        Args:
            symbols: At least one.
            context: Facts about the whole sequence.
            start: From `start`, or the `end` of the piece before.
        """
        x = self.weights["embedding.weight"][symbols]
        for k, fields in enumerate(self._tables):
            x = x + self.weights[f"contexts.{k}.weight"][context[fields]].sum(0)
        layers, norms, outputs = [], [], []
        for i in range(self.config.n_layers):
            layers.append(self._run_layer(i, x, start))
            x = layers[-1].h[1:]
            if self.config.layer_norm:
                x, norm = self._normalised(i, x)
                norms.append(norm)
            outputs.append(x)
        joined = self._joined(outputs)
        hidden = joined @ self.weights["projection.weight"].T if self.config.tied else joined
        logits = hidden @ self._readout().T + self.weights["readout.bias"]
        end = Memory(
            np.stack([layer.h[-1] for layer in layers]), np.stack([layer.c[-1] for layer in layers])
        )
        return Reading(symbols, context, layers, norms, joined, hidden, logits, end)

    def joined(self, h: Float32[np.ndarray, "L B H"]) -> Float32[np.ndarray, "B D"]:
        """Return what the read-out sees of memories: a row of its own of each, whatever stands by.

        Args:
            h: Of every layer and row.
        """
        outputs = list(h)
        if self.config.layer_norm:
            outputs = [self._normalised(i, one)[0] for i, one in enumerate(outputs)]
        return self._joined(outputs)

    def gradients(self, reading: Reading, d_logits: Float32[np.ndarray, "T V"]) -> Weights:
        """Return the derivatives of a loss by every weight; nothing flows into the start.

        Args:
            reading: From `read`, with the weights as they are.
            d_logits: Derivatives by the logits.
        """
        found: Weights = {}
        found["readout.bias"] = d_logits.sum(0)
        table = "embedding.weight" if self.config.tied else "readout.weight"
        found[table] = d_logits.T @ reading.hidden
        d_joined = d_logits @ self._readout()
        if self.config.tied:
            found["projection.weight"] = d_joined.T @ reading.joined
            d_joined = d_joined @ self.weights["projection.weight"]
        d_x: np.ndarray = np.zeros((), dtype=np.float32)
        for i in reversed(range(self.config.n_layers)):
            d_h = d_x + self._part(d_joined, i)
            if self.config.layer_norm:
                d_h = self._norm_back(i, reading.norms[i], d_h, found)
            d_x = self._layer_back(i, reading.layers[i], d_h, found)
        self._embedding_back(reading, d_x, found)
        return found

    def _run_layer(self, i: int, x: Float32[np.ndarray, "T X"], start: Memory) -> _LayerTrace:
        prefix, hidden = f"layers.{i}.", self.config.hidden_size
        recurrent = self.weights[prefix + "weight_hh_l0"]
        bias = self.weights[prefix + "bias_ih_l0"] + self.weights[prefix + "bias_hh_l0"]
        gates = x @ self.weights[prefix + "weight_ih_l0"].T + bias
        h = np.empty((len(x) + 1, hidden), dtype=np.float32)
        c, shown = np.empty_like(h), np.empty((len(x), hidden), dtype=np.float32)
        h[0], c[0] = start.h[i], start.c[i]
        moved, kept = np.empty(4 * hidden, dtype=np.float32), np.empty(hidden, dtype=np.float32)
        for t in range(len(x)):
            a = gates[t]
            a += np.dot(recurrent, h[t], out=moved)
            squashed = a[: 3 * hidden]
            squashed *= 0.5
            np.tanh(a, out=a)
            squashed *= 0.5
            squashed += 0.5
            np.multiply(a[:hidden], a[3 * hidden :], out=kept)
            np.multiply(a[hidden : 2 * hidden], c[t], out=c[t + 1])
            c[t + 1] += kept
            np.tanh(c[t + 1], out=shown[t])
            np.multiply(a[2 * hidden : 3 * hidden], shown[t], out=h[t + 1])
        return _LayerTrace(x, gates, h, c, shown)

    def _layer_back(
        self, i: int, trace: _LayerTrace, d_h: Float32[np.ndarray, "T H"], found: Weights
    ) -> Float32[np.ndarray, "T X"]:
        prefix, hidden = f"layers.{i}.", self.config.hidden_size
        recurrent = self.weights[prefix + "weight_hh_l0"]
        i_, f, o, g = (trace.gates[:, k * hidden : (k + 1) * hidden] for k in range(4))
        # What each gate's derivative is multiplied by does not depend on what comes back.
        by_c = np.concatenate([g * i_ * (1 - i_), trace.c[:-1] * f * (1 - f)], axis=1)
        by_c_last = i_ * (1 - g * g)
        by_h = trace.shown * o * (1 - o)
        into_c = o * (1 - trace.shown**2)
        d_a = np.empty_like(trace.gates)
        later_h = np.zeros(hidden, dtype=np.float32)
        d_c = np.zeros(hidden, dtype=np.float32)
        for t in reversed(range(len(d_h))):
            later_h += d_h[t]
            d_c += later_h * into_c[t]
            row = d_a[t]
            np.multiply(d_c, by_c[t, :hidden], out=row[:hidden])
            np.multiply(d_c, by_c[t, hidden:], out=row[hidden : 2 * hidden])
            np.multiply(later_h, by_h[t], out=row[2 * hidden : 3 * hidden])
            np.multiply(d_c, by_c_last[t], out=row[3 * hidden :])
            np.dot(row, recurrent, out=later_h)
            d_c *= f[t]
        found[prefix + "weight_hh_l0"] = d_a.T @ trace.h[:-1]
        found[prefix + "weight_ih_l0"] = d_a.T @ trace.x
        found[prefix + "bias_ih_l0"] = d_a.sum(0)
        found[prefix + "bias_hh_l0"] = found[prefix + "bias_ih_l0"]
        d_x: Float32[np.ndarray, "T X"] = d_a @ self.weights[prefix + "weight_ih_l0"]
        return d_x

    def _normalised(
        self, i: int, x: Float32[np.ndarray, "T H"]
    ) -> tuple[Float32[np.ndarray, "T H"], tuple[np.ndarray, np.ndarray]]:
        centred = x - x.mean(1, keepdims=True)
        scale = np.sqrt((centred**2).mean(1, keepdims=True) + np.float32(LAYER_NORM_EPSILON))
        normal = centred / scale
        weight, bias = self.weights[f"norms.{i}.weight"], self.weights[f"norms.{i}.bias"]
        return normal * weight + bias, (normal, scale)

    def _norm_back(
        self, i: int, norm: tuple[np.ndarray, np.ndarray], d_y: np.ndarray, found: Weights
    ) -> Float32[np.ndarray, "T H"]:
        normal, scale = norm
        found[f"norms.{i}.weight"] = (d_y * normal).sum(0)
        found[f"norms.{i}.bias"] = d_y.sum(0)
        d_n = d_y * self.weights[f"norms.{i}.weight"]
        centred = d_n - d_n.mean(1, keepdims=True)
        d_x: Float32[np.ndarray, "T H"] = (
            centred - normal * (d_n * normal).mean(1, keepdims=True)
        ) / scale
        return d_x

    def _embedding_back(self, reading: Reading, d_x: np.ndarray, found: Weights) -> None:
        table = found.setdefault(
            "embedding.weight", np.zeros_like(self.weights["embedding.weight"])
        )
        np.add.at(table, reading.symbols, d_x)
        for k, fields in enumerate(self._tables):
            name = f"contexts.{k}.weight"
            found[name] = np.zeros_like(self.weights[name])
            np.add.at(found[name], reading.context[fields], d_x.sum(0))

    def _joined(self, outputs: list[np.ndarray]) -> Float32[np.ndarray, "T D"]:
        if self.config.readout == "concat":
            return np.concatenate(outputs, axis=1)
        return np.sum(outputs, axis=0) if self.config.readout == "sum" else outputs[-1]

    def _part(self, d_joined: np.ndarray, i: int) -> Float32[np.ndarray, "T H"]:
        """Return what comes back from the read-out into layer `i`."""
        if self.config.readout == "concat":
            hidden = self.config.hidden_size
            return d_joined[:, i * hidden : (i + 1) * hidden]
        if self.config.readout == "sum" or i == self.config.n_layers - 1:
            return d_joined
        return np.zeros((len(d_joined), self.config.hidden_size), dtype=np.float32)

    def _readout(self) -> Float32[np.ndarray, "V E"]:
        return self.weights["embedding.weight" if self.config.tied else "readout.weight"]

    def _turned(self, name: str, value: np.ndarray) -> Float[np.ndarray, "..."]:
        return value[self._order] if name.startswith("layers.") else value


def _gate_order(hidden: int) -> Int[np.ndarray, " G"]:
    """Return where the rows of i, f, o, g stand in torch's i, f, g, o."""
    i, f, g, o = np.arange(4 * hidden).reshape(4, hidden)
    return np.concatenate([i, f, o, g])
