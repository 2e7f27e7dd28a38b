r"""Beside other tools for synthetic series: SDV's PAR and the mostlyai engine, judged alike.

    python benchmarks/series_peers.py --par-python PAR/bin/python \
        --mostly-python MOSTLY/bin/python \
        --data stocks=stocks.csv,-,- demo=demo.csv,store_id,date,region --cut stocks=48 \
        --budget 300 --seeds 0 --work peers --out benchmarks/results/series-peers.md

A table is NAME=FILE,ENTITY,TIME,CONTEXT...; `-` stands for none. `--cut NAME=ROWS` cuts long series
into sequences of so many rows, each with a made id (the entity is then context): the peers know no
single series. Sequences are split into training and held-out ones before anything else; each tool
trains in an environment of its own on the same file, for the same time, and writes as many
sequences as it has learnt from, with lengths of its own. All are told the same of the columns, and
keep their defaults otherwise. All outputs are judged by the code behind `serinette evaluate
--samples`; "real" is what training sequences score in their place. Lower is better; where it is
not, nearer to "real" is. Who is within the uncertainty of the best is named too.

What was trained lies in `--work` and is not trained again.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from machine import describe_machine
from peers.cutting import Files, Wanted, prepare
from peers.judging import judge, rows_of
from report import publish

DRIVERS = Path(__file__).parent / "peers"


def main() -> None:
    """Run everything, print and write the tables."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    environments = {"ours": sys.executable, "PAR": args.par_python, "mostlyai": args.mostly_python}
    tools = {tool: python for tool, python in environments.items() if python}
    blocks = [
        f"{describe_machine()}; {args.threads} thread{'s' if args.threads > 1 else ''} a tool.",
        f"`{_command(args)}`",
        f"Each tool trains for {args.budget:g} s; seeds {', '.join(map(str, args.seeds))}.",
    ]
    for wanted in _tables(args):
        blocks.append(_of_table(wanted, tools, args))
        print(blocks[-1], flush=True)
    publish("\n\n".join(blocks).splitlines(), args.out)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--par-python", help="Python of an environment with sdv")
    parser.add_argument("--mostly-python", help="Python of an environment with mostlyai-engine")
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=FILE,ENTITY,TIME,...")
    parser.add_argument("--cut", nargs="*", default=[], metavar="NAME=ROWS")
    parser.add_argument("--drop", nargs="*", default=[], metavar="NAME=COLUMN,...")
    parser.add_argument("--rows", nargs="*", default=[], metavar="NAME=ROWS", help="at most")
    parser.add_argument("--held-out", type=float, default=0.2)
    parser.add_argument("--budget", type=float, default=300, help="seconds of a training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--judges", type=int, default=5, help="of TimeGAN's score; below 2: none")
    parser.add_argument("--quick", action="store_true", help="fewer judges of our own")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _tables(args: argparse.Namespace) -> list[Wanted]:
    cuts, rows = (
        {name: int(n) for name, _, n in (each.partition("=") for each in given)}
        for given in (args.cut, args.rows)
    )
    drops = {
        name: tuple(names.split(",")) for name, _, names in (d.partition("=") for d in args.drop)
    }
    found = []
    for each in args.data:
        name, _, rest = each.partition("=")
        path, entity, when, *context = rest.split(",")
        found.append(
            Wanted(
                name=name,
                path=Path(path),
                entity=None if entity == "-" else entity,
                time=None if when == "-" else when,
                context=tuple(context),
                cut=cuts.get(name, 0),
                dropped=drops.get(name, ()),
                most_rows=rows.get(name, 0),
                held_out=args.held_out,
            )
        )
    return found


def _of_table(wanted: Wanted, tools: dict[str, str], args: argparse.Namespace) -> str:
    files = prepare(wanted, args.work / wanted.name)
    by_seed, answers = [], {}
    for seed in args.seeds:
        outputs = {}
        for tool, python in tools.items():
            answer = _answer(files, tool, python, seed, args)
            answers.setdefault(tool, []).append(answer)
            outputs[tool] = Path(answer["out"])
        by_seed.append(judge(files, outputs, args.judges, is_quick=args.quick, seed=seed))
    return "\n".join(
        [f"**{wanted.name}**", "", files.told, "", *rows_of(by_seed, list(tools)), "",
         *_timings(answers)]
    )  # fmt: skip


