"""Trains encoder and decoder: windows through a narrow place and back.

Shape letters: `B` windows, `T` steps, `F` features, `Z` latent.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn

from serinette.core.seeds import derive
from serinette.nets.latent import Decoded, LatentModel
from serinette.nets.latent_config import LatentConfig
from serinette.training.latent_course import (
    EVERY,
    Course,
    LatentProgress,
    Watch,
    check_finite,
    rate,
)
from serinette.training.latent_data import Batch, LatentData, whole
from serinette.training.soap import Soap

_BETAS = (0.9, 0.99)
_BLOCK = 512


def train_autoencoder_(
    model: LatentModel, data: LatentData, course: Course, watch: Watch, *, seed: int
) -> int:
    """Adjust encoder and decoder, then measure the latents; return the number of updates.

    Args:
        model: Its scales are measured and its weights adjusted.
        data: Windows.
        course: How long.
        watch: Who is told.
        seed: Of batches and noise.

    Raises:
        DivergedError: If the loss or a gradient is not finite.
    """
    config = model.config
    everything = whole(data)
    model.features.measure_(everything.windows[everything.mask()])
    weights = feature_weights(data)
    trained = [*model.encoder.parameters(), *model.decoder.parameters()]
    optimisers = _optimisers(trained, config)
    generator = Generator().manual_seed(derive(seed, 1))
    update, squares = 0, 0.0
    while (share := course.share(update)) < 1 and not watch.stop():
        batch = everything.some(config.n_rows, generator)
        latents = model.encode(batch.windows, batch.lengths)
        noise = torch.randn(latents.shape, generator=generator) * _noise(config, share)
        decoded = model.decode(latents + noise, batch.context, batch.windows.shape[1])
        square = squared_error(model, decoded, batch, weights)
        loss = square + config.latent_penalty * latents.square().mean()
        loss = loss + config.end_weight * end_loss(decoded, batch)
        norm = _adjust_(loss, optimisers, trained, config, rate(share, config.warm_up))
        update += 1
        squares += float(square.detach())
        check_finite("autoencoder", update, {"loss": float(loss.detach()), "gradient_norm": norm})
        if update % EVERY == 0:
            metrics = {
                "rmse": math.sqrt(squares / EVERY),
                "gradient_norm": norm,
                "latent_sd": float(latents.detach().std(dim=0).mean()),
            }
            watch.tell(
                LatentProgress(phase="autoencoder", update=update, share=share, metrics=metrics)
            )
            squares = 0.0
    model.latents.measure_(encode_all(model, everything))
    return update


def feature_weights(data: LatentData) -> Float[Tensor, " F"]:
    """Return how much each feature counts, 1 in the mean."""
    n_features = data.windows.shape[2]
    weights = np.ones(n_features, dtype=np.float32) if data.weights is None else data.weights
    return torch.from_numpy(weights / max(float(weights.mean()), 1e-12)).float()


def squared_error(
    model: LatentModel, decoded: Decoded, batch: Batch, weights: Float[Tensor, " F"]
) -> Float[Tensor, ""]:
    """Return the mean squared error, in variances of the features, over the steps that exist."""
    errors = (decoded.values - batch.windows) / model.features.sd
    mask = batch.mask()
    total: Tensor = ((errors.square() * weights).mean(dim=2) * mask).sum() / mask.sum()
    return total


def end_loss(decoded: Decoded, batch: Batch) -> Float[Tensor, ""]:
    """Return the mean nats of the end over the steps that exist.

    The last step of a full window is left out: whether the sequence goes on is not known there.
    """
    if decoded.end_logits is None:
        return torch.zeros(())
    counted, is_last = _ends(batch.lengths, batch.windows.shape[1])
    nats = F.binary_cross_entropy_with_logits(decoded.end_logits, is_last.float(), reduction="none")
    loss: Tensor = (nats * counted).sum() / counted.sum().clamp(min=1)
    return loss


def _ends(
    lengths: Int[Tensor, " B"], n_steps: int
) -> tuple[Bool[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Return which steps count, and which are the last of their sequence."""
    steps = torch.arange(n_steps)
    is_last = (steps == lengths[:, None] - 1) & (lengths[:, None] < n_steps)
    counted = (steps < lengths[:, None]) & (steps < n_steps - 1)
    return counted, is_last


@torch.no_grad()
def encode_all(model: LatentModel, batch: Batch) -> Float[Tensor, "N Z"]:
    """Return the latents of many windows, some at a time."""
    parts = [slice(first, first + _BLOCK) for first in range(0, len(batch.lengths), _BLOCK)]
    return torch.cat([model.encode(batch.windows[rows], batch.lengths[rows]) for rows in parts])


@torch.no_grad()
def decode_all(
    model: LatentModel, latents: Float[Tensor, "N Z"], batch: Batch
) -> Float[Tensor, "N T F"]:
    """Return what latents are decoded to, standardised, some at a time."""
    found = []
    for rows in torch.split(torch.arange(len(latents)), _BLOCK):
        part = batch.select(rows)
        decoded = model.decode(latents[rows], part.context, part.windows.shape[1])
        found.append(model.features.standard(decoded.values))
    return torch.cat(found)


def _noise(config: LatentConfig, share: float) -> float:
    if min(config.noise, config.final_noise) == 0:
        return config.noise + (config.final_noise - config.noise) * share
    return config.noise * float((config.final_noise / config.noise) ** share)


def _optimisers(trained: list[nn.Parameter], config: LatentConfig) -> list[torch.optim.Optimizer]:
    """Return SOAP for the matrices and AdamW for the vectors."""
    matrices = [p for p in trained if p.dim() > 1]
    vectors = [p for p in trained if p.dim() <= 1]
    return [
        Soap(matrices, lr=config.learning_rate, betas=_BETAS),
        torch.optim.AdamW(vectors, lr=config.learning_rate, betas=_BETAS, weight_decay=0.0),
    ]


def _adjust_(
    loss: Tensor,
    optimisers: list[torch.optim.Optimizer],
    trained: list[nn.Parameter],
    config: LatentConfig,
    factor: float,
) -> float:
    """Make one update; return the norm of the gradient."""
    torch.autograd.backward(loss)
    norm = nn.utils.clip_grad_norm_(trained, config.clip_norm)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * factor
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    return float(norm)
