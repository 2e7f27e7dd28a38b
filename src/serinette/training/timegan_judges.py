"""TimeGAN's two scores, by small recurrent judges: are written windows told from real ones?

And does a predictor that was trained on written windows work on real ones? A port of the published
TensorFlow code, with its sizes, rates, numbers of updates and initial weights; what differs:
batches are drawn with replacement, and the reset gate acts after the recurrent product. The judges
are weak: one that reads six columns has three units and does not see noise of one per cent.
`evaluation.series` holds a sharper one.

Reference: Yoon, Jarrett and van der Schaar 2019, "Time-series Generative Adversarial Networks".

Shape letters: `N` real windows, `M` written windows, `T` steps, `D` columns.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Generator, Tensor, nn

DISCRIMINATIVE_UPDATES = 2_000
PREDICTIVE_UPDATES = 5_000
_ROWS = 128
_TRAINED_SHARE = 0.8
_RATE = 1e-3


def discriminative_score(
    real: Float32[np.ndarray, "N T D"],
    written: Float32[np.ndarray, "M T D"],
    *,
    seed: int,
    n_updates: int = DISCRIMINATIVE_UPDATES,
) -> float:
    """Return |accuracy - 1/2| on a fifth of the windows: 0 is best, 1/2 is worst.

    Args:
        real: Scaled to [0, 1].
        written: In the same scale.
        seed: Of the split, the batches and the initial weights.
        n_updates: Of the classifier.
    """
    generator = torch.Generator().manual_seed(seed)
    network = _Judge(real.shape[2], max(1, real.shape[2] // 2), generator)
    parts = [_split(torch.from_numpy(np.ascontiguousarray(s)), generator) for s in (real, written)]
    (real_train, real_test), (written_train, written_test) = parts
    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
    truth = torch.cat([torch.ones(_ROWS), torch.zeros(_ROWS)])
    for _ in range(n_updates):
        batch = torch.cat([_some(real_train, generator), _some(written_train, generator)])
        loss = F.binary_cross_entropy_with_logits(network(batch)[:, -1], truth)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():
        right = int((network(real_test)[:, -1] > 0).sum())
        right += int((network(written_test)[:, -1] <= 0).sum())
    return abs(right / (len(real_test) + len(written_test)) - 0.5)


def predictive_score(
    real: Float32[np.ndarray, "N T D"],
    written: Float32[np.ndarray, "M T D"],
    *,
    seed: int,
    n_updates: int = PREDICTIVE_UPDATES,
) -> float:
    """Return the mean absolute error of the last column a step ahead, on real windows.

    Args:
        real: Scaled to [0, 1], at least two columns and two steps.
        written: In the same scale; the predictor is trained on these.
        seed: Of the batches and the initial weights.
        n_updates: Of the predictor.
    """
    generator = torch.Generator().manual_seed(seed)
    network = _Judge(real.shape[2] - 1, max(1, real.shape[2] // 2), generator)
    trained, judged = (torch.from_numpy(np.ascontiguousarray(s)) for s in (written, real))
    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
    for _ in range(n_updates):
        batch = _some(trained, generator)
        loss = (torch.sigmoid(network(batch[:, :-1, :-1])) - batch[:, 1:, -1]).abs().mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    with torch.no_grad():
        found = torch.sigmoid(network(judged[:, :-1, :-1]))
        return float((found - judged[:, 1:, -1]).abs().mean())


def sines(n: int, length: int, n_columns: int, *, seed: int) -> Float32[np.ndarray, "N T D"]:
    """Return TimeGAN's waves: sin(f t + p) in [0, 1], f and p uniform in [0, 0.1]."""
    generator = np.random.Generator(np.random.Philox(seed))
    pace, phase = 0.1 * generator.random((2, n, 1, n_columns))
    waves = np.sin(pace * np.arange(length)[:, None] + phase)
    scaled: Float32[np.ndarray, "N T D"] = ((waves + 1) / 2).astype(np.float32)
    return scaled


class _Judge(nn.Module):
    """One GRU layer and one number a step, with TensorFlow's initial weights."""

    def __init__(self, n_columns: int, n_units: int, generator: Generator) -> None:
        super().__init__()
        self.gru = nn.GRU(n_columns, n_units, batch_first=True)
        self.out = nn.Linear(n_units, 1)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.dim() == 1:
                    weight.zero_()
                    continue
                for block in weight.chunk(3 if name.startswith("gru.") else 1):
                    _glorot_(block, generator)
            gates = self.gru.get_parameter("bias_ih_l0")
            gates[: 2 * n_units] = 1.0  # TensorFlow's default for both gates

    def forward(self, windows: Float[Tensor, "B T D"]) -> Float[Tensor, "B T"]:
        """Return one number for each step."""
        hidden, _ = self.gru(windows)
        found: Float[Tensor, "B T"] = self.out(hidden)[..., 0]
        return found


def _glorot_(weight: Tensor, generator: Generator) -> None:
    bound = math.sqrt(6 / sum(weight.shape))
    weight.uniform_(-bound, bound, generator=generator)


def _split(windows: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(windows), generator=generator)
    n = int(_TRAINED_SHARE * len(windows))
    return windows[order[:n]], windows[order[n:]]


def _some(windows: Tensor, generator: Generator) -> Tensor:
    return windows[torch.randint(len(windows), (_ROWS,), generator=generator)]
