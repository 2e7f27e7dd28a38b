"""Learning speed on tiny Shakespeare: `serinette train` beside a bare loop, the same seconds.

    python benchmarks/learning.py --text tiny-shakespeare.txt --budgets 150 300 --seeds 0 1 2

nanoGPT's split: the first 90 % train, the last 111,540 characters are held out. Ours is the command
a user types, from the start of its process to its end, torch's import, the plan, the live
measurements and the export included; early measurements, the best weights and the softmax
temperature are taken on the last 5 % of the training part, and the held-out text is read once per
result. Both are then scored by one stateful pass from the first held-out character to the last.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe_machine

N_HELD_OUT = 111_540
HERE = Path(__file__).parent


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--budgets", type=int, nargs="+", default=[150, 300])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    text = args.text.read_text(encoding="utf-8")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        train, held_out = folder / "train.txt", folder / "held-out.txt"
        train.write_text(text[:-N_HELD_OUT], encoding="utf-8")
        held_out.write_text(text[-N_HELD_OUT:], encoding="utf-8")
        for budget in args.budgets:
            rows += compare(folder, budget, args.seeds, has_peer=not args.no_peer)
        rows.append(
            f"| Witten-Bell 5-gram, fitted on the same split | - | {floor(folder):.3f} | - |"
        )
    table = "\n".join(
        [
            f"Machine: {describe_machine()}.",
            "",
            "| contender | wall-clock seconds | held-out nats per character | seeds |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(table)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(table, encoding="utf-8")


def compare(folder: Path, budget: int, seeds: list[int], *, has_peer: bool) -> list[str]:
    """Run both for `budget` seconds with every seed, in turn."""
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "bare bf16 2x256 loop": []}
    for seed in seeds:
        found["ours"].append(ours(folder, budget, seed))
        if has_peer:
            found["bare bf16 2x256 loop"].append(bare(folder, budget, seed))
    rows = []
    for name, results in found.items():
        if results:
            seconds = [s for s, _ in results]
            nats = [n for _, n in results]
            spread = f" ({min(nats):.4f} to {max(nats):.4f})" if len(nats) > 1 else ""
            rows.append(
                f"| {name}, {budget} s | {min(seconds):.0f} to {max(seconds):.0f} "
                f"| {statistics.mean(nats):.4f}{spread} | {len(nats)} |"
            )
            print(rows[-1], file=sys.stderr, flush=True)
    return rows


def ours(folder: Path, budget: int, seed: int) -> tuple[float, float]:
    """Return wall-clock seconds and held-out nats per character of `serinette train`."""
    name = f"ours-{budget}-{seed}"
    command = [sys.executable, "-m", "serinette", "train", str(folder / "train.txt")]
    command += ["--budget", f"{budget}s", "--seed", str(seed), "--name", name]
    command += ["--runs", str(folder / "runs"), "--split.test_share", "0"]
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    import serinette

    model = serinette.load(name, runs=folder / "runs")
    score = model.score(folder / "held-out.txt")
    (document,) = score.per_sequence
    return seconds, float(np.sum(document.surprisal) / document.n_characters)


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


if __name__ == "__main__":
    main()
