"""Writes windows from noise with NumPy alone: the generator, then the LSTM decoder.

A row never depends on the rows beside it: `row_blocks` says why.

Shape letters: `N` rows, `T` steps (`T1` is one more), `F` features, `Z` latent, `C` context, `B`
blocks, `R` rows of a block, `D` latent and context, `H` hidden, `K` numbers that a layer reads, `O`
numbers it tells, `M` numbers of noise a row.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int, UInt64

from serinette.core.errors import ArtifactError
from serinette.core.seeds import uniforms
from serinette.decoding.activation import sigmoid
from serinette.decoding.residual_noise import ResidualNoise
from serinette.decoding.row_blocks import ROWS, column, in_blocks, layer_of
from serinette.nets.latent_config import (
    BEND,
    DETAIL,
    SLOPE_STEPS,
    LatentConfig,
    expected_shapes,
)

_EPSILON = np.float32(1e-5)
"""Of the generator's norms."""


class Windows(NamedTuple):
    """Windows as they are written."""

    values: Float32[np.ndarray, "N T F"]
    end_chances: Float32[np.ndarray, "N T"] | None
    """That a sequence ends with this step, given that it has come so far; None: no ends."""


class LatentDecoder:
    """A trained latent engine that only writes.

    Args:
        weights: From `training.latent.train_latent`.
        config: The same as there.

    Raises:
        ArtifactError: If a weight is missing or has another shape than the config says.
    """

    def __init__(
        self, weights: Mapping[str, Float32[np.ndarray, "..."]], config: LatentConfig
    ) -> None:
        self.n_features, self.n_context = _sizes(weights, config)
        self.latent_size = self.n_noise = config.latent_size
        self._feature_scale = column(weights["features.mean"]), column(weights["features.sd"])
        self._latent_scale = column(weights["latents.mean"]), column(weights["latents.sd"])
        self._hidden = [
            (
                layer_of(weights, f"generator.layers.{k}"),
                column(weights[f"generator.norms.{k}.weight"]),
                column(weights[f"generator.norms.{k}.bias"]),
            )
            for k in range(config.n_blocks)
        ]
        self._latents = layer_of(weights, "generator.out")
        self._start = layer_of(weights, "decoder.start")
        self._level = layer_of(weights, "decoder.level")
        self._slope = layer_of(weights, "decoder.slope")
        self._read = layer_of(weights, "decoder.lstm", part="ih")
        self._carry = layer_of(weights, "decoder.lstm", part="hh")
        self._out = layer_of(weights, "decoder.out")
        self._end = layer_of(weights, "decoder.end") if "decoder.end.weight" in weights else None
        self.n_row_noise = self.n_features if config.residuals else 0
        self._residuals = ResidualNoise(weights) if config.residuals else None

    def draw(
        self,
        noise: Float32[np.ndarray, "N Z"],
        context: Float32[np.ndarray, "N C"],
        n_steps: int,
        row_noise: Float32[np.ndarray, "N T1 M"] | None = None,
    ) -> Windows:
        """Turn noise into windows.

        Args:
            noise: Standard normal, from `normal_noise`.
            context: Facts about each window; no columns where there are none.
            n_steps: At least 1, as many as wanted: the first steps do not depend on it.
            row_noise: Standard normal, `n_row_noise` numbers for the window and as many for each
                row; None: rows have no noise of their own.
        """
        n = len(noise)
        given = np.concatenate([noise, context], axis=1)
        n_filled = -(-n // ROWS) * ROWS
        values = np.empty((n_filled, n_steps, self.n_features), dtype=np.float32)
        ends = np.zeros((n_filled, n_steps), dtype=np.float32)
        latents = np.empty((n_filled, self.latent_size), dtype=np.float32)
        middle, spread = self._latent_scale
        for rows, blocks in in_blocks(given):
            written = self._written(blocks)
            latents[rows] = written.transpose(0, 2, 1).reshape(-1, self.latent_size)
            context_blocks = blocks[:, self.latent_size :]
            told = np.concatenate([written * spread + middle, context_blocks], axis=1)
            for step, (found, hidden) in enumerate(self._steps(told, n_steps)):
                values[rows, step] = found.transpose(0, 2, 1).reshape(-1, self.n_features)
                if self._end is not None:
                    ends[rows, step] = sigmoid(self._end.of(hidden)).reshape(-1)
        values = values[:n]
        if self._residuals is not None:
            mean, sd = (scale[:, 0] for scale in self._feature_scale)
            standard = self._residuals.mended((values - mean) / sd)
            if row_noise is not None:
                standard += self._residuals.draw(row_noise, latents[:n])
            values = standard * sd + mean
        return Windows(values, None if self._end is None else ends[:n])

    def _written(self, given: Float32[np.ndarray, "B D R"]) -> Float32[np.ndarray, "B Z R"]:
        """Turn noise beside context into standardised latents."""
        x = given
        for layer, gain, shift in self._hidden:
            x = layer.of(x)
            x = x - x.mean(axis=1, keepdims=True)
            x = x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + _EPSILON) * gain + shift
            x = x * sigmoid(x)
        return self._latents.of(x)

    def _steps(
        self, told: Float32[np.ndarray, "B D R"], n_steps: int
    ) -> Iterator[tuple[Float32[np.ndarray, "B F R"], Float32[np.ndarray, "B H R"]]]:
        """Yield the features of each step, and the hidden vectors that tell whether it is last."""
        mean, sd = self._feature_scale
        h, c = np.split(self._start.of(told), 2, axis=1)
        h = np.tanh(h)
        read = self._read.of(told)  # [B, 4H, R]
        level, slope = self._level.of(told), self._slope.of(told)  # [B, F, R] each
        path, pace = np.zeros_like(level), np.zeros_like(level)
        for step in range(n_steps):
            i, f, g, o = np.split(read + self._carry.of(h), 4, axis=1)  # [B, H, R] each
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            detail, bend = np.split(self._out.of(h), 2, axis=1)  # [B, F, R] each
            pace = pace + np.float32(BEND) * bend
            path = path + pace
            line = level + slope * np.float32(step / SLOPE_STEPS)
            yield (line + np.float32(DETAIL) * detail + path) * sd + mean, h


