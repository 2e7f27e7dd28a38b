"""Learning speed on tiny Shakespeare: `serinette train` beside a bare loop, the same seconds.

    python benchmarks/learning.py --text tiny-shakespeare.txt --budgets 150 300 --seeds 0 1 2

nanoGPT's split: the first 90 % train, the last 111,540 characters are held out. Ours is the command
a user types, from the start of its process to its end, torch's import, the plan, the live
measurements and the export included. The rules of the plan were tuned on the last 5 % of the
training part; here only its last 1 % stays out of training (early measurements, the best weights
and the softmax temperature are taken on it). The bare loop trains on the whole of it. Both are then
scored by one stateful pass from the first held-out character to the last, once per result; with
`--adapt` ours a second time, by weights that follow the text.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine
from report import publish

N_HELD_OUT = 111_540
VALIDATION_SHARE = 0.01
"""Of the training part, its end: all that is held back from training, to fit the temperature."""
HERE = Path(__file__).parent


def main() -> None:
    """Run, append every result to a file of lines, and print the table of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--budgets", type=int, nargs="*", default=[150, 300])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--adapt", action="store_true", help="score with --adapt, too")
    parser.add_argument("--out", type=Path, help="the table; its lines lie beside it as .jsonl")
    args = parser.parse_args()
    text = args.text.read_text(encoding="utf-8")
    lines = args.out.with_suffix(".jsonl") if args.out else None
    records = read(lines)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "train.txt").write_text(text[:-N_HELD_OUT], encoding="utf-8")
        (folder / "held-out.txt").write_text(text[-N_HELD_OUT:], encoding="utf-8")
        for budget in args.budgets:
            for seed in args.seeds:
                for name, run in CONTENDERS.items():
                    if name == "ours" or not args.no_peer:
                        seconds, nats = run(folder, budget, seed)
                        records.append(record(name, budget, seed, seconds, nats))
                        keep(lines, records)
                if args.adapt:
                    seconds = records[-1 if args.no_peer else -2]["seconds"]
                    nats = following(folder, budget, seed)
                    records.append(record(FOLLOWING, budget, seed, seconds, nats))
                    keep(lines, records)
        counted = floor(folder)
    machines = list(dict.fromkeys(one["machine"] for one in records))
    legend = [f"{number}. {machine}" for number, machine in enumerate(machines, 1)]
    table = [*HEAD, *rows(records, machines), counted_row(counted)]
    publish([*table, "", "Machines:", "", *legend], args.out)


HEAD = [
    "| contender | machine | wall-clock seconds | held-out nats per character | runs |",
    "|---|---|---|---|---|",
]


def read(lines: Path | None) -> list[dict[str, Any]]:
    """Return the results so far."""
    if lines is None or not lines.exists():
        return []
    return [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]


def keep(lines: Path | None, records: list[dict[str, Any]]) -> None:
    """Write all results so far."""
    print(records[-1], file=sys.stderr, flush=True)
    if lines is not None:
        lines.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(one) + "\n" for one in records)
        lines.write_text(text, encoding="utf-8")


def record(name: str, budget: int, seed: int, seconds: float, nats: float) -> dict[str, Any]:
    """Return one result as plain values."""
    result = {"contender": name, "budget": budget, "seed": seed, "machine": describe_machine()}
    return {**result, "seconds": round(seconds, 1), "nats": round(nats, 4)}


def rows(records: list[dict[str, Any]], machines: list[str]) -> list[str]:
    """Return a row for each contender, budget and machine."""
    found = []
    for budget in sorted({one["budget"] for one in records}):
        for name in (*CONTENDERS, FOLLOWING):
            for number, machine in enumerate(machines, 1):
                key = (budget, name, machine)
                same = [r for r in records if (r["budget"], r["contender"], r["machine"]) == key]
                if same:
                    found.append(row(f"{name}, {budget} s", number, same))
    return found


def row(name: str, machine: int, same: list[dict[str, Any]]) -> str:
    """Return the row of some runs that differ in their seeds."""
    nats = [one["nats"] for one in same]
    seconds = [one["seconds"] for one in same]
    spread = f" ({min(nats):.4f} to {max(nats):.4f})" if len(nats) > 1 else ""
    return (
        f"| {name} | {machine} | {min(seconds):.0f} to {max(seconds):.0f} "
        f"| {statistics.mean(nats):.4f}{spread} | {len(nats)} |"
    )


def counted_row(nats: float) -> str:
    """Return the row of the count model."""
    return f"| Witten-Bell 5-gram, the same split | | - | {nats:.4f} | - |"


def ours(folder: Path, budget: int, seed: int) -> tuple[float, float]:
    """Return wall-clock seconds and held-out nats per character of `serinette train`."""
    name = f"ours-{budget}-{seed}"
    command = [sys.executable, "-m", "serinette", "train", str(folder / "train.txt")]
    command += ["--budget", f"{budget}s", "--seed", str(seed), "--name", name]
    command += ["--runs", str(folder / "runs"), "--split.test_share", "0"]
    command += ["--split.validation_share", str(VALIDATION_SHARE)]
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    import serinette

    model = serinette.load(name, runs=folder / "runs")
    score = model.score(folder / "held-out.txt")
    (document,) = score.per_sequence
    return seconds, float(np.sum(document.surprisal) / len(document.text))


def following(folder: Path, budget: int, seed: int) -> float:
    """Return nats per character of our model whose weights follow the held-out text."""
    import serinette

    model = serinette.load(f"ours-{budget}-{seed}", runs=folder / "runs")
    (document,) = model.score(folder / "held-out.txt", adapt=True).per_sequence
    return float(np.sum(document.surprisal) / len(document.text))


def bare(folder: Path, budget: int, seed: int) -> tuple[float, float]:
    """Return the same of the bare loop."""
    command = [sys.executable, str(HERE / "bare_loop.py"), str(folder / "train.txt")]
    command += [str(folder / "held-out.txt"), str(budget), str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    record = json.loads(done.stdout)
    return record["seconds"], record["nats"]


def floor(folder: Path) -> float:
    """Return nats per character of the count model."""
    from serinette.counts.ngram import WittenBell

    train, held_out = ((folder / n).read_text("utf-8") for n in ("train.txt", "held-out.txt"))
    ids = {c: i for i, c in enumerate(sorted(set(train)))}
    encode = np.vectorize(ids.__getitem__, otypes=[np.int32])
    model = WittenBell.fit([encode(list(train))], 5, len(ids))
    return float(model.nats(encode(list(held_out))).mean())


FOLLOWING = "ours, following the text (`score --adapt`)"
CONTENDERS = {"ours": ours, "bare bf16 2x256 loop": bare}


if __name__ == "__main__":
    main()
