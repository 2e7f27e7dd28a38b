"""The loss on a held-out part, measured quickly while training goes on.

Long sequences are cut so that many rows work side by side, with a warm-up before each cut; the
exact pass, one state from the first character to the last, is `evaluation.score`.
"""

import itertools

import torch

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.streams import held_out_batches
from serinette.nets.model import SequenceModel
from serinette.training.gradients import LossSum, Precision

WARM_UP_STEPS = 128
"""Steps read without counting before a cut; beyond them an LSTM's loss no longer changes much."""


@torch.no_grad()
def held_out_loss(
    model: SequenceModel,
    corpus: EncodedCorpus,
    precision: Precision,
    *,
    n_rows: int = 64,
    window: int = 128,
    max_windows: int | None = None,
) -> LossSum:
    """Return the summed loss on `corpus` without dropout, every measured step counted once.

    Args:
        model: What is measured; it is not switched or changed.
        corpus: The held-out part.
        precision: Arithmetic.
        n_rows: Rows side by side.
        window: Steps of a window.
        max_windows: Stop after so many windows of all rows; None measures everything.
    """
    total = LossSum(0.0, 0)
    state = None
    batches = held_out_batches(corpus, n_rows=n_rows, window=window, warm_up=WARM_UP_STEPS)
    for window_batch in itertools.islice(batches, max_windows):
        batch = window_batch.to(precision.device)
        state = model.start(len(batch.fresh)) if state is None else state.reset(batch.fresh)
        with precision.context():
            hidden, state = model(batch.inputs, batch.context, state)
            log_prob = model.readout.log_prob(model.readout.project(hidden), batch.targets)
        nats = -float((log_prob.float() * batch.measured).sum())
        total = total.plus(LossSum(nats, int(batch.measured.sum())))
    return total
