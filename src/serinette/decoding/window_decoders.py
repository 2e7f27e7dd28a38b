"""Writes windows with NumPy alone, as the networks of `nets.window_writers` do.

Shape letters: `N` rows, `T` steps (`T1` is one more), `F` features, `C` context, `Z` noise, `B`
blocks, `R` rows of a block, `W` numbers that a step is told, `H` hidden, `M` numbers of noise a
row.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema
from serinette.decoding.activation import ACTIVATIONS, sigmoid
from serinette.decoding.latent_decoder import Windows
from serinette.decoding.row_blocks import ROWS, LstmStack, column, in_blocks, layer_of
from serinette.nets.latent_config import FACTS
from serinette.nets.lstm_gan_config import LstmGanConfig, lstm_gan_shapes
from serinette.nets.timegan_config import TimeganConfig, timegan_shapes
from serinette.nets.window_features import FeatureKinds, n_context_of

Weights = Mapping[str, np.ndarray]


@runtime_checkable
class WindowDecoder(Protocol):
    """Turns noise into windows."""

    n_noise: int
    """Normal numbers that a window comes from."""
    n_row_noise: int
    """Normal numbers that it and each of its rows come from besides."""

    def draw(
        self,
        noise: Float32[np.ndarray, "N Z"],
        context: Float32[np.ndarray, "N C"],
        n_steps: int,
        row_noise: Float32[np.ndarray, "N T1 M"] | None = None,
    ) -> Windows:
        """Turn noise beside context into windows; the first steps do not depend on `n_steps`."""


class SteppedDecoder:
    """A trained generator that writes a row at a time.

    Args:
        weights: By the names of the network's shapes.
        config: Sizes.
        schema: From `kinds.series.whole_windows.window_schema`.

    Raises:
        ArtifactError: If a weight is missing or has another shape than the config says.
    """

    def __init__(
        self, weights: Weights, config: LstmGanConfig | TimeganConfig, schema: Schema
    ) -> None:
        if isinstance(config, TimeganConfig):
            _check(weights, timegan_shapes(config, schema))
            self._network: LstmGan | Timegan = Timegan(weights, config)
        else:
            _check(weights, lstm_gan_shapes(config, schema))
            self._network = LstmGan(weights, config)
        self._kinds = FeatureKinds.of(schema)
        self._has_end = schema.end is not None
        self._scale = column(weights["features.mean"]), column(weights["features.sd"])
        self.n_noise, self.n_context = config.n_noise, n_context_of(schema)
        self.n_row_noise = 0
        self._most = config.n_steps

    def draw(
        self,
        noise: Float32[np.ndarray, "N Z"],
        context: Float32[np.ndarray, "N C"],
        n_steps: int,
        row_noise: Float32[np.ndarray, "N T1 M"] | None = None,
    ) -> Windows:
        """Turn noise into windows.

        Args:
            noise: Standard normal, from `latent_decoder.normal_noise`.
            context: Facts about each window; no columns where there are none.
            n_steps: At least 1, at most the rows of a whole window.
            row_noise: Nothing: what rows come from is part of `noise`.
        """
        n, n_filled = len(noise), -(-len(noise) // ROWS) * ROWS
        kinds = self._kinds
        values = np.empty((n_filled, n_steps, kinds.n_features), dtype=np.float32)
        ends = np.zeros((n_filled, n_steps), dtype=np.float32)
        for rows, blocks in in_blocks(np.concatenate([noise, context], axis=1)):
            given, facts = blocks[:, : self.n_noise], blocks[:, self.n_noise :]
            for step, told in enumerate(self._network.steps(given, facts, n_steps)):
                written = self._row(told[:, : kinds.n_features])
                values[rows, step] = written.transpose(0, 2, 1).reshape(-1, kinds.n_features)
                if self._has_end and step:  # what does not go on has ended with the step before
                    ends[rows, step - 1] = (told[:, -1] <= 0).reshape(-1)
        return Windows(values[:n], ends[:n] if self._has_end else None)

    def _row(self, told: Float32[np.ndarray, "B F R"]) -> Float32[np.ndarray, "B F R"]:
        """Return a row in the units of the codec; flags and symbols are 0 or 1."""
        kinds, (mean, sd) = self._kinds, self._scale
        row: Float32[np.ndarray, "B F R"] = told * sd + mean
        row[:, kinds.flags] = told[:, kinds.flags] > 0
        for place in kinds.one_hots:
            chosen = told[:, place].argmax(axis=1)[:, None]  # [B, 1, R]
            sizes = np.arange(place.stop - place.start)[:, None]
            row[:, place] = chosen == sizes
        return row


class LstmGan:
    """The network of `nets.window_writers.LstmGanGenerator`."""

    def __init__(self, weights: Weights, config: LstmGanConfig) -> None:
        self._config = config
        self._activation = ACTIVATIONS[config.activation]
        self._dense = [layer_of(weights, f"dense.{k}") for k in range(config.n_dense)]
        self._steps = layer_of(weights, "steps")
        self._conv = None
        if config.conv_width:
            flat = weights["conv.weight"].transpose(0, 2, 1).reshape(config.dense_size, -1)
            self._conv = layer_of({"conv.weight": flat, "conv.bias": weights["conv.bias"]}, "conv")
        self._scale = np.ones((1, 1), dtype=np.float32), np.zeros((1, 1), dtype=np.float32)
        if config.batch_norm:
            self._scale = column(weights["norm.scale"]), column(weights["norm.shift"])
        self._lstm = LstmStack(weights, "lstm", config.n_layers)
        self._out = layer_of(weights, "out")

    def steps(
        self,
        noise: Float32[np.ndarray, "B Z R"],
        context: Float32[np.ndarray, "B C R"],
        n_steps: int,
    ) -> Iterator[Float32[np.ndarray, "B _ R"]]:
        """Yield what the network tells of each step."""
        config = self._config
        x = np.concatenate([noise[:, : config.noise_size], context], axis=1)
        for layer in self._dense:
            x = self._activation(layer.of(x))
        told = self._steps.of(x)  # [B, T W, R]
        told = told.reshape(len(x), config.n_steps, config.dense_size, ROWS)
        each = noise[:, config.noise_size :].reshape(len(x), config.n_steps, -1, ROWS)
        state = self._lstm.start(len(x))
        for step in range(n_steps):
            normed = self._normed(self._around(told, step))
            hidden = self._lstm.step(
                np.concatenate([normed, each[:, step], context], axis=1), state
            )
            yield self._out.of(hidden)

    def _around(
        self, told: Float32[np.ndarray, "B T W R"], step: int
    ) -> Float32[np.ndarray, "B W R"]:
        """Return what a step is told: the convolution at its place."""
        if self._conv is None:
            return told[:, step]
        first = step - (self._config.conv_width - 1) // 2
        nothing = np.zeros_like(told[:, 0])
        seen = [
            self._activation(told[:, k]) if 0 <= k < told.shape[1] else nothing
            for k in range(first, first + self._config.conv_width)
        ]
        around: Float32[np.ndarray, "B W R"] = self._conv.of(np.concatenate(seen, axis=1))
        return around

    def _normed(self, told: Float32[np.ndarray, "B W R"]) -> Float32[np.ndarray, "B W R"]:
        scale, shift = self._scale
        normed: Float32[np.ndarray, "B W R"] = self._activation(told * scale + shift)
        return normed


class Timegan:
    """The network of `nets.window_writers.Timegan`, without embedder."""

    def __init__(self, weights: Weights, config: TimeganConfig) -> None:
        self._config = config
        depths = {
            "generator": config.n_layers,
            "supervisor": config.supervisor_layers,
            "recovery": config.n_layers,
        }
        self._parts = [
            (LstmStack(weights, f"{name}.lstm", depth), layer_of(weights, f"{name}.out"))
            for name, depth in depths.items()
        ]

    def steps(
        self,
        noise: Float32[np.ndarray, "B Z R"],
        context: Float32[np.ndarray, "B C R"],
        n_steps: int,
    ) -> Iterator[Float32[np.ndarray, "B _ R"]]:
        """Yield what the network tells of each step."""
        each = noise.reshape(len(noise), self._config.n_steps, -1, ROWS)
        states = [lstm.start(len(noise)) for lstm, _ in self._parts]
        for step in range(n_steps):
            x = np.concatenate([each[:, step], context], axis=1)
            for k, ((lstm, out), state) in enumerate(zip(self._parts, states, strict=True)):
                x = out.of(lstm.step(x, state))
                if k < len(self._parts) - 1:
                    x = sigmoid(x)
            yield x


def _check(weights: Weights, wanted: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in wanted.items():
        found = weights[name].shape if name in weights else None
        if found != shape and name != FACTS:
            raise ArtifactError(
                f"window engine: weight '{name}' has shape {found}, not {shape}; train again"
            )
