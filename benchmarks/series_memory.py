"""How much memory do training on a long CSV and generating take?

python benchmarks/series_memory.py --gigabytes 2 --folder scratch --out series-memory.md

With `--shuffled` rows stand in no order, and are sorted in memory:

python benchmarks/series_memory.py --gigabytes 0.3 --shuffled --updates 20 --folder scratch

Needs polars (extra `series`) to write the file; Linux. The file and the run are removed afterwards.
"""

import argparse
import shutil
from pathlib import Path

from machine import describe_machine
from memory import measured
from report import publish
from series_file import write_file


def main() -> None:
    """Write the file, train, generate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--updates", type=int, help="instead of a budget")
    parser.add_argument("--shuffled", action="store_true", help="rows stand in no order")
    parser.add_argument("-n", type=int, default=200, help="sequences to generate")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    folder: Path = args.folder
    folder.mkdir(parents=True, exist_ok=True)
    source, runs = folder / "long.csv", folder / "runs"
    n_rows = write_file(source, int(args.gigabytes * 1e9), is_shuffled=args.shuffled)
    n_bytes = source.stat().st_size
    columns = ["--entity", "device", "--time", "time"]
    how = ["--updates", str(args.updates)] if args.updates else ["--budget", args.budget]
    stages = [
        measured(["train", source, *columns, *how, "--runs", runs]),
        measured(["generate", runs / "long", "-n", str(args.n), "-o", folder / "drawn.csv"]),
    ]
    source.unlink()
    shutil.rmtree(runs)
    (folder / "drawn.csv").unlink()
    lines = [
        f"Machine: {describe_machine()}; one thread, much other work beside it.",
        "",
        f"A CSV of {n_bytes / 1e9:.2f} GB: {n_rows:,} rows of an entity, a time, four real "
        "numbers, a whole number and two categories, in sequences of 2,000 rows"
        f"{', shuffled' if args.shuffled else ''}.",
        "",
        "| command | seconds | of these CPU | peak memory, MB | of this not backed by files, MB |",
        "|---|---|---|---|---|",
        *(
            f"| {s.command} | {s.seconds:.0f} | {s.cpu_seconds:.0f} | {s.peak_mb:,.0f} "
            f"| {s.own_mb:,.0f} |"
            for s in stages
        ),
        "",
        "What training found out:",
        "",
        "```",
        *_found(stages[0].output, folder),
        "```",
    ]
    publish(lines, args.out)


def _found(said: list[str], folder: Path) -> list[str]:
    """Return what is said before the first update, without places of files."""
    end = next(k for k, line in enumerate(said) if line.startswith("plan:")) + 1
    return [line for line in said[:end] if str(folder) not in line]


if __name__ == "__main__":
    main()
