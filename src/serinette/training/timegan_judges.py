"""TimeGAN's two scores, by small recurrent judges: are written windows told from real ones?

And does a predictor that was trained on written windows work on real ones? A port of the published
TensorFlow code, with its sizes, rates, numbers of updates and initial weights; what differs:
batches are drawn with replacement, and the reset gate acts after the recurrent product. The judges
are weak: one that reads six columns has three units and does not see noise of one per cent.
`evaluation.series` holds a sharper one. They are so small that ten of them, trained side by side,
take hardly longer than one; none knows of the others.

Reference: Yoon, Jarrett and van der Schaar 2019, "Time-series Generative Adversarial Networks".

Shape letters: `J` judges, `N` real windows, `M` written windows, `B` windows of a batch, `T` steps,
`D` columns, `H` units.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Generator, Tensor, nn

from serinette.training.narrow_gru import GruWeights, run_gru

DISCRIMINATIVE_UPDATES = 2_000
PREDICTIVE_UPDATES = 5_000
_ROWS = 128
_TRAINED_SHARE = 0.8
_RATE = 1e-3
_AT_ONCE = 1_024
"""Windows that are judged at once."""


def discriminative_scores(
    real: Float32[np.ndarray, "N T D"],
    written: Float32[np.ndarray, "M T D"],
    *,
    seeds: Sequence[int],
    n_updates: int = DISCRIMINATIVE_UPDATES,
) -> list[float]:
    """Return |accuracy - 1/2| on a fifth of the windows: 0 is best, 1/2 is worst.

    Args:
        real: Scaled to [0, 1].
        written: In the same scale.
        seeds: One a judge: of its split, its batches and its initial weights. Which others there
            are changes nothing but the rounding.
        n_updates: Of the classifier.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    judges = _Judges(real.shape[2], max(1, real.shape[2] // 2), generators)
    sides = [torch.from_numpy(np.ascontiguousarray(side)) for side in (real, written)]
    parts = [[_split(side, generator) for side in sides] for generator in generators]
    optimiser = torch.optim.Adam(judges.parameters(), lr=_RATE)
    truth = torch.cat([torch.ones(_ROWS), torch.zeros(_ROWS)]).expand(len(generators), -1)
    for _ in range(n_updates):
        batch = torch.stack(
            [
                torch.cat([_some(trained, generator) for trained, _ in own])
                for own, generator in zip(parts, generators, strict=True)
            ]
        )
        told = judges(batch)[..., -1]
        loss = F.binary_cross_entropy_with_logits(told, truth, reduction="none").mean(1).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    unseen = [torch.stack([own[side][1] for own in parts]) for side in (0, 1)]
    right = (_answers(judges, unseen[0]) > 0).sum(1) + (_answers(judges, unseen[1]) <= 0).sum(1)
    n = sum(side.shape[1] for side in unseen)
    return [abs(int(k) / n - 0.5) for k in right]


def predictive_scores(
    real: Float32[np.ndarray, "N T D"],
    written: Float32[np.ndarray, "M T D"],
    *,
    seeds: Sequence[int],
    n_updates: int = PREDICTIVE_UPDATES,
) -> list[float]:
    """Return the mean absolute error of the last column a step ahead, on real windows.

    Args:
        real: Scaled to [0, 1], at least two columns and two steps.
        written: In the same scale; the predictors are trained on these.
        seeds: One a judge: of its batches and its initial weights.
        n_updates: Of the predictor.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    judges = _Judges(real.shape[2] - 1, max(1, real.shape[2] // 2), generators)
    trained, judged = (torch.from_numpy(np.ascontiguousarray(s)) for s in (written, real))
    optimiser = torch.optim.Adam(judges.parameters(), lr=_RATE)
    for _ in range(n_updates):
        batch = torch.stack([_some(trained, generator) for generator in generators])
        loss = _error(judges, batch).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    total = torch.zeros(len(generators))
    with torch.no_grad():
        for part in torch.split(judged, _AT_ONCE):
            total += len(part) * _error(judges, part.expand(len(generators), -1, -1, -1))
    return (total / len(judged)).tolist()


@torch.no_grad()
def _answers(judges: "_Judges", windows: Float[Tensor, "J B T D"]) -> Float[Tensor, "J B"]:
    """Return each judge's last number of its windows."""
    return torch.cat(
        [judges(part)[..., -1] for part in torch.split(windows, _AT_ONCE, dim=1)], dim=1
    )


def _error(judges: "_Judges", windows: Float[Tensor, "J B T D"]) -> Float[Tensor, " J"]:
    """Return each judge's mean absolute error of the last column, a step ahead."""
    found = torch.sigmoid(judges(windows[..., :-1, :-1]))
    return (found - windows[..., 1:, -1]).abs().mean((1, 2))


def sines(n: int, length: int, n_columns: int, *, seed: int) -> Float32[np.ndarray, "N T D"]:
    """Return TimeGAN's waves: sin(f t + p) in [0, 1], f and p uniform in [0, 0.1]."""
    generator = np.random.Generator(np.random.Philox(seed))
    pace, phase = 0.1 * generator.random((2, n, 1, n_columns))
    waves = np.sin(pace * np.arange(length)[:, None] + phase)
    scaled: Float32[np.ndarray, "N T D"] = ((waves + 1) / 2).astype(np.float32)
    return scaled


class _Judges(nn.Module):
    """One GRU layer and one number a step for each judge, with TensorFlow's initial weights."""

    def __init__(self, n_columns: int, n_units: int, generators: Sequence[Generator]) -> None:
        super().__init__()
        shapes = ((n_columns, 3), (n_units, 3), (n_units, 1))
        drawn = [
            [_glorot(n_in, n_units if n == 3 else 1, n, generator) for n_in, n in shapes]  # noqa: PLR2004
            for generator in generators
        ]
        self.read, self.recur, self.out = (
            nn.Parameter(torch.stack(same)) for same in zip(*drawn, strict=True)
        )  # [J, 3H, D], [J, 3H, H], [J, 1, H]
        gates = torch.zeros(len(generators), 3 * n_units, 1)
        self.recur_bias = nn.Parameter(gates.clone())
        gates[:, : 2 * n_units] = 1.0  # TensorFlow's default for both gates
        self.read_bias = nn.Parameter(gates)
        self.out_bias = nn.Parameter(torch.zeros(len(generators), 1, 1))

    def forward(self, windows: Float[Tensor, "J B T D"]) -> Float[Tensor, "J B T"]:
        """Return one number for each step."""
        columns = windows.permute(2, 0, 3, 1).contiguous()  # [T, J, D, B]
        weights = GruWeights(self.read, self.read_bias, self.recur, self.recur_bias)
        hidden = run_gru(columns, weights)
        return (self.out @ hidden + self.out_bias)[:, :, 0].permute(1, 2, 0)


def _glorot(n_in: int, n_out: int, n_blocks: int, generator: Generator) -> Float[Tensor, "Y X"]:
    """Draw blocks one under the other, each for itself."""
    bound = math.sqrt(6 / (n_in + n_out))
    blocks = [torch.empty(n_out, n_in) for _ in range(n_blocks)]
    return torch.cat([b.uniform_(-bound, bound, generator=generator) for b in blocks])


def _split(windows: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(windows), generator=generator)
    n = int(_TRAINED_SHARE * len(windows))
    return windows[order[:n]], windows[order[n:]]


def _some(windows: Tensor, generator: Generator) -> Tensor:
    return windows[torch.randint(len(windows), (_ROWS,), generator=generator)]
