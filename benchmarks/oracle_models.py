"""Models of the oracle's sequences: serinette's own network, trained by likelihood.

Shape letters: `B` rows, `T` steps, `V` symbols.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from oracle_lstm import LENGTH, Oracle, draw_many, nats_of_many, read_oracle
from torch import Tensor

from serinette.batching.corpus import EncodedCorpus
from serinette.batching.streams import Batch
from serinette.core.schema import Schema, SymbolField
from serinette.core.seeds import derive
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel, load_weights_, weights_of
from serinette.training.candidates import Candidates
from serinette.training.config import TrainingConfig
from serinette.training.gradients import Precision
from serinette.training.spectral import spectral_start_
from serinette.training.supply import Supply, SymbolObjective
from serinette.training.trainer import Trainer

N_SYMBOLS = 5_000
N_SEQUENCES = 10_000
N_VALIDATION = 1_000
SCHEMA = Schema(fields=(SymbolField(name="symbol", size=N_SYMBOLS, missing=1),), end=0)
CPU = Precision(torch.device("cpu"), is_bf16=False)

SIZES = ModelConfig(
    embedding_size=32, hidden_size=48, n_layers=1, input_dropout=0.2, output_dropout=0.5
)
READOUT_SCALE = 0.3
LIKELIHOOD = TrainingConfig(
    updates=3_000,
    n_rows=16,
    window=LENGTH,
    n_workers=1,
    optimiser="adamw",
    learning_rate=4e-3,
    weight_decay=0.1,
    sampled_symbols=200,
    average_decay=0.99,
    n_evaluations=6,
    precision="fp32",
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one seed learns from, and what its settings are chosen on."""

    oracle: Oracle
    seed: int
    train: Tensor
    validation: Tensor


def task_of(params: Path, work: Path, seed: int) -> Task:
    """Draw the sequences of one seed from the oracle, or find them in the folder `work`."""
    oracle = read_oracle(params)
    kept = work / f"sequences-{seed}.npy"
    if not kept.exists():
        drawn = [
            draw_many(oracle.step, oracle.start, n_rows, 1.0, derive(seed, k) % 2**62)
            for k, n_rows in enumerate((N_SEQUENCES, N_VALIDATION))
        ]
        np.save(kept, torch.cat(drawn).numpy().astype(np.int16))
    sequences = torch.from_numpy(np.load(kept).astype(np.int64))
    train, validation = sequences.split([N_SEQUENCES, N_VALIDATION])
    return Task(oracle=oracle, seed=seed, train=train, validation=validation)


def fresh_of(task: Task, n_rows: int) -> Tensor:
    """Draw sequences of the oracle that nothing was learnt from or chosen on."""
    oracle = task.oracle
    return draw_many(oracle.step, oracle.start, n_rows, 1.0, derive(task.seed, 2) % 2**62)


def batch_of(sequences: Tensor) -> Batch:
    """Return whole sequences, the first symbol of each to be told from symbol 0."""
    n_rows = len(sequences)
    every = torch.ones(sequences.shape, dtype=torch.bool)
    return Batch(
        inputs=torch.cat([torch.zeros((n_rows, 1), dtype=torch.long), sequences[:, :-1]], 1),
        targets=sequences,
        mask=every,
        measured=every,
        fresh=torch.ones(n_rows, dtype=torch.bool),
        context=torch.zeros((n_rows, 0), dtype=torch.long),
    )


