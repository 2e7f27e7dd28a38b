"""What `serinette evaluate` costs: seconds, memory, the size of the page; against its bars.

    python benchmarks/evaluation.py --model runs/a/model --out benchmarks/results/evaluation.md

`--model` may be given again. A model's training data must be where they were. Each evaluation is a
process of its own, timed from its start to its end, with an empty cache; then it runs once more
with what the first one kept. The page goes to a temporary folder; the models stay as they are.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import describe_machine
from report import publish

MOST_SECONDS = {"full": 240, "quick": 60}
MOST_MEMORY_MB = 2_000
MOST_PAGE_KB = 1_000
HEAD = [
    "| model | form | seconds | CPU seconds | seconds, with the cache | peak MB | page kB | bars |",
    "|---|---|---|---|---|---|---|---|",
]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one evaluation took."""

    seconds: float
    cpu_seconds: float
    """Of all threads together."""
    memory_mb: float
    """The most that the process held at once."""
    page_kb: float
    report: dict[str, Any]


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--quick", action="store_true", help="only the short form")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows, notes = [], []
    for model in args.model:
        for form in ("quick",) if args.quick else ("full", "quick"):
            first, second = measured(model, form)
            name = first.report["subject"]
            rows.append(row(name, form, first, second))
            notes.append(note(name, form, first.report["facts"]))
            print(rows[-1], file=sys.stderr, flush=True)
    bars = (
        f"Bars: {MOST_SECONDS['full']} s in full, {MOST_SECONDS['quick']} s with `--quick`, "
        f"{MOST_MEMORY_MB:,} MB, {MOST_PAGE_KB:,} kB."
    )
    publish([f"Machine: {describe_machine()}.", "", bars, "", *HEAD, *rows, "", *notes], args.out)


def measured(model: Path, form: str) -> tuple[Cost, Cost]:
    """Evaluate a model with an empty cache, and again."""
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (evaluate(model, form, Path(scratch)) for _ in range(2))
    return first, second


def evaluate(model: Path, form: str, folder: Path) -> Cost:
    """Run one evaluation to its end; the folder holds its cache and its page."""
    page = folder / "report.html"
    command = [sys.executable, "-m", "serinette", "evaluate", str(model), "-o", str(page), "--json"]
    command += ["--quick"] if form == "quick" else []
    environment = {**os.environ, "SERINETTE_CACHE": str(folder / "cache")}
    with (folder / "report.json").open("w+") as answer:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=answer)
        # Unlike RUSAGE_CHILDREN, which keeps the largest of all children, it tells of this one.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        answer.seek(0)
        report = json.load(answer)
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return Cost(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        memory_mb=usage.ru_maxrss * unit_bytes / 1e6,
        page_kb=page.stat().st_size / 1e3,
        report=report,
    )


def row(name: str, form: str, first: Cost, second: Cost) -> str:
    """Return the line of one model and form."""
    passed = {
        "time": first.seconds <= MOST_SECONDS[form],
        "memory": first.memory_mb <= MOST_MEMORY_MB,
        "page": first.page_kb <= MOST_PAGE_KB,
    }
    failed = ", ".join(what for what, is_met in passed.items() if not is_met)
    times = (first.seconds, first.cpu_seconds, second.seconds)
    cells = [name, form, *(f"{s:.1f}" for s in times)]
    cells += [f"{first.memory_mb:,.0f}", f"{first.page_kb:,.0f}"]
    cells.append(f"FAIL: {failed}" if failed else "PASS")
    return f"| {' | '.join(cells)} |"


def note(name: str, form: str, facts: dict[str, str]) -> str:
    """Return how much an evaluation measured."""
    what = "; ".join(facts[key] for key in ("data", "pieces", "settings"))
    return f"- {name}, {form}: {what}."


if __name__ == "__main__":
    main()
