"""What a training reads and what it is asked for: batches without end, and the loss of each.

Shape letters: `B` rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Generator, Tensor, nn

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.documents import DocumentBatches
from serinette.batching.replay import Reader, ReplayBatches, rows_of_old
from serinette.batching.streams import TrainingStreams
from serinette.batching.windows import RandomWindows
from serinette.nets.config import predicted_symbols
from serinette.nets.fields import batch_nats
from serinette.nets.model import SequenceModel
from serinette.nets.state import State
from serinette.training.candidates import Candidates
from serinette.training.config import TrainingConfig


class Loss(NamedTuple):
    """The loss of some rows, in nats, summed."""

    nats: Tensor
    """What is made small."""
    measured: Tensor
    """The part of it that is reported."""
    state: State | None
    """What the rows' next window goes on from."""


@runtime_checkable
class TrainingBatch(Protocol):
    """One window of some rows."""

    @property
    def n_steps(self) -> int:
        """How many steps count in the loss."""
        ...

    @property
    def n_measured(self) -> int:
        """How many of them count in the figure that is reported."""
        ...

    def part(self, k: int, n_parts: int) -> "TrainingBatch":
        """Return the k-th of `n_parts` equal groups of rows."""
        ...

    def to(self, device: torch.device) -> "TrainingBatch":
        """Move to the device that computes."""
        ...


@runtime_checkable
class Batches(Protocol):
    """An endless supply that can be left and gone on with."""

    @property
    def epoch(self) -> int:
        """How often all has been read, from 0."""
        ...

    def next(self) -> Any:
        """Return the next batch."""
        ...

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands."""
        ...

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from a place that `position` returned."""
        ...


@runtime_checkable
class Objective(Protocol):
    """The loss of a model on some rows."""

    def __call__(self, model: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the loss; `noise` is for dropout."""
        ...


@dataclass(frozen=True)
class Supply:
    """Batches, and what is asked of a model that reads them."""

    batches: Batches
    objective: Objective
    states: Mapping[int, State | None]
    """What each group of rows begins with."""


class SymbolObjective:
    """The likelihood of one symbol a step.

    Args:
        candidates: Draws the symbols that take part in the softmax; None: all of them do.
    """

    def __init__(self, candidates: Candidates | None = None) -> None:
        self._candidates = candidates

    def __call__(
        self, model: nn.Module, batch: Any, state: State | None, noise: Generator | None
    ) -> Loss:
        """Return the loss of a window that goes on from `state`; None: without dropout."""
        carried = None if state is None else state.reset(batch.fresh)
        hidden, after = model(batch.inputs, batch.context, carried, noise)
        readout: Any = model.readout
        if self._candidates is None or noise is None:
            log_prob = readout.log_prob(readout.project(hidden), batch.targets)
        else:
            log_prob = self._candidates.log_prob(readout, hidden, batch.targets, noise)
        log_prob = log_prob.float()
        return Loss(
            nats=-(log_prob * batch.mask).sum(),
            measured=-(log_prob.detach() * batch.measured).sum(),
            state=State(after.h.float(), after.c.float()).detach(),
        )


class StepObjective:
    """The likelihood of steps of many fields; nothing is carried from window to window."""

    def __call__(self, model: nn.Module, batch: Any, state: State | None, noise: Generator) -> Loss:
        """Return the loss of some windows."""
        nats = batch_nats(model, batch, noise).sum()  # type: ignore[arg-type]
        return Loss(nats=nats, measured=nats.detach(), state=state)


class Rehearsal(NamedTuple):
    """Old text that some rows go on reading."""

    corpus: EncodedCorpus
    share: float
    """Of the rows, above 0 and below 1."""


def symbol_supply(
    model: SequenceModel,
    corpus: EncodedCorpus,
    config: TrainingConfig,
    rehearsal: Rehearsal | None = None,
) -> Supply:
    """Return windows of encoded sequences.

    Args:
        model: It says what a row begins with.
        corpus: The training part.
        config: Rows, window, batching, candidates.
        rehearsal: What some of the rows read instead.
    """
    size = config.n_rows // config.n_workers
    return Supply(
        batches=batches_of(corpus, config, rehearsal),
        objective=SymbolObjective(_candidates(corpus, model, config.sampled_symbols)),
        states={k: model.start(size) for k in range(config.n_workers)},
    )


_READERS: Final[Mapping[str, Callable[[EncodedCorpus, int, int, int], Reader]]] = {
    "streams": TrainingStreams,
    "documents": DocumentBatches,
    "windows": partial(RandomWindows, is_last_only=False),
    "many-to-one": partial(RandomWindows, is_last_only=True),
}
"""By rows, steps and seed."""


def batches_of(
    corpus: EncodedCorpus, config: TrainingConfig, rehearsal: Rehearsal | None = None
) -> Batches:
    """Return what `training.batching` says is read.

    Args:
        corpus: The training part.
        config: Rows, window, batching, seed.
        rehearsal: What some of the rows read instead.
    """
    reader = _READERS[config.batching]
    if config.reset == "never" and config.batching == "streams":
        reader = partial(TrainingStreams, resets=False)
    if rehearsal is None:
        return reader(corpus, config.n_rows, config.window, config.seed)
    n_old = rows_of_old(config.n_rows, rehearsal.share)
    return ReplayBatches(
        reader(corpus, config.n_rows - n_old, config.window, config.seed),
        reader(rehearsal.corpus, n_old, config.window, config.seed),
    )


def _candidates(corpus: EncodedCorpus, model: SequenceModel, size: int) -> Candidates | None:
    (field,) = predicted_symbols(model.schema)
    if not 0 < size < field.size:
        return None
    return Candidates(corpus.counts(field.size), size)
