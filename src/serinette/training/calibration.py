"""One number after training: how sure the softmax should be.

A network trained to the end of a small corpus is over-confident; dividing its logits by a
temperature fitted on held-out text mends most of that. The factor is folded into the read-out, so
that nothing else ever hears of it.

Reference: Guo et al. 2017, arXiv:1706.04599; Melis et al. 2018, arXiv:1707.05589 (language models).
"""

import torch
from torch import Tensor

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.streams import held_out_batches
from serinette.nets.model import SequenceModel
from serinette.training.validation import WARM_UP_STEPS

MAX_LOGITS = 16_000_000
"""How many logits are looked at, at most."""
_N_ROWS, _WINDOW = 64, 128
_SEARCH_STEPS = 24


@torch.no_grad()
def fitted_sharpness(model: SequenceModel, corpus: EncodedCorpus) -> float:
    """Return the factor on the logits with the lowest loss on a held-out part, in [0.25, 2].

    Args:
        model: On the CPU; it is not changed.
        corpus: The held-out part; with none the factor is 1.
    """
    found = _predictions(model, corpus)
    if not sum(len(targets) for _, targets in found):
        return 1.0
    low, high = 0.25, 2.0
    ratio = (5**0.5 - 1) / 2
    for _ in range(_SEARCH_STEPS):  # golden section: the loss is convex in the factor
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(found, left) < _loss(found, right):
            high = right
        else:
            low = left
    return round((low + high) / 2, 4)


@torch.no_grad()
def sharpen_(model: SequenceModel, factor: float) -> None:
    """Multiply the logits of a model by `factor`, for good."""
    if model.config.tied:
        model.projection.weight.mul_(factor)
    else:
        model.readout.weight.mul_(factor)
    model.readout.bias.mul_(factor)


def _predictions(model: SequenceModel, corpus: EncodedCorpus) -> list[tuple[Tensor, Tensor]]:
    """Return logits and targets, window by window."""
    found: list[tuple[Tensor, Tensor]] = []
    n_logits, state = 0, None
    batches = held_out_batches(corpus, n_rows=_N_ROWS, window=_WINDOW, warm_up=WARM_UP_STEPS)
    for batch in batches:
        state = model.start(len(batch.fresh)) if state is None else state.reset(batch.fresh)
        hidden, state = model(batch.inputs, batch.context, state)
        logits = model.readout.project(hidden)[batch.mask]
        found.append((logits, batch.targets[batch.mask]))
        n_logits += logits.numel()
        if n_logits > MAX_LOGITS:
            break
    return found


def _loss(found: list[tuple[Tensor, Tensor]], factor: float) -> float:
    """Return the summed loss; a window at a time, so that no copy of all logits is made."""
    return sum(
        float(torch.nn.functional.cross_entropy(logits * factor, targets, reduction="sum"))
        for logits, targets in found
    )