def lengths_of(
    end_chances: Float32[np.ndarray, "N T"], u: Float[np.ndarray, " N"]
) -> Int[np.ndarray, " N"]:
    """Draw how many steps each window has; T where it has not ended before.

    Args:
        end_chances: From `LatentDecoder.draw`.
        u: In [0, 1), one number a row.
    """
    lasting = np.cumprod(1 - end_chances.astype(np.float64), axis=1)  # [N, T]
    lengths: Int[np.ndarray, " N"] = 1 + (lasting[:, :-1] > u[:, None]).sum(axis=1)
    return lengths


def n_uniforms(n: int) -> int:
    """Return how many numbers of a stream `normal_noise` takes; others come after these."""
    return n + n % 2


def normal_noise(keys: UInt64[np.ndarray, " N"], n: int) -> Float32[np.ndarray, "N Z"]:
    """Return `n` standard normal numbers of each row's own stream.

    Two uniform numbers become two normal ones (Box and Muller 1958).

    Args:
        keys: From `core.seeds.stream_key`, one a row.
        n: At least 1.
    """
    u = uniforms(keys, np.zeros(len(keys), dtype=np.int64), n_uniforms(n))  # [n, N]
    radius = np.sqrt(-2 * np.log1p(-u[0::2]))
    angle = 2 * np.pi * u[1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    rows = pairs.reshape(n_uniforms(n), len(keys))[:n].T
    noise: Float32[np.ndarray, "N Z"] = np.ascontiguousarray(rows, dtype=np.float32)
    return noise


def _sizes(
    weights: Mapping[str, Float32[np.ndarray, "..."]], config: LatentConfig
) -> tuple[int, int]:
    """Return the numbers of features and of context, once all weights are there."""
    named = {name: weights[name].shape for name in ("features.mean", "decoder.level.weight")
             if name in weights}  # fmt: skip
    n_features = named.get("features.mean", (0,))[0]
    n_context = max(0, named.get("decoder.level.weight", (0, 0))[1] - config.latent_size)
    has_end = "decoder.end.weight" in weights
    wanted = expected_shapes(config, n_features=n_features, n_context=n_context, has_end=has_end)
    for name, shape in wanted.items():
        found = weights[name].shape if name in weights else None
        if found != shape:
            raise ArtifactError(
                f"latent engine: weight '{name}' has shape {found}, not {shape}; train again"
            )
    return n_features, n_context
