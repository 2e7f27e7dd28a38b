"""Does a game with default settings diverge, or collapse unnoticed?

    python benchmarks/game_stability.py --data captions=captions.txt --data quatrains=tang.json \
        --budget 4m --seeds 5 --work FOLDER --out benchmarks/results/game-stability.md

Every data set is trained once a seed with `--objective adversarial` and nothing else set. A run has
diverged when training says so (exit 7). It has collapsed when the model that is kept writes fewer
different pairs of neighbours than 0.9 of real text's and of the likelihood model's, or more than
twice as many duplicates beyond 2 %; unnoticed when no event, alarm or early end said so. Figures
of finished runs are kept in FOLDER, so that an interrupted benchmark goes on.

Options of a data set may follow its path, as on a command line: `"captions=c.txt --codec word"`.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import describe_machine
from report import publish

_DIVERGED = 7
_LEAST_DISTINCT, _MOST_DUPLICATES = 0.9, 0.02


def main() -> None:
    """Train what is missing, and print the table of what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--budget", default="4m")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    lines = [
        f"Machine: {describe_machine()}. Budget {args.budget} a run, default settings.",
        "",
        "| data | seeds | diverged | collapsed | of these unnoticed | game kept | criterion, "
        "likelihood to game (mean) | guided | reactions, early ends |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for named in args.data:
        name, _, rest = named.partition("=")
        path, *options = shlex.split(rest)
        runs = [of_seed(args, name, path, options, seed) for seed in range(args.seeds)]
        lines.append(line_of(name, runs))
    publish(lines, args.out)


def of_seed(
    args: argparse.Namespace, name: str, path: str, options: list[str], seed: int
) -> dict[str, Any]:
    """Return what a run came to, from the folder if it is there."""
    kept = args.work / f"{name}-{seed}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    run = args.work / "runs" / f"{name}-{seed}"
    begun = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "serinette", "train", path, *options, "--objective",
            "adversarial", "--budget", args.budget, "--seed", str(seed), "--runs",
            str(args.work / "runs"), "--name", run.name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    figures: dict[str, Any] = {"exit": done.returncode, "seconds": time.monotonic() - begun}
    if done.returncode == 0:
        config = json.loads((run / "model" / "config.json").read_text(encoding="utf-8"))
        figures |= config["training"]["adversarial"]
        history = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
        events = [event for line in history for event in json.loads(line)["events"]]
        figures["events"] = [event for event in events if not event.startswith("plan changed")]
    elif done.returncode != _DIVERGED:
        raise SystemExit(f"{name}, seed {seed}: exit {done.returncode}\n{done.stderr}")
    kept.write_text(json.dumps(figures), encoding="utf-8")
    return figures


def has_collapsed(run: dict[str, Any]) -> bool:
    """Say whether the model that is kept repeats itself."""
    if run["exit"] == _DIVERGED or not run.get("best"):
        return False
    start, best = run["start"], run["best"]
    least = _LEAST_DISTINCT * min(1.0, start["distinct_2_ratio"])
    most = max(_MOST_DUPLICATES, 2 * start["duplicate_share"])
    is_dull: bool = best["distinct_2_ratio"] < least
    return is_dull or bool(best["duplicate_share"] > most)


def line_of(name: str, runs: list[dict[str, Any]]) -> str:
    """Return one line of the table."""
    whole = [run for run in runs if run["exit"] == 0]
    collapsed = [run for run in whole if has_collapsed(run)]
    unnoticed = [run for run in collapsed if not run["events"]]
    better = [run for run in whole if run["is_better"] and run.get("best")]
    pairs = [(run["start"]["criterion"], run["best"]["criterion"]) for run in better]
    change = f"{mean([a for a, _ in pairs])} to {mean([b for _, b in pairs])}" if pairs else "-"
    guides = [run["guide"] for run in whole if "guided_criterion" in run.get("guide", {})]
    guided = (
        f"{mean([g['plain_criterion'] for g in guides])} to "
        f"{mean([g['guided_criterion'] for g in guides])} ({len(guides)} runs)"
        if guides
        else "-"
    )
    n_events = sum(len(run["events"]) for run in whole)
    cells = (
        name, len(runs), len(runs) - len(whole), len(collapsed), len(unnoticed),
        f"{len(better)} of {len(whole)}", change, guided, n_events,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def mean(values: list[float]) -> str:
    """Return a mean in four digits."""
    return f"{sum(values) / len(values):.4g}"


if __name__ == "__main__":
    main()