def _answer(
    files: Files, tool: str, python: str, seed: int, args: argparse.Namespace
) -> dict[str, Any]:
    """Let a tool train and sample in its own environment, or read what it did before."""
    folder = files.train.parent / f"{tool}-{args.budget:g}s-{seed}"
    folder.mkdir(exist_ok=True)
    out = folder / "written.csv"
    job = {
        "train": str(files.train.resolve()), "out": str(out.resolve()), "entity": files.entity,
        "time": files.time, "context": list(files.context), "types": dict(files.types),
        "time_format": files.time_format, "n": files.n_train, "budget": args.budget,
        "seed": seed, "files": _hash(files), "threads": args.threads,
        "work": str((folder / "runs").resolve()),
    }  # fmt: skip
    place = folder / "job.json"
    answered = place.with_suffix(".answer.json")
    is_done = answered.exists() and out.exists() and json.loads(place.read_text()) == job
    if not is_done:
        place.write_text(json.dumps(job))
        driver = DRIVERS / f"{ {'PAR': 'par', 'mostlyai': 'mostly'}.get(tool, tool) }.py"
        print(f"{files.train.parent.name}: {tool}, seed {seed}", flush=True)
        begun = time.monotonic()
        with (folder / "log.txt").open("w") as log:
            subprocess.run(
                [python, str(driver), str(place.resolve())], check=True, stdout=log,
                stderr=subprocess.STDOUT, env=_environment(tool, args.threads),
            )  # fmt: skip
        print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    return {**json.loads(answered.read_text()), "out": str(out)}


def _hash(files: Files) -> str:
    """Return what tells these files from others of the same names."""
    content = files.train.read_bytes() + files.held_out.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _environment(tool: str, n_threads: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if tool == "ours" or k != "PYTHONPATH"}
    return {**kept, "OMP_NUM_THREADS": str(n_threads), "CUDA_VISIBLE_DEVICES": ""}


def _timings(answers: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = [
        "| tool | versions | train s | sequences, rows | sampled rows/s | ours is faster by | "
        "note |",
        "|---|---|---|---|---|---|---|",
    ]
    rates = {
        tool: _mean(each, "rows") / _mean(each, "sample_seconds") for tool, each in answers.items()
    }
    for tool, each in answers.items():
        versions = ", ".join(f"{name} {number}" for name, number in each[0]["versions"].items())
        lines.append(
            f"| {tool} | {versions} | {_mean(each, 'train_seconds'):.0f} | "
            f"{_mean(each, 'sequences'):,.0f}, {_mean(each, 'rows'):,.0f} | {rates[tool]:,.0f} | "
            f"{rates['ours'] / rates[tool]:,.3g} | {each[0]['note']} |"
        )
    return lines


def _mean(answers: list[dict[str, Any]], name: str) -> float:
    return sum(answer[name] for answer in answers) / len(answers)


def _command(args: argparse.Namespace) -> str:
    """Return the command without the places of this machine."""
    words = ["python benchmarks/series_peers.py --par-python PATH --mostly-python PATH --data"]
    for wanted in _tables(args):
        told = (wanted.path.name, wanted.entity or "-", wanted.time or "-", *wanted.context)
        words.append(f"{wanted.name}={','.join(told)}")
    for flag in ("cut", "drop", "rows"):
        given = getattr(args, flag)
        words += [f"--{flag}", *given] if given else []
    words.append(f"--budget {args.budget:g} --seeds {' '.join(map(str, args.seeds))}")
    words.append(f"--threads {args.threads} --judges {args.judges} --held-out {args.held_out:g}")
    return " ".join([*words, *(["--quick"] if args.quick else []), "--work DIR"])


if __name__ == "__main__":
    main()
