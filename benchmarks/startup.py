"""Start-up: `serinette --help`, and the first character of `generate`, each in a new process.

    python benchmarks/startup.py --out benchmarks/results/startup.md

The model is a fresh 2x256 character model (its weights do not matter for speed). The page cache is
warm; the process is new. What is timed is what a person waits: from the start of the process to its
end, or to the first byte of text.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import describe_machine
from report import publish


def first_byte(command: list[str]) -> float:
    """Return the seconds until a command writes its first byte."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.read(1)
    seconds = time.perf_counter() - begun
    process.kill()
    process.wait()
    process.stdout.close()
    return seconds


def to_the_end(command: list[str]) -> float:
    """Return the seconds until a command has ended."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def make_model(folder: Path) -> None:
    """Train a 2x256 model for two updates."""
    import serinette

    text = folder / "letters.txt"
    text.write_text("the quick brown fox jumps over the lazy dog\n" * 400, encoding="utf-8")
    serinette.train(text, runs=folder / "runs", name="m", updates=2, size="m")


def main() -> None:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    script = str(Path(sys.executable).parent / "serinette")
    with tempfile.TemporaryDirectory() as scratch:
        make_model(Path(scratch))
        model = str(Path(scratch) / "runs" / "m")
        cases = {
            "`serinette --help`": (to_the_end, [script, "--help"]),
            "first character of `serinette generate`": (
                first_byte,
                [script, "generate", model, "--seed", "1", "--max-steps", "2000"],
            ),
            "`python -c pass`, for comparison": (to_the_end, [sys.executable, "-c", "pass"]),
        }
        found: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(args.rounds):
            for name, (timed, command) in cases.items():
                found[name].append(timed(command))
    rows = [
        f"| {name} | {statistics.median(s):.3f} | {min(s):.3f} to {max(s):.3f} |"
        for name, s in found.items()
    ]
    head = ["| what | median seconds | least to most |", "|---|---|---|"]
    lines = [f"Machine: {describe_machine()}.", "", f"{args.rounds} new processes each.", ""]
    publish([*lines, *head, *rows], args.out)


if __name__ == "__main__":
    main()
