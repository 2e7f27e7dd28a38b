"""Trains the latent engine: an LSTM autoencoder of windows, then a WGAN-GP on its latents.

Reference: Pei et al. 2021, arXiv:2111.08386 (RTSGAN). Differences: the decoder reads the latent at
every step and is trained with noise on it, the end of a sequence is told step by step, and latents
are standardised.

Shape letters: `N` windows, `T` steps, `F` features, `Z` latent, `C` context, `P` directions.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Generator, Tensor

from serinette.core.seeds import derive
from serinette.nets.latent import LatentModel, model_of
from serinette.nets.latent_config import LatentConfig
from serinette.nets.residuals import Residuals
from serinette.training.latent_autoencoder import (
    decode_all,
    encode_all,
    end_loss,
    squared_error,
    train_autoencoder_,
)
from serinette.training.latent_course import Course, LatentProgress, Watch
from serinette.training.latent_data import Batch, LatentData, whole
from serinette.training.latent_game import train_generator_

_N_DIRECTIONS = 256
_BLOCK = 512
_MOST_MEASURED = 5_000_000
"""Numbers of windows on which residuals are measured."""


def train_latent(
    data: LatentData,
    config: LatentConfig,
    *,
    seed: int,
    seconds: float | None = None,
    tell: Callable[[LatentProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Float32[np.ndarray, "..."]]:
    """Return all weights and scales by name; the critic is not among them.

    Args:
        data: The training windows.
        config: Sizes, rates and numbers of updates.
        seed: Of everything. With updates, on one thread, it decides every bit of the result.
        seconds: How long to train, above 0; None: as many updates as `config` says.
        tell: Is told every hundred updates how it goes.
        stop: Is asked before every update; True ends with what has been reached.

    Raises:
        DivergedError: If a loss or a gradient is not finite.
    """
    n_context = 0 if data.context is None else data.context.shape[1]
    model = LatentModel(
        config,
        n_features=data.windows.shape[2],
        n_context=n_context,
        has_end=data.has_end,
        seed=derive(seed, 0),
    )
    watch = Watch(tell=tell, stop=stop)
    first, second = (None, None) if seconds is None else _shared(seconds, config.ae_share)
    train_autoencoder_(model, data, Course(config.ae_updates, first), watch, seed=seed)
    everything = whole(data)
    found = encode_all(model, everything)
    latents = model.latents.standard(found)
    if model.residuals is not None:
        n_levels = data.windows.shape[2] if data.n_levels is None else data.n_levels
        _measure_residuals_(model.residuals, model, everything, found, n_levels)
    course = Course(config.gan_updates, second)
    train_generator_(model, latents, everything.context, course, watch, seed=seed)
    return model.weights()


def _measure_residuals_(
    residuals: Residuals,
    model: LatentModel,
    everything: Batch,
    latents: Float[Tensor, "N Z"],
    n_levels: int,
) -> None:
    """Measure what the autoencoder leaves out, on some of very many windows."""
    n, length, n_features = everything.windows.shape
    step = -(-n * length * n_features // _MOST_MEASURED)
    some, codes = everything.select(torch.arange(0, n, step)), latents[::step]
    residuals.measure_(
        model.features.standard(some.windows),
        decode_all(model, codes, some),
        some.mask(),
        model.latents.standard(codes),
        n_levels,
    )


def _shared(seconds: float, share: float) -> tuple[float, float]:
    return seconds * share, seconds * (1 - share)


@dataclass(frozen=True, kw_only=True)
class LatentLoss:
    """How far a trained engine is from windows that it has not seen."""

    rmse: float
    """Of decoded from encoded windows, in standard deviations of the features."""
    end_nats: float
    """Mean nats of the end of a sequence a step; 0 where no ends are told."""
    distance: float
    """Sliced Wasserstein distance of written from real latents, in their standard deviations. Two
    halves of one set are apart too, by about 1 / sqrt(n)."""


@torch.no_grad()
def latent_loss(
    weights: Mapping[str, Float32[np.ndarray, "..."]],
    config: LatentConfig,
    data: LatentData,
    *,
    seed: int,
) -> LatentLoss:
    """Measure a trained engine on held-out windows.

    Args:
        weights: From `train_latent`.
        config: The same as there.
        data: Held-out windows with the same features and context.
        seed: Of noise and directions.
    """
    model = model_of(weights, config)
    batch = whole(data)
    latents = encode_all(model, batch)
    even = torch.ones(data.windows.shape[2])
    squares, ends, n_steps = 0.0, 0.0, 0
    for first in range(0, len(latents), _BLOCK):
        rows = torch.arange(first, min(first + _BLOCK, len(latents)))
        part = batch.select(rows)
        decoded = model.decode(latents[rows], part.context, part.windows.shape[1])
        n = int(part.lengths.sum())
        squares += n * float(squared_error(model, decoded, part, even))
        ends += n * float(end_loss(decoded, part))
        n_steps += n
    real = model.latents.standard(latents)
    distance = _distance(real, _written(model, batch, seed), seed)
    return LatentLoss(rmse=math.sqrt(squares / n_steps), end_nats=ends / n_steps, distance=distance)


def _written(model: LatentModel, batch: Batch, seed: int) -> Float[Tensor, "N Z"]:
    random = Generator().manual_seed(derive(seed, 0))
    noise = torch.randn(len(batch.context), model.config.latent_size, generator=random)
    written: Tensor = model.generator(noise, batch.context)
    return written


def _distance(real: Float[Tensor, "N Z"], written: Float[Tensor, "N Z"], seed: int) -> float:
    """Return the mean distance of sorted projections on random directions."""
    random = Generator().manual_seed(derive(seed, 1))
    directions = torch.randn(real.shape[1], _N_DIRECTIONS, generator=random)
    directions = directions / directions.norm(dim=0)
    sorted_real = (real @ directions).sort(dim=0).values  # [N, P]
    sorted_written = (written @ directions).sort(dim=0).values
    return float((sorted_real - sorted_written).abs().mean())
