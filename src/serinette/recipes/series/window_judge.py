"""Which weights of a game are kept: those that a small judge tells from held-out windows least.

The judge is a linear classifier on random convolutions, in NumPy, and sees windows as the engine
does, before the codec puts them right. Real windows that lie near each other are judged by what has
seen none of them.

Shape letters: `N` windows, `T` rows, `F` features.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32

from serinette.core.schema import Schema
from serinette.core.seeds import derive, stream_keys
from serinette.core.thinning import thinned
from serinette.decoding.latent_decoder import Windows, normal_noise
from serinette.decoding.window_decoders import SteppedDecoder
from serinette.evaluation.series.features import Features
from serinette.evaluation.two_sample import classifier_accuracy
from serinette.training.latent_data import LatentData

FEWEST = 20
"""Held-out windows that a judge needs."""
_MOST = 400
_TOGETHER = 8
"""Held-out windows, in their order, that stand on one side of the classifier."""
_STILL = 1e-6
_PLACE = 41


class WindowJudge:
    """Tells written windows from held-out ones.

    Args:
        train: Windows of the training part.
        held_out: Windows of another part, at least `FEWEST`.
        config: Of the engine.
        schema: Of the engine.
        seed: Of kernels, noise and folds; every call judges by the same ones.
    """

    def __init__(
        self, train: LatentData, held_out: LatentData, config: Any, schema: Schema, seed: int
    ) -> None:
        self._config, self._schema, self._seed = config, schema, derive(seed, _PLACE)
        rows = _ended(train.windows, _lengths(train))
        self._mean = rows.mean((0, 1))
        sd = rows.std((0, 1))
        self._sd = np.where(sd > _STILL, sd, 1.0).astype(np.float32)
        self._chosen = thinned(np.arange(len(held_out.windows)), _MOST)
        self._features = Features.fit(self._standard(thinned(rows, _MOST)), self._seed)
        kept = _ended(held_out.windows[self._chosen], _lengths(held_out)[self._chosen])
        self._held_out = self._features.of(self._standard(kept))
        n = len(self._chosen)
        none = np.zeros((n, 0), dtype=np.float32)
        self._context = none if held_out.context is None else held_out.context[self._chosen]

    @property
    def n_windows(self) -> int:
        """Windows of each side."""
        return len(self._chosen)

    def __call__(self, weights: Mapping[str, np.ndarray]) -> float:
        """Return how far above one half the accuracy of the classifier is; below 0 is chance."""
        decoder = SteppedDecoder(weights, self._config, self._schema)
        noise = normal_noise(stream_keys(self._seed, np.arange(self.n_windows)), decoder.n_noise)
        drawn = decoder.draw(noise, self._context, self._config.n_steps)
        written = self._features.of(self._standard(_ended(drawn.values, _lengths_of(drawn))))
        found = classifier_accuracy(
            self._held_out, written,
            groups_real=np.arange(self.n_windows) // _TOGETHER, seed=self._seed,
        )  # fmt: skip
        return float(found.value) - 0.5

    def _standard(self, rows: Float32[np.ndarray, "N T F"]) -> Float32[np.ndarray, "N T F"]:
        standard: Float32[np.ndarray, "N T F"] = ((rows - self._mean) / self._sd).astype(np.float32)
        return standard


def _lengths(data: LatentData) -> np.ndarray:
    n, length = data.windows.shape[:2]
    return np.full(n, length) if data.lengths is None else data.lengths


def _lengths_of(drawn: Windows) -> np.ndarray:
    n, length = drawn.values.shape[:2]
    if drawn.end_chances is None:
        return np.full(n, length)
    has_ended = drawn.end_chances > 0.5  # noqa: PLR2004 -- an end is certain or not there
    lengths: np.ndarray = np.where(has_ended.any(1), has_ended.argmax(1) + 1, length)
    return lengths


def _ended(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return windows with nothing after their ends."""
    kept: np.ndarray = rows * (np.arange(rows.shape[1]) < lengths[:, None])[:, :, None]
    return kept
