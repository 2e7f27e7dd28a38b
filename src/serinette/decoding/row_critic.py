"""What a critic says of a written row, in NumPy: the face of `nets.symbol_critic` without torch.

Rows are judged one by one, so that what is said of one never depends on the others.

Shape letters: `T` steps, `V` symbols, `E` width of a vector, `C` filters of a width, `w` places
under a filter (of all widths side by side), `H` hidden, `D` features of the row.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int

from serinette.decoding.activation import ACTIVATIONS, sigmoid
from serinette.nets.critic_config import CriticConfig

Weights = Mapping[str, Float32[np.ndarray, "..."]]
_EPSILON = np.float32(1e-5)
"""Of layer norms."""


class RowCritic:
    """A trained critic that only judges.

    Args:
        weights: From `SymbolCritic.exported`.
        config: Of the network; rows are judged alone: no packing, no spread of a batch.
        window: Steps that it learnt to judge at once; None: whole rows.
    """

    def __init__(self, weights: Weights, config: CriticConfig, window: int | None) -> None:
        self._weights = weights
        self._config = config
        self._window = window
        self._activation = ACTIVATIONS[config.activation]

    def word(self, symbols: Int[np.ndarray, " T"]) -> float:
        """Return the log of how much likelier the row is in real text than from the model, in nats.

        Of a row longer than the critic's window: the sum over the windows that it falls into, the
        last one if at least half of it is there.

        Args:
            symbols: The row, its `end` included if it has ended; an empty one gets 0.
        """
        window = self._window or max(1, len(symbols))
        parts = [symbols[k : k + window] for k in range(0, len(symbols), window)]
        whole = [part for k, part in enumerate(parts) if k == 0 or 2 * len(part) >= window]
        return float(sum(self._logit(part) for part in whole if len(part)))

    def _logit(self, symbols: Int[np.ndarray, " T"]) -> float:
        features = self._cnn(symbols) if self._config.network == "cnn" else self._lstm(symbols)
        for k in range(self._config.n_dense):
            features = self._linear(features, f"critic.dense.{k}")
            if self._config.layer_norm:
                features = self._norm(features, f"critic.norms.{k}")
            features = self._activation(features)
        return float(self._linear(features, "critic.out")[0])

    @cached_property
    def _taps(self) -> Float32[np.ndarray, "V1 wC"]:
        """What every symbol adds to every filter at every place under it; the last row: nothing.

        A filter's answer is then a sum of looked-up numbers, much cheaper than its product with
        the vectors, and no row is multiplied beside another.
        """
        vectors = self._weights["vectors"]
        filters = [
            self._weights[f"critic.body.filters.{k}.weight"]
            .transpose(1, 2, 0)
            .reshape(vectors.shape[1], -1)
            for k in range(len(self._config.widths))
        ]  # [E, w C] each
        told = vectors @ np.concatenate(filters, axis=1)
        return np.concatenate([told, np.zeros_like(told[:1])])

    def _cnn(self, symbols: Int[np.ndarray, " T"]) -> Float32[np.ndarray, " D"]:
        longest, n, told = max(self._config.widths), len(symbols), []
        left = (longest - 1) // 2
        wide = np.full(n + longest - 1, len(self._taps) - 1)
        wide[left : left + n] = symbols
        taps = self._taps[wide].reshape(len(wide), -1, self._config.channels)  # [T', w, C]
        place = 0
        for k, width in enumerate(self._config.widths):
            begin = left - (width - 1) // 2
            answers = self._weights[f"critic.body.filters.{k}.bias"]
            for j in range(width):
                answers = answers + taps[begin + j : begin + j + n, place + j]  # [T, C]
            place += width
            answers = self._activation(answers)
            if self._config.pooling != "mean":
                told.append(answers.max(axis=0))
            if self._config.pooling != "max":
                told.append(answers.mean(axis=0))
        return np.concatenate(told)

    def _lstm(self, symbols: Int[np.ndarray, " T"]) -> Float32[np.ndarray, " D"]:
        x = self._weights["vectors"][symbols]  # [T, E]
        for layer in range(self._config.n_layers):
            x = self._layer(x, f"critic.body.lstm.{{}}_l{layer}")
        if self._config.layer_norm:
            x = self._norm(x, "critic.body.norm")
        return np.concatenate([x[-1], x.mean(axis=0)])

    def _layer(self, x: Float32[np.ndarray, "T K"], name: str) -> Float32[np.ndarray, "T H"]:
        weights = self._weights
        read = x @ weights[name.format("weight_ih")].T
        read = read + weights[name.format("bias_ih")] + weights[name.format("bias_hh")]
        carry = weights[name.format("weight_hh")].T
        h = c = np.zeros(len(carry), dtype=np.float32)
        hidden = []
        for step in read:
            i, f, g, o = np.split(step + h @ carry, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            hidden.append(h)
        return np.stack(hidden)

    def _linear(self, features: Float32[np.ndarray, " D"], name: str) -> Float32[np.ndarray, " O"]:
        found: Float32[np.ndarray, " O"] = (
            self._weights[f"{name}.weight"] @ features + self._weights[f"{name}.bias"]
        )
        return found

    def _norm(self, x: Float32[np.ndarray, "*T D"], name: str) -> Float32[np.ndarray, "*T D"]:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + _EPSILON)
        found: Float32[np.ndarray, "*T D"] = (
            scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        )
        return found
