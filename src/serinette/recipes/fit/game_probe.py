"""Measures the generator of a game on held-out rows: how far its own lie from them.

Rows are compared by what the likelihood stage's network makes of them, and by their n-grams. The
same random numbers are used at every measurement, so that two models are compared on like draws.

Shape letters: `N` rows, `T` steps, `D` features.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor

from serinette.core.seeds import derive
from serinette.evaluation.diversity import distinct, is_repeat
from serinette.evaluation.frechet import frechet
from serinette.evaluation.ragged import Ragged
from serinette.evaluation.two_sample import classifier_accuracy, gram_features
from serinette.nets.model import SequenceModel
from serinette.recipes.fit.held_out_rows import HeldOutRows
from serinette.recipes.fit.probe import Prober
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.drawing import Drawn, Opening, draw
from serinette.training.gradients import Precision
from serinette.training.loop import Probed

_ROWS_AT_ONCE = 256
_N_STARTS = 4
"""Sets of rows from which the spread of the likelihood model's own figures is taken."""


class Start(NamedTuple):
    """The likelihood model, as its game is to be judged."""

    criterion: float
    """What a model of the game must come below: chance alone does not."""
    validation_nats: float | None
    metrics: dict[str, float]


class GameProber:
    """Knows held-out rows, and what they look like to the likelihood model.

    Args:
        prober: Measures the likelihood of the held-out part, and draws samples to be shown.
        reference: The likelihood model; never changed.
        held_out: Real rows.
        game: Criterion and what ends a game.
        precision: Device; arithmetic here is fp32.
        seed: Of the draws.
    """

    def __init__(
        self,
        prober: Prober,
        reference: SequenceModel,
        held_out: HeldOutRows,
        game: AdversarialConfig,
        precision: Precision,
        *,
        seed: int,
    ) -> None:
        self._prober = prober
        self._reference = reference
        self._rows = held_out
        self._game = game
        self._device = precision.device
        self._end = reference.schema.end
        self._seed = seed
        real = _pieces(held_out.symbols, held_out.mask)
        self._real_features = self._features(held_out.symbols, held_out.mask)
        self._real_grams = gram_features(real)
        self._real_distinct = distinct(real, 2)
        self.start = self._measure_start(reference)

    def probe(self, model: Any, is_sampling: bool) -> Probed:
        """Measure `model`; draw a sample when asked; say whether the game should end."""
        probed = self._prober.probe(model, is_sampling)
        metrics = {**probed.metrics, **self._measure(model, self._seed)}
        return Probed(metrics=metrics, sample=probed.sample, stop=self._why_stop(metrics))

    def _why_stop(self, metrics: dict[str, float]) -> str | None:
        nats, start = metrics.get("validation_nats"), self.start.validation_nats
        game = self._game
        if nats is not None and start is not None and nats > start * (1 + game.largest_rise):
            return (
                f"the game ends: the likelihood loss of held-out text rose by "
                f"{nats / start - 1:.1%}, above adversarial.largest_rise {game.largest_rise:.0%}"
            )
        ratio, before = metrics["distinct_2_ratio"], self.start.metrics["distinct_2_ratio"]
        if ratio < min(1.0, before) * (1 - game.largest_fall):
            return (
                f"the game ends: written rows have {ratio:.2f} of the different pairs of real "
                f"ones (the likelihood model: {before:.2f}); adversarial.largest_fall allows "
                f"{game.largest_fall:.0%}"
            )
        return None

    def _measure_start(self, model: SequenceModel) -> Start:
        probed = self._prober.probe(model, False)
        found = [self._measure(model, derive(self._seed, k)) for k in range(1, _N_STARTS)]
        first = self._measure(model, self._seed)
        values = [one["criterion"] for one in (first, *found)]
        spread = float(np.std(values, ddof=1))
        return Start(
            criterion=first["criterion"] - 2 * spread,
            validation_nats=probed.metrics.get("validation_nats"),
            metrics={**probed.metrics, **first, "criterion_spread": spread},
        )

    def _measure(self, model: SequenceModel, seed: int) -> dict[str, float]:
        return self.figures_of(*self.written(model, seed))

    def figures_of(self, symbols: np.ndarray, mask: np.ndarray) -> dict[str, float]:
        """Return how far written rows lie from the held-out ones.

        Args:
            symbols: One row for each held-out one.
            mask: Which of their steps are there.
        """
        pieces = _pieces(symbols, mask)
        features = self._features(symbols, mask)
        distance = frechet(self._real_features, features, seed=None).value
        grams = gram_features(pieces)
        accuracy = classifier_accuracy(
            np.concatenate(
                [self._real_features / _scale(self._real_features), self._real_grams], 1
            ),
            np.concatenate([features / _scale(self._real_features), grams], 1),
            seed=0,
        ).value
        return {
            "criterion": distance if self._game.criterion == "frechet" else accuracy,
            "frechet": distance,
            "told_apart": accuracy,
            "distinct_2_ratio": distinct(pieces, 2) / max(self._real_distinct, 1e-9),
            "duplicate_share": float(is_repeat(pieces).mean()),
        }

    @property
    def rows(self) -> HeldOutRows:
        """The held-out rows."""
        return self._rows

    @torch.no_grad()
    def written(self, model: SequenceModel, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows that a model writes in the place of the held-out ones, and their masks."""
        parts = []
        longest = self._rows.symbols.shape[1]
        for first in range(0, len(self._rows.first), _ROWS_AT_ONCE):
            opening = self._opening(model, slice(first, first + _ROWS_AT_ONCE))
            noise = torch.Generator(self._device).manual_seed(derive(seed, first))
            parts.append(draw(model, opening, longest, self._end, noise))
        return _joined(parts, longest)

    def _opening(self, model: SequenceModel, rows: slice) -> Opening:
        held_out = self._rows
        first, context, prefix = (
            torch.from_numpy(column[rows]).to(self._device)
            for column in (held_out.first, held_out.context, held_out.prefix)
        )
        state = model.start(len(first))
        if prefix.shape[1]:
            _, state = model(prefix, context, state)
        return Opening(first, context, state)

    @torch.no_grad()
    def _features(self, symbols: np.ndarray, mask: np.ndarray) -> Float32[np.ndarray, "N D"]:
        """Return the mean hidden vector of the likelihood model over each row, and its last one."""
        found = []
        for first in range(0, len(symbols), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            opening = self._opening(self._reference, rows)
            told = torch.from_numpy(symbols[rows]).to(self._device)
            kept = torch.from_numpy(mask[rows]).to(self._device)
            inputs = torch.cat([opening.first[:, None], told], dim=1)
            hidden, _ = self._reference(inputs, opening.context, opening.state)
            found.append(_summary(hidden[:, 1:], kept).cpu().numpy())
        return np.concatenate(found)


def _summary(hidden: Tensor, mask: Tensor) -> Tensor:
    weights = mask.float()[:, :, None]
    count = weights.sum(1).clamp(min=1)
    mean = (hidden * weights).sum(1) / count
    last = hidden[torch.arange(len(hidden)), mask.sum(1).clamp(min=1) - 1]
    return torch.cat([mean, last], dim=1)


def _scale(features: np.ndarray) -> float:
    """Return what brings features to the size of unit vectors."""
    return float(np.linalg.norm(features - features.mean(0), axis=1).mean()) or 1.0


def _pieces(symbols: np.ndarray, mask: np.ndarray) -> Ragged:
    return Ragged.of([row[kept] for row, kept in zip(symbols, mask, strict=True)])


def _joined(parts: list[Drawn], longest: int) -> tuple[np.ndarray, np.ndarray]:
    columns = []
    for column in ("symbols", "mask"):
        wide = [
            F.pad(getattr(part, column), (0, longest - part.symbols.shape[1])) for part in parts
        ]
        columns.append(torch.cat(wide).cpu().numpy())
    return columns[0], columns[1]
