"""Ways to read one text in the same time: what each comes to on held-out text.

    python benchmarks/readings.py --text tiny-shakespeare.txt --budget 2m --out readings.md

Streams with a carried state, which are the default; the same with documents by paragraph, so that
the state begins anew at each, or never; windows of random places from a state of zeros; and windows
of which only the last step is predicted (many-to-one); and the default with a one-hot input. The
size is the same for all. Bits a character are of the validation part, read with the state carried,
as `serinette score` reads.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import describe_machine
from report import publish

READINGS = {
    "streams, state carried (the default)": [],
    "streams, a paragraph is a document": ["--documents", "blank-line"],
    "the same, state never reset": ["--documents", "blank-line", "--training.reset", "never"],
    "windows from a state of zeros": ["--training.batching", "windows"],
    "many-to-one windows": ["--training.batching", "many-to-one"],
    "streams, state carried, one-hot input": ["--model.one_hot", "true"],
}


def main() -> None:
    """Train everything, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--size", default="s")
    parser.add_argument("--work", type=Path, help="folder for the runs; one that is thrown away")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    lines = [
        f"Machine: {describe_machine()}. Budget {args.budget}, size {args.size}, "
        f"{args.text.stat().st_size:,} bytes.",
        "",
        "| reading | seed | updates | predictions | LSTM steps | bits a character | count model |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as thrown_away:
        work = args.work or Path(thrown_away)
        work.mkdir(parents=True, exist_ok=True)
        for k, (name, options) in enumerate(READINGS.items()):
            for seed in args.seeds:
                lines.append(_row(name, options, work / f"reading-{k}-{seed}", seed, args))
                print(lines[-1], flush=True)
    publish(lines, args.out)


def _row(name: str, options: list[str], run: Path, seed: int, args: argparse.Namespace) -> str:
    if not (run / "model").exists():
        command = [
            sys.executable, "-m", "serinette", "train", str(args.text), "--budget", args.budget,
            "--size", args.size, "--seed", str(seed), "--runs", str(run.parent), "--name", run.name,
            *options,
        ]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings = json.loads((run / "plan.json").read_text())["settings"]["training"]
    last = json.loads((run / "history.jsonl").read_text().splitlines()[-1])
    metrics = json.loads((run / "model" / "evaluation.json").read_text())["metrics"]
    (found,) = (m for m in metrics if m["name"] == "validation bits per character")
    steps = last["update"] * settings["n_rows"] * settings["window"]
    n = steps // settings["window"] if settings["batching"] == "many-to-one" else steps
    return (
        f"| {name} | {seed} | {last['update']:,} | {n:,} | {steps:,} | {found['value']:.3f} | "
        f"{found['baseline']:.3f} |"
    )


if __name__ == "__main__":
    main()
