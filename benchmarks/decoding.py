"""Decoding speed: Serinette's sampling beside bare greedy loops, paired in one run.

    python benchmarks/decoding.py --out benchmarks/results/decoding.md

Ours is the whole of `generate`: seeded draws at temperature 0.8, log-probabilities, text. The
bare loops take the likeliest symbol and do nothing else. ONNX Runtime runs on one thread; torch
is given every combination of oneDNN on or off and one or two threads. The contenders take turns, so
that a slow moment of a shared machine meets all of them; what counts is the ratio within a round.
Random weights: speed does not depend on them. int8 is the step graph in whole numbers, which models
of 192 cells and more run by default.
"""

import argparse
import statistics
import string
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from machine import describe_machine
from report import publish
from torch import nn

from serinette.artifact.int8_graph import build_int8_graph
from serinette.artifact.step_graph import build_step_graph
from serinette.core.schema import Schema
from serinette.decoding.config import DecodingConfig
from serinette.decoding.onnx_stepper import OnnxStepper
from serinette.kinds.kind import Codec
from serinette.kinds.table import find_kind
from serinette.kinds.text.config import TextConfig
from serinette.nets.config import ModelConfig
from serinette.nets.model import SequenceModel
from serinette.recipes.generate import GenerateRequest, generate_with

E, N_LAYERS = 128, 2
CHARACTERS = string.ascii_letters + string.digits + " .\n"  # 65, and `end` and `missing`
PLAIN = "ours, temperature 0.8"
SHARED = "the rows shared by 2 threads (what `generate` does)"
SETTINGS = {
    PLAIN: DecodingConfig(temperature=0.8, logit_bias={"<end>": -100.0}),
    "ours, temperature 0.8, top-k 40, top-p 0.95": DecodingConfig(
        temperature=0.8, top_k=40, top_p=0.95, logit_bias={"<end>": -100.0}
    ),
}
BARE = "bare ONNX Runtime, greedy"
BARE_BOUND = "bare ONNX Runtime, greedy, fixed memory (I/O binding)"
CELL = "torch LSTMCell, 1 thread"
Loop = Callable[[int], object]
"""Runs so many steps."""


def stepped(name: str) -> bool:
    """Tell the `nn.LSTM` variants from the rest."""
    return name.startswith("torch nn.LSTM")


def ours(codec: Codec, steppers: list[OnnxStepper], n_rows: int, decoding: DecodingConfig) -> Loop:
    """Return Serinette's whole way from seed to text."""
    settings = {name: getattr(decoding, name) for name in ("top_k", "top_p", "logit_bias")}

    def run(n_steps: int) -> None:
        limited = DecodingConfig(temperature=decoding.temperature, max_steps=n_steps, **settings)
        request = GenerateRequest(n=n_rows, decoding=limited, batch_size=n_rows)
        for _ in generate_with(codec, steppers, request):
            pass

    return run


def bare(graph: bytes, n_rows: int, hidden: int) -> Loop:
    """Return what a competent user writes."""
    session = one_thread_session(graph)

    def run(n_steps: int) -> None:
        symbols = np.zeros((1, n_rows), dtype=np.int64)
        h = c = np.zeros((N_LAYERS, n_rows, hidden), dtype=np.float32)
        for _ in range(n_steps):
            logits, h, c = session.run(None, {"symbols": symbols, "h": h, "c": c})
            symbols = logits.argmax(-1)

    return run


def bare_bound(graph: bytes, n_rows: int, hidden: int, n_symbols: int) -> Loop:
    """Return the same with inputs and outputs bound to memory that is used again."""
    session = one_thread_session(graph)
    symbols = np.zeros((1, n_rows), dtype=np.int64)
    logits = np.zeros((1, n_rows, n_symbols), dtype=np.float32)
    states = [
        {name: np.zeros((N_LAYERS, n_rows, hidden), dtype=np.float32) for name in "hc"}
        for _ in range(2)
    ]
    bindings = []
    for source, target in (states, states[::-1]):
        binding = session.io_binding()
        for name, array in {"symbols": symbols, **source}.items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        outputs = {"logits": logits, "h_out": target["h"], "c_out": target["c"]}
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        bindings.append(binding)

    def run(n_steps: int) -> object:
        for step in range(n_steps):
            session.run_with_iobinding(bindings[step & 1])
            symbols[:] = logits.argmax(-1)
        return states  # keeps alive what the bindings point to

    return run


