"""What this machine can do: cores, device, the faster arithmetic. Measured, not guessed."""

import contextlib
import ctypes
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from serinette.batching.corpus import join
from serinette.core.errors import ConfigError
from serinette.core.schema import Schema
from serinette.nets.config import ModelConfig, predicted_symbols
from serinette.nets.model import SequenceModel
from serinette.training.config import TrainingConfig
from serinette.training.gradients import Precision
from serinette.training.supply import symbol_supply
from serinette.training.trainer import Trainer

_N_TIMED = 4
_N_TRIES = 3
"""Measurements of one size: a moment of other load must not decide the size of the network."""
_MATRIX_COST = 1.2
"""What SOAP's update costs beside AdamW's, from 1.15 at 256 to 1.25 at 512 (measured)."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MOST_BYTES = 2**30


def prepare_process() -> None:
    """Set what torch's speed on a CPU depends on, for the whole process.

    Denormal numbers cost two orders of magnitude on some CPUs. And glibc gives the memory of large
    tensors back to the system after every operation, only to fetch it again page by page: keeping
    it made training with two threads 1.2 times as fast (docs/why/experiments.md).
    """
    torch.set_flush_denormal(True)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library: nothing to set
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(_M_MMAP_THRESHOLD, _MOST_BYTES)
            libc.mallopt(_M_TRIM_THRESHOLD, _MOST_BYTES)


def choose_device(wish: str) -> torch.device:
    """Return the device for `auto`, `cpu` or `cuda`."""
    is_cuda = wish == "cuda" or (wish == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if is_cuda else "cpu")


def can_use_bf16(device: torch.device) -> bool:
    """Return whether an LSTM can be trained in bf16 here; oneDNN refuses it without AVX-512."""
    layer = torch.nn.LSTM(8, 8).to(device)
    try:
        with Precision(device, is_bf16=True).context():
            output, _ = layer(torch.zeros(2, 2, 8, device=device))
        output.float().sum().backward()
    except RuntimeError:
        return False
    return True


class SpeedTest:
    """Times real updates of a model on random symbols; remembers what it has timed.

    Args:
        schema: Of the sequences.
        config: Training settings to start from.
        n_threads: Threads that may run at once.
    """

    def __init__(self, schema: Schema, config: TrainingConfig, n_threads: int) -> None:
        self._schema = schema
        self._config = config
        self._n_threads = n_threads
        self._device = choose_device(config.device)
        self._known: dict[str, float] = {}
        self.precision = self._choose_precision()

    def seconds(self, model: Mapping[str, Any], training: Mapping[str, Any]) -> float:
        """Return the seconds of one update with these settings."""
        key = repr((sorted(model.items()), training["window"], training["n_rows"]))
        if key not in self._known:
            config = replace(
                self._config,
                **{n: training[n] for n in ("window", "n_rows", "n_workers") if n in training},
            )
            # The first updates of SOAP and Muon are unlike the later ones: AdamW is timed instead.
            is_matrix_wise = config.optimiser in ("soap", "muon")
            timed = replace(config, optimiser="adamw") if is_matrix_wise else config
            sizes = ModelConfig(**model)
            seconds = min(self._time(sizes, timed, self.precision) for _ in range(_N_TRIES))
            self._known[key] = seconds * (_MATRIX_COST if is_matrix_wise else 1.0)
        return self._known[key]

    def _choose_precision(self) -> Precision:
        wish = self._config.precision
        can_bf16 = wish != "fp32" and can_use_bf16(self._device)
        if wish == "bf16" and not can_bf16:
            raise ConfigError(
                "training.precision bf16: this processor cannot train an LSTM in bf16; "
                "use fp32 or auto"
            )
        if wish != "auto" or not can_bf16:
            return Precision(self._device, can_bf16)
        sizes = ModelConfig(embedding_size=64, hidden_size=256, n_layers=1)
        config = replace(self._config, n_rows=32, window=64, optimiser="adamw")
        seconds = {False: math.inf, True: math.inf}
        for is_bf16 in (True, False, True, False):
            taken = self._time(sizes, config, Precision(self._device, is_bf16))
            seconds[is_bf16] = min(seconds[is_bf16], taken)
        return Precision(self._device, seconds[True] < seconds[False])

    def _time(self, sizes: ModelConfig, config: TrainingConfig, precision: Precision) -> float:
        """Return the seconds of an update with some sizes."""
        (field,) = predicted_symbols(self._schema)
        n = 4 * config.n_rows * config.window
        symbols = np.random.Generator(np.random.Philox(0)).integers(field.size, size=(n, 1))
        context = np.zeros(len(self._schema.context), dtype=np.int64)
        corpus = join([symbols], [context], end=self._schema.end or 0)
        model = SequenceModel(sizes, self._schema).to(precision.device)
        supply = symbol_supply(model, corpus, config)
        trainer = Trainer(model, supply, config, precision, n_threads=self._n_threads)
        return fastest_update(trainer, _N_TIMED)


def fastest_update(trainer: Trainer, n_timed: int) -> float:
    """Return the seconds of the fastest of a few updates, the first left out; end the trainer.

    Other load only ever adds time.
    """
    times = []
    try:
        for _ in range(n_timed):
            begun = time.perf_counter()
            trainer.update()
            times.append(time.perf_counter() - begun)
    finally:
        trainer.close()
    return min(times[1:])
