"""What `serinette explain` costs and finds: seconds, memory, the page; cells that tell something.

    python benchmarks/explain.py --model runs/plays/model --wide --out benchmarks/results/explain.md

`--model` may be given again. `--wide` adds a network of 2 x 512 cells on the data of the first
model, untrained: it shows what the size costs, and no cells are asked of it. Each reads 100,000
symbols of its own held-out text (the training data must be where they were), or as many as there
are; `--text FILE` reads that instead. Each run is a process of its own, timed from start to end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import describe_machine
from report import publish

MOST_SECONDS, MOST_PAGE_KB = 60, 3_000
WELL_TOLD, FEWEST_CELLS = 0.95, 3
SHOWN = 12
WIDE = {"embedding_size": 128, "hidden_size": 512, "n_layers": 2}
HEAD = [
    "| model | cells | text | symbols | seconds | CPU seconds | peak MB | page kB | single cells "
    "above 0.95 | of them, untrained below 0.95 | bars |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
]
FINDINGS = [
    "| trait | cell | AUC | 95 % | all cells | untrained | chance |",
    "|---|---|---|---|---|---|---|",
]


def main() -> None:
    """Print the tables, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--wide", action="store_true", help="also time 2 x 512 untrained cells")
    parser.add_argument("--text", help="a file to read instead of the models' held-out text")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows, details = [], []
    if args.wide:
        with tempfile.TemporaryDirectory() as scratch:
            model = save_wide(args.model[0], Path(scratch) / "untrained")
            rows.append(row(model, *explained(model, args.text), is_trained=False))
        print(rows[-1], file=sys.stderr, flush=True)
    for model in args.model:
        cost, found = explained(model, args.text)
        rows.append(row(model, cost, found))
        details += ["", f"{found['subject']}, on the second half of {found['probed']}:", ""]
        details += FINDINGS + [finding(one) for one in found["findings"][:SHOWN]]
        details += ["", contexts(found)]
        print(rows[-1], file=sys.stderr, flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    bars = (
        f"Bars: {MOST_SECONDS} s, {MOST_PAGE_KB:,} kB, {FEWEST_CELLS} single cells whose "
        f"AUC on text that did not choose them exceeds {WELL_TOLD}. Load of the machine over the "
        f"last 1, 5 and 15 minutes: {load} on {os.cpu_count()} cores."
    )
    publish([f"Machine: {describe_machine()}.", "", bars, "", *HEAD, *rows, *details], args.out)


def save_wide(model: Path, folder: Path) -> Path:
    """Save an untrained network of 2 x 512 cells with the codec and the data of a model."""
    from serinette.artifact.folder import ArtifactContents, load, save
    from serinette.artifact.step_graph import build_step_graph
    from serinette.core.config import plain
    from serinette.explaining.network import untrained
    from serinette.nets.config import ModelConfig

    like = load(model)
    config = ModelConfig(**WIDE)
    weights = untrained(config, like.schema)
    contents = ArtifactContents(
        kind=like.kind,
        schema=like.schema,
        codec=like.codec,
        model=plain(config),
        training={},
        source=like.source,
        evaluation={},
        history=[],
        weights=weights,
        graph=build_step_graph(config, like.schema, weights),
        card="---\n---\n",
    )
    save(folder, contents)
    return folder


def explained(model: Path, text: str | None) -> tuple[dict[str, float], dict[str, Any]]:
    """Run one explanation to its end; returns what it cost and what it found."""
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        command = [sys.executable, "-m", "serinette", "explain", str(model)]
        command += [] if text is None else [text]
        command += ["-o", str(page), "--json"]
        with (Path(scratch) / "found.json").open("w+") as answer:
            begun = time.perf_counter()
            process = subprocess.Popen(command, stdout=answer)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, command)
            answer.seek(0)
            found = json.load(answer)["explanation"]
        unit_bytes = 1 if sys.platform == "darwin" else 1024
        cost = {
            "seconds": seconds,
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * unit_bytes / 1e6,
            "page": page.stat().st_size / 1e3,
        }
    return cost, found


def row(
    model: Path, cost: dict[str, float], found: dict[str, Any], *, is_trained: bool = True
) -> str:
    """Return the line of one model; of an untrained one no cells are asked."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))["model"]
    told = well_told(found)
    learnt = well_told(found, most_untrained=WELL_TOLD)
    passed = {
        "time": cost["seconds"] <= MOST_SECONDS,
        "page": cost["page"] <= MOST_PAGE_KB,
        "cells": len(told) >= FEWEST_CELLS or not is_trained,
    }
    failed = ", ".join(what for what, is_met in passed.items() if not is_met)
    cells = [
        found["subject"],
        f"{config['n_layers']} x {config['hidden_size']}",
        found["probed"].rpartition(", ")[0],
        f"{found['n_symbols']:,}",
        *(f"{cost[key]:,.1f}" for key in ("seconds", "cpu")),
        *(f"{cost[key]:,.0f}" for key in ("memory", "page")),
        str(len(told)) if is_trained else "",
        str(len(learnt)) if is_trained else "",
        f"FAIL: {failed}" if failed else "PASS",
    ]
    return f"| {' | '.join(cells)} |"


def well_told(found: dict[str, Any], most_untrained: float = 1.0) -> set[str]:
    """Return the cells that tell some trait well, the untrained network less well than so."""
    return {
        one["cell"]
        for one in found["findings"]
        if one["auc"] > WELL_TOLD and (one["untrained"] or 0.0) <= most_untrained
    }


def finding(one: dict[str, Any]) -> str:
    """Return the line of one trait."""
    spread = "" if one["interval"] is None else "{:.3f} to {:.3f}".format(*one["interval"])
    sign = "+" if one["sign"] > 0 else "-"
    figures = [f"{one[key]:.3f}" for key in ("linear", "untrained", "chance")]
    name = one["trait"] + (" (what comes next)" if one["is_ahead"] else "")
    cells = [name, f"{one['cell']} {sign}{one['of']}", f"{one['auc']:.3f}", spread, *figures]
    return f"| {' | '.join(cells)} |"


def contexts(found: dict[str, Any]) -> str:
    """Return a sentence on how far back the model looks."""
    told = [
        f"{cost['context']}: {cost['excess']:+.3f}"
        for cost in found["context"]
        if cost["context"] in (1, 4, 16, 64, 256)
    ]
    reach = found["reach"]
    back = ""
    if reach is not None:
        back = (
            f" Half of the gradient goes to the last {reach['half']} {found['unit']}s, nine tenths "
            f"to the last {reach['most']}."
        )
    return (
        f"{found['full_bits']:.3f} bits a {found['unit']} with the whole context; with so many "
        f"{found['unit']}s of it {', '.join(told)}.{back}"
    )


if __name__ == "__main__":
    main()
