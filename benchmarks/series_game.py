"""Adversarial training on tables: how real what is written is, and whether training is stable.

    python benchmarks/series_game.py --stocks stocks.csv --results series-game.jsonl --out out.md
    python benchmarks/series_game.py --stability --stocks stocks.csv --results series-game.jsonl

TimeGAN's discriminative protocol, as `series_quality.py` has it: stocks and 10,000 sines in windows
of 24 rows, a model of all rows for each generator seed, ten judges each, the same judges on real
windows against themselves (the floor), and beside it the median distance of written windows to the
nearest training window, and of held-out real ones. Three engines: `adversarial` is what
`--objective adversarial` trains, `lstm-gan` and `timegan` are the presets. The seconds that count
are those of the processor: other work may run beside.

`--stability` trains each engine for `--minutes` of the clock and asks: has it diverged, has it
collapsed (less than half of the variance of real windows, step by step), was that told?

Each task is a line of `--results`; what stands there is not done again, so that the benchmark can
be stopped at any time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe_machine
from report import publish
from series_quality import (
    LENGTH,
    N_JUDGES,
    distances,
    mean_sd,
    real_windows,
    upper,
    write_sines,
)

import serinette
from serinette.core.lines import read_json_lines
from serinette.training.timegan_judges import discriminative_scores

ENGINES = {
    "adversarial": ["--objective", "adversarial"],
    "lstm-gan": ["--preset", "lstm-gan"],
    "timegan": ["--preset", "timegan"],
}
UPDATES = {"adversarial": 2_000, "lstm-gan": 6_000, "timegan": 3_000}
SETS = ("stocks", "sines")
_COLLAPSED = 0.5
_N_SEEN = 1_000


def main() -> None:
    """Do what is not done yet, then print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stocks", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--updates", type=int, help="instead of those of the engine")
    parser.add_argument("--stability", action="store_true")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--table-only", action="store_true", help="print what is there")
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder for the runs; one that is thrown away")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as thrown_away:
        work = args.work or Path(thrown_away)
        work.mkdir(parents=True, exist_ok=True)
        if not args.table_only:
            _do(args, work)
    publish([describe_machine(), "", *_tables(_lines(args.results))], args.out)


def _do(args: argparse.Namespace, work: Path) -> None:
    kind = "stability" if args.stability else "quality"
    done = {
        (x["kind"], x["set"], x["engine"], x["seed"], x["updates"]) for x in _lines(args.results)
    }
    for seed in args.seeds:
        for name in args.sets:
            path = args.stocks if name == "stocks" else write_sines(work / "sines.csv")
            _floor(name, path, args.results)
            for engine in args.engines:
                updates = 0 if args.stability else args.updates or UPDATES[engine]
                if (kind, name, engine, seed, updates) in done:
                    continue
                task = {"kind": kind, "set": name, "engine": engine, "seed": seed}
                task |= {"updates": updates}
                how_long = ["--budget", f"{args.minutes:g}m"] if args.stability else [
                    "--updates", str(updates)
                ]  # fmt: skip
                trained = _train(path, work, task, how_long)
                measure = _stability if args.stability else _quality
                line = {**task, **trained, **measure(path, work, task, trained["exit_code"])}
                _keep(args.results, line)


def _floor(name: str, path: Path, results: Path) -> None:
    if any(x["kind"] == "floor" and x["set"] == name for x in _lines(results)):
        return
    real = _scaled(name, path, None)
    scores = discriminative_scores(real, real, seeds=range(N_JUDGES))
    _keep(
        results,
        {"kind": "floor", "set": name, "engine": "", "seed": 0, "updates": 0, "scores": scores},
    )


def _train(path: Path, work: Path, task: dict[str, Any], how_long: list[str]) -> dict[str, Any]:
    """Train; return the exit code, and the seconds of the clock and of the processor."""
    entity = ["--entity", "id"] if task["set"] == "sines" else []
    held_out = [] if task["kind"] == "stability" else [
        "--split.validation_share", "0", "--split.test_share", "0"
    ]  # fmt: skip
    command = [
        sys.executable, "-m", "serinette", "train", str(path), *entity, "--window", str(LENGTH),
        *ENGINES[task["engine"]], *how_long, "--seed", str(task["seed"]), "--runs", str(work),
        "--name", _name(task), *held_out,
    ]  # fmt: skip
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = [line for line in done.stderr.splitlines() if "collapse" in line or "repeats" in line]
    return {
        "exit_code": done.returncode, "seconds": round(time.monotonic() - begun, 1),
        "processor_seconds": round(used, 1), "told": told,
    }  # fmt: skip


