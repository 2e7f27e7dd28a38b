"""The network of tables as equations in NumPy: what each gate did while it read rows.

Shape letters: `B` windows, `C` context fields, `K` symbol fields, `T` rows, `X` numbers,
`E` what the bottom layer reads, `H` hidden.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from serinette.core.schema import Schema
from serinette.explaining.network import lstm_layer, untrained_weights
from serinette.nets.fields_config import FieldsConfig, expected_shapes
from serinette.primer.backward import input_gradients
from serinette.primer.cell import State, Trace, forward


class RowNetwork:
    """The LSTM of a network of tables, without its heads.

    Args:
        weights: As `nets.fields_config.expected_shapes` lists them.
        config: Sizes.
        dtype: Numbers that it computes with.
    """

    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        config: FieldsConfig,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self._weights = {name: w.astype(dtype) for name, w in weights.items()}
        self._dtype = dtype
        self._hidden = config.hidden_size
        self.layers = [lstm_layer(self._weights, k) for k in range(config.n_layers)]

    def inputs(
        self,
        numbers: Float[np.ndarray, "B T X"],
        symbols: Int[np.ndarray, "B T K"],
        context: Int[np.ndarray, "B C"],
    ) -> Float[np.ndarray, "B T E"]:
        """Return what the bottom layer reads of encoded windows."""
        parts = [numbers.astype(self._dtype)]
        parts += [
            self._weights[f"symbols.{k}.weight"][symbols[..., k]] for k in range(symbols.shape[-1])
        ]
        for k in range(context.shape[-1]):
            told = self._weights[f"contexts.{k}.weight"][context[:, k]]
            parts.append(np.repeat(told[:, None], numbers.shape[1], axis=1))
        x = np.concatenate(parts, axis=-1)
        return x if x.shape[-1] else np.zeros((*x.shape[:-1], 1), dtype=self._dtype)

    def forward(self, inputs: Float[np.ndarray, "B T E"]) -> list[Trace]:
        """Read windows from an empty memory; return all that happened in each layer."""
        nothing = np.zeros((len(inputs), self._hidden), dtype=self._dtype)
        return forward(self.layers, inputs, [State(nothing, nothing)] * len(self.layers))

    def input_gradients(
        self, traces: list[Trace], d_last: Float[np.ndarray, "B H"]
    ) -> Float[np.ndarray, "B T E"]:
        """Return the derivative by what was read.

        Args:
            traces: From `forward`.
            d_last: Derivative by the top layer's last output.
        """
        d_h = np.zeros_like(traces[-1].h)
        d_h[:, -1] = d_last
        return input_gradients(self.layers, traces, d_h)


def untrained_rows(config: FieldsConfig, schema: Schema) -> RowNetwork:
    """Return a network of the same sizes as it is before training."""
    shapes = expected_shapes(config, schema)
    weights = untrained_weights(shapes, config.hidden_size, config.forget_bias, 0)
    return RowNetwork(weights, config)
