"""The network of symbols as equations in NumPy: what each gate did, and what a prediction rests on.

The states come from the step graph; here the LSTM of `primer` runs on the same weights, with what
this project's network has around it: context added to the embedding, layer norms, read-outs of the
last layer, of all side by side or of their sum, and a read-out tied to the embedding.

Shape letters: `B` rows, `C` context fields, `D` read-out input, `E` embedding, `H` hidden,
`L` layers, `N` places, `T` steps, `V` symbols.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from serinette.core.schema import Schema, context_tables
from serinette.nets.config import ModelConfig, expected_shapes
from serinette.primer.backward import gate_gradients
from serinette.primer.cell import LSTMWeights, State, Trace, layer

_EPSILON = 1e-5
"""Of the layer norm, as in the step graph."""


class Way(NamedTuple):
    """All that happened on the way from symbols to logits."""

    embedded: Float[np.ndarray, "B T E"]
    traces: list[Trace]
    """Of each layer, bottom first."""
    logits: Float[np.ndarray, "B V"]
    """After the last step."""


class SymbolNetwork:
    """A trained network of symbols.

    Args:
        weights: As `nets.config.expected_shapes` lists them.
        config: Sizes.
        schema: Fields and context.
        dtype: Numbers that it computes with.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        config: ModelConfig,
        schema: Schema,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.config = config
        self._weights = {name: w.astype(dtype) for name, w in weights.items()}
        self._tables = context_tables(schema.context)
        self.layers = [lstm_layer(self._weights, k) for k in range(config.n_layers)]

    def embed(
        self, symbols: Int[np.ndarray, "B T"], context: Int[np.ndarray, "B C"]
    ) -> Float[np.ndarray, "B T E"]:
        """Return what the bottom layer reads."""
        embedded: Float[np.ndarray, "B T E"] = self._weights["embedding.weight"][symbols]
        for k, fields in enumerate(self._tables):
            told = self._weights[f"contexts.{k}.weight"][context[:, fields]].sum(1)  # [B, E]
            embedded = embedded + told[:, None]
        return embedded

    def empty(self, n_rows: int) -> list[State]:
        """Return the memory of each layer before anything was read."""
        nothing = np.zeros((n_rows, self.config.hidden_size), self.layers[0].bias.dtype)
        return [State(nothing, nothing)] * len(self.layers)

    def forward(self, embedded: Float[np.ndarray, "B T E"], starts: list[State]) -> Way:
        """Read steps from a state of each layer."""
        traces, outputs = self._run(embedded, starts)
        joined = self._join([x[:, -1] for x in outputs])
        return Way(embedded, traces, self.read_out(joined))

    def joined(
        self, embedded: Float[np.ndarray, "B T E"], starts: list[State]
    ) -> Float[np.ndarray, "B T D"]:
        """Return what `read_out` makes logits of, after every step."""
        return self._join(self._run(embedded, starts)[1])

    def _run(
        self, embedded: Float[np.ndarray, "B T E"], starts: list[State]
    ) -> tuple[list[Trace], list[np.ndarray]]:
        """Return what happened in each layer, and what each layer showed."""
        traces, outputs, x = [], [], embedded
        for k, weights in enumerate(self.layers):
            traces.append(layer(weights, x, starts[k]))
            x = self._normed(k, traces[-1].h)
            outputs.append(x)
        return traces, outputs

    def input_gradients(
        self, way: Way, targets: Int[np.ndarray, " B"]
    ) -> Float[np.ndarray, "B T E"]:
        """Return the derivative of -log p of the symbol that came, in nats, by what was read."""
        d_logits = np.exp(way.logits - way.logits.max(-1, keepdims=True))
        d_logits /= d_logits.sum(-1, keepdims=True)
        d_logits[np.arange(len(targets)), targets] -= 1
        d_outputs = self._parted(d_logits @ self._table() @ self._projection())
        d_above: np.ndarray = np.zeros_like(way.traces[-1].h)
        for k in reversed(range(len(self.layers))):
            d_above[:, -1] += d_outputs[k]
            d_h = self._through_norm(k, way.traces[k].h, d_above)
            d_above = gate_gradients(self.layers[k], way.traces[k], d_h) @ self.layers[k].weight_ih
        return d_above

    def layer_input(
        self, k: int, embedded: Float[np.ndarray, "N E"], h: Float[np.ndarray, "N L H"]
    ) -> Float[np.ndarray, "N X"]:
        """Return what layer k reads, given what was embedded and the h of all layers."""
        return embedded if k == 0 else self._normed(k - 1, h[:, k - 1])

    def _normed(self, k: int, h: np.ndarray) -> np.ndarray:
        if not self.config.layer_norm:
            return h
        unit, _ = _standardised(h)
        normed: np.ndarray = (
            unit * self._weights[f"norms.{k}.weight"] + self._weights[f"norms.{k}.bias"]
        )
        return normed

    def _through_norm(self, k: int, h: np.ndarray, d_out: np.ndarray) -> np.ndarray:
        """Go back through a layer norm."""
        if not self.config.layer_norm:
            return d_out
        unit, scale = _standardised(h)
        d_unit = d_out * self._weights[f"norms.{k}.weight"]
        along = (d_unit * unit).mean(-1, keepdims=True)
        back: np.ndarray = (d_unit - d_unit.mean(-1, keepdims=True) - unit * along) / scale
        return back

    def _join(self, outputs: list[np.ndarray]) -> Float[np.ndarray, "*B D"]:
        if self.config.readout == "concat":
            return np.concatenate(outputs, axis=-1)
        return np.sum(outputs, axis=0) if self.config.readout == "sum" else outputs[-1]

    def _parted(self, d_joined: Float[np.ndarray, "B D"]) -> list[np.ndarray]:
        """Return the derivative by each layer's output."""
        n = len(self.layers)
        if self.config.readout == "concat":
            return np.split(d_joined, n, axis=-1)
        if self.config.readout == "sum":
            return [d_joined] * n
        return [np.zeros_like(d_joined)] * (n - 1) + [d_joined]

    def _table(self) -> Float[np.ndarray, "V X"]:
        return self._weights["embedding.weight" if self.config.tied else "readout.weight"]

    def _projection(self) -> Float[np.ndarray, "X D"]:
        if self.config.tied:
            return self._weights["projection.weight"]
        return np.eye(self.config.readout_size, dtype=np.float32)

    def read_out(self, joined: Float[np.ndarray, "*B D"]) -> Float[np.ndarray, "*B V"]:
        """Return logits."""
        if self.config.tied:
            joined = joined @ self._weights["projection.weight"].T
        logits: Float[np.ndarray, "*B V"] = joined @ self._table().T + self._weights["readout.bias"]
        return logits


