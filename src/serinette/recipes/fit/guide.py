"""The guide: a critic of the model that is kept, which chooses among candidates at generation.

A critic that has learnt to tell real rows from written ones by cross-entropy says, in nats, how
much likelier a row is in real text than from the model. Drawing one of several candidates with
weights of that size brings what is written nearer to real text, and leaves the model as it is.

Reference: Deng et al. 2020, arXiv:2004.11714 (residual energy-based models for text).

Shape letters: `N` rows, `T` steps.
"""

import math
import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from serinette.artifact.folder import Guide
from serinette.core.seeds import derive
from serinette.decoding.row_critic import RowCritic
from serinette.nets.critic_config import CriticConfig
from serinette.nets.model import SequenceModel
from serinette.nets.symbol_critic import SymbolCritic
from serinette.recipes.fit.game_probe import GameProber
from serinette.training.config import TrainingConfig
from serinette.training.events import Listener, Note
from serinette.training.game.config import AdversarialConfig
from serinette.training.game.critic_rival import CriticRival
from serinette.training.game.trainer import GameSupply, GameTrainer
from serinette.training.gradients import Precision
from serinette.training.stops import StopSignal

_MEASUREMENTS = 8
_BLIND = math.log(2)
"""Cross-entropy of a critic that says nothing."""
_N_TRIALS = 3
"""Sets of guided rows that are compared with unguided ones: one alone would win by chance."""
_PATIENCE = 3
"""Measurements without a better one before it ends."""
_SLOWEST = 0.05
_ROWS_AT_ONCE = 256
_WIDTHS = (1, 2, 3, 4)
"""Steps that its filters cover: a guide is a CNN, which judges a row without reading it twice."""


class GuideWork(NamedTuple):
    """What a guide is trained with."""

    model: SequenceModel
    """That is kept, on the device."""
    judge: GameProber
    supply: GameSupply
    game: AdversarialConfig
    critic: CriticConfig
    training: TrainingConfig
    precision: Precision
    n_updates: int
    window: int | None
    """Steps of a row where rows are windows; None: whole sequences."""
    n_threads: int
    seconds: float | None
    """When learning ends at the latest; None: the number of updates decides."""


class Guided(NamedTuple):
    """A trained guide, and what it is worth."""

    guide: Guide | None
    """None: it cannot tell, or was stopped."""
    facts: dict[str, float]


def train_guide(work: GuideWork, stop: StopSignal, listener: Listener) -> Guided:
    """Train a critic against a model, and see on held-out rows whether its choice helps.

    Args:
        work: Model, rows, settings.
        stop: Ends it without a guide.
        listener: Is told how it went.
    """
    sizes = replace(work.critic, network="cnn", widths=_WIDTHS, packing=1, minibatch_spread=False)
    seed = derive(work.training.seed, 3)
    network = SymbolCritic(work.model.embedding.weight, sizes, seed=seed)
    network = network.to(work.precision.device)
    game = replace(
        work.game,
        estimator="weighted",
        loss="bce",
        critic_rate=work.game.guide_rate,
        instance_noise=work.game.guide_noise,
        label_smoothing=0.0,
    )
    rival = CriticRival(network, game, work.model)
    trainer = GameTrainer(
        work.model,
        rival,
        work.supply,
        (game, work.training),
        work.precision,
        n_threads=work.n_threads,
    )
    try:
        best = _best(work, trainer, network, stop)
    finally:
        trainer.close()
    if stop.is_set:
        return Guided(None, {})
    if best is None:
        listener(Note(text="no guide: its loss was not finite", is_warning=True))
        return Guided(None, {})
    nats, error, weights = best
    facts = {"guide_nats": nats, "guide_error": error}
    if nats > _BLIND - 2 * error:
        listener(
            Note(
                text=f"no guide: a critic tells held-out rows from written ones no better than "
                f"chance ({nats:.3f} ± {error:.3f} nats a row, {_BLIND:.3f} is blind)"
            )
        )
        return Guided(None, facts)
    return _weighed(work, sizes, weights, facts, listener)