class SequenceBatches:
    """Batches of whole sequences in an order of their own each epoch; what is left over waits."""

    def __init__(self, sequences: Tensor, n_rows: int, seed: int) -> None:
        self._sequences, self._n_rows, self._seed = sequences, n_rows, seed
        self._next = 0

    @property
    def epoch(self) -> int:
        """How often all has been read, from 0."""
        return self._next // self._per_epoch

    @property
    def _per_epoch(self) -> int:
        return len(self._sequences) // self._n_rows

    def next(self) -> Batch:
        """Return the next batch."""
        place = self._next % self._per_epoch
        if place == 0:
            generator = torch.Generator().manual_seed(derive(self._seed, self.epoch) % 2**62)
            self._order = torch.randperm(len(self._sequences), generator=generator)
        self._next += 1
        rows = self._order[place * self._n_rows : (place + 1) * self._n_rows]
        return batch_of(self._sequences[rows])

    def position(self) -> dict[str, np.ndarray]:
        """Return where the reading stands."""
        return {"next": np.array([self._next])}

    def seek(self, position: dict[str, np.ndarray]) -> None:
        """Read on from the start of the epoch that `position` is in."""
        self._next = int(position["next"][0]) // self._per_epoch * self._per_epoch


def new_model(
    config: ModelConfig, task: Task, *, seed: int, spectral: bool = True
) -> SequenceModel:
    """Return a fresh model; `spectral` starts it from the counts of the training part."""
    model = SequenceModel(config, SCHEMA, seed=seed)
    if spectral:
        starts = torch.zeros((len(task.train), 1), dtype=torch.long)
        symbols = torch.cat([starts, task.train], 1).flatten().numpy().astype(np.int32)
        places = np.arange(len(task.train) + 1, dtype=np.int64) * (LENGTH + 1)
        places[-1] -= 1
        context = np.zeros((len(task.train), 0), dtype=np.int64)
        corpus = EncodedCorpus(symbols=symbols, starts=places, context=context)
        spectral_start_(model, corpus, seed=seed)
    with torch.no_grad():
        counts = counts_of(task.train) + 0.5
        model.readout.bias.copy_(torch.from_numpy(np.log(counts / counts.sum())))
    return model


def counts_of(sequences: Tensor) -> np.ndarray:
    """Count every symbol."""
    return np.bincount(sequences.flatten().numpy(), minlength=N_SYMBOLS)


def supply_of(model: SequenceModel, sequences: Tensor, config: TrainingConfig) -> Supply:
    """Return what a `Trainer` reads and is asked for."""
    some = config.sampled_symbols
    candidates = Candidates(counts_of(sequences), some) if some else None
    return Supply(
        batches=SequenceBatches(sequences, config.n_rows, config.seed),
        objective=SymbolObjective(candidates),
        states={k: model.start(config.n_rows) for k in range(config.n_workers)},
    )


class Stepping:
    """A model as the oracle's functions ask for it: one symbol a row in, logits out."""

    def __init__(self, model: SequenceModel) -> None:
        self._model = model

    def start(self, n_rows: int) -> Any:
        """Return the state before the first step."""
        return self._model.start(n_rows)

    def step(self, symbols: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Read one symbol a row."""
        context = torch.zeros((len(symbols), 0), dtype=torch.long)
        hidden, state = self._model(symbols[:, None], context, state)
        return self._model.readout.project(hidden[:, 0]), state


@torch.no_grad()
def held_out(model: SequenceModel, sequences: Tensor) -> float:
    """Return the mean nats per symbol, every symbol taking part, without dropout."""
    stepping = Stepping(model)
    return float(nats_of_many(stepping.step, stepping.start, sequences).mean())


def trained(task: Task) -> tuple[SequenceModel, float]:
    """Train by likelihood; return the weights that were best on the validation part, and how good.

    The read-out starts small, so that the first predictions are the unigram counts.
    """
    config = replace(LIKELIHOOD, seed=task.seed)
    model = new_model(SIZES, task, seed=task.seed)
    with torch.no_grad():
        model.readout.weight.mul_(READOUT_SCALE)
    trainer = Trainer(model, supply_of(model, task.train, config), config, CPU, n_threads=1)
    best, kept = math.inf, weights_of(model)
    every = config.updates // config.n_evaluations
    while not trainer.is_done:
        trainer.update()
        if trainer.update_count % every == 0:
            with trainer.average.in_place():
                found = held_out(model, task.validation)
                print(f"update {trainer.update_count}: {found:.4f} on validation", flush=True)
                if found < best:
                    best, kept = found, weights_of(model)
    trainer.close()
    load_weights_(model, kept)
    return model, best