def lstm_layer(weights: Mapping[str, np.ndarray], k: int) -> LSTMWeights:
    """Return layer k of a network as the primer reads it."""
    prefix = f"layers.{k}."
    return LSTMWeights(
        weights[prefix + "weight_ih_l0"],
        weights[prefix + "weight_hh_l0"],
        weights[prefix + "bias_ih_l0"] + weights[prefix + "bias_hh_l0"],
    )


def untrained(config: ModelConfig, schema: Schema, seed: int = 0) -> dict[str, np.ndarray]:
    """Return weights of the same sizes as they are before training, as `nets.model` draws them."""
    shapes = expected_shapes(config, schema)
    return untrained_weights(shapes, config.hidden_size, config.forget_bias, seed)


def untrained_weights(
    shapes: Mapping[str, tuple[int, ...]], hidden: int, forget_bias: float, seed: int
) -> dict[str, np.ndarray]:
    """Draw weights: recurrent blocks orthogonal, input matrices N(0, 0.8^2 / inputs), biases 0."""
    generator = np.random.default_rng(seed)
    found = {}
    for name, shape in shapes.items():
        if name.endswith("weight_hh_l0"):
            squares = np.split(generator.standard_normal(shape), 4)
            weight = np.concatenate([np.linalg.qr(square)[0] for square in squares])
        elif name.endswith("weight_ih_l0"):
            weight = generator.standard_normal(shape) * 0.8 * shape[1] ** -0.5
        elif name.startswith("norms.") and name.endswith("weight"):
            weight = np.ones(shape)
        elif len(shape) > 1:
            is_vector = name.startswith(("embedding", "contexts", "symbols"))
            weight = generator.standard_normal(shape) * (1 if is_vector else shape[1] ** -0.5)
        else:
            weight = np.zeros(shape)
        if name.endswith("bias_ih_l0"):
            weight[hidden : 2 * hidden] = forget_bias
        found[name] = weight.astype(np.float32)
    return found


def _standardised(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.sqrt(h.var(-1, keepdims=True) + _EPSILON)
    return (h - h.mean(-1, keepdims=True)) / scale, scale
