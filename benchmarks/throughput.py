"""Training throughput: Serinette's update beside bare torch loops, paired in one run.

    python benchmarks/throughput.py --out benchmarks/results/throughput.md

A bare loop is what a competent user writes: nn.LSTM, cross entropy, clipping, AdamW, two threads
in one process. Ours is `Trainer.update` as `train` runs it, carried state and reset flags included.
The contenders have a process each and take turns, so that a slow moment of a shared machine meets
all of them; what counts is the ratio within a round.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from machine import describe_machine
from report import publish
from torch import nn

from serinette.batching.corpus import join
from serinette.core.schema import Schema, SymbolField
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.gradients import Precision
from serinette.training.machine import prepare_process
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer

V, E = 67, 64
ROWS, WINDOW = 32, 64
N_SYMBOLS = 200_000


def symbols() -> np.ndarray:
    """Return random symbols; speed does not depend on them."""
    return np.random.Generator(np.random.Philox(0)).integers(2, V, size=N_SYMBOLS)


class BareLoop:
    """The loop of a competent user, 32 streams x 64 steps."""

    def __init__(self, hidden: int, *, is_bf16: bool) -> None:
        torch.manual_seed(0)
        self.embedding = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, hidden, 2, batch_first=True)
        self.readout = nn.Linear(hidden, V)
        parts = (self.embedding, self.lstm, self.readout)
        self.parameters = [p for part in parts for p in part.parameters()]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=6e-3)
        self.is_bf16 = is_bf16
        self.data = torch.from_numpy(symbols()[: N_SYMBOLS // ROWS * ROWS]).view(ROWS, -1)
        self.place = 0
        self.state: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(self) -> None:
        """Make one update."""
        if self.place + WINDOW + 1 > self.data.shape[1]:
            self.place, self.state = 0, None
        piece = self.data[:, self.place : self.place + WINDOW + 1]
        self.place += WINDOW
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.is_bf16):
            hidden, state = self.lstm(self.embedding(piece[:, :-1]), self.state)
            logits = self.readout(hidden)
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), piece[:, 1:].flatten())
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.state = (state[0].detach(), state[1].detach())


def ours(hidden: int, optimiser: str, n_rows: int) -> Trainer:
    """Return Serinette's trainer at the same sizes."""
    schema = Schema(fields=(SymbolField(name="character", size=V, missing=1),), end=0)
    sizes = ModelConfig(embedding_size=E, hidden_size=hidden, n_layers=2)
    corpus = join([symbols()[:, None]], [np.zeros(0, dtype=np.int64)], end=0)
    config = TrainingConfig(
        n_rows=n_rows, window=WINDOW, updates=10**6, optimiser=optimiser, precision="bf16"
    )
    precision = Precision(torch.device("cpu"), is_bf16=True)
    model = SequenceModel(sizes, schema)
    return Trainer(model, symbol_supply(model, corpus, config), config, precision, n_threads=2)


def speed(update: Callable[[], object], steps: int, seconds: float) -> float:
    """Return steps per second over about `seconds`."""
    begun, n = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        update()
        n += 1
    return n * steps / (time.perf_counter() - begun)


def peak_flops(seconds: float) -> float:
    """Return the bf16 matrix peak of two threads, measured with a large product."""
    a = torch.randn(2048, 2048, dtype=torch.bfloat16)
    b = torch.randn(2048, 2048, dtype=torch.bfloat16)
    return speed(lambda: a @ b, 2 * 2048**3, seconds)


def flops_per_step(hidden: int) -> float:
    """Return multiply-adds of forward and backward per step, times two."""
    return 6.0 * (4 * hidden * (E + hidden) + 8 * hidden * hidden + 2 * hidden * V)


def work(pipe: Connection, kind: str, hidden: int, n_rows: int) -> None:
    """Run one contender in a process of its own: whoever sends seconds gets its speed."""
    torch.set_flush_denormal(True)
    if kind.startswith("bare"):
        update: Callable[[], object] = BareLoop(hidden, is_bf16=kind == "bare bf16").update
    else:
        prepare_process()
        update = ours(hidden, kind, n_rows).update
    while (seconds := pipe.recv()) is not None:
        pipe.send(speed(update, n_rows * WINDOW, seconds))


CONTENDERS = {
    "bare fp32 loop": ("bare fp32", 32),
    "bare bf16 loop": ("bare bf16", 32),
    "ours, AdamW, 32 rows": ("adamw", 32),
    "ours, AdamW, 64 rows": ("adamw", 64),
    "ours, SOAP, 32 rows (the default)": ("soap", 32),
    "ours, SOAP, 64 rows": ("soap", 64),
}


def measure(hidden: int, rounds: int, seconds: float) -> list[str]:
    """Return the table rows of one hidden size; only one process works at a time."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for name, (kind, n_rows) in CONTENDERS.items():
        pipes[name], theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, kind, hidden, n_rows))
        process.start()
        processes.append(process)
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    peaks = []
    for pipe in pipes.values():
        pipe.send(1.0)
        pipe.recv()
    for _ in range(rounds):
        peaks.append(peak_flops(0.5))
        for name, pipe in pipes.items():
            pipe.send(seconds)
            found[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(None)
    for process in processes:
        process.join()
    bare = found["bare bf16 loop"]
    rows = []
    for name, speeds in found.items():
        ratios = [a / b for a, b in zip(speeds, bare, strict=True)]
        shares = [a * flops_per_step(hidden) / p for a, p in zip(speeds, peaks, strict=True)]
        rows.append(
            f"| 2x{hidden} | {name} | {statistics.median(speeds):,.0f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
            f"| {100 * statistics.median(shares):.0f} % |"
        )
    return rows


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    args = parser.parse_args()
    torch.set_flush_denormal(True)
    rows = [row for hidden in (256, 512) for row in measure(hidden, args.rounds, args.seconds)]
    publish(
        [
            f"Machine: {describe_machine()}.",
            "",
            f"Medians of {args.rounds} rounds of {args.seconds:g} s, windows of {WINDOW} steps;",
            f"bare loops read {ROWS} rows. Ratio to the bare bf16 loop of the same round (least to",
            "most).",
            "",
            "| network | contender | steps/s | ratio | share of the bf16 matrix peak |",
            "|---|---|---|---|---|",
            *rows,
        ],
        args.out,
    )


if __name__ == "__main__":
    main()