def one_thread_session(graph: bytes) -> object:
    """Open a graph as our own stepper does."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def torch_lstm(n_rows: int, hidden: int, n_symbols: int, *, onednn: bool, threads: int) -> Loop:
    """Return `nn.LSTM` stepped one symbol at a time."""
    embedding, readout = nn.Embedding(n_symbols, E), nn.Linear(hidden, n_symbols)
    lstm = nn.LSTM(E, hidden, N_LAYERS)

    @torch.inference_mode()
    def run(n_steps: int) -> None:
        torch.set_num_threads(threads)
        with torch.backends.mkldnn.flags(enabled=onednn):
            symbols, state = torch.zeros(1, n_rows, dtype=torch.int64), None
            for _ in range(n_steps):
                output, state = lstm(embedding(symbols), state)
                symbols = readout(output).argmax(-1)

    return run


def torch_cell(n_rows: int, hidden: int, n_symbols: int) -> Loop:
    """Return a stack of `nn.LSTMCell`."""
    embedding, readout = nn.Embedding(n_symbols, E), nn.Linear(hidden, n_symbols)
    cells = [nn.LSTMCell(E if layer == 0 else hidden, hidden) for layer in range(N_LAYERS)]

    @torch.inference_mode()
    def run(n_steps: int) -> None:
        torch.set_num_threads(1)
        zeros = torch.zeros(n_rows, hidden)
        states = [(zeros, zeros) for _ in cells]
        symbols = torch.zeros(n_rows, dtype=torch.int64)
        for _ in range(n_steps):
            x = embedding(symbols)
            for layer, cell in enumerate(cells):
                states[layer] = cell(x, states[layer])
                x = states[layer][0]
            symbols = readout(x).argmax(-1)

    return run


def contenders(hidden: int, n_rows: int) -> dict[str, Loop]:
    """Return every loop of one size."""
    kind = find_kind("text")
    codec = kind.fit(kind.read([CHARACTERS], TextConfig()), TextConfig())
    schema: Schema = codec.schema
    n_symbols = schema.fields[0].size
    sizes = ModelConfig(embedding_size=E, hidden_size=hidden, n_layers=N_LAYERS)
    state = SequenceModel(sizes, schema).state_dict()
    graph = build_step_graph(sizes, schema, {name: w.numpy() for name, w in state.items()})
    whole = build_int8_graph(sizes, schema, {name: w.numpy() for name, w in state.items()})
    pairs = {
        n: [OnnxStepper(g, schema) for _ in range(2)] for n, g in (("fp32", graph), ("int8", whole))
    }
    loops = {
        f"{name}, {precision}": ours(codec, pair[:1], n_rows, config)
        for precision, pair in pairs.items()
        for name, config in SETTINGS.items()
    }
    loops[BARE] = bare(graph, n_rows, hidden)
    loops[BARE_BOUND] = bare_bound(graph, n_rows, hidden, n_symbols)
    for onednn in (True, False):
        for threads in (1, 2):
            name = f"torch nn.LSTM, oneDNN {'on' if onednn else 'off'}, {threads} threads"
            loops[name] = torch_lstm(n_rows, hidden, n_symbols, onednn=onednn, threads=threads)
    loops[CELL] = torch_cell(n_rows, hidden, n_symbols)
    if n_rows > 1:
        for precision, pair in pairs.items():
            loops[f"{PLAIN}, {precision}, {SHARED}"] = ours(codec, pair, n_rows, SETTINGS[PLAIN])
    return loops


def measure(hidden: int, n_rows: int, rounds: int, seconds: float) -> list[str]:
    """Return the table rows of one size."""
    loops = contenders(hidden, n_rows)
    n_steps = {}
    for name, run in loops.items():
        run(2)
        trial = 20
        n_steps[name] = max(trial, int(trial * seconds / clock(run, trial)))
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, run in loops.items():
            speeds[name].append(n_rows * n_steps[name] / clock(run, n_steps[name]))
    best = max(filter(stepped, speeds), key=lambda name: statistics.median(speeds[name]))
    shown = [name for name in speeds if not stepped(name) or name == best]
    return [
        f"| 2x{hidden} | {n_rows} | {name} | {statistics.median(speeds[name]):,.0f} "
        f"| {ratio(speeds[name], speeds[BARE])} | {ratio(speeds[name], speeds[best])} |"
        for name in shown
    ]


def clock(run: Loop, n_steps: int) -> float:
    """Return the seconds that so many steps take."""
    begun = time.perf_counter()
    run(n_steps)
    return time.perf_counter() - begun


def ratio(speeds: list[float], others: list[float]) -> str:
    """Return the median ratio within a round, and its spread."""
    ratios = [one / other for one, other in zip(speeds, others, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4)
    args = parser.parse_args()
    torch.manual_seed(0)
    rows = [
        row
        for hidden in (256, 512)
        for n_rows in (1, 64)
        for row in measure(hidden, n_rows, args.rounds, args.seconds)
    ]
    publish(
        [
            f"Machine: {describe_machine()}.",
            "",
            f"Medians of {args.rounds} rounds; ratios within a round (least to most). 67 symbols,",
            f"embedding {E}. `nn.LSTM` is the best of oneDNN on or off and 1 or 2 threads.",
            "",
            "| network | batch | contender | symbols/s | of bare ONNX Runtime | of nn.LSTM |",
            "|---|---|---|---|---|---|",
            *rows,
        ],
        args.out,
    )


if __name__ == "__main__":
    main()