def _quality(path: Path, work: Path, task: dict[str, Any], exit_code: int) -> dict[str, Any]:
    if exit_code:
        return {"scores": [], "nearest": None}
    name = task["set"]
    real = _scaled(name, path, None)
    n = len(real)
    model = serinette.load(work / _name(task) / "model")
    windows = model.generate_array(n, length=LENGTH, seed=task["seed"])
    written = _scaled(name, path, windows[:, ::-1] if name == "stocks" else windows)
    near, held_out = distances(name, real, written)
    return {
        "scores": discriminative_scores(real, written, seeds=range(N_JUDGES)),
        "nearest": [float(np.median(near)), float(np.median(held_out))],
    }


def _stability(path: Path, work: Path, task: dict[str, Any], exit_code: int) -> dict[str, Any]:
    if exit_code:
        return {"spread": None}
    real = _scaled(task["set"], path, None)
    model = serinette.load(work / _name(task) / "model")
    windows = model.generate_array(_N_SEEN, length=LENGTH, seed=task["seed"])
    written = _scaled(task["set"], path, windows[:, ::-1] if task["set"] == "stocks" else windows)
    return {"spread": float(written.var(0).sum() / real.var(0).sum())}


def _scaled(name: str, path: Path, windows: np.ndarray | None) -> np.ndarray:
    """Return windows, the real ones if none are given, scaled as the real ones."""
    real = real_windows(name, path)
    low, high = real.min((0, 1)), real.max((0, 1))
    shown = real if windows is None else windows
    return ((shown - low) / (high - low + 1e-7)).astype(np.float32)


def _tables(lines: list[dict[str, Any]]) -> Iterator[str]:
    floors = {x["set"]: x["scores"] for x in lines if x["kind"] == "floor"}
    yield (
        f"| set | engine | updates | seeds | processor seconds | discriminative, {N_JUDGES} judges "
        "| less floor, upper 95 % | each seed | distance to training | held out |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for (name, engine, updates), found in _grouped(lines, "quality"):
        scores = [score for x in found for score in x["scores"]]
        spent = ", ".join(f"{x['processor_seconds']:.0f}" for x in found)
        told = "diverged | | | | " if not scores else (
            f"{mean_sd(scores)} | {upper(scores, floors[name]):.4f} | {_each(found)}"
        )  # fmt: skip
        seeds = ", ".join(str(x["seed"]) for x in found)
        yield f"| {name} | {engine} | {updates:,} | {seeds} | {spent} | {told} |"
    for name, scores in floors.items():
        yield f"| {name} | real rows (floor) | | | | {mean_sd(scores)} | | | | |"
    stability = list(_grouped(lines, "stability"))
    if not stability:
        return
    yield from ("", "| set | engine | runs | diverged | collapsed | of these told | spread |")
    yield "|---|---|---|---|---|---|---|"
    for (name, engine, _), found in stability:
        ended = [x for x in found if x["spread"] is not None]
        fallen = [x for x in ended if x["spread"] < _COLLAPSED]
        told = sum(bool(x["told"]) for x in fallen)
        spreads = ", ".join(f"{x['spread']:.2f}" for x in ended)
        yield (
            f"| {name} | {engine} | {len(found)} | {len(found) - len(ended)} | {len(fallen)} | "
            f"{told} | {spreads} |"
        )


def _each(found: list[dict[str, Any]]) -> str:
    """Return the mean of each seed, and how near to training windows is written, and held out."""
    ended = [x for x in found if x["scores"]]
    means = ", ".join(f"{np.mean(x['scores']):.4f}" for x in ended)
    near, held_out = (", ".join(f"{x['nearest'][k]:.3f}" for x in ended) for k in (0, 1))
    return f"{means} | {near} | {held_out}"


def _grouped(
    lines: list[dict[str, Any]], kind: str
) -> Iterator[tuple[tuple[str, str, int], list[dict[str, Any]]]]:
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for line in lines:
        if line["kind"] == kind:
            groups.setdefault((line["set"], line["engine"], line["updates"]), []).append(line)
    yield from sorted(groups.items())


def _name(task: dict[str, Any]) -> str:
    return "-".join(str(task[key]) for key in ("kind", "set", "engine", "updates", "seed"))


def _lines(results: Path) -> list[dict[str, Any]]:
    return read_json_lines(results) if results.exists() else []


def _keep(results: Path, line: dict[str, Any]) -> None:
    with results.open("a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
