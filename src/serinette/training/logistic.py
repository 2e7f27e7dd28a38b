"""Logistic regression with a ridge: the log-odds that a row of features is of the first side.

Both sides weigh the same, so that the log-odds are the log of the ratio of their densities.

Shape letters: `P` rows of both sides, `F` features, `F1` is one more: the last weight is the bias.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32

_STEPS = 60
_MEMORY = 10
_TOLERANCE = 1e-6


def fit_logistic(
    features: Float32[np.ndarray, "P F"],
    is_first: Bool[np.ndarray, " P"],
    ridge: float,
    start: Float32[np.ndarray, " F1"] | None = None,
) -> Float32[np.ndarray, " F1"]:
    """Minimise the mean cross-entropy and `ridge` times the sum of squared weights.

    Args:
        features: Of size about 1.
        is_first: Which rows are of the first side; both sides must be there.
        ridge: At least 0; the bias is free of it.
        start: Weights to begin with; None: zeros.
    """
    rows, truth = torch.from_numpy(features), torch.from_numpy(is_first.astype(np.float32))
    shares = np.where(is_first, is_first.mean(), 1 - is_first.mean())
    weight = torch.from_numpy((0.5 / shares / len(is_first)).astype(np.float32))
    begin = np.zeros(features.shape[1] + 1, dtype=np.float32) if start is None else start.copy()
    fitted = torch.from_numpy(begin).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [fitted], max_iter=_STEPS, history_size=_MEMORY, tolerance_change=_TOLERANCE,
        line_search_fn="strong_wolfe",
    )  # fmt: skip

    def loss() -> float:
        optimiser.zero_grad()
        odds = rows @ fitted[:-1] + fitted[-1]
        told = F.binary_cross_entropy_with_logits(odds, truth, weight=weight, reduction="sum")
        total = told + ridge * fitted[:-1].square().sum()
        torch.autograd.backward(total)
        return float(total.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    found: Float32[np.ndarray, " F1"] = fitted.detach().numpy()
    return found