def _best(
    work: GuideWork, trainer: GameTrainer, network: SymbolCritic, stop: StopSignal
) -> tuple[float, float, dict[str, np.ndarray]] | None:
    """Return the least cross-entropy on held-out rows, its error, and the weights there."""
    best: tuple[float, float, dict[str, np.ndarray]] | None = None
    n_worse = 0
    begun = time.monotonic()
    every = max(1, work.n_updates // _MEASUREMENTS)
    for update in range(work.n_updates):
        if stop.is_set or not trainer.learn(max(_SLOWEST, 1 - update / work.n_updates)):
            break
        is_late = work.seconds is not None and time.monotonic() - begun > work.seconds
        if (update + 1) % every and not is_late:
            continue
        nats, error = _measured(work, network)
        if math.isfinite(nats) and (best is None or nats < best[0]):
            best, n_worse = (nats, error, network.exported()), 0
        else:
            n_worse += 1
        network.train()
        if n_worse >= _PATIENCE or is_late:
            break
    return best


@torch.no_grad()
def _measured(work: GuideWork, network: SymbolCritic) -> tuple[float, float]:
    """Return the cross-entropy on held-out and freshly written rows, and its standard error."""
    network.eval()
    rows = work.judge.rows
    written = work.judge.written(work.model, derive(work.training.seed, 4))
    losses = []
    for symbols, mask, sign in ((rows.symbols, rows.mask, -1.0), (*written, 1.0)):
        for first in range(0, len(symbols), _ROWS_AT_ONCE):
            at = slice(first, first + _ROWS_AT_ONCE)
            told = torch.from_numpy(symbols[at]).to(work.precision.device)
            kept = torch.from_numpy(mask[at]).to(work.precision.device)
            logits = network.judge(network.embed(told), kept).logits
            losses.append(F.softplus(sign * logits).cpu().numpy())
    every = np.concatenate(losses)
    return float(every.mean()), float(every.std() / math.sqrt(len(every)))


def _weighed(
    work: GuideWork,
    sizes: CriticConfig,
    weights: dict[str, np.ndarray],
    facts: dict[str, float],
    listener: Listener,
) -> Guided:
    """See whether choosing among candidates comes nearer to held-out rows than not choosing."""
    critic = RowCritic(weights, sizes, work.window)
    n, seed = work.game.candidates, work.training.seed
    plain, guided = [], []
    for trial in range(_N_TRIALS):
        places = [derive(seed, 5, trial * n + k) for k in range(n)]
        sets = [work.judge.written(work.model, place) for place in places]
        plain += [work.judge.figures_of(*each) for each in sets]
        guided.append(work.judge.figures_of(*_chosen(critic, sets, derive(seed, 6, trial))))
    means = [_mean(found, "criterion") for found in (plain, guided)]
    error = math.hypot(_error(plain), _error(guided))
    facts |= {"plain_criterion": means[0], "guided_criterion": means[1], "criterion_error": error}
    facts |= {f"guided_{name}": _mean(guided, name) for name in ("told_apart", "distinct_2_ratio")}
    is_better = means[1] < means[0] - 2 * error
    listener(
        Note(
            text=f"guide: choosing among {n} candidates brings the {work.game.criterion} from "
            f"{means[0]:.4g} to {means[1]:.4g} (± {error:.2g})"
            + ("" if is_better else "; it rests unless --resample asks for it")
        )
    )
    guide = Guide(
        sizes=sizes, candidates=n if is_better else 1, window=work.window, weights=weights
    )
    return Guided(guide, facts)


def _mean(found: list[dict[str, float]], name: str) -> float:
    return float(np.mean([figures[name] for figures in found]))


def _error(found: list[dict[str, float]]) -> float:
    """Return the standard error of the mean criterion over sets of rows."""
    values = [figures["criterion"] for figures in found]
    return float(np.std(values, ddof=1) / math.sqrt(len(values)))


def _chosen(
    critic: RowCritic, sets: list[tuple[np.ndarray, np.ndarray]], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one of the candidates of every row, by softmax of the critic's word."""
    words = np.array(
        [
            [critic.word(row[kept]) for row, kept in zip(symbols, mask, strict=True)]
            for symbols, mask in sets
        ]
    )  # [K, N]
    gumbel = np.random.default_rng(seed).gumbel(size=words.shape)
    pick = (words + gumbel).argmax(axis=0)
    rows = np.arange(len(pick))
    return (
        np.stack([symbols for symbols, _ in sets])[pick, rows],
        np.stack([mask for _, mask in sets])[pick, rows],
    )
